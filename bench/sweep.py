"""A sweep of millions of object versions, in slices: `make bench-sweep`.

The service's own sweep over a bucket and a ledger that are computed as they are asked for, so that only what
the sweep itself holds takes memory. Every 100,000th upload was lost, and every 100,000th record stands for an
object that is gone. A slice's time is what this machine takes plus what AWS would (stated below), added to
the clock instead of waited for. The reference is listing and reading the same records without comparing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

from bench.memory import peak
from services.data_watcher.app import sweeping as sweep
from services.data_watcher.app.comparing import Progress
from services.data_watcher.app.sweeping import Sweeping
from services.data_watcher.domain import admission
from services.data_watcher.domain.cursor import Cursor
from services.data_watcher.domain.records import KeyRecord, Listed
from services.data_watcher.domain.versions import Accepted, CanonicalObject, RowSummary, Upload
from shared.active import ActiveSite
from shared.messages import AnyMessage, SweepDue
from tests.unit.data_watcher.fakes import site

VERSIONS = int(os.environ.get("VERSIONS", "1000000"))
SITES = 100
EVERY = 100_000
START = datetime(2026, 1, 1, tzinfo=UTC)
LIST_PAGE, LIST_SECONDS = 1_000, 0.15  # of ListObjectVersions
TABLE_PAGE, TABLE_SECONDS = 700, 0.05  # keys in a megabyte of heads and versions, and its query
OWNERS_PAGE, OWNERS_SECONDS = 100, 0.02  # of BatchGetItem
LONGEST = timedelta(seconds=60)
PER_SITE = -(-VERSIONS // SITES)
UPLOAD = Upload("v", START, 1000)
CANONICAL = CanonicalObject("file", "canonical/site/2026-01/file.parquet", START)
ROWS = RowSummary(96, 0, {}, ("power_ac",), START, START + timedelta(days=1))


@dataclass
class Clock:
    """Adds what AWS would have taken to the time of this machine."""

    began: float = field(default_factory=time.perf_counter)
    waited: float = 0.0

    def __call__(self) -> datetime:
        """Return the time."""
        return START + timedelta(seconds=time.perf_counter() - self.began + self.waited)


def site_id(number: int) -> str:
    """Name a site; names sort as numbers."""
    return f"site-{number:03d}"


def key_of(number: int) -> str:
    """Return the key of a version by its number, in S3's order."""
    return f"raw/{site_id(number // PER_SITE)}/{number % PER_SITE:09d}.csv"


def number_after(key: str) -> int:
    """Return the number of the first key behind one."""
    if key.count("/") < 2:  # noqa: PLR2004 - a prefix, not a key
        return 0
    _, folder, name = key.split("/")
    within = PER_SITE if name >= "a" else int(name.removesuffix(".csv")) + 1 if name else 0
    return int(folder.removeprefix("site-")) * PER_SITE + within


@dataclass
class Bucket:
    """Lists what was uploaded and not deleted."""

    clock: Clock

    def listing(self, prefix: str, after: str) -> Iterator[tuple[str, list[Listed]]]:
        """Yield keys behind one, each with its one version; below `config/` there is nothing."""
        if not prefix.startswith("raw/"):
            return
        for number in range(number_after(after or prefix), VERSIONS):
            if number % LIST_PAGE == 0:
                self.clock.waited += LIST_SECONDS
            if number % EVERY != 1:  # gone
                yield key_of(number), [Listed("v", True, START, size=1000)]  # noqa: FBT003


