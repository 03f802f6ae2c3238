"""The world around data_watcher, with state: a versioned bucket, a ledger that refuses stale writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.data_watcher.adapters.evidence import LedgerAndBucket
from services.data_watcher.adapters.remembered import Remembered
from services.data_watcher.app.comparing import Comparing
from services.data_watcher.app.dispatching import Dispatching
from services.data_watcher.app.intake.effects import Effects
from services.data_watcher.app.intake.pipeline import Intake
from services.data_watcher.app.intake.verdict import Judging
from services.data_watcher.app.onboarding import LATER, Onboarding
from services.data_watcher.app.releasing import Releasing
from services.data_watcher.app.setting_aside import SettingAside
from services.data_watcher.app.silence import Silence
from services.data_watcher.app.suspecting import Suspecting
from services.data_watcher.app.sweeping import Sweeping
from services.data_watcher.domain.activity import SiteActivity
from services.data_watcher.domain.configuration import Active, ConfigRecord
from services.data_watcher.domain.overlaps import Compared, SiteOverlaps
from services.data_watcher.domain.records import ContentRecord, KeyRecord, Listed
from services.data_watcher.domain.suspicion import SiteSuspicions
from services.data_watcher.domain.transitions import settle
from services.data_watcher.domain.versions import (
    Accepted,
    Current,
    Duplicate,
    Quarantined,
    Removed,
    RowSummary,
    State,
    Superseded,
)
from services.data_watcher.ports import Opened, Part, Reading
from shared.active import ActiveModel, ActiveSite
from shared.canonical import CanonicalFile
from shared.errors import ConflictError, NotFoundError, RetryableError, UnreadableFileError
from shared.exclusions import ActiveExclusions
from shared.inbox import ObjectChanged
from shared.messages import AnyMessage, SweepDue
from shared.solar.site import Site, source_of
from shared.suspects import ActiveSuspects

START = datetime(2024, 7, 1, tzinfo=UTC)


class DiedError(BaseException):
    """The process died; nothing that it would still have done happens."""


@dataclass
class Fuse:
    """Counts the calls that leave the process, and lets it die at the n-th, before or after its effect."""

    dies_at: int | None = None
    calls: int = 0

    def burn(self) -> None:
        self.calls += 1
        if self.calls == self.dies_at:
            raise DiedError


@dataclass
class FakeBucket:
    """A versioned bucket."""

    fuse: Fuse = field(default_factory=Fuse)
    objects: dict[str, list[tuple[Listed, bytes]]] = field(default_factory=dict)
    made: int = 0

    def put(self, key: str, body: bytes) -> str:
        return self._push(key, body, is_marker=False)

    def delete(self, key: str) -> str:
        return self._push(key, b"", is_marker=True)

    def _push(self, key: str, body: bytes, *, is_marker: bool) -> str:
        self.made += 1
        older = [(replace(each, is_latest=False), data) for each, data in self.objects.get(key, [])]
        newest = Listed(
            version_id=f"v{self.made}",
            is_latest=True,
            uploaded_at=START + timedelta(minutes=self.made),
            is_marker=is_marker,
            size=len(body),
        )
        self.objects[key] = [(newest, body), *older]
        return newest.version_id

    def forget(self, key: str, version_id: str) -> None:
        left = [each for each in self.objects[key] if each[0].version_id != version_id]
        self.objects[key] = [
            (replace(each, is_latest=number == 0), body) for number, (each, body) in enumerate(left)
        ]

    def versions(self, key: str) -> list[Listed]:
        self.fuse.burn()
        return [each for each, _ in self.objects.get(key, [])]

    def read(self, key: str, version_id: str) -> bytes:
        self.fuse.burn()
        for each, body in self.objects.get(key, []):
            if each.version_id == version_id:
                return body
        raise NotFoundError(key)

    def open(self, key: str) -> Opened | None:
        self.fuse.burn()
        for each, body in self.objects.get(key, []):
            return None if each.is_marker else Opened(each, lambda body=body: body)
        return None

    def listing(self, prefix: str, after: str) -> Iterator[tuple[str, list[Listed]]]:
        for key in sorted(self.objects):
            if key.startswith(prefix) and key > after and self.objects[key]:
                yield key, [each for each, _ in self.objects[key]]


@dataclass
class FakeLedger:
    """Records under revisions, as the table keeps them."""

    fuse: Fuse = field(default_factory=Fuse)
    records: dict[str, KeyRecord] = field(default_factory=dict)
    contents: dict[tuple[str, str], ContentRecord] = field(default_factory=dict)
    configs: dict[str, ConfigRecord] = field(default_factory=dict)
    before_save: list[Any] = field(default_factory=list)
    silent: dict[str, datetime | None] = field(default_factory=dict)
    suspicions: dict[str, SiteSuspicions] = field(default_factory=dict)
    armed: dict[str, datetime] = field(default_factory=dict)
    doubted: set[str] = field(default_factory=set)
    entered: list[str] = field(default_factory=list)
    all_entered: bool = False

    def load(self, site_id: str, key: str) -> KeyRecord:
        self.fuse.burn()
        return self.records.get(key) or KeyRecord(site_id, key)

    def content(self, site_id: str, content: str) -> ContentRecord:
        self.fuse.burn()
        return self.contents.get((site_id, content)) or ContentRecord(site_id, content)

    def owners(self, site_id: str, contents: Iterable[str]) -> dict[str, str]:
        found = {each: self.contents.get((site_id, each)) for each in contents}
        return {each: register.owner for each, register in found.items() if register}

    def save(
        self, before: KeyRecord, after: KeyRecord, contents: Sequence[ContentRecord] = ()
    ) -> KeyRecord:
        self.fuse.burn()
        if self.before_save:
            self.before_save.pop(0)()
        stored = self.records.get(after.key)
        if (stored.revision if stored else 0) != before.revision:
            raise ConflictError(after.key)
        for each in contents:
            known = self.contents.get((each.site_id, each.content))
            if (known.revision if known else 0) != each.revision:
                raise ConflictError(each.content)
        for each in contents:
            self.contents[each.site_id, each.content] = replace(each, revision=each.revision + 1)
        saved = replace(after, revision=before.revision + 1)
        self.records[after.key] = saved
        self.fuse.burn()
        return saved

    def settle(self, records: Sequence[KeyRecord], now: datetime) -> None:
        self.fuse.burn()
        if any(self.records[each.key].revision != each.revision for each in records):
            raise ConflictError
        for each in records:
            self.records[each.key] = replace(settle(each, now), revision=each.revision + 1)
        self.fuse.burn()

    def unsettled(self, before: datetime) -> Iterator[str]:
        for record in self.records.values():
            pending = any(each.state is State.PENDING for each in record.versions.values())
            if pending or not record.settled:
                yield record.key

    def sites(self) -> Iterator[str]:
        yield from {record.site_id for record in self.records.values()}

    def quarantined(self, site_id: str, after: str) -> Iterator[str]:
        for key, record in sorted(self.records.items()):
            current = record.current
            is_open = isinstance(current, Quarantined) and current.dismissed is None
            if record.site_id == site_id and key > after and is_open:
                yield key

    def activities(self) -> Iterator[SiteActivity]:
        for site_id in sorted(self.sites()):
            uploads = [
                each.uploaded_at
                for record in self.records.values()
                for each in record.versions.values()
                if record.site_id == site_id and not record.forecast
            ]
            if uploads:
                yield SiteActivity(site_id, max(uploads), self.silent.get(site_id))

    def note_told(self, activity: SiteActivity, silent_since: datetime | None) -> None:
        self.fuse.burn()
        self.silent[activity.site_id] = silent_since

    def between(self, site_id: str, after: str, until: str | None) -> dict[str, KeyRecord]:
        return {
            key: record
            for key, record in self.records.items()
            if record.site_id == site_id and after < key and (until is None or key <= until)
        }

    def are_states_entered(self) -> bool:
        return self.all_entered

    def enter_states(self, site_id: str) -> None:
        self.fuse.burn()
        self.entered.append(site_id)

    def note_states_entered(self) -> None:
        self.fuse.burn()
        self.all_entered = True

    def current(self, site_id: str) -> Iterator[tuple[str, Current]]:
        for key, record in sorted(self.records.items()):
            if record.site_id == site_id and record.current:
                yield key, record.current

    def like(self, site_id: str, prints: Sequence[str]) -> Iterator[tuple[str, Accepted]]:
        for key, version in self.current(site_id):
            traits = version.rows.traits if isinstance(version, Accepted) else None
            if isinstance(version, Accepted) and traits and set(prints) & set(traits.prints):
                yield key, version

    def load_suspicions(self, site_id: str) -> SiteSuspicions:
        self.fuse.burn()
        return self.suspicions.get(site_id) or SiteSuspicions(site_id)

    def save_suspicions(self, known: SiteSuspicions) -> SiteSuspicions:
        self.fuse.burn()
        stored = self.suspicions.get(known.site_id)
        if (stored.revision if stored else 0) != known.revision:
            raise ConflictError(known.site_id)
        saved = replace(known, revision=known.revision + 1)
        self.suspicions[known.site_id] = saved
        self.fuse.burn()
        return saved

    def all_suspicions(self) -> Iterator[SiteSuspicions]:
        yield from list(self.suspicions.values())

    def arm_look(self, site_id: str, due: datetime, *, doubted: bool) -> bool:
        self.fuse.burn()
        if site_id in (self.doubted if doubted else self.armed):
            return False
        self.armed.setdefault(site_id, due)
        if doubted:
            self.doubted.add(site_id)
        return True

    def is_doubted(self, site_id: str) -> bool:
        return site_id in self.doubted

    def disarm_look(self, site_id: str) -> None:
        self.fuse.burn()
        self.armed.pop(site_id, None)
        self.doubted.discard(site_id)

    def armed_looks(self, before: datetime) -> Iterator[str]:
        yield from [site_id for site_id, since in self.armed.items() if since < before]

    def load_config(self, key: str) -> ConfigRecord:
        self.fuse.burn()
        return self.configs.get(key) or ConfigRecord(key)

    def save_config(self, record: ConfigRecord) -> ConfigRecord:
        self.fuse.burn()
        stored = self.configs.get(record.key)
        if (stored.revision if stored else 0) != record.revision:
            raise ConflictError(record.key)
        saved = replace(record, revision=record.revision + 1)
        self.configs[record.key] = saved
        return saved

    def sites_in_force(self) -> Iterator[ActiveSite]:
        for key, record in self.configs.items():
            if key.startswith("config/sites/") and record.in_force:
                yield ActiveSite.model_validate_json(record.in_force)


@dataclass
class FakeCanonical:
    """Canonical objects and their markers."""

    fuse: Fuse = field(default_factory=Fuse)
    files: dict[str, CanonicalFile] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)

    def write(self, key: str, rows: bytes, file: CanonicalFile) -> None:
        self.fuse.burn()
        self.files[key] = file
        self.fuse.burn()

    def described(self, key: str) -> CanonicalFile | None:
        self.fuse.burn()
        return self.files.get(key)

    def withdraw(self, key: str, reason: str) -> None:
        self.fuse.burn()
        self.withdrawn.add(key)

    def restore(self, key: str) -> None:
        self.fuse.burn()
        self.withdrawn.discard(key)

    def uri(self, key: str) -> str:
        return f"s3://bucket/{key}"

    @property
    def counting(self) -> set[str]:
        return self.files.keys() - self.withdrawn


@dataclass
class FakeOverlaps:
    """What is known of files that cover the same time, and how two are compared: by their key's text."""

    known: dict[str, SiteOverlaps] = field(default_factory=dict)
    says: dict[frozenset[str], Compared] = field(default_factory=dict)
    compared: list[frozenset[str]] = field(default_factory=list)

    def load(self, site_id: str) -> SiteOverlaps:
        return self.known.get(site_id) or SiteOverlaps(site_id=site_id)

    def put(self, known: SiteOverlaps) -> None:
        self.known[known.site_id] = known

    def read(self, key: str) -> Part:
        return Part(key.encode(), None)

    def compare(self, one: bytes, other: bytes) -> Compared:
        pair = frozenset({one.decode(), other.decode()})
        self.compared.append(pair)
        return self.says.get(pair, Compared())


