"""Whether clear days are another multiple of the clear days just before them, and it stays so.

Hour by hour a clear day is like the one before it: the ratio of both is even for hours, and that of clouds is
not. So a change of scale shows that falls into a night or into clouds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import clear_jump, sun
from services.data_watcher.domain.believable.power import STANDARD, Power, Values
from services.data_watcher.domain.time_axis import DAY, HOUR, Ticks, Times, ticks_of

EVEN_FOR, LEAST = 4 * HOUR, 28 * 3600  # us, and s: a day more
EVEN = 0.03  # of the ratio's logarithm; of 11,000 pairs of real days that differ 22 were so even
NEAR = 1.07  # times a factor: a hot day gives less
ROUGHLY = 1.25  # times it, of the best rows
MOST_APART = 5  # days
MUCH = 0.1  # of the day's best row
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Days:
    """The days of a file by the sun: first row of each, the row after its last, and its best value."""

    starts: Rows
    ends: Rows
    best: Values
    day: Times


@dataclass(frozen=True, slots=True)
class _Even:
    """Clear hours of two days, the second of which is so many times as high.

    Attributes
    ----------
    first, second
        The days, in the order of time.
    after
        The row after these hours of the first day.
    least, height
        What the lower day gave of the sun in them, and the higher one at best under the highest sun.
    """

    first: int
    second: int
    times: float
    after: int
    least: float
    height: float

    def is_of_units(self, step: float, full: float) -> bool:
        """Whether another unit explains it, or twice a plant. `full` is what the AC capacity is."""
        return clear_jump.is_of_units(np.log(self.times), step, self.height / full, NEAR)


def check(power: Power) -> None:
    """Refuse a file whose power is a part or a multiple of what it was on clear days before.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the first such day.
    """
    _check("power", power.share, power)


def check_light(name: str, light: Values, power: Power) -> None:
    """Refuse a file whose irradiance is so. [W/m²]

    Parameters
    ----------
    name
        Canonical name of the irradiance.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the first such day.
    """
    _check(name, light, power, STANDARD)


def _check(name: str, values: Values, power: Power, full: float = 1.0) -> None:
    time = power.time
    if len(values) * time.step < LEAST or time.step > clear_jump.LONGEST:
        return  # as in files of a day
    starts, ends, day = sun.days(time.utc, power.site)
    days = _Days(starts, ends, np.fmax.reduceat(values, starts), day)
    for high, low in _candidates(np.nan_to_num(days.best), time.step):
        even = _even(values, power, days, high, low)
        if even is not None and even.is_of_units(time.step, full):
            raise clear_jump.fault(
                name,
                even.times,
                power,
                _since(even, values, power, days),
                f"than at the same hours of {day[even.first]}, which both were clear",
            )


def _since(even: _Even, values: Values, power: Power, days: _Days) -> str:
    """Say from which row on it is so, or between which ones it begins where clouds leave that open."""
    between = slice(even.after, int(days.starts[even.second]))
    up = np.asarray(sun.over(power.time.utc[between], power.time.step, power.site).up)
    lit = np.flatnonzero(up > clear_jump.UP) + even.after
    own = values[lit] / up[lit - even.after]
    high = lit[own > ROUGHLY * even.least]
    since, until = even.after, between.stop
    if even.times < 1:
        since = int(high.max(initial=since - 1)) + 1
    else:
        until = int(high.min(initial=until))
        as_before = (own < ROUGHLY * even.least) & (own > even.least / ROUGHLY)
        since += int(np.logical_and.accumulate(as_before).sum())
    day = days.day[even.second]
    if not ((since <= lit) & (lit < until)).any():
        return f"from {day} on ({clear_jump.place(until, power)})"
    rows = f"{clear_jump.place(since, power)} and {clear_jump.place(until, power)}"
    return f"from {day} on, or from some row between {rows} on,"


def _candidates(best: Values, step: float) -> Iterator[tuple[int, int]]:
    """Yield pairs of a high day and a low one, beyond which no day is higher, that may tell of units."""
    size = len(best)
    for order in (1, -1):
        own = best[::order]
        later = np.maximum.accumulate(own[::-1])[::-1]
        top = np.zeros(size)
        for apart in range(1, min(MOST_APART + 1, size)):
            np.maximum(top[apart:], own[:-apart], out=top[apart:])
        low = (later * clear_jump.TWICE < ROUGHLY * top) & (later > 0) & (own * ROUGHLY > later)
        for second in np.flatnonzero(low).tolist():
            change = float(np.log(top[second] / later[second]))
            if not clear_jump.is_of_units(change, step, np.inf, ROUGHLY):
                continue
            for first in range(second - 1, max(second - MOST_APART, 0) - 1, -1):
                if own[first] * ROUGHLY > top[second]:
                    yield (first, second) if order > 0 else (size - 1 - first, size - 1 - second)


def _even(values: Values, power: Power, days: _Days, high: int, low: int) -> _Even | None:
    """Return the hours in which a high day and a low one are clear, and differ as by units."""
    step, apart = power.time.step, int((days.day[low] - days.day[high]).astype(int))
    if abs(apart) > MOST_APART:
        return None
    mine, theirs = _same_hours(values, ticks_of(power.time.utc), days, high, low)
    least = round(EVEN_FOR / (step * 1e6))
    if len(mine) < least:
        return None
    ratio = np.log(values[theirs] / values[mine])
    in_row = mine[least - 1 :] - mine[: len(mine) - least + 1] == least - 1
    spread = np.lib.stride_tricks.sliding_window_view(ratio, least).std(axis=1)
    spread = np.where(in_row, spread, np.inf)
    best = int(spread.argmin())
    hours = slice(best, best + least)
    change, mine, theirs = float(ratio[hours].mean()), mine[hours], theirs[hours]
    if spread[best] >= EVEN or not clear_jump.is_of_units(change, step, np.inf, NEAR):
        return None
    up = np.asarray(sun.over(power.time.utc[mine], step, power.site).up)
    if up.min() < clear_jump.UP or not _is_clear(values[mine] / up):
        return None
    of_low = float(np.median(values[theirs] / up))
    height = clear_jump.height_of(values[mine], up)
    if apart > 0:
        return _Even(high, low, float(np.exp(change)), int(mine[-1]) + 1, of_low, height)
    return _Even(low, high, float(np.exp(-change)), int(theirs[-1]) + 1, of_low, height)


def _same_hours(
    values: Values, moments: Ticks, days: _Days, high: int, low: int
) -> tuple[Rows, Rows]:
    """Return the rows of two days that lie at the same hours, and have much of what the day reaches."""
    one, other = (np.arange(days.starts[each], days.ends[each]) for each in (high, low))
    wanted = moments[one] + (days.day[low] - days.day[high]).astype(int) * DAY
    at = other[np.minimum(moments[other].searchsorted(wanted), len(other) - 1)]
    known = (moments[at] == wanted) & (values[one] > MUCH * days.best[high])
    known &= values[at] > MUCH * days.best[low]
    return one[known], at[known]


def _is_clear(of_sun: Values) -> bool:
    """Whether what comes of the sun is a smooth curve; both days follow it, as their ratio is even."""
    along = np.linspace(-1, 1, len(of_sun))
    logs = np.log(of_sun)
    left = logs - np.polyval(np.polyfit(along, logs, 3), along)
    return bool(np.sqrt((left**2).mean()) < EVEN)
