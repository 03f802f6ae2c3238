"""Brings a notice to everybody who is to have it; who does not take it now gets it later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.notifier.domain import console, delivery
from services.notifier.domain.delivery import BusyError
from services.notifier.domain.notice import Delivery, Entry, Notice, Standing
from services.notifier.domain.offer import Link
from services.notifier.ports import Board, Links, Measures, Notices, Reader, Readers, Timer
from shared.clock import Clock
from shared.errors import PermanentError

LONGEST_SWEEP = timedelta(seconds=15)
UNFINISHED = frozenset({Standing.SENDING, Standing.WAITING})


@dataclass(frozen=True, slots=True)
class Delivering:
    """Sends to each recipient once. Trouble with one keeps no other from it, and holds up nothing else."""

    notices: Notices
    readers: Readers
    links: Links
    timer: Timer
    measures: Measures
    clock: Clock
    console_url: str = ""  # where `solar console` answers, if people can reach it
    _rests: dict[str, datetime] = field(default_factory=dict)  # until when a channel is left alone

    def deliver(self, entry: Entry) -> None:
        """Send a notice to everybody who has not had it; what is left over is sent by a sweep."""
        if entry.standing not in UNFINISHED:
            return
        # Who failed before comes last: one process may not live long enough for several that hang.
        readers = sorted(self.readers(), key=lambda each: entry.to(each.name).tries)
        deliveries = {
            each.name: self._deliver_to(each, entry) for each in readers if _is_for(each, entry)
        }
        self._settle(entry, deliveries)

    def sweep(self) -> None:
        """Send again what is due, for a while; the next sweep goes on."""
        begun = self.clock()
        self._after_quiet_hours()
        for entry in self.notices.unsent():
            if self.clock() - begun > LONGEST_SWEEP:
                self.timer.wake(timedelta(seconds=1))
                return
            self.deliver(entry)

    def links_of(self, notice: Notice, recipient: str) -> list[Link]:
        """Return what a recipient can open or do, each with its address; none where they cannot be signed.

        A message without its buttons is better than none: it says in words what to type.
        """
        now, pages = self.clock(), console.links(notice, self.console_url)
        try:
            found = [(each, self.links.address(each, recipient, now)) for each in notice.offers]
        except Exception:  # noqa: BLE001 - whatever it is, people are told
            self.measures.count("LinksNotSigned", 1)
            return pages
        signed = [Link(offer.verb, offer.label, url) for offer, url in found if url is not None]
        return [*signed, *pages]

    def _deliver_to(self, reader: Reader, entry: Entry) -> Delivery:
        """Send to one recipient where that is due; return what has become of it."""
        before, now = entry.to(reader.name), self.clock()
        if before.sent_at or before.gave_up_at or (before.next_try and before.next_try > now):
            return before
        quiet = reader.rule.quiet_until(entry.notice, now)
        if quiet is not None:
            return self._note(entry, reader, delivery.resting(before, quiet, delivery.QUIET))
        rests = self._rests.get(reader.name, now)
        if rests > now:
            return self._note(entry, reader, delivery.resting(before, rests, "the channel rests"))
        if not self.notices.take(entry.notice.id, reader.name, now + delivery.LEASE, now):
            self.timer.wake(delivery.LEASE)
            return before  # another process sends it, and notes what becomes of it
        return self._note(entry, reader, self._tried(reader, entry, before))

    def _tried(self, reader: Reader, entry: Entry, before: Delivery) -> Delivery:
        recipient = reader.name
        try:
            links = self.links_of(entry.notice, recipient)
            reader.courier.send(reader.rule.written(entry.notice), links)
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

    def _after_quiet_hours(self) -> None:
        """Tell a recipient whose quiet hours are over in one message what came meanwhile."""
        now = self.clock()
        waited: dict[tuple[str, datetime], list[Entry]] = defaultdict(list)
        for entry in self.notices.unsent():
            for name, each in entry.deliveries.items():
                is_over = each.next_try is not None and each.next_try <= now
                if each.why == delivery.QUIET and is_over and not entry.notice.outcome:
                    assert each.next_try is not None  # noqa: S101 - it is over
                    waited[name, each.next_try].append(entry)
        for (name, until), entries in waited.items():
            if len(entries) > 1:
                self._tell_in_one(name, until, entries)

    def _tell_in_one(self, recipient: str, until: datetime, entries: Sequence[Entry]) -> None:
        """Open one message for many, and mark the many; who dies in between finds it, and marks the same."""
        now = self.clock()
        notice = delivery.after_quiet_hours(recipient, until, [each.notice for each in entries])
        includes = tuple(each.notice.id for each in entries)
        made = Entry(notice, Standing.SENDING, now, includes=includes, only=recipient)
        for notice_id in self.notices.open(made).includes:
            self.notices.mark(notice_id, recipient, delivery.taken(now))
        self.timer.wake(timedelta(seconds=1))

    def _note(self, entry: Entry, reader: Reader, made: Delivery) -> Delivery:
        self.notices.mark(entry.notice.id, reader.name, made)
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
        """Let everybody else hear of a channel that refuses; the channel itself is spared."""
        now = self.clock()
        notice = delivery.channel_is_gone(recipient, why, now)
        self.notices.open(Entry(notice, Standing.SENDING, now, spares=recipient))
        self.timer.wake(timedelta(seconds=1))


def _is_for(reader: Reader, entry: Entry) -> bool:
    if entry.only:
        return reader.name == entry.only
    if reader.name == entry.spares:
        return False
    if entry.notice.on_board and isinstance(reader.courier, Board):
        return False  # its story's message shows it there
    return reader.rule.wants(entry.notice)
