"""What is known of one day of one site: which files have rows of it, what was predicted, how far off it was.

A day is the site's own, in the time zone of its YAML. Everything here follows from objects in the bucket; the
table only spares looking for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from services.deployer.domain.live.scores import Inputs
from shared.canonical import CanonicalFile
from shared.solar.site import FORECAST_PREFIX, POWER

ONE_DAY = timedelta(days=1)
Key = tuple[str, date]  # a site's day


@dataclass(frozen=True, slots=True)
class FileRef:
    """A canonical file; its rows cover [start, end). `provider` says whose forecasts it holds, if any."""

    file_id: str
    site_id: str
    key: str
    columns: tuple[str, ...]
    start: datetime
    end: datetime
    uploaded_at: datetime
    provider: str = ""

    @classmethod
    def of(cls, said: CanonicalFile, key: str) -> FileRef:
        """Return a file by what its object says of itself."""
        return cls(
            said.file_id,
            said.site_id,
            key,
            said.columns,
            said.window_start,
            said.window_end,
            said.uploaded_at,
            said.provider,
        )

    @property
    def has_power(self) -> bool:
        """Whether it holds measured power."""
        return POWER in self.columns

    @property
    def inputs(self) -> Inputs | None:
        """Which kind of weather it brings; None where it brings none."""
        if self.provider:
            return "forecast"
        weather = [name for name in self.columns if name != POWER]
        if not weather:
            return None
        is_forecast = all(name.startswith(FORECAST_PREFIX) for name in weather)
        return "forecast" if is_forecast else "measured"

    @property
    def rank(self) -> tuple[datetime, str]:
        """Of files that say something of the same time, the one of the highest rank counts."""
        return self.uploaded_at, self.file_id


@dataclass(frozen=True, slots=True)
class Made:
    """An object of the prediction log: the rows of one file, as one version predicted them.

    Attributes
    ----------
    start, end
        First and last interval that it has, as [start, end).
    issued_at
        When the forecast that it was made from was issued, the latest of several; None for measured weather.
    """

    file_id: str
    version: int
    key: str
    inputs: Inputs
    start: datetime
    end: datetime
    uploaded_at: datetime
    made_at: datetime
    provider: str = ""
    issued_at: datetime | None = None

    @property
    def rank(self) -> tuple[datetime, str]:
        """Of predictions of the same time and version, the one of the highest rank counts."""
        return self.uploaded_at, self.file_id


@dataclass(frozen=True, slots=True)
class Power:
    """Measured power of a day on the model's step; None where it is unknown. [kW]"""

    start: datetime
    step_minutes: int
    values: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one site; `is_scored` says that scores of it are kept, of whatever state."""

    site_id: str
    day: date
    files: tuple[FileRef, ...] = ()
    made: tuple[Made, ...] = ()
    power: Power | None = None
    is_scored: bool = False

    def with_files(self, files: Iterable[FileRef]) -> Day:
        """Return the day with files added; a file that is known already is taken as it is now."""
        known = {each.file_id: each for each in (*self.files, *files)}
        return replace(self, files=tuple(sorted(known.values(), key=lambda each: each.rank)))

    def standing(self, keys: Collection[str]) -> Day:
        """Return the day with only those files that are among the keys of standing objects."""
        return replace(self, files=tuple(each for each in self.files if each.key in keys))

    def with_made(self, made: Iterable[Made]) -> Day:
        """Return the day with predictions added; those that are known stay as they are."""
        known = {(each.file_id, each.version): each for each in (*made, *self.made)}
        order = sorted(known.values(), key=lambda each: (*each.rank, each.version))
        return replace(self, made=tuple(order))

    @property
    def counted(self) -> tuple[Made, ...]:
        """The predictions whose weather was not withdrawn since; the log keeps the others, too."""
        present = {each.file_id for each in self.files}
        return tuple(each for each in self.made if each.file_id in present)


def bounds(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return when a site's day begins and ends, in UTC; days on which the clock moves are no 24 hours."""
    start, end = (
        datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + ONE_DAY)
    )
    return start, end


def days_of(start: datetime, end: datetime, zone: tzinfo) -> Iterator[date]:
    """Yield the days of a site that an interval [start, end) touches."""
    day = start.astimezone(zone).date()
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    while day <= last:
        yield day
        day += ONE_DAY
