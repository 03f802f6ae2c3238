"""Whether what is called power is an energy per interval, judged by the height of the sun at noon."""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain import units
from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import LEAST_PEAK, NOISE, Power
from services.data_watcher.domain.believable.unit_fault import energy_in, wrong_unit

LEAST_PER_HOUR = 4  # intervals; half-hourly energies look like the power of a cloudy month
DAYS_FOR_ENERGY = 30
MOST_PEAK_OF_ENERGY = 1.2  # of AC capacity times the interval: the highest energy an interval holds
LEAST_SHARE_OF_NOON = 0.4  # of capacity times the sine of the noon sun; clear days reach about one


def check(power: Power) -> None:
    """Refuse energies per interval that are called a power: they stay at a fraction of the capacity.

    Only where the sun is high enough for long enough that a plant would have shown more: in 30 days, no plant
    of the public data sets stayed below a third of what the noon sun allows.
    """
    share, time, unit = power.share, power.time, power.unit
    per_hour = 3600.0 / time.step
    if units.conversion("kW", unit).per_interval or per_hour < LEAST_PER_HOUR:
        return
    peak = power.highest
    if not LEAST_PEAK <= peak <= MOST_PEAK_OF_ENERGY / per_hour:
        return
    days = np.unique(time.utc[share > NOISE].astype("M8[D]"))
    if len(days) < DAYS_FOR_ENERGY:
        return
    noon = float(sun.noon_elevation(days, power.site.latitude).max())
    if peak < noon * LEAST_SHARE_OF_NOON:
        meant = energy_in(unit, time.step)
        raise wrong_unit(
            f"within {len(days)} days, with the noon sun up to {np.degrees(np.arcsin(noon)):.0f} degrees "
            f"high, power never exceeds {peak:.0%} of the AC capacity of {power.site.ac_capacity_kw:g} kW",
            f"values look like {meant}, the YAML says {unit}",
        )
