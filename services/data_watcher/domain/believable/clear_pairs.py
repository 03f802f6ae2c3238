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
from services.data_watcher.domain.believable.power import Power, Values
from services.data_watcher.domain.believable.scale_change import STANDARD
from services.data_watcher.domain.time_axis import DAY, HOUR, ticks_of

EVEN_FOR, LEAST = 4 * HOUR, 28 * 3600  # us, and s: a day more
EVEN = 0.03  # of the ratio's logarithm; cloudy days on real plants had more in all pairs but ten of 11,000
NEAR = 1.07  # times a factor: a hot day gives less
ROUGHLY = 1.25  # times it, of the best rows
MOST_APART = 5  # days
MUCH = 0.1  # of the day's best row


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a file by the sun: first row of each, the row after its last, and its best value."""

    starts: npt.NDArray[np.intp]
    ends: npt.NDArray[np.intp]
    best: Values
    day: npt.NDArray[np.datetime64]


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
    if len(light) * power.time.step >= LEAST:
        _check(name, light / STANDARD, power)


def _check(name: str, values: Values, power: Power) -> None:
    time = power.time
    if len(values) * time.step < LEAST or time.step > clear_jump.LONGEST:
        return  # as in files of a day
    starts, ends, day = sun.days(time.utc, power.site)
    days = Days(starts, ends, np.fmax.reduceat(values, starts), day)
    for high, low in _candidates(np.nan_to_num(days.best), time.step):
        change = _even_change(values, power, days, high, low)
        if change is None:
            continue
        first, second = min(high, low), max(high, low)
        raise clear_jump.fault(
            name,
            clear_jump.Jump(int(starts[second]), float(np.exp(change if low > high else -change))),
            power,
            f"from {day[second]} on",
            f"than at the same hours of {day[first]}, which both were clear",
        )


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


def _even_change(values: Values, power: Power, days: Days, high: int, low: int) -> float | None:
    """Return the logarithm of a low day over a high one, where clear hours show that it is of units."""
    moments, step = ticks_of(power.time.utc), power.time.step
    one, other = (slice(days.starts[each], days.ends[each]) for each in (high, low))
    wanted = moments[one] + (low - high) * DAY
    at = np.minimum(moments[other].searchsorted(wanted), other.stop - other.start - 1)
    mine, theirs = values[one], values[other][at]
    known = (moments[other][at] == wanted) & (mine > MUCH * days.best[high])
    known &= theirs > MUCH * days.best[low]
    least = round(EVEN_FOR / (step * 1e6))
    rows = np.flatnonzero(known)
    if len(rows) < least:
        return None
    ratio = np.log(theirs[rows] / mine[rows])
    in_row = rows[least - 1 :] - rows[: len(rows) - least + 1] == least - 1
    spread = np.lib.stride_tricks.sliding_window_view(ratio, least).std(axis=1)
    spread = np.where(in_row, spread, np.inf)
    best = int(spread.argmin())
    change = float(ratio[best : best + least].mean())
    if spread[best] >= EVEN or abs(change) < np.log(1 / NEAR * clear_jump.TWICE):
        return None
    rows = rows[best : best + least]
    up = np.asarray(sun.over(power.time.utc[one][rows], step, power.site).up)
    if up.min() < clear_jump.UP or not _is_clear(mine[rows] / up):
        return None
    height = clear_jump.height_of(mine[rows], up)
    return change if clear_jump.is_of_units(change, step, height, NEAR) else None


def _is_clear(of_sun: Values) -> bool:
    """Whether what comes of the sun is a smooth curve; both days follow it, as their ratio is even."""
    along = np.linspace(-1, 1, len(of_sun))
    logs = np.log(of_sun)
    left = logs - np.polynomial.polynomial.polyval(
        along, np.polynomial.polynomial.polyfit(along, logs, 3)
    )
    return bool(np.sqrt((left**2).mean()) < EVEN)
