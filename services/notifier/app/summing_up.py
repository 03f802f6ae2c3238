"""Tells many things as one: what a storm left waiting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from services.notifier.domain import digest
from services.notifier.domain.notice import Entry, Standing
from services.notifier.ports import Notices, Timer
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class SummingUp:
    """Sends digests; one that was begun and not finished is finished first."""

    notices: Notices
    send: Callable[[Entry], None]
    timer: Timer
    clock: Clock

    def sweep(self) -> None:
        """Send the digests that are due."""
        waiting = defaultdict(list)
        for entry in self.notices.waiting():
            waiting[entry.window].append(entry)
        for window, entries in sorted(waiting.items()):
            if digest.window_is_over(window, self.clock()):
                self._tell_together(window, entries)
            else:
                self.timer.wake(digest.WINDOW * 2)

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
