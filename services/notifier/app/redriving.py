"""Sends again, when somebody asks for it, what a channel did not take in two days or refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.notifier.domain.notice import Standing
from services.notifier.ports import Notices, Timer
from shared.clock import Clock

OLDEST = timedelta(days=90)  # notices are kept for as long


@dataclass(frozen=True, slots=True)
class Redriving:
    """Puts undelivered notices back among those that are to be sent; who has one gets no second."""

    notices: Notices
    timer: Timer
    clock: Clock

    def redrive(self) -> int:
        """Let every undelivered notice be sent again; return how many there are."""
        now = self.clock()
        count = 0
        for entry in self.notices.since(now - OLDEST):
            if entry.standing is Standing.UNDELIVERED:
                names = [name for name, each in entry.deliveries.items() if each.gave_up_at]
                self.notices.reopen(entry.notice.id, names, now)
                count += 1
        if count:
            self.timer.wake(timedelta(seconds=1))
        return count