@dataclass
class FakeConfigurations:
    """Configuration in force."""

    fuse: Fuse = field(default_factory=Fuse)
    sites: dict[str, ActiveSite] = field(default_factory=dict)
    models: dict[str, ActiveModel] = field(default_factory=dict)
    exclusions: dict[str, ActiveExclusions] = field(default_factory=dict)
    suspects: dict[str, ActiveSuspects] = field(default_factory=dict)
    uploads: list[str | None] = field(default_factory=list)

    def put_suspects(self, suspects: ActiveSuspects) -> None:
        self.fuse.burn()
        self.suspects[suspects.site_id] = suspects

    def site(self, site_id: str) -> ActiveSite | None:
        self.fuse.burn()
        return self.sites.get(site_id)

    def put(self, config: Active, upload: str | None = None) -> None:
        self.fuse.burn()
        self.uploads.append(upload)
        match config:
            case ActiveSite():
                self.sites[config.site_id] = config
            case ActiveModel():
                self.models[config.model_id] = config
            case ActiveExclusions():
                self.exclusions[config.site_id] = config


@dataclass
class FakeForesight:
    """What the ledger and the configurations say at once."""

    ledger: FakeLedger
    configurations: FakeConfigurations

    def look(self, keys: Sequence[str]) -> tuple[set[str], dict[str, ActiveSite]]:
        self.ledger.fuse.burn()
        return set(keys) & self.ledger.records.keys(), dict(self.configurations.sites)


