"""Whether power fits the AC capacity of the site: not far above it, and at some time not far below."""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain import units
from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import (
    DAYS_FOR_PEAK,
    LEAST_PEAK,
    OVER_CAPACITY,
    Power,
)
from services.data_watcher.domain.believable.unit_fault import guess, wrong_unit
from shared.errors import UnreadableFileError

MOST_OVER = 0.01  # share of rows with power over OVER_CAPACITY, before the unit must be wrong
LOW_SUN = (
    0.2  # sine of the noon sun, below which the peak shrinks with it: a winter beyond 60 degrees
)
LATE = 1.5  # of a step, before rows are missing
FEW = 4  # rows over it; as few are spikes, however small the file


def check_highest(power: Power) -> None:
    """Refuse a file in which too many rows, or all of them, lie far above the AC capacity."""
    if power.highest <= OVER_CAPACITY:
        return
    generating = power.generating
    over = int((generating > OVER_CAPACITY).sum())
    if over > max(MOST_OVER * len(generating), FEW) or over == len(generating):
        raise _behind_gaps(power) or wrong_unit(
            f"{over} of {len(generating)} rows with power exceed {OVER_CAPACITY} times the AC capacity of "
            f"{power.site.ac_capacity_kw:g} kW; the highest is {np.nanmax(power.values):,.0f} kW",
            _fitting_unit(power),
        )


def _behind_gaps(power: Power) -> UnreadableFileError | None:
    """Return the fault of energies that hold those of the missing rows before them, as well; None of others.

    Another unit would make such a file pass, with all other rows too low.
    """
    over = np.flatnonzero(power.share > OVER_CAPACITY)
    apart = np.diff(power.time.utc, prepend=power.time.utc[:1]) / np.timedelta64(1, "s")
    if (
        not units.conversion("kW", power.unit).per_interval
        or (apart[over] <= LATE * power.time.step).any()
    ):
        return None
    row = power.place(int(power.time.rows[over[0]]))
    return UnreadableFileError(
        "wrong_step",
        f"{len(over)} rows, each after missing ones, exceed {OVER_CAPACITY} times the AC capacity of "
        f"{power.site.ac_capacity_kw:g} kW, first row {row}: they seem to hold the energy of the missing "
        "intervals as well",
        "export the file with every interval, or export power, or the counter's readings (kind: counter)",
    )


def check_peak(power: Power) -> None:
    """Refuse a file whose power never comes near the AC capacity, within days of any weather."""
    if power.highest >= LEAST_PEAK:
        return
    days = np.unique(power.time.utc[~np.isnan(power.values)].astype("M8[D]"))
    if len(days) < DAYS_FOR_PEAK:
        return
    noon = float(sun.noon_elevation(days, power.site.latitude).max())
    if power.generating.max() < LEAST_PEAK * min(max(noon, 0.0) / LOW_SUN, 1.0):
        raise wrong_unit(
            f"within {len(days)} days power never reaches {LEAST_PEAK:.0%} of the AC capacity of "
            f"{power.site.ac_capacity_kw:g} kW; the highest is {np.nanmax(power.values):.3g} kW",
            _fitting_unit(power),
        )


def _fitting_unit(power: Power) -> str:
    return guess(float(np.quantile(power.generating, 0.99)), power.unit, power.time.step)
