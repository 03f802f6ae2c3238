"""Does what was not possible when a file came, and what a lost message did not tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from services.deployer.app.live.recording import Recording
from services.deployer.domain.live import book
from services.deployer.domain.live.book import ONE_DAY, Day, FileRef
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
_A_MONTH = timedelta(days=31)
_AT_ONCE = 25  # sites whose days are read together: two megabytes


@dataclass(frozen=True, slots=True)
class CatchingUp:
    """Looks at files that wait, and for files of which no message came."""

    recording: Recording
    books: Books
    waitings: Waitings
    canonical: CanonicalRows
    model_of_site: Callable[[str], str | None]
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
        """Look at what came or went without a word: in the last weeks, and in one month of the time before.

        Of a large fleet this is done for a part of the sites. Which month it is changes from one look to the
        next, so that all have their turn and the work stays that of two or three months.
        """
        now = self.clock()
        recent = _first_of_month(now - LOOKS_BACK)
        places = self.recording.knowing.sites(model_id, recent, now)
        days_between = 1 if len(places) <= ALL_DAILY else _WEEK
        self._look(model_id, places, recent, now + ONE_DAY, days_between)
        months = self._months_before(model_id, recent)
        if months:
            since = months[now.toordinal() // days_between % len(months)]
            until = _first_of_month(since + _A_MONTH) - ONE_DAY
            places = self.recording.knowing.sites(model_id, since, until)
            self._look(model_id, places, since, until, days_between)

    def _months_before(self, model_id: str, recent: datetime) -> list[datetime]:
        """Return the beginnings of the months that the book has days of, and the one after, until lately."""
        first, last = self.books.first_day(model_id), self.books.last_day(model_id)
        if first is None or last is None:
            return []
        after = datetime(last.year, last.month, 1, tzinfo=UTC) + 2 * _A_MONTH
        return _months(first, min(recent, _first_of_month(after)))

    def _look(
        self,
        model_id: str,
        places: Mapping[str, Trained],
        since: datetime,
        until: datetime,
        days_between: int,
    ) -> None:
        """Compare what the bucket lists for some months with what the book knows of their days.

        Parameters
        ----------
        places
            The sites, each with who knows it.
        days_between
            How many days a site waits for its turn.
        """
        turn = sorted(places)[self.clock().toordinal() % days_between :: days_between]
        if not turn:
            return
        waits = {each.file.file_id for each in self.waitings.waiting(model_id)}
        serves = self.recording.knowing.serving_version(model_id)
        for sites in _batched(turn, _AT_ONCE):
            known = self._known(model_id, sites, places, since, until)
            begins = {
                site_id: min([since, *(file.start for day in days for file in day.files)])
                for site_id, days in known.items()
            }
            standing = self.canonical.standing(begins, until)
            kept = self.recording.log.listed(model_id, sites, since, until)
            for site_id in sites:
                found = _Found(known[site_id], standing[site_id], kept[site_id], since, until)
                trained = places[site_id]
                keys = found.new(waits, trained.files)
                if trained.version == serves:
                    keys |= found.given_up(waits, trained) | found.bereft(waits, serves)
                if not keys and not found.gone:
                    continue
                new = self._described(keys)
                if self.model_of_site(site_id) in {model_id, None}:
                    self.recording.record(model_id, new, found.gone)
                else:
                    self.recording.score_only(model_id, new, found.gone)

    def _known(
        self,
        model_id: str,
        sites: Sequence[str],
        places: Mapping[str, Trained],
        since: datetime,
        until: datetime,
    ) -> dict[str, list[Day]]:
        """Return what the book knows of the days of some months, site by site."""
        keys = [
            (site_id, day)
            for site_id in sites
            for day in book.days_of(
                since - ONE_DAY,
                until + ONE_DAY,
                tzinfo_of(places[site_id].places[site_id].timezone),
            )
        ]
        found: dict[str, list[Day]] = {site_id: [] for site_id in sites}
        for day in self.books.days(model_id, keys).values():
            found[day.site_id].append(day)
        return found

    def _described(self, keys: Iterable[str]) -> list[FileRef]:
        found = (self.canonical.describe(key) for key in sorted(keys))
        return [each for each in found if each is not None]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the book and the bucket have of some months of a site.

    Attributes
    ----------
    stands
        When each canonical object was written, by key.
    kept
        Keys of the prediction log.
    """

    days: Sequence[Day]
    stands: Mapping[str, datetime]
    kept: Collection[str]
    since: datetime
    until: datetime

    @property
    def gone(self) -> list[FileRef]:
        """Files that the book knows and the bucket has no longer."""
        return [
            each
            for each in self._files.values()
            if each.key not in self.stands and layout.month_of(each.key) <= f"{self.until:%Y-%m}"
        ]

    def new(self, waits: Collection[str], trained: Collection[str]) -> set[str]:
        """Return the keys of objects of which the book does not know, or not what was predicted of them.

        What the version was trained on says nothing of it, but may be the power of what an older one
        predicted: it is looked at if it came after the first prediction of these months.
        """
        made = [each for day in self.days for each in day.made]
        begun = min((each.made_at for each in made), default=None)
        noted = {(each.file_id, each.version) for each in made}
        orphans = {
            file_id
            for file_id, version in map(layout.predicted, self.kept)
            if (file_id, version) not in noted
        }
        ignored = self._files.keys() | waits
        found = set()
        for key, written in self.stands.items():
            file_id = layout.canonical_file_id(key)
            is_old = file_id in trained and (begun is None or written < begun)
            is_missed = file_id not in ignored and not is_old and self._is_of(key)
            if file_id in orphans or is_missed:
                found.add(key)
        return found

    def given_up(self, waits: Collection[str], trained: Trained) -> set[str]:
        """Return the keys of files that a version could predict, and that nobody predicts or waits for."""
        noted = {each.file_id for day in self.days for each in day.made} | set(waits)
        return {
            each.key
            for each in self._files.values()
            if each.file_id not in noted and each.key in self.stands and trained.can_predict(each)
        }

    def bereft(self, waits: Collection[str], version: int) -> set[str]:
        """Return the keys of files whose predictions by a version somebody deleted from the log.

        What another version said cannot be said again; what was scored of it stays.
        """
        first, last = f"{self.since:%Y-%m}", f"{self.until:%Y-%m}"
        deleted = {
            each.file_id
            for day in self.days
            for each in day.counted
            if each.version == version
            and each.key not in self.kept
            and first <= layout.month_of(each.key) <= last
        }
        return {self._files[file_id].key for file_id in deleted - set(waits)}

    @property
    def _files(self) -> dict[str, FileRef]:
        return {file.file_id: file for day in self.days for file in day.files}

    def _is_of(self, canonical_key: str) -> bool:
        """Whether an object is of these months; the listing begins earlier where a long file does."""
        month = layout.month_of(canonical_key)
        return f"{self.since:%Y-%m}" <= month <= f"{self.until:%Y-%m}"


def _next_of(waiting: Sequence[Waiting], now: datetime) -> Sequence[Waiting]:
    """Return those that are tried now: others than a sweep ago, so that none holds up those behind it."""
    if len(waiting) <= MOST_AT_ONCE:
        return waiting
    sweeps = int(now.timestamp() // _BETWEEN_SWEEPS.total_seconds())
    start = sweeps * MOST_AT_ONCE % len(waiting)
    return [*waiting[start:], *waiting[:start]][:MOST_AT_ONCE]


def _first_of_month(moment: datetime) -> datetime:
    at = moment.astimezone(UTC)
    return datetime(at.year, at.month, 1, tzinfo=UTC)


def _months(first: date, until: datetime) -> list[datetime]:
    """Return when each month begins from that of a day until before another one."""
    found = []
    month = datetime(first.year, first.month, 1, tzinfo=UTC)
    while month < until:
        found.append(month)
        month = _first_of_month(month + _A_MONTH)
    return found


def _batched(sites: Sequence[str], size: int) -> Iterator[list[str]]:
    left = iter(sites)
    while batch := list(islice(left, size)):
        yield batch
