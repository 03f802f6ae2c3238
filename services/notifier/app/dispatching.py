"""Gives each thing that arrives to the use case that it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.notifier.app.checking import Checking
from services.notifier.app.following import Following
from services.notifier.app.mending import Mending
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
from shared.messages import (
    AnyMessage,
    DataAccepted,
    FileQuarantined,
    FileSettled,
    RedriveRequested,
    ReviewWritten,
    SweepDue,
)

_SETTLES = (DataAccepted, FileSettled)  # a file that was refused; of others nobody hears


@dataclass(frozen=True, slots=True)
class Dispatching:
    """Everything that notifier reacts to."""

    telling: Telling
    following: Following
    ringing: Ringing
    mending: Mending
    recounting: Recounting
    redriving: Redriving
    checking: Checking
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
                if incoming.scope == "daily":
                    self.checking.look()
                for sweep in self.sweeps:
                    sweep()
            case RedriveRequested():
                self.redriving.redrive()
            case ReviewWritten():
                self.recounting.tell(incoming)
            case AlarmChanged():
                self.ringing.hear(incoming)
            case BudgetExceeded():
                self._tell(incoming)
            case ObjectChanged() | ServiceEvent():
                message = f"notifier does not expect {incoming!r}"
                raise InvalidMessageError(message)
            case _ if isinstance(incoming, _SETTLES) or type(incoming) not in SILENT:
                self._hear(plain.message(incoming))

    def _hear(self, message: AnyMessage) -> None:
        """React to a fact, of which every text is harmless."""
        if isinstance(message, _SETTLES):
            self.mending.settled(message)
            return
        if isinstance(message, FileQuarantined):
            self.mending.refused(message)
        if threads.belongs(message):
            self.following.hear(message)
        else:
            self._tell(message)

    def _tell(self, incoming: Incoming) -> None:
        notice = render(incoming, self.clock())
        if notice is None:
            message = f"notifier does not expect {incoming!r}"
            raise InvalidMessageError(message)
        self.telling.tell(notice)
