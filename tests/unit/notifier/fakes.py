"""The world around notifier, with state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from services.notifier.app.dispatching import Dispatching
from services.notifier.app.recounting import Recounting
from services.notifier.app.summing_up import SummingUp
from services.notifier.app.telling import Telling
from services.notifier.domain.notice import Channel, Entry, Notice, Standing
from shared.errors import NotFoundError
from shared.messages import FileQuarantined

START = datetime(2024, 7, 1, 12, tzinfo=UTC)


@dataclass
class FakeNotices:
    """Entries by id, with leases."""

    entries: dict[str, Entry] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    leases: dict[tuple[str, Channel], datetime] = field(default_factory=dict)

    def find(self, notice_id: str) -> Entry | None:
        return self.entries.get(notice_id)

    def open(self, entry: Entry) -> Entry:
        return self.entries.setdefault(entry.notice.id, entry)

    def count(self, window: str) -> int:
        self.counts[window] = self.counts.get(window, 0) + 1
        return self.counts[window]

    def take(self, notice_id: str, channel: Channel, until: datetime, now: datetime) -> bool:
        entry = self.entries[notice_id]
        if channel in entry.sent or self.leases.get((notice_id, channel), now) > now:
            return False
        self.leases[notice_id, channel] = until
        return True

    def mark(self, notice_id: str, channel: Channel, now: datetime) -> None:
        entry = self.entries[notice_id]
        self.entries[notice_id] = replace(entry, sent={**entry.sent, channel: now})

    def settle(self, notice_id: str) -> None:
        self.entries[notice_id] = replace(self.entries[notice_id], standing=Standing.SENT)

    def waiting(self) -> Iterator[Entry]:
        return iter([e for e in self.entries.values() if e.standing is Standing.WAITING])

    def since(self, moment: datetime) -> Iterator[Entry]:
        return iter([e for e in self.entries.values() if e.created_at >= moment])


@dataclass
class FakeCourier:
    """What went through a channel; raises what it is told to, once each."""

    channel: Channel
    sent: list[Notice] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)

    def send(self, notice: Notice) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.sent.append(notice)


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


class World:
    """notifier with fakes on all sides."""

    def __init__(self) -> None:
        self.now = START
        self.notices = FakeNotices()
        self.email = FakeCourier(Channel.EMAIL)
        self.slack = FakeCourier(Channel.SLACK)
        self.timer = FakeTimer()
        telling = Telling(self.notices, [self.email, self.slack], self.timer, self.clock)
        summing_up = SummingUp(self.notices, telling.send, self.timer, self.clock)
        self.files = FakeFiles()
        recounting = Recounting(self.files, telling.tell)
        self.notifier = Dispatching(telling, summing_up, recounting, self.clock)

    def clock(self) -> datetime:
        return self.now


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
