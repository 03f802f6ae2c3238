"""Whether the scale of power, or of the irradiance beside it, changes between two days of a file.

Energies of a quarter hour that follow power, or irradiance in kW/m² that follows W/m², are both within what
can be. Only power held against the irradiance beside it shows where the one begins.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import NOISE, STANDARD, Power, Values, spacing
from services.data_watcher.domain.time_axis import days_of
from shared.errors import UnreadableFileError

BRIGHT = 0.1  # of standard irradiance, or of AC capacity: either says that the sun shines
LEAST_ROWS = 4  # of a day, bright ones
LEAST_DAYS = 3  # on either side: snow and outages of a day or two pass
CHANGE = 3.3  # between the two sides; one of two or of three inverters that is off changes less
SPREAD = 1.6  # between the days of a side, one in ten on either end left out: snow and limits differ more
FOLLOWS = (
    0.8  # correlation of a usual day, on both sides: a plant at its limit does not follow the sun
)
MOST_DAYS = 10  # on either side: over more of them the sun itself changes how steep a plane is lit
Rows = npt.NDArray[np.intp]


def check(name: str, irradiance: Values, power: Power) -> None:
    """Refuse a file in which power per irradiance becomes several times more, or less, on one day. [W/m²]

    Parameters
    ----------
    name
        Canonical name of the irradiance.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the day from which on it is so.
    """
    if power.time.days < 2 * LEAST_DAYS:
        return
    every = spacing(len(irradiance))
    own, light = power.share[::every], irradiance[::every] / STANDARD
    rows = np.flatnonzero((own > NOISE) & (light > NOISE) & ((own > BRIGHT) | (light > BRIGHT)))
    ratio = np.log(own[rows] / light[rows])
    if not len(rows) or np.ptp(ratio) < np.log(CHANGE):
        return  # as in many files of few days
    local = sun.mean_solar_time(power.time.utc[::every][rows], power.site)
    days, first, count = np.unique(days_of(local), return_index=True, return_counts=True)
    whole = np.flatnonzero(count >= LEAST_ROWS)
    some = [rows[first[each] : first[each] + count[each]] for each in whole]
    levels = _medians(ratio, first, count)[whole]
    at = _change(levels)
    if at is None:
        return
    for side in (slice(max(at - MOST_DAYS, 0), at), slice(at + 1, at + 1 + MOST_DAYS)):
        if np.median([_follows(own[each], light[each]) for each in some[side]]) < FOLLOWS:
            return
    change = _sides(levels, at)
    at = _first_of_the_new(levels, at)
    near = slice(some[at - 1][0] * every, some[at][-1] * every + 1)
    row = near.start + _first_row(
        power.share[near], irradiance[near] / STANDARD, _levels(levels, at)
    )
    raise of_units(name, change, power, row, f"{days[whole[at]]}")


def of_units(name: str, change: float, power: Power, row: int, since: str) -> UnreadableFileError:
    """Return the fault of a file in which power or an irradiance changes its unit.

    Parameters
    ----------
    name
        Canonical name of the irradiance by which it is told.
    change
        Logarithm of how many times more power there is from there on.
    row, since
        Where that is on the time axis, and how a person says it.
    """
    where = power.place(int(power.time.rows[row]))
    return UnreadableFileError(
        "wrong_unit",
        f"from {since} on (row {where}) power is, by the {name} beside it, {np.exp(abs(change)):.3g} times "
        f"{'more' if change > 0 else 'less'} than before: power or {name} changes its unit there",
        "split the file there and give both parts sources of their own in the site's YAML, each with its "
        "unit (power, energy of each interval, W/m2, kW/m2); where only a part of the plant gave power on "
        "one side, leave that side out",
    )


def _medians(values: Values, first: Rows, count: Rows) -> Values:
    """Return the middle value of each group of neighbours."""
    order = np.lexsort((values, np.repeat(np.arange(len(first)), count)))
    middle: Values = values[order][first + count // 2]
    return middle


def _change(levels: Values) -> int | None:
    """Return the day of the largest change that lasts; that day itself may be of both kinds."""
    if len(levels) <= 2 * LEAST_DAYS or np.ptp(levels) < np.log(CHANGE):
        return None  # as in nearly every file
    cuts = range(LEAST_DAYS, len(levels) - LEAST_DAYS)
    changes = np.array([abs(_sides(levels, at)) for at in cuts])
    for each in np.argsort(-changes):
        if changes[each] < np.log(CHANGE):
            return None
        before, after = _around(levels, cuts[each])
        if max(_spread(before), _spread(after)) < np.log(SPREAD):
            return cuts[int(each)]
    return None


def _first_row(own: Values, light: Values, levels: tuple[float, float]) -> int:
    """Return the first row behind the last one that is nearer to the level of the days before."""
    bright = (own > NOISE) & (light > NOISE) & ((own > BRIGHT) | (light > BRIGHT))
    rows = np.flatnonzero(bright)
    ratio = np.log(own[rows] / light[rows])
    old = np.flatnonzero(np.abs(ratio - levels[0]) < np.abs(ratio - levels[1]))
    return int(rows[min(old[-1] + 1, len(rows) - 1)]) if len(old) else int(rows[0])


def _levels(levels: Values, at: int) -> tuple[float, float]:
    """Return the usual level of the days before, and of those after."""
    before, after = _around(levels, at)
    return float(np.median(before)), float(np.median(after))


def _first_of_the_new(levels: Values, at: int) -> int:
    """Return the first day that is nearer to the days after a change than to those before."""
    before, after = _levels(levels, at)
    start = max(at - MOST_DAYS, 0)
    some = levels[start : at + MOST_DAYS + 1]
    return start + int((np.abs(some - after) < np.abs(some - before)).argmax())


def _around(levels: Values, at: int) -> tuple[Values, Values]:
    return levels[max(at - MOST_DAYS, 0) : at], levels[at + 1 : at + 1 + MOST_DAYS]


def _sides(levels: Values, at: int) -> float:
    before, after = _levels(levels, at)
    return after - before


def _spread(levels: Values) -> float:
    low, high = np.quantile(levels, [0.1, 0.9])
    return float(high - low)


def _follows(own: Values, light: Values) -> float:
    """Return the correlation of power and irradiance of a day; 0 where one of them stands still."""
    if not (own.std() and light.std()):
        return 0.0
    return float(np.corrcoef(own, light)[0, 1])
