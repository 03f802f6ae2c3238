"""What is asked about the power of every file, in this order."""

from __future__ import annotations

from collections.abc import Mapping

from services.data_watcher.domain.believable import (
    clear_jump,
    clear_pairs,
    clock,
    counter,
    day_mean,
    faint_spell,
    irradiance,
    nights,
    other_day,
    other_day_of_few,
    scale_change,
    scale_jump,
    sign,
    turns,
    unit_at_edge,
    unit_by_capacity,
    unit_by_clear_day,
    unit_by_faintness,
    unit_by_jump,
    unit_by_neighbours,
    unit_by_noon_sun,
    unit_change,
)
from services.data_watcher.domain.believable.power import Power, Values

# In the order in which a cause hides another: a turned sign and a counter look like a wrong unit, too, and a
# clock that is hours off makes power faint under a high sun.
CHECKS = (
    counter.check,
    turns.check,
    day_mean.check,
    unit_by_neighbours.check,
    unit_change.check,
    unit_by_capacity.check_highest,
    unit_by_capacity.check_peak,
    clock.check,
    clock.check_each_day,
    nights.check,
    unit_by_faintness.check,
    unit_by_clear_day.check,
    unit_by_noon_sun.check,
)
# Of each irradiance beside power: what is of another day, or changes between two days, is also many times
# apart.
BESIDE = (
    other_day.check,
    other_day_of_few.check,
    scale_change.check,
    scale_jump.check,
    faint_spell.check,
    irradiance.check,
    clear_jump.check_light,
    clear_pairs.check_light,
)


def check_beside(power: Power, columns: Mapping[str, Values]) -> None:
    """Refuse a file whose power does not fit what it measures beside it, by canonical name, or other days.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, for power or for the irradiance; `wrong_clock` where they are a day apart.
    """
    if len(power.generating):
        for check in BESIDE:
            for name in irradiance.ON_PLANE:
                if name in columns:
                    check(name, columns[name], power)
        # Irradiance says more exactly where a unit changes.
        unit_at_edge.check(power)
        unit_by_jump.check(power)
        clear_jump.check(power)
        clear_pairs.check(power)


def check_power(power: Power) -> None:
    """Refuse a file whose power cannot be in the stated unit; a plant that is switched off says nothing.

    Raises
    ------
    UnreadableFileError
        `wrong_sign`, `net_power`, `counter`, `mixed_rows`, `day_rows`, `wrong_clock`, `power_at_night`, or
        `wrong_unit` with the unit that would fit or the row where it changes.
    """
    if power.lowest < 0:
        sign.check(power)
    if len(power.generating):
        for check in CHECKS:
            check(power)
    if power.lowest < 0:
        sign.check_nights(power)
