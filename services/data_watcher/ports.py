"""What the service needs of the world, in its own words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from mmap import mmap
from typing import Protocol, TypeVar

from services.data_watcher.domain.activity import SiteActivity
from services.data_watcher.domain.configuration import Active, ConfigRecord
from services.data_watcher.domain.overlaps import Compared, SiteOverlaps
from services.data_watcher.domain.records import ContentRecord, KeyRecord, Listed
from services.data_watcher.domain.suspicion import SiteSuspicions
from services.data_watcher.domain.versions import Accepted, Current, FileVersion, RowSummary, State
from shared.active import ActiveSite
from shared.canonical import CanonicalFile
from shared.compaction import CompactIndex
from shared.messages import AnyMessage
from shared.solar.site import Site
from shared.suspects import ActiveSuspects


class Ledger(Protocol):
    """The file ledger; a save fails with ConflictError where somebody else saved since the load."""

    def load(self, site_id: str, key: str) -> KeyRecord:
        """Return a key's record; a new one where the key is not known."""
        ...

    def content(self, site_id: str, content: str) -> ContentRecord:
        """Return which keys of a site hold some content."""
        ...

    def owners(self, site_id: str, contents: Iterable[str]) -> dict[str, str]:
        """Return which key owns each of some contents; those that no key holds are left out."""
        ...

    def save(
        self, before: KeyRecord, after: KeyRecord, contents: Sequence[ContentRecord] = ()
    ) -> KeyRecord:
        """Save a record and registers of contents at once, and return the record as saved."""
        ...

    def settle(self, records: Sequence[KeyRecord], now: datetime) -> None:
        """Note at once that all effects of some records are done."""
        ...

    def unsettled(self, before: datetime) -> Iterator[str]:
        """Yield the keys that wait for a verdict or an effect since some time."""
        ...

    def quarantined(self, site_id: str, after: str) -> Iterator[str]:
        """Yield a site's keys after `after` whose current version is refused and not dismissed, in order."""
        ...

    def sites(self) -> Iterator[str]:
        """Yield every site that ever had a record."""
        ...

    def current(self, site_id: str) -> Iterator[tuple[str, Current]]:
        """Yield a site's keys that have a current version, each with it."""
        ...

    def like(self, site_id: str, prints: Sequence[str]) -> Iterator[tuple[str, Accepted]]:
        """Yield a site's accepted files that have one of some days, by their energy, with their keys."""
        ...

    def between(self, site_id: str, after: str, until: str | None) -> dict[str, KeyRecord]:
        """Return a site's records with after < key ≤ until; without `until` all after the first."""
        ...

    def are_states_entered(self) -> bool:
        """Return whether all versions can be asked for by state, those of earlier releases too."""
        ...

    def enter_states(self, site_id: str) -> None:
        """Let a site's versions of earlier releases be asked for by state."""
        ...

    def note_states_entered(self) -> None:
        """Note that all versions can be asked for by state."""
        ...


class SiteActivities(Protocol):
    """What the ledger notes of each site's uploads."""

    def activities(self) -> Iterator[SiteActivity]:
        """Yield every site that ever uploaded."""
        ...

    def note_told(self, activity: SiteActivity, silent_since: datetime | None) -> None:
        """Note what people were told about a site, unless somebody else did meanwhile."""
        ...


class Suspicions(Protocol):
    """What is known of each site's suspect sources; saves conditionally like the file ledger."""

    def load_suspicions(self, site_id: str) -> SiteSuspicions:
        """Return what is known of a site; nothing where it never had a suspect source."""
        ...

    def save_suspicions(self, known: SiteSuspicions) -> SiteSuspicions:
        """Save what is known of a site and return it as saved."""
        ...

    def all_suspicions(self) -> Iterator[SiteSuspicions]:
        """Yield every site that ever had a suspect source."""
        ...

    def arm_look(self, site_id: str, due: datetime, *, doubted: bool) -> bool:
        """Note when a site's sources are to be looked at; False where that is noted already.

        A look without a cause for doubt does not stand for one with it.
        """
        ...

    def is_doubted(self, site_id: str) -> bool:
        """Return whether a site's sources are to be looked at for a cause for doubt."""
        ...

    def disarm_look(self, site_id: str) -> None:
        """Note that a site's sources are being looked at."""
        ...

    def armed_looks(self, before: datetime) -> Iterator[str]:
        """Yield the sites whose sources were to be looked at before some time, and still are."""
        ...


class Foresight(Protocol):
    """What is worth knowing of many keys before looking at any of them; a hint, for the ledger decides."""

    def look(self, keys: Sequence[str]) -> tuple[set[str], dict[str, ActiveSite]]:
        """Return, in at most one call, keys that are known, and their sites' configurations in force."""
        ...


