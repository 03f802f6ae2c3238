"""Tells people of one thing, once, through every channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.notifier.domain import digest
from services.notifier.domain.notice import Entry, Notice, Standing
from services.notifier.ports import Courier, Notices, Timer
from shared.clock import Clock
from shared.errors import NotReadyError

LEASE = timedelta(seconds=60)  # longer than a sending takes, shorter than the queue's redelivery


@dataclass(frozen=True, slots=True)
class Telling:
    """Sends a notice by itself, or keeps it for the digest of a storm."""

    notices: Notices
    couriers: Sequence[Courier]
    timer: Timer
    clock: Clock

    def tell(self, notice: Notice) -> None:
        """Tell people of something, once.

        Raises
        ------
        RetryableError
            A channel does not take it now; channels that took it are not asked again.
        """
        self.send(self.notices.find(notice.id) or self._enter(notice))

    def send(self, entry: Entry) -> None:
        """Send what is to be sent by itself through every channel that has not had it.

        One that does not take it keeps no other from it; the first trouble is raised when all were tried.
        """
        if entry.standing is not Standing.SENDING:
            return
        troubles = []
        for courier in self.couriers:
            if courier.channel in entry.sent:
                continue
            try:
                self._send_by(courier, entry)
            except Exception as trouble:  # noqa: BLE001 - whatever it is, people have the other channels
                troubles.append(trouble)
        if troubles:
            raise troubles[0]
        self.notices.settle(entry.notice.id)

    def _send_by(self, courier: Courier, entry: Entry) -> None:
        now = self.clock()
        if not self.notices.take(entry.notice.id, courier.channel, now + LEASE, now):
            message = f"another process sends {entry.notice.id} by {courier.channel}"
            raise NotReadyError(message)
        courier.send(entry.notice)
        self.notices.mark(entry.notice.id, courier.channel, self.clock())

    def _enter(self, notice: Notice) -> Entry:
        """Decide whether a notice goes out by itself or waits for the digest of its minute or day."""
        now = self.clock()
        if notice.quiet:
            return self.notices.open(Entry(notice, Standing.SENT, now))
        if notice.cause and (entry := self._after_the_first(notice)) is not None:
            return entry
        window = digest.window_of(now)
        count = self.notices.count(window)
        if count <= digest.MOST_IN_A_WINDOW:
            return self.notices.open(Entry(notice, Standing.SENDING, now))
        entry = self.notices.open(Entry(notice, Standing.WAITING, now, window))
        if count == digest.MOST_IN_A_WINDOW + 1:  # one wake-up per storm; the sweep is the backup
            self.timer.wake(digest.WINDOW * 2)
        return entry

    def _after_the_first(self, notice: Notice) -> Entry | None:
        """Keep a notice for the digest of its cause; None for the first, which goes its way."""
        now = self.clock()
        window = digest.window_of(now, notice.cause)
        count = self.notices.count(window)
        if count == 1:
            return None
        if count == 2:  # noqa: PLR2004 - one wake-up per cause; the sweep is the backup
            self.timer.wake(digest.ALIKE + digest.WINDOW)
        return self.notices.open(Entry(notice, Standing.WAITING, now, window))
