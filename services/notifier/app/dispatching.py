"""Gives each thing that arrives to the use case that it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.notifier.app.following import Following
from services.notifier.app.recounting import Recounting
from services.notifier.app.redriving import Redriving
from services.notifier.app.ringing import Ringing
from services.notifier.app.telling import Telling
from services.notifier.domain import plain
from services.notifier.domain.rendering import SILENT, render
from services.notifier.domain.stories import threads
from shared.clock import Clock
from shared.errors import InvalidMessageError
from shared.inbox import AlarmChanged, BudgetExceeded, Incoming, ObjectChanged, ServiceEvent
from shared.messages import ReviewWritten, SweepDue


@dataclass(frozen=True, slots=True)
class Dispatching:
    """Everything that notifier reacts to."""

    telling: Telling
    following: Following
    ringing: Ringing
    recounting: Recounting
    redriving: Redriving
    sweeps: tuple[Callable[[], None], ...]
    clock: Clock

    def handle(self, incoming: Incoming) -> None:
        """React to one thing from the inbox.

        Raises
        ------
        InvalidMessageError
            Nobody here expects such a thing; it ends in the dead letters, where an alarm watches.
        """
        match incoming:
            case SweepDue():
                for sweep in self.sweeps:
                    sweep()
            case ReviewWritten():
                self.recounting.tell(incoming)
            case AlarmChanged():
                self.ringing.hear(incoming)
            case BudgetExceeded():
                self._tell(incoming)
            case ObjectChanged() | ServiceEvent():
                message = f"notifier does not expect {incoming!r}"
                raise InvalidMessageError(message)
            case _ if type(incoming) not in SILENT:
                said = plain.message(incoming)
                if threads.belongs(said):
                    self.following.hear(said)
                else:
                    self._tell(said)

    def _tell(self, incoming: Incoming) -> None:
        notice = render(incoming, self.clock())
        if notice is None:
            message = f"notifier does not expect {incoming!r}"
            raise InvalidMessageError(message)
        self.telling.tell(notice)
