"""Gives what the second inbox brings to its use case: files as they come and go, deployments, sweeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from services.deployer.app.alone import Alone
from services.deployer.app.live.catching_up import CatchingUp
from services.deployer.app.live.foretelling import Foretelling
from services.deployer.app.live.recording import Recording
from services.deployer.app.live.watching import Watching
from services.deployer.domain.live.book import FileRef
from services.deployer.ports import CanonicalRows, Inbox
from shared.errors import InvalidMessageError
from shared.inbox import Incoming
from shared.messages import (
    DataAccepted,
    DataWithdrawn,
    ModelDeployed,
    SweepDue,
)


def model_of(incoming: Incoming) -> str:
    """Return the model that something is about; '' for what is about all of them.

    Raises
    ------
    InvalidMessageError
        Nobody here expects such a thing; it ends in the dead letters, where an alarm watches.
    """
    match incoming:
        case DataAccepted() | DataWithdrawn() | ModelDeployed():
            return incoming.model_id
        case SweepDue():
            return incoming.cursor or ""
    message = f"not for this function: {type(incoming).__name__}"
    raise InvalidMessageError(message)


@dataclass(frozen=True, slots=True)
class Following:
    """Follows what happens after a deployment; one worker at a time keeps the book of a model."""

    recording: Recording
    catching_up: CatchingUp
    watching: Watching
    foretelling: Foretelling
    canonical: CanonicalRows
    alone: Alone
    inbox: Inbox
    models: Callable[[], Iterable[str]]

    def handle(self, model_id: str, incoming: Sequence[Incoming]) -> None:
        """React to all that a batch brings about one model, together."""
        if not model_id:
            self._spread([each for each in incoming if isinstance(each, SweepDue)])
            return
        with self.alone.with_model(model_id):
            self._files(model_id, incoming)
            due = {each.scope for each in incoming if isinstance(each, SweepDue)}
            if due or any(isinstance(each, ModelDeployed) for each in incoming):
                self.catching_up.waiting(model_id)
            if due:
                self.watching.deployment(model_id)
                self.recording.look(model_id)
            if "daily" in due:
                self.foretelling.tomorrow(model_id)
                self.catching_up.lost(model_id)
                self.watching.watch(model_id)

    def _files(self, model_id: str, incoming: Sequence[Incoming]) -> None:
        accepted = [_file(each) for each in incoming if isinstance(each, DataAccepted)]
        withdrawn = [each for each in incoming if isinstance(each, DataWithdrawn)]
        gone = [self.canonical.describe(_key(each.canonical_uri)) for each in withdrawn]
        if accepted or gone:
            files = list({each.file_id: each for each in accepted}.values())
            self.recording.record(model_id, files, [each for each in gone if each])

    def _spread(self, sweeps: Sequence[SweepDue]) -> None:
        """Let every model be swept by a message of its own, so that none outlasts the function."""
        for scope in sorted({each.scope for each in sweeps}):
            sweep = next(each for each in sweeps if each.scope == scope)
            for model_id in sorted(self.models()):
                self.inbox.send(
                    sweep.model_copy(update={"cursor": model_id, "id": f"{sweep.id}/{model_id}"})
                )


def _file(message: DataAccepted) -> FileRef:
    return FileRef(
        message.file_id,
        message.site_id,
        _key(message.canonical_uri),
        message.columns,
        message.window_start,
        message.window_end,
        message.uploaded_at,
        message.provider,
    )


def _key(canonical_uri: str) -> str:
    return canonical_uri.removeprefix("s3://").partition("/")[2]
