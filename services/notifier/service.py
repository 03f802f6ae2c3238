"""Tells each thing once, through every channel, and turns a storm into one digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.notifier import domain
from services.notifier.domain import Entry, Notice, Standing
from services.notifier.ports import Courier, Notices, Timer
from services.notifier.rendering import SILENT, render
from shared.clock import Clock
from shared.errors import InvalidMessageError, NotReadyError
from shared.inbox import AlarmChanged, BudgetExceeded, Incoming
from shared.messages import SweepDue

LEASE = timedelta(seconds=60)  # longer than a sending takes, shorter than the queue's redelivery
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Notifier:
    """Reacts to what people care about."""

    notices: Notices
    couriers: Sequence[Courier]
    timer: Timer
    clock: Clock

    def handle(self, incoming: Incoming) -> None:
        """Tell people of something, once.

        Raises
        ------
        InvalidMessageError
            Nobody here expects such a thing.
        RetryableError
            A channel does not take it now; channels that took it are not asked again.
        """
        if isinstance(incoming, SweepDue):
            self._sweep(incoming)
            return
        notice = render(incoming, self.clock())
        if notice is not None:
            self._tell(notice)
        elif type(incoming) not in SILENT | {AlarmChanged, BudgetExceeded}:
            message = f"notifier does not expect {incoming!r}"
            raise InvalidMessageError(message)

    def _tell(self, notice: Notice) -> None:
        entry = self.notices.find(notice.id) or self._enter(notice)
        if entry.standing is Standing.SENDING:
            self._deliver(entry)

    def _enter(self, notice: Notice) -> Entry:
        """Decide whether a notice goes out by itself or waits for the digest of its minute or day."""
        now = self.clock()
        if notice.quiet:
            return self.notices.open(Entry(notice, Standing.SENT, now))
        window = domain.window_of(now)
        count = self.notices.count(window)
        if count <= domain.MOST_IN_A_WINDOW:
            return self.notices.open(Entry(notice, Standing.SENDING, now))
        entry = self.notices.open(Entry(notice, Standing.WAITING, now, window))
        if count == domain.MOST_IN_A_WINDOW + 1:  # one wake-up per storm; the sweep is the backup
            self.timer.wake(domain.WINDOW * 2)
        return entry

    def _deliver(self, entry: Entry) -> None:
        for courier in self.couriers:
            if courier.channel in entry.sent:
                continue
            now = self.clock()
            if not self.notices.take(entry.notice.id, courier.channel, now + LEASE, now):
                message = f"another process sends {entry.notice.id} by {courier.channel}"
                raise NotReadyError(message)
            courier.send(entry.notice)
            self.notices.mark(entry.notice.id, courier.channel, self.clock())
        self.notices.settle(entry.notice.id)

    # --- sweep ----------------------------------------------------------------------------------

    def _sweep(self, message: SweepDue) -> None:
        waiting = defaultdict(list)
        for entry in self.notices.waiting():
            waiting[entry.window].append(entry)
        for window, entries in sorted(waiting.items()):
            if domain.window_is_over(window, self.clock()):
                self._tell_together(window, entries)
            else:
                self.timer.wake(domain.WINDOW * 2)
        if message.scope == "daily":
            self._tell_the_day()

    def _tell_together(self, window: str, waiting: list[Entry]) -> None:
        """Send the digest of a window; one that was begun and not finished is finished first."""
        number = 0
        while waiting:
            begun = domain.digest(window, number, waiting, self.clock())
            includes = tuple(each.notice.id for each in waiting)
            entry = self.notices.open(
                Entry(begun, Standing.SENDING, self.clock(), includes=includes)
            )
            if entry.standing is Standing.SENDING:
                self._deliver(entry)
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
        notice = domain.daily(f"{now:%Y-%m-%d}", told, now)
        if notice is not None:
            entry = self.notices.open(Entry(notice, Standing.SENDING, now))
            if entry.standing is Standing.SENDING:
                self._deliver(entry)
