"""Gives each thing that arrives to the use case that it is about."""

from __future__ import annotations

from dataclasses import dataclass

from services.notifier.app.recounting import Recounting
from services.notifier.app.summing_up import SummingUp
from services.notifier.app.telling import Telling
from services.notifier.domain.rendering import SILENT, render
from shared.clock import Clock
from shared.errors import InvalidMessageError
from shared.inbox import AlarmChanged, BudgetExceeded, Incoming
from shared.messages import ReviewWritten, SweepDue


@dataclass(frozen=True, slots=True)
class Dispatching:
    """Everything that notifier reacts to."""

    telling: Telling
    summing_up: SummingUp
    recounting: Recounting
    clock: Clock

    def handle(self, incoming: Incoming) -> None:
        """React to one thing from the inbox.

        Raises
        ------
        InvalidMessageError
            Nobody here expects such a thing; it ends in the dead letters, where an alarm watches.
        RetryableError
            A channel does not take it now; channels that took it are not asked again.
        """
        if isinstance(incoming, SweepDue):
            self.summing_up.sweep()
            return
        if isinstance(incoming, ReviewWritten):
            self.recounting.tell(incoming)
            return
        notice = render(incoming, self.clock())
        if notice is not None:
            self.telling.tell(notice)
        elif type(incoming) not in SILENT | {AlarmChanged, BudgetExceeded}:
            message = f"notifier does not expect {incoming!r}"
            raise InvalidMessageError(message)
