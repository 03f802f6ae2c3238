"""Tells many things as one: what a storm left waiting, and what a day brought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from services.notifier.domain import digest
from services.notifier.domain.notice import Entry, Standing
from services.notifier.ports import Notices, Timer
from shared.clock import Clock
from shared.messages import SweepDue

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SummingUp:
    """Sends digests and daily summaries; one that was begun and not finished is finished first."""

    notices: Notices
    send: Callable[[Entry], None]
    timer: Timer
    clock: Clock

    def sweep(self, message: SweepDue) -> None:
        """Send the digests that are due, and once a day the summary of the day."""
        waiting = defaultdict(list)
        for entry in self.notices.waiting():
            waiting[entry.window].append(entry)
        for window, entries in sorted(waiting.items()):
            if digest.window_is_over(window, self.clock()):
                self._tell_together(window, entries)
            else:
                self.timer.wake(digest.WINDOW * 2)
        if message.scope == "daily":
            self._tell_the_day()

    def _tell_together(self, window: str, waiting: list[Entry]) -> None:
        number = 0
        while waiting:
            begun = digest.digest(window, number, waiting, self.clock())
            includes = tuple(each.notice.id for each in waiting)
            entry = self.notices.open(
                Entry(begun, Standing.SENDING, self.clock(), includes=includes)
            )
            self.send(entry)
            for notice_id in entry.includes:
                self.notices.settle(notice_id)
            waiting = [each for each in waiting if each.notice.id not in entry.includes]
            number += 1

    def _tell_the_day(self) -> None:
        now = self.clock()
        told = [
            each
            for each in self.notices.since(now - DAY)
            if each.notice.kind != "daily"
            and not each.includes  # a digest's notices count themselves
        ]
        notice = digest.daily(f"{now:%Y-%m-%d}", told, now)
        if notice is not None:
            self.send(self.notices.open(Entry(notice, Standing.SENDING, now)))
