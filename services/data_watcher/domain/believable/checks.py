"""What is asked about the power of every file, in this order."""

from __future__ import annotations

from services.data_watcher.domain.believable import unit_by_capacity, unit_by_noon_sun, unit_change
from services.data_watcher.domain.believable.power import Power

CHECKS = (
    unit_change.check,
    unit_by_capacity.check_highest,
    unit_by_capacity.check_peak,
    unit_by_noon_sun.check,
)


def check_power(power: Power) -> None:
    """Refuse a file whose power cannot be in the stated unit; a plant that is switched off says nothing.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the unit that would fit or the row where it changes.
    """
    if len(power.generating):
        for check in CHECKS:
            check(power)