@dataclass
class Table:
    """Knows what was heard of."""

    clock: Clock
    reading: str

    def sites(self) -> Iterator[str]:
        """Yield the sites."""
        return map(site_id, range(SITES))

    def between(self, site: str, after: str, until: str | None) -> dict[str, KeyRecord]:
        """Return a site's records behind one key and up to another."""
        if not site.startswith("site-"):  # of keys outside any folder there are none
            self.clock.waited += TABLE_SECONDS
            return {}
        first = int(site.removeprefix("site-")) * PER_SITE
        start = max(first, number_after(after))
        last = first + PER_SITE if until is None else min(first + PER_SITE, number_after(until))
        self.clock.waited += TABLE_SECONDS * max(1, -(-(last - start) // TABLE_PAGE))
        return {
            (key := key_of(number)): self._record(site, key)
            for number in range(start, min(last, VERSIONS))
            if number % EVERY  # lost
        }

    def _record(self, site: str, key: str) -> KeyRecord:
        content = f"sha256-of-{key}"
        version = Accepted(
            upload=UPLOAD, reading=self.reading, sha256=content, canonical=CANONICAL, rows=ROWS
        )
        return KeyRecord(site, key, 2, {"v": version}, content=content, settled=True)

    def owners(self, _: str, contents: Iterable[str]) -> dict[str, str]:
        """Return which key owns each of some contents."""
        found = {each: each.removeprefix("sha256-of-") for each in contents}
        self.clock.waited += OWNERS_SECONDS * -(-len(found) // OWNERS_PAGE)
        return found


@dataclass
class Inbox:
    """What the sweep sent to itself."""

    hints: int = 0
    sent: list[AnyMessage] = field(default_factory=list)

    def hint(self, keys: Iterable[str]) -> None:
        """Count hints."""
        self.hints += sum(1 for _ in keys)

    def send(self, messages: Sequence[AnyMessage]) -> None:
        """Keep continuations."""
        self.sent += messages


@dataclass
class Configurations:
    """One configuration for all sites."""

    described: ActiveSite

    def site(self, _: str) -> ActiveSite:
        """Return it."""
        return self.described


def main() -> None:
    """Print the figures."""
    clock, inbox, described = Clock(), Inbox(), site()
    table = Table(clock, admission.reading_of(described, "raw/east/1.csv"))
    bare = peak()
    looked = reference(table)
    whole = Sweeping(
        table,  # type: ignore[arg-type]
        Bucket(clock),  # type: ignore[arg-type]
        Configurations(described),  # type: ignore[arg-type]
        inbox,  # type: ignore[arg-type]
        clock,
        lambda _: None,
        lambda: None,
        lambda _: None,
        lambda: None,
        lambda *_: None,
        lambda *_: Progress(is_new=False, is_done=True),
    )
    waiting: list[AnyMessage] = [
        SweepDue.of(
            subject=("bench",),
            occurred_at=START,
            correlation_id="bench",
            scope="full",
            cursor=Cursor().text(),
        )
    ]
    slices, began = [], time.perf_counter()
    while waiting:
        before = clock()
        message = waiting.pop()
        assert isinstance(message, SweepDue)
        whole.run(message)
        slices.append(clock() - before)
        waiting, inbox.sent = inbox.sent, []
    own = time.perf_counter() - began
    show(slices, own, looked, inbox.hints, peak() - bare)


def reference(table: Table) -> float:
    """Return how long listing and reading a tenth of the records takes, a chunk at a time. [s for all]"""
    listing, after = Bucket(Clock()).listing("raw/", ""), ""
    began = time.perf_counter()
    for _ in range(VERSIONS // sweep.CHUNK // 10):
        chunk = dict(islice(listing, sweep.CHUNK))
        until = max(chunk)
        table.between(until.split("/")[1], after, until)
        after = until
    return 10 * (time.perf_counter() - began)


def show(slices: list[timedelta], own: float, looked: float, hints: int, grown: float) -> None:
    """Print what was found."""
    longest, minutes = max(slices), sum(slices, timedelta()).total_seconds() / 60
    expected = 2 * -(-VERSIONS // EVERY)
    print(f"{VERSIONS:,} versions of {SITES} sites, {hints} suspects hinted at of {expected} made")
    print(
        f"  this machine: {own:.0f} s, {VERSIONS / own:,.0f} versions/s, {own / looked:.1f} x listing and "
        "reading them without comparing"
    )
    verdict = "within" if longest <= LONGEST else "OVER"
    print(
        f"  with AWS's time: {minutes:.0f} min in {len(slices)} slices, the longest "
        f"{longest.total_seconds():.0f} s ({verdict} 60 s)"
    )
    print(f"  memory above the libraries': {grown:.0f} MiB")


if __name__ == "__main__":
    main()