@dataclass(frozen=True, slots=True)
class Filed:
    """A version, and the key under which the ledger keeps it."""

    site_id: str
    key: str
    version: FileVersion


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which versions a question is about; None is any.

    Attributes
    ----------
    reason_code
        Code of the fault for which they were refused.
    contains
        A part of their key.
    since
        When they were uploaded at the earliest.
    begin, end
        Rows of some of them lie in [begin, end); what nobody could read has none.
    """

    site_id: str | None = None
    state: State | None = None
    reason_code: str | None = None
    contains: str | None = None
    since: datetime | None = None
    begin: datetime | None = None
    end: datetime | None = None


class LedgerView(Protocol):
    """What the ledger shows to questions, which change nothing."""

    def page(
        self, wanted: Wanted, limit: int, after: str | None, reads: int | None
    ) -> tuple[list[Filed], str | None]:
        """Return at most `limit` versions after a token, and the token of the next page, if any follows.

        After so many `reads` of the ledger (1 MB each) a page ends, however few it holds; None reads on
        until it is full. Raises ValueError where no earlier page gave the token.
        """
        ...

    def files(self, site_id: str | None) -> Iterator[Filed]:
        """Yield every version."""
        ...

    def states(self, site_id: str | None) -> Iterator[tuple[str, State, bool]]:
        """Yield site and state of every version, and whether S3 is to list it."""
        ...

    def tally(self, site_id: str) -> Iterator[tuple[State, bool]]:
        """Yield the state of every version of a site, and whether it is open: refused and not dismissed."""
        ...

    def open_by_site(self) -> dict[str, int] | None:
        """Count the files of each site that are refused and not dismissed; None while that is unknown.

        It is not known before the first full sweep after an upgrade has entered the files of earlier
        releases into the index by state.
        """
        ...

    def configs(self, name: str | None = None) -> Iterator[ConfigRecord]:
        """Yield what became of each YAML file, or of those of one site or model."""
        ...

    def suspicions(self, site_id: str | None = None) -> Iterator[SiteSuspicions]:
        """Yield what is known of each site that ever had a suspect source, or of one site."""
        ...

    def activities(self, site_id: str | None = None) -> Iterator[SiteActivity]:
        """Yield when each site last uploaded, and whether it is silent; or of one site."""
        ...


Content = bytes | mmap  # a large file's bytes stay on disk


@dataclass(frozen=True, slots=True)
class Opened:
    """The latest version of a key, whose bytes are on their way."""

    listed: Listed
    read: Callable[[], Content]


class RawObjects(Protocol):
    """What people and plants upload."""

    def versions(self, key: str) -> list[Listed]:
        """Return a key's versions and delete markers, newest first."""
        ...

    def read(self, key: str, version_id: str) -> Content:
        """Return a version's bytes, or raise NotFoundError."""
        ...

    def open(self, key: str) -> Opened | None:
        """Return a key's latest version, or None where it has none or was deleted."""
        ...

    def listing(self, prefix: str, after: str) -> Iterator[tuple[str, list[Listed]]]:
        """Yield the keys after `after` in order, each with its versions, newest first."""
        ...


class Evidence(Protocol):
    """What a verdict on one key rests on; its source decides how much of it is looked up."""

    @property
    def stored(self) -> KeyRecord:
        """Return the key's record as the ledger has it."""
        ...

    @property
    def listing(self) -> list[Listed]:
        """Return the key's versions and delete markers, newest first."""
        ...

    def claim(self, claimed: KeyRecord) -> KeyRecord:
        """Note that a version is about to be read; return the record from which its verdict starts."""
        ...

    def read(self, version_id: str) -> Content:
        """Return a version's bytes; raises ConflictError where it is gone."""
        ...

    def holders(self, content: str) -> ContentRecord:
        """Return which keys of the site hold some content."""
        ...


class EvidenceSource(Protocol):
    """Gathers evidence about a key: all of it, or no more than a file that nobody knows yet needs."""

    def gather(self, key: str) -> Evidence:
        """Look at everything.

        The ledger is read before the listing: a process that saves meanwhile has a newer listing, and wins.
        """
        ...

    def presume(self, key: str) -> Evidence | None:
        """Presume that key and bytes are new; None where a look at the latest version says otherwise."""
        ...


