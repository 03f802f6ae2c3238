"""Brings a notice to everybody who is to have it; who does not take it now gets it later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.notifier.domain import delivery
from services.notifier.domain.delivery import BusyError
from services.notifier.domain.notice import Delivery, Entry, Notice, Standing
from services.notifier.domain.offer import Link
from services.notifier.ports import Board, Courier, Links, Measures, Notices, Timer
from shared.clock import Clock
from shared.errors import PermanentError

LONGEST_SWEEP = timedelta(seconds=15)
UNFINISHED = frozenset({Standing.SENDING, Standing.WAITING})


@dataclass(frozen=True, slots=True)
class Delivering:
    """Sends to each recipient once. Trouble with one keeps no other from it, and holds up nothing else."""

    notices: Notices
    couriers: Callable[[], Sequence[Courier]]
    links: Links
    timer: Timer
    measures: Measures
    clock: Clock
    _rests: dict[str, datetime] = field(default_factory=dict)  # until when a channel is left alone

    def deliver(self, entry: Entry) -> None:
        """Send a notice to everybody who has not had it; what is left over is sent by a sweep."""
        if entry.standing not in UNFINISHED:
            return
        deliveries = {
            each.recipient: self._deliver_by(each, entry)
            for each in self.couriers()
            if not (entry.notice.on_board and isinstance(each, Board))
        }
        self._settle(entry, deliveries)

    def sweep(self) -> None:
        """Send again what is due, for a while; the next sweep goes on."""
        begun = self.clock()
        for entry in self.notices.unsent():
            if self.clock() - begun > LONGEST_SWEEP:
                self.timer.wake(timedelta(seconds=1))
                return
            self.deliver(entry)

    def links_of(self, notice: Notice, recipient: str) -> list[Link]:
        """Return what a recipient can open or do, each with its address."""
        now = self.clock()
        found = [(each, self.links.address(each, recipient, now)) for each in notice.offers]
        return [Link(offer.verb, offer.label, url) for offer, url in found if url is not None]

    def _deliver_by(self, courier: Courier, entry: Entry) -> Delivery:
        """Send by one courier where that is due; return what has become of it."""
        before, now = entry.to(courier.recipient), self.clock()
        if before.sent_at or before.gave_up_at or (before.next_try and before.next_try > now):
            return before
        rests = self._rests.get(courier.recipient, now)
        if rests > now:
            return self._note(entry, courier, delivery.resting(before, rests, "the channel rests"))
        if not self.notices.take(entry.notice.id, courier.recipient, now + delivery.LEASE, now):
            self.timer.wake(delivery.LEASE)
            return before  # another process sends it, and notes what becomes of it
        return self._note(entry, courier, self._tried(courier, entry, before))

    def _tried(self, courier: Courier, entry: Entry, before: Delivery) -> Delivery:
        recipient = courier.recipient
        try:
            courier.send(entry.notice, self.links_of(entry.notice, recipient))
        except PermanentError as trouble:
            self.tell_others(recipient, str(trouble))
            return self._given_up(delivery.refused(str(trouble), self.clock()))
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is kept and tried again
            now = self.clock()
            asked = delivery.REST
            if isinstance(trouble, BusyError):
                asked = timedelta(seconds=trouble.seconds)
            self._rests[recipient] = now + asked
            why = str(trouble) or type(trouble).__name__
            return self._given_up(delivery.tried(before, entry, why, now, asked))
        return delivery.taken(self.clock())

    def _note(self, entry: Entry, courier: Courier, made: Delivery) -> Delivery:
        self.notices.mark(entry.notice.id, courier.recipient, made)
        if made.next_try is not None:
            self.timer.wake(made.next_try - self.clock())
        return made

    def _given_up(self, made: Delivery) -> Delivery:
        if made.gave_up_at is not None:
            self.measures.count("NoticesUndelivered", 1)
        return made

    def _settle(self, entry: Entry, deliveries: Mapping[str, Delivery]) -> None:
        made = list(deliveries.values())
        if all(each.sent_at or each.gave_up_at for each in made):
            self.notices.settle(entry.notice.id, delivery.ended(made))

    def tell_others(self, recipient: str, why: str) -> None:
        """Let everybody else hear of a channel that refuses; of this notice it is spared."""
        now = self.clock()
        notice = delivery.channel_is_gone(recipient, why, now)
        spared = {recipient: Delivery(gave_up_at=now, why="it is about this channel")}
        self.notices.open(replace(Entry(notice, Standing.SENDING, now), deliveries=spared))
        self.timer.wake(timedelta(seconds=1))
