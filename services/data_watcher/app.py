"""Gives each thing that arrives to the one who knows what to do with it."""

from __future__ import annotations

from dataclasses import dataclass

from services.data_watcher.onboarding import Onboarding
from services.data_watcher.release import Release
from services.data_watcher.service import Intake
from services.data_watcher.sweep import Sweep
from shared import layout
from shared.errors import InvalidMessageError
from shared.inbox import Incoming, ObjectChanged
from shared.messages import ReleaseRequested, SweepDue


@dataclass(frozen=True, slots=True)
class Watcher:
    """Everything that data_watcher reacts to."""

    intake: Intake
    onboarding: Onboarding
    sweep: Sweep
    release: Release

    def handle(self, incoming: Incoming) -> None:
        """React to one thing from the inbox.

        Raises
        ------
        InvalidMessageError
            Nobody here expects such a thing; it ends in the dead letters, where an alarm watches.
        """
        match incoming:
            case ObjectChanged(key=key) if key.startswith(layout.RAW):
                self.intake.refresh(key)
            case ObjectChanged(key=key) if key.startswith(layout.CONFIG):
                self.onboarding.refresh(key)
            case SweepDue():
                self.sweep.run(incoming)
            case ReleaseRequested():
                self.release.run(incoming)
            case _:
                message = f"data_watcher does not expect {incoming!r}"
                raise InvalidMessageError(message)
