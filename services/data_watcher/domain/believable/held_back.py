"""Where power stands at one value for hours below what the plant gives: it is held back, or its record hangs.

Under a moving sun no power stays the same to its last digit. At its own top a plant does: its inverters can
give no more. Below it somebody sets a limit for some days, or a logger repeats its last reading. A file does
not say which of both it is; neither is what the sun gave.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.time_axis import TimeAxis, days_of, ticks_of
from shared.solar import runs
from shared.solar.site import Site

LARGE = 0.02  # of the file's highest power; below, a plant is as good as off
LEAST_ROWS, LEAST = 3, 5400.0  # rows, and s
REPEATED = 3.0  # times as long as values usually repeat: a portal may write each hour four times
ABOVE = 1.02  # times as much: this is what the plant gives at other times; inverters at their top differ less
AN_HOUR = 3600.0  # s of a day that it does, not for moments as a controller needs them
NEAR = 15  # days before and after; a plant is extended, too, and the sun rises
DIGITS = 4.0  # last digits by which a plane's power would have changed meanwhile
UP = 0.1  # sine of the sun's elevation
LITTLE_LESS = (
    0.7,
    0.98,
)  # of a value: there power follows the sun, also that of a plant at its limit
TOO_DARK = 0.25  # of the irradiance that goes with it; a sensor may face another way than half of the modules
# Behind a record that hung: how many rows, what is left of its value, how even, and how far that was above.
LEAST_AFTER, FALLS, EVEN, TOO_HIGH = 6, 0.9, 0.02, 1.15
_TURN = np.pi / 86_400.0  # rad/s, half of the sun's
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]


def found(power: Values, time: TimeAxis, site: Site, on_plane: Values | None) -> dict[str, Mask]:
    """Return the rows in which power is not what the sun gave, by reason.

    Parameters
    ----------
    power
        NaN where unknown. [kW]
    on_plane
        Irradiance on the modules [W/m²], where the file has it; that on the ground is low, too, where a low
        sun faces them.
    """
    same = power[1:] == power[:-1]
    if np.count_nonzero(same) < LEAST_ROWS - 1:
        return {}
    much = LARGE * float(np.fmax.reduce(power, initial=0.0))
    same &= power[1:] > much
    repeats = int(np.count_nonzero(same))
    if repeats < LEAST_ROWS - 1:
        return {}  # as in nearly every file
    lit = int(np.count_nonzero(power > much))
    least = max(LEAST_ROWS, LEAST / time.step, REPEATED * lit / max(lit - repeats, 1))
    starts, ends = runs.where(same)
    long = ends - starts + 1 >= least
    if not long.any():
        return {}
    whole = [np.arange(*run) for run in zip(starts[long], ends[long] + 1, strict=True)]
    return _of_runs(whole, power, time, site, on_plane)


def _of_runs(
    whole: Sequence[Rows], power: Values, time: TimeAxis, site: Site, on_plane: Values | None
) -> dict[str, Mask]:
    local = sun.mean_solar_time(time.utc, site) + np.timedelta64(round(time.step / 2), "s")
    day = days_of(local).view(np.int64)
    day -= day[0]
    tops = _tops(power, day, max(round(AN_HOUR / time.step), 1))
    digit, lowest = _last_digit(power), float(np.fmin.reduce(power))
    held, stuck = np.zeros(len(power), bool), np.zeros(len(power), bool)
    for run in whole:
        by_day = run[sun.roughly_up(local[run], site.latitude) > UP]
        value = float(power[run[0]])
        turned = 1.0 - np.cos(_TURN * len(by_day) * time.step)
        # What never gets lower is an offset, as a meter's.
        if len(by_day) < LEAST_ROWS or value <= lowest or value * turned < DIGITS * digit:
            continue
        near = slice(max(day[run[0]] - NEAR, 0), day[run[0]] + NEAR + 1)
        if np.fmax.reduce(tops[near]) > ABOVE * value:
            held[by_day] = True
            _mark_the_others(held, power, value, day, day[run[0]])
        else:
            is_dark = on_plane is not None and _is_too_dark(on_plane, power, by_day)
            stuck[by_day] |= is_dark or _hangs(power, time, site, int(run[-1]))
    return {name: rows for name, rows in (("held_back", held), ("stuck", stuck)) if rows.any()}


def _mark_the_others(held: Mask, power: Values, value: float, day: Rows, around: int) -> None:
    """Mark what lies at the same limit between the clouds of the days around."""
    first, last = np.searchsorted(day, [around - NEAR, around + NEAR + 1])
    at = first + np.flatnonzero(power[first:last] == value)
    again = np.bincount(day[at] - day[first])[day[at] - day[first]] > 1
    held[at[again]] = True


def _tops(power: Values, day: Rows, rows: int) -> Values:
    """Return what each day reaches in so many rows; NaN where it has fewer."""
    known = np.flatnonzero(np.isfinite(power))
    order = known[np.lexsort((-power[known], day[known]))]
    starts = runs.starts(day[order])
    whole = starts[np.diff(np.append(starts, len(order))) >= rows]
    tops = np.full(int(day[-1]) + 1, np.nan)
    tops[day[order[whole]]] = power[order[whole + rows - 1]]
    return tops


def _last_digit(power: Values) -> float:
    """Return by how much values differ at least."""
    apart = np.diff(np.unique(power[np.isfinite(power)]))
    apart = apart[
        apart > 1e-9 * np.fmax.reduce(power)
    ]  # what is added up has a rounding of its own
    return float(apart.min()) if len(apart) else np.inf


def _hangs(power: Values, time: TimeAxis, site: Site, last: int) -> bool:
    """Whether power falls behind a run at once to less than a clear sky gave in it.

    A plant that gives its most leaves it with the sun, and a cloud is not as even for an hour.
    """
    size = max(round(AN_HOUR / time.step), LEAST_AFTER)
    after = slice(last + 1, last + 1 + size)
    value, own, moments = float(power[last]), power[after], ticks_of(time.utc[last : after.stop])
    if len(own) < size or not 0 < own[0] < FALLS * value or not own.min() > 0:
        return False  # as nearly everywhere
    up = np.asarray(sun.over(time.utc[last : after.stop], time.step, site).up)
    if up.min() < UP or (np.diff(moments) > 1.5e6 * time.step).any():
        return False
    along = np.arange(1, size + 1)
    of_sun = np.log(own / up[1:])
    slope, level = np.polyfit(along, of_sun, 1)
    is_clear = (of_sun - slope * along - level).std(ddof=2) < EVEN
    return bool(is_clear and value > TOO_HIGH * np.exp(level) * up[0])


def _is_too_dark(light: Values, power: Values, run: Rows) -> bool:
    """Whether irradiance is for some rows far below what goes with such power in the rest of the file."""
    value = power[run[0]]
    near = (power > LITTLE_LESS[0] * value) & (power < LITTLE_LESS[1] * value) & (light > 0)
    if np.count_nonzero(near) < LEAST_ROWS:
        return False
    needed = float(np.median(light[near] / power[near])) * value
    return bool(np.count_nonzero(light[run] < TOO_DARK * needed) >= LEAST_ROWS)
