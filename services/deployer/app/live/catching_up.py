"""Does what was not possible when a file came, and what a lost message did not tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.deployer.app.live.recording import Recording
from services.deployer.domain.live import book
from services.deployer.domain.live.book import ONE_DAY, FileRef
from services.deployer.domain.live.unseen import Trained
from services.deployer.ports import Books, CanonicalRows, Meter, Waitings
from shared import layout
from shared.clock import Clock
from shared.solar.site import tzinfo_of

MOST_AT_ONCE = 200  # files of a model; the next sweep takes the next
LOOKS_BACK = timedelta(days=40)
ALL_DAILY = 500  # sites; of more, each is looked at once a week
_WEEK = 7


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
        found = self.waitings.waiting(model_id, MOST_AT_ONCE)
        over = [each.file for each in found if each.is_over(self.clock())]
        if over:
            self.meter.tell(model_id, {"FilesGivenUp": len(over)})
            self.waitings.end_waiting(model_id, over)
        files = [each.file for each in found if each.file not in over]
        if files:
            self.recording.record(model_id, files, known=files)

    def lost(self, model_id: str) -> None:
        """Look at files of the last weeks that came or went without a word; of a large fleet, at a part."""
        trained = self.recording.serving(model_id)
        if trained is None:
            return
        now = self.clock()
        since = now - LOOKS_BACK
        sites = _turn(sorted(trained.places), now)
        standing = self.canonical.standing(dict.fromkeys(sites, since))
        waits = {each.file.file_id for each in self.waitings.waiting(model_id)}
        for site_id in sites:
            known = self._known(model_id, site_id, trained, since)
            named = {each.file_id for each in known} | waits | trained.files
            new = self._described(
                key for key in standing[site_id] if layout.canonical_file_id(key) not in named
            )
            listed = f"{layout.canonical_site(site_id)}{since:%Y-%m}"
            gone = [
                each for each in known if each.key > listed and each.key not in standing[site_id]
            ]
            if new or gone:
                self.recording.record(model_id, new, gone)

    def _known(
        self, model_id: str, site_id: str, trained: Trained, since: datetime
    ) -> list[FileRef]:
        zone = tzinfo_of(trained.places[site_id].timezone)
        days = book.days_of(since - ONE_DAY, self.clock() + ONE_DAY, zone)
        found = self.books.days(model_id, [(site_id, day) for day in days])
        return list({file.file_id: file for day in found.values() for file in day.files}.values())

    def _described(self, keys: Iterable[str]) -> list[FileRef]:
        found = (self.canonical.describe(key) for key in sorted(keys))
        return [each for each in found if each is not None]


def _turn(sites: Sequence[str], now: datetime) -> list[str]:
    """Return whose turn it is today."""
    if len(sites) <= ALL_DAILY:
        return list(sites)
    return list(sites[now.toordinal() % _WEEK :: _WEEK])