@dataclass
class FakePublisher:
    """What was told, in order."""

    fuse: Fuse = field(default_factory=Fuse)
    told: list[AnyMessage] = field(default_factory=list)
    refuses: int = 0

    def publish(self, message: AnyMessage) -> None:
        self.fuse.burn()
        self.told.append(message)
        self.fuse.burn()

    def publish_all(self, messages: Sequence[AnyMessage]) -> set[str]:
        refused = set()
        for each in messages:
            if self.refuses:
                self.refuses -= 1
                refused.add(each.id)
            else:
                self.publish(each)
        return refused

    def kinds(self) -> list[str]:
        return [each.type.removeprefix("solar.") for each in self.told]


@dataclass
class FakeInbox:
    """What the service sent to itself."""

    fuse: Fuse = field(default_factory=Fuse)
    hints: list[str] = field(default_factory=list)
    sent: list[AnyMessage] = field(default_factory=list)
    later: list[AnyMessage] = field(default_factory=list)

    def hint(self, keys: Iterable[str]) -> None:
        self.fuse.burn()
        self.hints += keys

    def send(self, messages: Sequence[AnyMessage], delay: timedelta = timedelta(0)) -> None:
        self.fuse.burn()
        (self.later if delay else self.sent).extend(messages)


@dataclass
class FakeMeter:
    """Sums of what was counted."""

    figures: dict[str, int] = field(default_factory=dict)

    def count(self, figures: Mapping[str, int]) -> None:
        for name, value in figures.items():
            self.figures[name] = self.figures.get(name, 0) + value


