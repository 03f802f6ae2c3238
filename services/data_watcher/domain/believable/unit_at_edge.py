"""Whether the first or the last days of a file hold energies of each interval where the others hold power.

Days of clouds are lower than others, too, but within a few days or on a clear one they reach what the sun
allows. Energies stay below it by just the length of an interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain import units
from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.clear_day import ALIKE, is_clear
from services.data_watcher.domain.believable.power import Power, Values
from services.data_watcher.domain.believable.unit_fault import energy_in
from shared.errors import UnreadableFileError

LEAST_PER_HOUR = 4  # intervals; half of a plant, or a third of it, may be off
LEAST_DAYS = 3  # on either side
MOST_DAYS = 30  # that are compared with them: over more of them the sun itself changes
NEAR = (
    0.8,
    1.15,
)  # times the length of an interval in hours: what the low days reach of the others
REACHED = 0.7  # of the best of the others, on several of them
# Days of any weather: the brightest row of five gave half of a clear sky everywhere, that of three a quarter.
LONG, LONG_OF_FINE, FINE = 5, 3, 0.1  # the second for steps below so many hours
DULL = 0.6  # in place of NEAR's first: such days may all be dull
HIGH_NOON = 0.5  # sine of the noon sun, for that
AT_TOP, OFTEN = 0.99, 0.25  # of the best row, and of the rows above half of it: a plant at a limit
Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class _Days:
    """Days of a file: the first row of each, and the row after its last; what each reaches at best."""

    day: Days
    starts: npt.NDArray[np.intp]
    ends: npt.NDArray[np.intp]
    best: Values

    def __getitem__(self, some: slice) -> _Days:
        return _Days(self.day[some], self.starts[some], self.ends[some], self.best[some])

    @property
    def rows(self) -> slice:
        """Return the rows of all of them."""
        return slice(int(self.starts[0]), int(self.ends[-1]))


def check(power: Power) -> None:
    """Refuse a file that begins or ends with energies of each interval that are called a power.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the day and the row where it changes.
    """
    time, hours = power.time, power.time.step / 3600.0
    if time.days < 2 * LEAST_DAYS or hours * LEAST_PER_HOUR > 1:
        return  # as in files of a day
    if units.conversion("kW", power.unit).per_interval:
        return
    starts, ends, day = sun.days(time.utc, power.site)
    days = _Days(day, starts, ends, np.fmax.reduceat(power.share, starts))
    for low, others in _edges(days, NEAR[1] * hours):
        shown = _shown(power, low, others, hours)
        if shown is None:
            continue
        is_first = low.day[0] < others.day[0]
        edge = others if is_first else low
        row = power.place(int(time.rows[edge.starts[0]]))
        meant = energy_in(power.unit, time.step)
        raise UnreadableFileError(
            "wrong_unit",
            f"{'until' if is_first else 'from'} {edge.day[0]} (row {row}){'' if is_first else ' on'} power "
            f"reaches {low.best.max() / others.best.max():.2g} of what it reaches on other days, {shown}, "
            f"and an interval has {hours:.2g} hours: values look like {meant}, the YAML says {power.unit}",
            "split the file there and give both parts sources of their own in the site's YAML, each with its "
            "unit (power, energy of each interval); where only a part of the plant gave power in these days, "
            "leave them out",
        )


def _edges(days: _Days, share: float) -> Iterator[tuple[_Days, _Days]]:
    """Yield the low days at either end of a file, and the days beside them; days without power are low."""
    for order in (1, -1):
        best = np.nan_to_num(days.best[::order])
        low = best <= share * best[: 2 * MOST_DAYS].max()
        count = int(low.argmin())
        if count < LEAST_DAYS or len(best) - count < LEAST_DAYS:
            continue  # as in nearly every file
        both = slice(None, count), slice(count, count + MOST_DAYS)
        if order < 0:
            size = len(best)
            both = slice(size - count, None), slice(max(size - count - MOST_DAYS, 0), size - count)
        yield days[both[0]], days[both[1]]


def _shown(power: Power, low: _Days, others: _Days, hours: float) -> str | None:
    """Return what shows that low days are no weather and no limit."""
    top = others.best.max()
    if np.count_nonzero(others.best > REACHED * top) < LEAST_DAYS:
        return None
    if _is_held(power.share[low.rows]) and not _is_held(power.share[others.rows]):
        return None
    reached = low.best / (hours * top)
    clear = np.array(
        [_is_clear(power, slice(*each)) for each in zip(low.starts, low.ends, strict=True)]
    )
    best = reached[clear].max(initial=0.0)
    alike = np.count_nonzero(reached[clear] > ALIKE * best)
    if alike >= LEAST_DAYS and NEAR[0] < best < NEAR[1]:
        return f"on {alike} clear days"
    long = LONG_OF_FINE if hours < FINE else LONG
    high = sun.noon_elevation(low.day, power.site.latitude) > HIGH_NOON
    if np.count_nonzero(high & (reached > 0)) >= long and DULL < np.fmax.reduce(reached) < NEAR[1]:
        return f"in {np.count_nonzero(reached > 0)} days of any weather"
    return None


def _is_held(share: Values) -> bool:
    best = np.fmax.reduce(share)
    much = np.count_nonzero(share > best / 2)
    return bool(np.count_nonzero(share > AT_TOP * best) > OFTEN * much)


def _is_clear(power: Power, rows: slice) -> bool:
    share = power.share[rows]
    return is_clear(
        share, np.asarray(sun.over(power.time.utc[rows], power.time.step, power.site).up)
    )
