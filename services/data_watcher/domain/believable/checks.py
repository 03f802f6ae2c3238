"""What is asked about the power of every file, in this order."""

from __future__ import annotations

from services.data_watcher.domain.believable import (
    clock,
    counter,
    sign,
    unit_by_capacity,
    unit_by_neighbours,
    unit_by_noon_sun,
    unit_change,
)
from services.data_watcher.domain.believable.power import Power

# In the order in which a cause hides another: a turned sign and a counter look like a wrong unit, too.
CHECKS = (
    counter.check,
    unit_by_neighbours.check,
    unit_change.check,
    unit_by_capacity.check_highest,
    unit_by_capacity.check_peak,
    unit_by_noon_sun.check,
    clock.check,
)


def check_power(power: Power) -> None:
    """Refuse a file whose power cannot be in the stated unit; a plant that is switched off says nothing.

    Raises
    ------
    UnreadableFileError
        `wrong_sign`, `counter`, or `wrong_unit` with the unit that would fit or the row where it changes.
    """
    if power.lowest < 0:
        sign.check(power)
    if len(power.generating):
        for check in CHECKS:
            check(power)