def fake_reader(data: bytes, key: str, site: Site, uploaded_at: datetime | None = None) -> Reading:
    """Read anything but `bad`; the rows say what was read and how."""
    if data.startswith(b"bad"):
        raise UnreadableFileError("unreadable", "it says bad", "upload something good")
    source = source_of(site, key)
    rows = RowSummary(
        count=len(data),
        masked=1,
        masks={"sentinel": 1},
        columns=("power_ac",),
        provider=source.made_by if source else "",
        window_start=START,
        window_end=START + timedelta(days=1),
    )
    return Reading(data, rows)


def dated(reading: Reading, key: str) -> Reading:
    """Let a file hold one day of the year before, whose number is its name."""
    number = int(key.rpartition("/")[2].partition(".")[0])
    start = START + timedelta(days=number - 365)
    rows = replace(reading.rows, window_start=start, window_end=start + timedelta(days=1))
    return replace(reading, rows=rows)


def site(site_id: str = "east", **changes: Any) -> ActiveSite:
    said: dict[str, Any] = {
        "site_id": site_id,
        "model_id": "fleet",
        "latitude": 40,
        "longitude": 0,
        "timezone": "UTC",
        "ac_capacity_kw": 6,
        "sources": [
            {
                "name": "power",
                "files": "*.csv",
                "timestamp": {"column": "t"},
                "columns": {"power_ac": {"column": "p", "unit": "kW"}},
            }
        ],
    }
    return ActiveSite.of(Site.model_validate(said | changes))


