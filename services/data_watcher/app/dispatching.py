"""Gives each incoming message to its use case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.data_watcher.app.intake.pipeline import Intake
from services.data_watcher.app.onboarding import Onboarding
from services.data_watcher.app.releasing import Releasing
from services.data_watcher.app.setting_aside import SettingAside
from services.data_watcher.app.suspecting import Suspecting
from services.data_watcher.app.sweeping import Sweeping
from shared import layout
from shared.errors import InvalidMessageError
from shared.inbox import Incoming, ObjectChanged
from shared.messages import (
    DismissRequested,
    ReleaseRequested,
    RemoveRequested,
    SourcesDue,
    SweepDue,
    TrustRequested,
)


@dataclass(frozen=True, slots=True)
class Dispatching:
    """Everything that data_watcher reacts to."""

    intake: Intake
    onboarding: Onboarding
    sweeping: Sweeping
    releasing: Releasing
    setting_aside: SettingAside
    suspecting: Suspecting

    def take(self, incoming: Sequence[Incoming]) -> set[str]:
        """Take in what is new of a batch, many files at once; return the keys that are done with."""
        keys = [
            each.key for each in incoming if isinstance(each, ObjectChanged) and _is_upload(each)
        ]
        return self.intake.take(keys) if keys else set()

    def handle(self, incoming: Incoming) -> None:
        """React to one message from the inbox.

        Raises
        ------
        InvalidMessageError
            No use case expects such a message; it ends in the dead letters, where an alarm watches.
        """
        match incoming:
            case ObjectChanged(key=key) if key.startswith(layout.RAW):
                self.intake.refresh(key)
            case ObjectChanged(key=key) if key.startswith(layout.CONFIG):
                self.onboarding.refresh(key)
            case SweepDue():
                self.sweeping.run(incoming)
            case ReleaseRequested():
                self.releasing.run(incoming)
            case RemoveRequested():
                self.setting_aside.remove(incoming)
            case DismissRequested():
                self.setting_aside.dismiss(incoming)
            case SourcesDue(site_id=site_id):
                self.suspecting.look(site_id)
            case TrustRequested():
                self.suspecting.trust(incoming)
            case _:
                message = f"data_watcher does not expect {incoming!r}"
                raise InvalidMessageError(message)


def _is_upload(event: ObjectChanged) -> bool:
    """Whether S3 itself announces an upload; a hint asks for a look at all versions of a key."""
    return event.key.startswith(layout.RAW) and bool(event.sequencer) and not event.removed
