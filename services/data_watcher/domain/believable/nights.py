"""Whether power comes from the sun: a plant gives nothing in the dark, whatever the weather."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import Power, Values, spacing
from services.data_watcher.domain.time_axis import DAY, HOUR, TimeAxis, Times, stretches, ticks_of
from shared.errors import UnreadableFileError
from shared.solar.site import Site

NIGHT = -0.17  # sine of ten degrees below the horizon, four of which allow for the rough sun
NOTHING = 0.01  # of AC capacity; meters with an offset say less
MUCH = 0.02  # of AC capacity, in the middle of the dark rows
ALWAYS = 0.9  # of the dark rows; a battery is empty before the night ends
LEAST_DARK = 3 * 3600.0  # s
LONGEST = (
    8 * 3600.0
)  # s of one value; a plant at its limit stays there by day, a battery by night alone
BOTH = 3600.0  # s of it, at least, under the sun and in the dark
_AROUND = 3 * HOUR
HIGH = 0.2  # sine of the sun's elevation; what a battery keeps up at dusk begins below
Mask = npt.NDArray[np.bool_]


def check(power: Power) -> None:
    """Refuse a file with power through all of the night, like what a house uses or all generators give.

    Raises
    ------
    UnreadableFileError
        `power_at_night`
    """
    every = spacing(len(power.share))
    step, some = power.time.step * every, power.share[::every]
    times, given = power.time.utc[::every], some > NOTHING
    if np.count_nonzero(given) < ALWAYS * LEAST_DARK / step:
        return
    midnight = _around_midnight(times, power.site)
    if 2 * np.count_nonzero(given & midnight) < np.count_nonzero(midnight):
        return  # as in nearly every file: what gives power through all of the night gives it there, too
    up = _up(times, power.time.step, power.site)
    dark = (up < NIGHT) & np.isfinite(some)
    count = int(dark.sum())
    if count * step < LEAST_DARK:
        return
    own = some[dark]
    if np.ptp(own) == 0:
        return  # a record that hangs, which is masked
    if np.count_nonzero(own > NOTHING) < ALWAYS * count or not np.median(own) > MUCH:
        return
    row = int(power.time.rows[np.flatnonzero(dark)[0] * every])
    raise UnreadableFileError(
        "power_at_night",
        f"in {np.count_nonzero(own > NOTHING) / count:.0%} of the rows of deep night, from row "
        f"{power.place(row)} on, there is power, usually {float(np.median(own)):.0%} of the AC capacity of "
        f"{power.site.ac_capacity_kw:g} kW, and the sun gives none: the column is not what the plant gives",
        "name the column of the plant's own power in the site's YAML (production, generation, PV), not that "
        "of the house, the battery or all generators; where it is the right one, look at timezone, latitude "
        "and longitude",
    )


def frozen(values: Values, time: TimeAxis, site: Site) -> Mask | None:
    """Return runs of one power for hours, under the sun and in the dark: the record hangs. [kW]"""
    least = max(round(LONGEST / time.step), 2)
    much = NOTHING * site.ac_capacity_kw
    if not ((values[least:] == values[:-least]) & (values[least:] > much)).any():
        return None  # as in nearly every file
    if np.fmax.reduce(values) == np.fmin.reduce(values):
        return None  # a file that holds nothing else says nothing of what a record does
    up = _up(time.utc, time.step, site)
    found = np.zeros(len(values), bool)
    for start, end in stretches(values, least):
        run = up[start:end]
        lasts = min((run < NIGHT).sum(), (run > HIGH).sum()) * time.step >= BOTH
        if lasts and values[start] > much:
            found[start:end] = True
    return found if found.any() else None


def _around_midnight(times: Times, site: Site) -> Mask:
    """Return the rows within an hour and a half of midnight by mean solar time."""
    late = sun.ahead(site) * 1_000_000 + _AROUND // 2
    around: Mask = (ticks_of(times) + late) % DAY < _AROUND
    return around


def _up(times: Times, step: float, site: Site) -> Values:
    """Return the sine of the sun's elevation in the middle of intervals, roughly."""
    local = sun.mean_solar_time(times, site) + np.timedelta64(round(step / 2), "s")
    return sun.roughly_up(local, site.latitude)
