"""Does what was not possible when a file came, and what a lost message did not tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from services.deployer.app.live.recording import Recording
from services.deployer.domain.live import book
from services.deployer.domain.live.book import ONE_DAY, FileRef
from services.deployer.domain.live.unseen import Trained
from services.deployer.domain.live.waiting import Waiting
from services.deployer.ports import Books, CanonicalRows, Meter, Waitings
from shared import layout
from shared.clock import Clock
from shared.solar.zones import tzinfo_of

MOST_AT_ONCE = 200  # files of a model; the next sweep takes the next
_BETWEEN_SWEEPS = timedelta(minutes=15)
LOOKS_BACK = timedelta(days=40)
ALL_DAILY = 500  # sites; of more, each is looked at once a week
_WEEK = 7
_AT_ONCE = 25  # sites whose days are read together: two megabytes


@dataclass(frozen=True, slots=True)
class CatchingUp:
    """Looks at files that wait, and for files of which no message came."""

    recording: Recording
    books: Books
    waitings: Waitings
    canonical: CanonicalRows
    meter: Meter
    clock: Clock

    def waiting(self, model_id: str) -> None:
        """Try the files of a model that wait; give up those that waited for too long, and say so."""
        found = _next_of(self.waitings.waiting(model_id), self.clock())
        over = [each.file for each in found if each.is_over(self.clock())]
        if over:
            self.meter.tell_worst({"FilesGivenUp": len(over)})
            self.waitings.end_waiting(model_id, over)
        known = [each for each in found if each.file not in over]
        if known:
            self.recording.record(model_id, [each.file for each in known], known=known)

    def lost(self, model_id: str) -> None:
        """Look at files of the last weeks that came or went without a word; of a large fleet, at a part."""
        trained = self.recording.serving(model_id)
        if trained is None:
            return
        now = self.clock()
        since = now - LOOKS_BACK
        waits = {each.file.file_id for each in self.waitings.waiting(model_id)}
        for sites in _batched(_turn(sorted(trained.places), now), _AT_ONCE):
            standing = self.canonical.standing(dict.fromkeys(sites, since))
            known = self._known(model_id, sites, trained, since)
            for site_id in sites:
                refs, stands = known[site_id], standing[site_id]
                named = {each.file_id for each in refs} | waits | trained.files
                new = self._described(
                    key for key in stands if layout.canonical_file_id(key) not in named
                )
                listed = f"{layout.canonical_site(site_id)}{since:%Y-%m}"
                gone = [each for each in refs if each.key > listed and each.key not in stands]
                if new or gone:
                    self.recording.record(model_id, new, gone)

    def _known(
        self, model_id: str, sites: Sequence[str], trained: Trained, since: datetime
    ) -> dict[str, list[FileRef]]:
        """Return the files of the last weeks that the book knows, site by site."""
        until = self.clock() + ONE_DAY
        keys = [
            (site_id, day)
            for site_id in sites
            for day in book.days_of(
                since - ONE_DAY, until, tzinfo_of(trained.places[site_id].timezone)
            )
        ]
        found: dict[str, dict[str, FileRef]] = {site_id: {} for site_id in sites}
        for day in self.books.days(model_id, keys).values():
            found[day.site_id].update({file.file_id: file for file in day.files})
        return {site_id: list(files.values()) for site_id, files in found.items()}

    def _described(self, keys: Iterable[str]) -> list[FileRef]:
        found = (self.canonical.describe(key) for key in sorted(keys))
        return [each for each in found if each is not None]


def _next_of(waiting: Sequence[Waiting], now: datetime) -> Sequence[Waiting]:
    """Return those that are tried now: others than a sweep ago, so that none holds up those behind it."""
    if len(waiting) <= MOST_AT_ONCE:
        return waiting
    sweeps = int(now.timestamp() // _BETWEEN_SWEEPS.total_seconds())
    start = sweeps * MOST_AT_ONCE % len(waiting)
    return [*waiting[start:], *waiting[:start]][:MOST_AT_ONCE]


def _turn(sites: Sequence[str], now: datetime) -> list[str]:
    """Return whose turn it is today."""
    if len(sites) <= ALL_DAILY:
        return list(sites)
    return list(sites[now.toordinal() % _WEEK :: _WEEK])


def _batched(sites: Sequence[str], size: int) -> Iterator[list[str]]:
    left = iter(sites)
    while batch := list(islice(left, size)):
        yield batch
