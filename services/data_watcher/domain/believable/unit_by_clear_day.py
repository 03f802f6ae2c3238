"""Whether clear days reach what the sun allows: a percentage, or an energy per interval, does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.clear_day import is_clear
from services.data_watcher.domain.believable.power import Power
from services.data_watcher.domain.believable.unit_fault import guess, wrong_unit

LOW = 0.28  # of AC capacity times the sine of the noon sun; clear days of public plants reached 0.39 and more


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
