"""The world around notifier, with state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from services.notifier.app.boards import Boards
from services.notifier.app.checking import Checking
from services.notifier.app.delivering import Delivering
from services.notifier.app.dispatching import Dispatching
from services.notifier.app.following import Following
from services.notifier.app.mending import Mending
from services.notifier.app.recounting import Recounting
from services.notifier.app.redriving import Redriving
from services.notifier.app.ringing import Ringing
from services.notifier.app.telling import Gathering, Telling
from services.notifier.domain.delivery import Subscriptions
from services.notifier.domain.grouping import Group, Waits
from services.notifier.domain.notice import Delivery, Entry, Notice, Standing
from services.notifier.domain.offer import Link, Offer
from services.notifier.domain.refusals import Case, Refusal
from services.notifier.domain.routing import Rule
from services.notifier.domain.stories.mails import Patience
from services.notifier.ports import Reader
from shared import messages
from shared.errors import NotFoundError
from shared.messages import AnyMessage, FileQuarantined, SweepDue

START = datetime(2024, 7, 1, 12, tzinfo=UTC)
UNFINISHED = {Standing.SENDING, Standing.WAITING}


@dataclass
class FakeNotices:
    """Entries, groups, journals, alarms and boards, with leases: what the table keeps."""

    entries: dict[str, Entry] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    leases: dict[tuple[str, str], datetime] = field(default_factory=dict)
    open_groups: dict[str, Group] = field(default_factory=dict)
    journals: dict[str, set[str]] = field(default_factory=dict)
    looks: dict[str, datetime] = field(default_factory=dict)
    ringing: dict[str, datetime] = field(default_factory=dict)
    boards: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def find(self, notice_id: str) -> Entry | None:
        return self.entries.get(notice_id)

    def open(self, entry: Entry) -> Entry:
        return self.entries.setdefault(entry.notice.id, entry)

    def count(self, window: str) -> int:
        self.counts[window] = self.counts.get(window, 0) + 1
        return self.counts[window]

    def take(self, notice_id: str, recipient: str, until: datetime, now: datetime) -> bool:
        has_it = notice_id in self.entries and self.entries[notice_id].to(recipient).sent_at
        if has_it or self.leases.get((notice_id, recipient), now) > now:
            return False
        self.leases[notice_id, recipient] = until
        return True

    def mark(self, notice_id: str, recipient: str, delivery: Delivery) -> None:
        entry = self.entries[notice_id]
        deliveries = {**entry.deliveries, recipient: delivery}
        self.entries[notice_id] = replace(entry, deliveries=deliveries)
        self.leases.pop((notice_id, recipient), None)

    def settle(self, notice_id: str, standing: Standing) -> None:
        self.entries[notice_id] = replace(self.entries[notice_id], standing=standing)

    def reopen(self, notice_id: str, recipients: Sequence[str], now: datetime) -> None:
        entry = self.entries[notice_id]
        deliveries = {
            name: Delivery() if name in recipients else each
            for name, each in entry.deliveries.items()
        }
        self.entries[notice_id] = replace(
            entry, standing=Standing.SENDING, deliveries=deliveries, reopened_at=now
        )

    def unsent(self) -> Iterator[Entry]:
        return iter([e for e in self.entries.values() if e.standing in UNFINISHED])

    def since(self, moment: datetime) -> Iterator[Entry]:
        return iter([e for e in self.entries.values() if e.created_at >= moment])

    def group(self, cause: str) -> Group | None:
        return self.open_groups.get(cause)

    def groups(self) -> Iterator[Group]:
        return iter(sorted(self.open_groups.values(), key=lambda each: each.opened_at))

    def join(self, entry: Entry, group: Group) -> bool:
        if entry.notice.id in self.entries or not self._is_current(group):
            return False
        self.entries[entry.notice.id] = entry
        self.open_groups[group.cause] = replace(group, revision=group.revision + 1)
        return True

    def close(self, groups: Sequence[Group], entry: Entry) -> bool:
        if entry.notice.id in self.entries or not all(map(self._is_current, groups)):
            return False
        for each in groups:
            del self.open_groups[each.cause]
        self.entries[entry.notice.id] = entry
        return True

    def _is_current(self, group: Group) -> bool:
        known = self.open_groups.get(group.cause)
        return (known.revision if known else 0) == group.revision

    def note(self, model_id: str, entry: Entry) -> None:
        self.open(entry)
        self.journals.setdefault(model_id, set()).add(entry.notice.id)

    def read(self, model_id: str) -> list[tuple[AnyMessage, datetime]]:
        kept = [self.entries[each] for each in sorted(self.journals.get(model_id, ()))]
        return [(messages.read(each.message), each.created_at) for each in kept]

    def look_again(self, model_id: str, at: datetime) -> None:
        self.looks[model_id] = at

    def looked(self, model_id: str, at: datetime) -> None:
        if self.looks.get(model_id) == at:
            del self.looks[model_id]

    def due(self) -> Iterator[tuple[str, datetime]]:
        return iter(list(self.looks.items()))

    def rings(self, name: str, since: datetime) -> None:
        self.ringing[name] = max(since, self.ringing.get(name, since))

    def began(self, name: str, before: datetime) -> datetime | None:
        began_at = self.ringing.get(name)
        return began_at if began_at is not None and began_at <= before else None

    def shown(self, story: str, recipient: str) -> tuple[str, str]:
        return self.boards.get((story, recipient), ("", ""))

    def show(self, story: str, recipient: str, reference: str, content: str) -> None:
        self.boards[story, recipient] = reference, content
        self.leases.pop((story, recipient), None)


@dataclass
class FakeRefusals:
    """Refused files and their cases."""

    refused: dict[str, Refusal] = field(default_factory=dict)
    cases: dict[tuple[str, str], Case] = field(default_factory=dict)

    def find(self, key: str) -> Refusal | None:
        return self.refused.get(key)

    def case(self, site: str, code: str) -> Case:
        return self.cases.get((site, code), Case(site, code))

    def keep(self, refusal: Refusal, *cases: Case) -> bool:
        known = self.refused.get(refusal.key)
        if (known.revision if known else 0) != refusal.revision:
            return False
        if any(self.case(each.site, each.code).revision != each.revision for each in cases):
            return False
        self.refused[refusal.key] = replace(refusal, revision=refusal.revision + 1)
        for each in cases:
            self.cases[each.site, each.code] = replace(each, revision=each.revision + 1)
        return True

    def forget(self, key: str) -> None:
        if key in self.refused and self.refused[key].ended:
            del self.refused[key]


@dataclass
class FakeCourier:
    """What one recipient got; raises what it is told to, once each."""

    recipient: str
    sent: list[Notice] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)

    def send(self, notice: Notice, links: Sequence[Link]) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.sent.append(notice)
        self.links += links


@dataclass
class FakeMail(FakeCourier):
    """A recipient to whom people subscribe."""

    said: Subscriptions = field(default_factory=lambda: Subscriptions(confirmed=1, pending=0))

    def subscriptions(self) -> Subscriptions:
        return self.said


@dataclass
class FakeBoard(FakeCourier):
    """A recipient whose messages can be changed; what each says now, and how often it was posted."""

    posts: dict[str, Notice] = field(default_factory=dict)
    updates: int = 0

    def post(self, notice: Notice, links: Sequence[Link]) -> str:
        self.send(notice, links)
        self.sent.pop()
        reference = str(len(self.posts))
        self.posts[reference] = notice
        return reference

    def update(self, reference: str, notice: Notice, links: Sequence[Link]) -> None:
        self.send(notice, links)
        self.sent.pop()
        if reference not in self.posts:
            raise NotFoundError(reference)
        self.posts[reference] = notice
        self.updates += 1


@dataclass
class FakeTimer:
    """When the service wants to be woken up."""

    delays: list[timedelta] = field(default_factory=list)

    def wake(self, delay: timedelta) -> None:
        self.delays.append(delay)


@dataclass
class FakeFiles:
    """Files of reviews."""

    kept: dict[str, bytes] = field(default_factory=dict)

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        assert content_type
        self.kept[key] = body

    def read(self, key: str) -> bytes:
        if key not in self.kept:
            raise NotFoundError(key)
        return self.kept[key]


@dataclass
class FakeLinks:
    """Addresses of what is offered; none where nobody made any."""

    addresses: dict[str, str] = field(default_factory=dict)
    trouble: Exception | None = None

    def address(self, offer: Offer, recipient: str, now: datetime) -> str | None:
        if self.trouble:
            raise self.trouble
        return self.addresses.get(f"{recipient} {offer.verb}")


@dataclass
class FakeMeasures:
    """What was counted."""

    counted: dict[str, float] = field(default_factory=dict)

    def count(self, name: str, value: float) -> None:
        self.counted[name] = self.counted.get(name, 0) + value


class World:
    """notifier with fakes on all sides."""

    def __init__(self, notices: FakeNotices | None = None, *, bot: bool = False) -> None:
        self.now = START
        self.notices = notices or FakeNotices()
        self.email = FakeMail("email")
        self.slack = FakeBoard("slack") if bot else FakeCourier("slack")
        self.timer = FakeTimer()
        self.links = FakeLinks()
        self.measures = FakeMeasures()
        self.files = FakeFiles()
        self.refusals = FakeRefusals()
        self.waits, self.patience = Waits(), Patience()
        self.readers = [Reader(self.email, Rule()), Reader(self.slack, Rule())]
        kept = self.notices
        self.delivering = Delivering(
            kept, lambda: self.readers, self.links, self.timer, self.measures, self.clock
        )
        deliver = self.delivering.deliver
        telling = Telling(kept, kept, deliver, self.timer, self.clock, self.waits)
        gathering = Gathering(kept, deliver, self.timer, self.clock, self.waits)
        boards = Boards(
            lambda: self.readers,
            kept,
            self.delivering.links_of,
            self.delivering.tell_others,
            self.clock,
            self.patience,
        )
        following = Following(kept, telling.tell, boards, self.timer, self.clock, self.patience)
        self.telling = telling
        self.notifier = Dispatching(
            telling,
            following,
            Ringing(kept, telling.tell),
            Mending(self.refusals, kept, telling.tell),
            Recounting(self.files, lambda: self.readers, telling),
            Redriving(kept, self.timer, self.clock),
            Checking(lambda: self.readers, kept, self.timer, self.measures, self.clock),
            (following.sweep, gathering.sweep, self.delivering.sweep),
            self.clock,
        )

    def clock(self) -> datetime:
        return self.now

    def set_patience(self, patience: Patience) -> None:
        """Wait otherwise for what belongs to a story."""
        self.patience = patience
        following = self.notifier.following
        boards = replace(following.boards, patience=patience)
        following = replace(following, boards=boards, patience=patience)
        sweeps = (following.sweep, *self.notifier.sweeps[1:])
        self.notifier = replace(self.notifier, following=following, sweeps=sweeps)

    def handle(self, *incoming: object) -> None:
        for each in incoming:
            self.notifier.handle(each)

    def pass_time(self, of: timedelta = timedelta(minutes=11), steps: int = 1) -> None:
        """Let time pass, with a sweep after each step."""
        for _ in range(steps):
            self.now += of / steps
            self.notifier.handle(sweep())


def sweep() -> SweepDue:
    return SweepDue(id="sweep", occurred_at=START, correlation_id="sweep", scope="quick")


def quarantined(number: int = 0, site: str = "east") -> FileQuarantined:
    return FileQuarantined.of(
        subject=(number, site),
        occurred_at=START,
        correlation_id=f"raw/{site}/{number}.csv",
        site_id=site,
        key=f"raw/{site}/{number}.csv",
        version_id="v",
        reason_code="empty",
        reason="the file has no bytes",
        remedy="upload it again",
    )


def elsewhere(number: int) -> FileQuarantined:
    """A file of a site of its own: what happens at many sites is no one cause."""
    return quarantined(number, f"site-{number}")
