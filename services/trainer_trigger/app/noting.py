"""Notes what happened to a model. Messages only mark it; one evaluation decides from state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.trainer_trigger.domain.model_state import Request
from services.trainer_trigger.ports import CanonicalFiles, FileMemory, NoteMemory
from shared.clock import Clock
from shared.dataset import DatasetFile
from shared.messages import (
    AccuracyDegraded,
    ConfigAccepted,
    DataAccepted,
    DataWithdrawn,
    ModelHeld,
    ModelReleased,
    RetrainRequested,
    SourceSuspect,
)

OfModel = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Noting:
    """A message that is lost, repeated or late changes when something is decided, never what.

    Attributes
    ----------
    evaluate_soon, evaluate, correct, unpoison
        What may follow for a model: an armed evaluation, one at once, a comparison with the bucket, a
        request for the last clean version.
    """

    canonical: CanonicalFiles
    files: FileMemory
    notes: NoteMemory
    evaluate_soon: OfModel
    evaluate: OfModel
    correct: OfModel
    unpoison: OfModel
    clock: Clock

    def accepted(self, message: DataAccepted) -> None:
        """Note a canonical file: one write, and for many messages one armed evaluation.

        A late message may name a file that was withdrawn meanwhile; before a run opens, memory is
        corrected by what is in the bucket.
        """
        file = DatasetFile(
            site_id=message.site_id,
            file_id=message.file_id,
            key=_key(message.canonical_uri),
            rows=message.rows,
            window_start=message.window_start,
            window_end=message.window_end,
            uploaded_at=message.uploaded_at,
            raw_key=message.key,
            provider=message.provider,
        )
        self.files.add_file(message.model_id, file, self.clock())
        self.evaluate_soon(message.model_id)

    def withdrawn(self, message: DataWithdrawn) -> None:
        """Note that a canonical file no longer counts, unless it was restored meanwhile."""
        if not self.canonical.counts(_key(message.canonical_uri)):
            self.files.remove_file(message.model_id, message.file_id)
        self.evaluate_soon(message.model_id)

    def configuration(self, message: ConfigAccepted) -> None:
        """Look at the model whose configuration, or whose site's, or whose exclusions changed."""
        self.unpoison(message.model_id)
        self.evaluate(message.model_id)

    def sources(self, message: SourceSuspect) -> None:
        """Look at the model whose files are left out, or count again."""
        self.evaluate(message.model_id)

    def request(self, message: RetrainRequested) -> None:
        """Note that a person wants a retrain, and decide at once."""
        asked = Request(message.requested_by, message.reason, message.force, message.occurred_at)
        self.notes.set_request(message.model_id, asked)
        self.correct(message.model_id)
        self.evaluate(message.model_id)

    def of_deployment(self, message: AccuracyDegraded | ModelHeld | ModelReleased) -> None:
        """Note what deployer says of the version that serves."""
        if isinstance(message, AccuracyDegraded):
            self.degraded(message)
        else:
            self.held(message)

    def degraded(self, message: AccuracyDegraded) -> None:
        """Note that the served model does worse at a site, or that this is over, and look at the model.

        A fault of the data, or of the plant, is people's to mend: no retrain is asked for it.
        """
        place = f"site {message.site_id}: "
        if message.recovered:
            self.notes.drop_degraded(message.model_id, place)
        elif message.retrain_helps and message.kind == "model":
            self.notes.set_degraded(message.model_id, place + _in_words(message))
        self.evaluate(message.model_id)

    def held(self, message: ModelHeld | ModelReleased) -> None:
        """Note what serves while a person holds a model: a challenger is compared with that."""
        serves = message.serves if isinstance(message, ModelHeld) else None
        self.notes.set_held(message.model_id, serves, message.occurred_at)


def _in_words(message: AccuracyDegraded) -> str:
    if message.why:
        return message.why
    if message.nmae is None or message.expected_nmae is None:
        return f"worse than promised over {message.days} days"
    return (
        f"nMAE {message.nmae:.3f} instead of {message.expected_nmae:.3f} over {message.days} days"
    )


def _key(canonical_uri: str) -> str:
    return canonical_uri.removeprefix("s3://").partition("/")[2]
