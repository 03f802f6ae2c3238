"""Whether clear days reach what the sun allows: a percentage, or an energy per interval, does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import NOISE, Power, Values
from services.data_watcher.domain.believable.unit_fault import guess, wrong_unit

LOW = 0.28  # of AC capacity times the sine of the noon sun; clear days of public plants reached 0.39 and more
SMOOTH = 1.05  # way up and down over twice the peak; 1 on a perfect day, 1.3 and more under clouds
LIKE_SUN = 0.9  # correlation with the sine of the sun's elevation
LEAST_ROWS = 16  # of daylight
LEAST_SUN = 0.35  # sine of the noon sun; low winter suns say little of a plane that is not known


def check(power: Power) -> None:
    """Refuse a file whose power stays far below what the sun allows although a day was clear.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the clear day.
    """
    found = faint_clear_day(power)
    if found is not None:
        raise wrong_unit(
            f"{found.said}, but power reached only {found.highest:.1%} of the AC capacity of "
            f"{power.site.ac_capacity_kw:g} kW, and {power.highest:.1%} in the whole file",
            guess(power.highest, power.unit, power.time.step),
        )


@dataclass(frozen=True, slots=True)
class FaintDay:
    """A clear day on which far too little was reached: as a share of what is usual, and in words."""

    highest: float
    said: str


def faint_clear_day(power: Power) -> FaintDay | None:
    """Return a clear day of a file that stays far below what the sun allows on all days."""
    peak = power.highest
    if peak >= LOW:
        return None  # as in nearly every file
    position = sun.over(power.time.utc, power.time.step, power.site)
    up = np.asarray(position.up)
    if peak >= LOW * up.max():
        return None
    for start, end, day in zip(*sun.days(power.time.utc, power.site), strict=True):
        rows = slice(start, end)
        if is_clear(power.share[rows], up[rows]):
            elevation = np.degrees(np.arcsin(up[rows].max()))
            said = f"{day} was a clear day, with the noon sun {elevation:.0f} degrees high"
            return FaintDay(float(power.share[rows].max()), said)
    return None


def is_clear(share: Values, up: Values) -> bool:
    """Whether power of a day rises and falls once, as the sun does."""
    lit = np.flatnonzero((up > 0) & np.isfinite(share))
    if len(lit) < LEAST_ROWS or up.max() < LEAST_SUN:
        return False
    whole = slice(lit[0], lit[-1] + 1)  # what is masked for a night may reach into its dawn
    day, up = share[whole], up[whole]
    if not np.isfinite(day).all():
        return False
    if day.max() <= NOISE or day[[0, -1]].max() > day.max() / 4:
        return False  # only a part of the day
    way = np.abs(np.diff(np.concatenate([[0.0], day, [0.0]]))).sum() / (2 * day.max())
    return bool(way < SMOOTH and np.corrcoef(day, up)[0, 1] > LIKE_SUN)