class CanonicalObjects(Protocol):
    """The canonical rows and the markers that withdraw them."""

    def write(self, key: str, rows: bytes, file: CanonicalFile) -> None:
        """Write rows; writing the same again is success."""
        ...

    def described(self, key: str) -> CanonicalFile | None:
        """Return what the rows under a key say about themselves, None where there are none."""
        ...

    def withdraw(self, key: str, reason: str) -> None:
        """Make sure that rows are marked as withdrawn."""
        ...

    def restore(self, key: str) -> None:
        """Make sure that rows are not marked as withdrawn."""
        ...

    def uri(self, key: str) -> str:
        """Return the address of an object, as other services know it."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """An object of canonical rows as a listing shows it. [bytes]"""

    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes of what becomes part of a compact; `file` describes a canonical object, a compact itself."""

    parquet: bytes
    file: CanonicalFile | None


class CompactObjects(Protocol):
    """Canonical rows as they are listed, and the compacts made of them."""

    def listing(self, site_id: str, after: str) -> Iterator[Stored]:
        """Yield a site's canonical objects and markers after a key, in order."""
        ...

    def read(self, key: str) -> Part:
        """Return canonical rows or a compact, or raise NotFoundError or InvalidMessageError."""
        ...

    def index(self, site_id: str) -> CompactIndex:
        """Return which compacts of a site are of use."""
        ...

    def put_index(self, index: CompactIndex) -> None:
        """Say which compacts of a site are of use."""
        ...

    def create(self, key: str, parquet: bytes) -> None:
        """Write a compact; one that exists already stays as it is."""
        ...


class Comparer(Protocol):
    """Compares canonical tables."""

    def __call__(self, one: bytes, other: bytes) -> Compared:
        """Return what two tables say of each other, or raise UnreadableFileError."""
        ...


class OverlapMemory(Protocol):
    """What is known of files that cover the same time; it can be lost, and is found again."""

    def load(self, site_id: str) -> SiteOverlaps:
        """Return what is known of a site's files; nothing where nothing was compared."""
        ...

    def put(self, known: SiteOverlaps) -> None:
        """Keep what is known of a site's files."""
        ...


class Joiner(Protocol):
    """Joins canonical tables in one file."""

    def __call__(self, parts: Sequence[Part]) -> bytes:
        """Return the parts' tables, one row group each, or raise UnreadableFileError."""
        ...


class Configurations(Protocol):
    """Configuration in force."""

    def site(self, site_id: str) -> ActiveSite | None:
        """Return a site's configuration in force."""
        ...

    def put(self, config: Active, upload: str | None = None) -> None:
        """Make sure that a configuration is the one in force, and say of which upload it is, where known."""
        ...

    def put_suspects(self, suspects: ActiveSuspects) -> None:
        """Make sure that other services read which sources of a site are suspect."""
        ...


class ConfigLedger(Protocol):
    """What became of the uploaded YAML files; saves conditionally like the file ledger."""

    def load_config(self, key: str) -> ConfigRecord:
        """Return a YAML file's record; a new one where the key is not known."""
        ...

    def save_config(self, record: ConfigRecord) -> ConfigRecord:
        """Save a record and return it as saved."""
        ...

    def sites_in_force(self) -> Iterator[ActiveSite]:
        """Yield the sites' configurations in force."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """The canonical rows of a file: as Parquet, and what they are."""

    parquet: bytes
    rows: RowSummary


class Reader(Protocol):
    """Reads an uploaded file as its site's configuration says."""

    def __call__(self, data: Content, key: str, site: Site, uploaded_at: datetime, /) -> Reading:
        """Return canonical rows, or raise UnreadableFileError with reason and remedy.

        `uploaded_at` is since when the key holds these bytes.
        """
        ...


T = TypeVar("T")
R = TypeVar("R")


class ParallelMap(Protocol):
    """Like `map`, several calls at a time where it can."""

    def __call__(self, do: Callable[[T], R], values: Iterable[T], /) -> Iterable[R]:
        """Return the results in the order of the values."""
        ...


class Publisher(Protocol):
    """Tells other services."""

    def publish(self, message: AnyMessage) -> None:
        """Publish one message."""
        ...

    def publish_all(self, messages: Sequence[AnyMessage]) -> set[str]:
        """Publish messages with as few calls as possible; return the ids of those that were refused."""
        ...


class Inbox(Protocol):
    """Sends to the service's own inbox."""

    def hint(self, keys: Iterable[str]) -> None:
        """Ask to look at some keys of the bucket again."""
        ...

    def send(self, messages: Sequence[AnyMessage], delay: timedelta = timedelta(0)) -> None:
        """Ask for more work, now or later: the next slice of a sweep, the release of a key."""
        ...


class Meter(Protocol):
    """Counts what an operator watches."""

    def count(self, figures: Mapping[str, int]) -> None:
        """Add to metrics by name."""
        ...
