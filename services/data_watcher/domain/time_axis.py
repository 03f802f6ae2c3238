"""Where the rows of a file lie in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.datetime64]
Ticks = npt.NDArray[np.int64]  # since 1970 [us]
NAT = np.iinfo(np.int64).min  # as NumPy keeps NaT: lower than any time
LEAST_STRETCH = 8  # rows that lie equally far apart, before that is their step
T = TypeVar("T", bound=np.generic)
HOUR, DAY = 3_600_000_000, 86_400_000_000  # us, as ticks are


def ticks_of(times: Times) -> Ticks:
    """Return times as whole numbers, which NumPy compares five times as fast; unknown ones are `NAT`. [us]"""
    return times.view(np.int64)


def days_of(times: Times) -> Times:
    """Return the day of each of some known times; NumPy's own conversion takes ten times as long. [us]"""
    days: Times = (ticks_of(times) // DAY).view("M8[D]")
    return days


def hours_of(times: Times) -> Times:
    """Return the hour of each of some known times. [us]"""
    hours: Times = (ticks_of(times) // HOUR).view("M8[h]")
    return hours


def minute_of(moment: np.datetime64) -> str:
    """Return a moment as people write it, to the minute."""
    return str(moment)[:16].replace("T", " ")


def by_day(
    utc: Times, ahead: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.int64]]:
    """Return the rows where each day begins and ends, and its number since 1970; the times ascend.

    Parameters
    ----------
    ahead
        How far the day's clock is ahead of the times. [us]
    """
    times = ticks_of(utc)
    first, last = (int(times[0]) + ahead) // DAY, (int(times[-1]) + ahead) // DAY
    if first == last:
        return np.zeros(1, np.intp), np.array([len(times)], np.intp), np.array([first])
    number = np.arange(first, last + 2)
    edges = times.searchsorted(number * DAY - ahead)
    number = number[:-1]
    filled = edges[1:] > edges[:-1]
    return edges[:-1][filled], edges[1:][filled], number[filled]


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The place of each kept row in time.

    Attributes
    ----------
    utc
        Starts of the intervals, ascending and unique [us].
    rows
        Row of the table that each start comes from.
    step
        Length of an interval [s].
    counts
        What was done to rows, by reason.
    is_whole
        Whether every row of the table has its place, in the order of the table.
    doubtful
        By quantity: rows whose stamp another row has as well, with another value.
    zone
        The zone that the YAML says of the source's stamps; None where that is the site's.
    is_absolute
        Whether the stamps say their offset from UTC themselves, so that no zone of the YAML moves them.
    days
        How many days of UTC there are from the first row to the last.
    """

    utc: Times
    rows: npt.NDArray[np.intp]
    step: float
    counts: dict[str, int]
    is_whole: bool = False
    doubtful: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    zone: str | None = None
    is_absolute: bool = False
    days: int = field(init=False)

    def __post_init__(self) -> None:
        """Count the days once: many checks ask for them."""
        days = self._begin(-1).toordinal() - self._begin(0).toordinal() + 1 if len(self.utc) else 0
        object.__setattr__(self, "days", days)

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Return the time [start, end) of the rows."""
        first, last = self._begin(0), self._begin(-1) + timedelta(seconds=self.step)
        return first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)

    def _begin(self, row: int) -> datetime:
        return cast("datetime", self.utc.item(row))

    def lengths(self) -> float | npt.NDArray[np.float64]:
        """Return the length of an interval, or of each where a stretch of the file has another step. [s]

        A stretch is a run of rows that lie equally far apart. Rows between two stretches, as at a gap,
        belong to the one before.
        """
        minutes = np.round(np.diff(self.utc) / np.timedelta64(60, "s"))
        if not len(minutes) or (minutes == minutes[0]).all():
            return self.step
        runs = stretches(minutes)
        if len({minutes[start] for start, _ in runs}) <= 1:
            return self.step
        found = np.full(len(self.utc), minutes[runs[0][0]] * 60.0)
        for start, _ in runs[1:]:
            found[start:] = minutes[start] * 60.0
        return found

    def pick(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        """Return a column of the table on the axis; the column itself where nothing is left out or moved."""
        return values if self.is_whole else values[self.rows]


def stretches(
    distances: npt.NDArray[np.float64], least: int = LEAST_STRETCH
) -> list[tuple[int, int]]:
    """Return the runs of equal distances, as the first of each and the one after its last.

    Parameters
    ----------
    least
        How many a run has at least.
    """
    starts = np.flatnonzero(np.append(True, distances[1:] != distances[:-1]))
    ends = np.append(starts[1:], len(distances))
    long = ends - starts >= least
    return list(zip(starts[long].tolist(), ends[long].tolist(), strict=True))