class World:
    """data_watcher with fakes on all sides."""

    def __init__(self) -> None:
        self.fuse = Fuse()
        self.bucket = FakeBucket(self.fuse)
        self.ledger = FakeLedger(self.fuse)
        self.canonical = FakeCanonical(self.fuse)
        self.configurations = FakeConfigurations(self.fuse)
        self.publisher = FakePublisher(self.fuse)
        self.inbox = FakeInbox(self.fuse)
        self.overlaps = FakeOverlaps()
        self.meter = FakeMeter()
        self.now = START
        onboarding = Onboarding(
            self.ledger,
            self.bucket,
            self.configurations,
            self.publisher,
            self.inbox,
            self.clock,
        )
        self.comparing = Comparing(
            self.ledger, self.overlaps, self.overlaps, self.overlaps.compare, self.clock
        )
        self.suspecting = Suspecting(
            self.ledger,
            self.ledger,
            self.overlaps,
            self.configurations,
            self.publisher,
            self.inbox,
            self.clock,
            self.comparing.run,
        )
        self.intake = Intake(
            evidence=LedgerAndBucket(self.ledger, self.bucket),
            foresight=Remembered(FakeForesight(self.ledger, self.configurations), self.clock),
            configurations=self.configurations,
            judging=Judging(self.ledger, self.canonical, fake_reader, self.clock),
            effects=Effects(self.ledger, self.canonical, self.publisher, self.inbox, self.clock),
            meter=self.meter,
            onboard=onboarding.refresh,
            look_at_sources=self.suspecting.arm,
            get_to_know=self.suspecting.get_to_know,
            look_for_overlaps=self.suspecting.look_for_overlaps,
            parallel=lambda do, keys: list(map(do, keys)),
        )
        sweeping = Sweeping(
            self.ledger,
            self.bucket,
            self.configurations,
            self.inbox,
            self.clock,
            onboarding.refresh,
            Silence(self.ledger, self.ledger, self.publisher, self.clock).look,
            self.suspecting.arm,
            self.suspecting.look_again,
            lambda site_id, after, deadline: None,
            self.comparing.run,
        )
        releasing = Releasing(self.ledger, self.inbox, self.clock, self.intake.refresh)
        setting_aside = SettingAside(self.ledger, self.intake.refresh, self.suspecting.arm)
        self.watcher = Dispatching(
            self.intake, onboarding, sweeping, releasing, setting_aside, self.suspecting
        )

    def read_by(self, reader: Any) -> None:
        """Let files be read by another reader."""
        object.__setattr__(self.intake.judging, "reader", reader)

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def event(self, *keys: str, sequencer: str = "1") -> None:
        """Let S3 events arrive, as one batch; hints carry no sequencer."""
        events = [
            ObjectChanged(
                bucket="bucket",
                key=key,
                version_id="?",
                etag="",
                size=0,
                sequencer=sequencer,
                removed=False,
                occurred_at=START,
            )
            for key in keys
        ]
        done = self.watcher.take(events)
        for each in events:
            if each.key not in done:
                self._deliver(each)

    def _deliver(self, event: ObjectChanged) -> None:
        """Handle an event; one that fails for now comes back, as from a queue."""
        try:
            self.watcher.handle(event)
        except ConflictError:
            raise
        except RetryableError:
            self.watcher.handle(event)

    def upload(self, key: str, body: bytes) -> str:
        version_id = self.bucket.put(key, body)
        self.event(key)
        self.work_off()
        return version_id

    def sweep(self, scope: str = "full", cursor: str | None = None) -> None:
        self.watcher.handle(
            SweepDue(
                id="sweep", occurred_at=START, correlation_id="sweep", scope=scope, cursor=cursor
            )
        )
        self.work_off()

    def work_off(self) -> None:
        """Deliver what the service sent to itself, until there is no more; what is delayed comes last."""
        while self.inbox.hints or self.inbox.sent or self.inbox.later:
            if not (self.inbox.hints or self.inbox.sent):
                self.inbox.sent, self.inbox.later = self.inbox.later, []
                self.now += LATER
            hints, self.inbox.hints = self.inbox.hints, []
            sent, self.inbox.sent = self.inbox.sent, []
            for key in hints:
                self.event(key, sequencer="")
            for each in sent:
                self.watcher.handle(each)

    def states(self) -> dict[tuple[str, str], str]:
        return {
            (key, name): version.state.value
            for key, record in self.ledger.records.items()
            for name, version in record.versions.items()
        }

    def state(self, key: str) -> list[str]:
        """Return a key's states, oldest version first."""
        versions = self.ledger.records[key].versions.values()
        return [each.state.value for each in sorted(versions, key=lambda each: each.uploaded_at)]

    def verdicts(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        """Return everything about the listed versions that must not depend on what came when.

        What is known of a superseded version besides is history: whether it was ever read.
        """
        return {
            (key, name): (
                version.state.value,
                version.fault.code if isinstance(version, Quarantined) else None,
                version.of if isinstance(version, Duplicate) else None,
                version.by if isinstance(version, Superseded) else None,
                version.known.sha256 if not isinstance(version, Superseded) else None,
                version.canonical.key if isinstance(version, Accepted) else None,
            )
            for key, record in self.ledger.records.items()
            for name, version in record.versions.items()
            if not isinstance(version, Removed)
        }
