"""Whether the air is as warm as the season allows, and changes within the day: else it has another unit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.time_axis import TimeAxis
from shared.errors import UnreadableFileError
from shared.solar import runs
from shared.solar.site import Site

Values = npt.NDArray[np.float64]

# No place on earth has warmer days, month by month: 45 C in Kuwait's July, 25 C where the sun does not rise.
WARMEST, PER_SUN = 25.0, 0.06  # C, and C for each W/m² that come to the top of the atmosphere
COLDEST = -40.0  # C, of a day
LIKELY = (2.5, 35.0)  # C, by which the day that changes most does
WHOLE = 0.9  # of a day's rows
DAYS_FOR_CHANGE = 5
LEAST_CHANGE = (
    1.5  # C within the day that changes most; on clear days the air of plains changes by 5 and more
)
AROUND_ZERO = 5.0  # C
HIGH_SUN = 0.5  # sine of the noon sun
WARM_NIGHT = 42.0  # C, of modules in the dark; desert nights end below
DARK = -0.17  # sine of ten degrees below the horizon: modules have cooled down
NEAR_AIR = 14.0  # C, between modules and air at night; under a clear sky they showed 6
LEAST_ROWS = 24
JUMP, NEIGHBOURS = 12.0, 5400.0  # C between two rows, and s
LIKE_F = 20.0  # C, from what one row is in F of the other: modules change by half as much meanwhile
APART = 15.0  # C, of a day, or of a night of modules, from the one before
DAYS_LIKE_F = 15.0  # C, from what the one is in F of the other: the weather changes, too
LEAST_KNOWN = 3 * 3600.0  # s of either; nights of summer are short
_DAY = 86_400.0  # s
_A_DAY = np.timedelta64(1, "D")
MODULE = "temp_module"


def check(values: Values, time: TimeAxis, site: Site, unit: str) -> None:
    """Refuse a file whose air is warmer than any season makes it, or hardly changes around zero for days.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`
    """
    highest, lowest = np.fmax.reduce(values), np.fmin.reduce(values)
    may_be_warm = highest > WARMEST and np.nanmean(values) > WARMEST
    may_be_tenth = abs(highest) < 2 * AROUND_ZERO and abs(lowest) < 2 * AROUND_ZERO
    if not (may_be_warm or may_be_tenth):
        return  # as in nearly every file, whose days need not be looked at
    days, means, changes = _whole_days(values, time, site)
    if not len(days):
        return
    mean = float(np.median(means))
    warmest = WARMEST + PER_SUN * float(sun.mean_outside(days, site.latitude).mean())
    if mean > warmest:
        raise _wrong_unit(
            f"the mean of a day is {mean:.3g} C, and no place at this latitude is warmer than "
            f"{warmest:.0f} C in this season; the YAML says {unit}",
            " or ".join(_fitting(mean, float(changes.max()), warmest)) or "its unit, or its column",
        )
    under_high_sun = bool((sun.noon_elevation(days, site.latitude) > HIGH_SUN).all())
    if (
        len(days) >= DAYS_FOR_CHANGE
        and under_high_sun
        and abs(mean) < AROUND_ZERO
        and 0 < changes.max() < LEAST_CHANGE
    ):
        raise _wrong_unit(
            f"within {len(days)} days under a high sun it never changes by more than {changes.max():.2g} C "
            "in a day, around zero: values look divided by ten",
            "scale: 10",
        )


def check_module(module: Values, air: Values | None, time: TimeAxis, site: Site, unit: str) -> None:
    """Refuse modules that are not about as warm as the air at night, or colder than it under a high sun.

    Parameters
    ----------
    module, air
        [C]; None where the file does not hold the air's.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`
    """
    warmest = float(np.fmax.reduce(module))
    if air is None and not warmest > WARM_NIGHT:
        return
    up = sun.roughly_up(sun.mean_solar_time(time.utc, site), site.latitude)
    night = module[(up < DARK) & np.isfinite(module)]
    at_night = float(np.median(night)) if len(night) >= LEAST_ROWS else np.nan
    if at_night > WARM_NIGHT:
        raise _wrong_module(
            f"at night it is usually {at_night:.3g} C, and no module stays as warm; the YAML says {unit}"
        )
    if air is None:
        return
    warmer = module - air
    dark = warmer[(up < DARK) & np.isfinite(warmer)]
    if len(dark) >= LEAST_ROWS and abs(np.median(dark)) > NEAR_AIR:
        raise _wrong_module(
            f"at night it is usually {np.median(dark):+.3g} C off temp_air, and without the sun both are "
            "alike: one of them is in another unit"
        )
    high = warmer[(up > HIGH_SUN) & np.isfinite(warmer)]
    if len(high) >= LEAST_ROWS and np.median(high) < -NEAR_AIR / 2:
        raise UnreadableFileError(
            "wrong_unit",
            f"under a high sun temp_module is usually {-np.median(high):.3g} C colder than temp_air, and "
            "modules are warmer than the air: the columns seem to be swapped",
            "swap the columns of temp_module and temp_air in the site's YAML; the file is then read again "
            "without a new upload",
        )


def check_jump(
    name: str, values: Values, time: TimeAxis, site: Site, place: Callable[[int], str]
) -> None:
    """Refuse a temperature that goes over to F, or from F, between two rows, and stays there. [C]

    Fronts and clouds make jumps, too, but what they leave is not apart from all of the day before.

    Parameters
    ----------
    name
        Canonical name; of modules only nights are compared.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the row.
    """
    at = np.flatnonzero(np.abs(values[1:] - values[:-1]) > JUMP)
    if not len(at):
        return  # as in nearly every file
    one, next_ = values[at], values[at + 1]
    rises = np.abs(_in_f(one) - next_) < LIKE_F
    falls = np.abs(_in_f(next_) - one) < LIKE_F
    close = time.utc[at + 1] - time.utc[at] < np.timedelta64(int(NEIGHBOURS), "s")
    for row in at[(rises | falls) & close]:
        before, after = (
            _known(values, slice(*time.utc.searchsorted(each)), time, site, name)
            for each in (
                (time.utc[row] - _A_DAY, time.utc[row + 1]),
                (time.utc[row + 1], time.utc[row] + _A_DAY),
            )
        )
        if min(len(before), len(after)) * time.step < LEAST_KNOWN:
            continue
        low, high = sorted((before, after), key=np.mean)
        apart = high.mean() - low.mean() > APART and high.min() > low.max()
        if apart and abs(_in_f(low).mean() - high.mean()) < DAYS_LIKE_F:
            shown = place(int(time.rows[row + 1]))
            raise UnreadableFileError(
                "wrong_unit",
                f"{name} goes from {values[row]:.3g} to {values[row + 1]:.3g} C in row {shown} and stays: "
                f"{'from there on' if high is after else 'before it'} it looks like F",
                "split the file there and give both parts sources of their own in the site's YAML, each with "
                f"its unit of {name} (C, F)",
            )


def _in_f(celsius: Values) -> Values:
    return celsius * 1.8 + 32.0


def _known(values: Values, rows: slice, time: TimeAxis, site: Site, name: str) -> Values:
    """Return the known temperatures of some rows, those of modules in the dark. [C]"""
    some = values[rows]
    known = np.isfinite(some)
    if name == MODULE:
        known &= sun.roughly_up(sun.mean_solar_time(time.utc[rows], site), site.latitude) < 0
    return some[known]


def _wrong_module(found: str) -> UnreadableFileError:
    return UnreadableFileError(
        "wrong_unit",
        f"temp_module: {found}",
        "correct the unit of temp_module, or of temp_air, in the site's YAML (F, K, or a scale); the file is "
        "then read again without a new upload",
    )


def _whole_days(
    values: Values, time: TimeAxis, site: Site
) -> tuple[npt.NDArray[np.datetime64], Values, Values]:
    """Return the days by the sun that are nearly whole, their means, and how far each changes.

    Some value is known.
    """
    known = np.flatnonzero(np.isfinite(values))
    days = sun.mean_solar_time(time.utc[known], site).astype("M8[D]")
    starts = runs.starts(days)
    counts = np.diff(np.append(starts, len(days)))
    some = values[known]
    means = np.add.reduceat(some, starts) / counts
    changes = np.maximum.reduceat(some, starts) - np.minimum.reduceat(some, starts)
    whole = counts * time.step >= WHOLE * _DAY
    return days[starts][whole], means[whole], changes[whole]


def _fitting(mean: float, change: float, warmest: float) -> list[str]:
    """Return what would make the mean and the largest change of a day plausible. [C]"""
    read = {
        "unit: F": ((mean - 32) * 5 / 9, change * 5 / 9),
        "unit: K": (mean - 273.15, change),
        "scale: 0.1": (mean / 10, change / 10),
    }
    return [
        said
        for said, (value, changes) in read.items()
        if COLDEST < value < warmest - AROUND_ZERO and LIKELY[0] < changes < LIKELY[1]
    ]


def _wrong_unit(found: str, fitting: str) -> UnreadableFileError:
    return UnreadableFileError(
        "wrong_unit",
        f"temp_air: {found}",
        f"correct temp_air in the site's YAML ({fitting}); the file is then read again without a new upload",
    )
