"""Whether some hours of a file hold a thousandth of what they should: kW where W is stated."""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import NOISE, Power
from services.data_watcher.domain.believable.unit_fault import guess, wrong_unit
from services.data_watcher.domain.time_axis import stretches

FAINT = 0.0015  # of AC capacity times the sine of the sun's elevation; under deep snow plants showed 0.0024
HIGH_SUN = 0.2  # sine of its elevation
HOURS = 2.0  # in a row; a sunny day after snow showed one
LEAST_ROWS = 6
LEAST_VALUES = 4  # that differ; an inverter that is off may say some small number


def check(power: Power) -> None:
    """Refuse a file in which power is tiny for hours of high sun, but never nothing.

    A plant that is off, or under snow, has no power: its inverters need more than that to start.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the first row of such hours.
    """
    small = (power.share > NOISE) & (power.share < FAINT)
    least = max(LEAST_ROWS, round(HOURS * 3600 / power.time.step))
    if np.count_nonzero(small) < least:
        return
    long = [run for run in stretches(small.astype(float), least) if small[run[0]]]
    if not long:
        return  # as in nearly every file: power is small for a moment at dawn and dusk
    rows = np.concatenate([np.arange(*run) for run in long])
    up = np.zeros(len(small))
    up[rows] = sun.over(power.time.utc[rows], power.time.step, power.site).up
    faint = small & (up > HIGH_SUN) & (power.share < FAINT * up)
    for start, end in stretches(faint.astype(float), least):
        values = power.values[start:end] / power.factor
        if not faint[start] or len(np.unique(values)) < LEAST_VALUES:
            continue
        row = power.place(int(power.time.rows[start]))
        raise wrong_unit(
            f"in row {row} begin {(end - start) * power.time.step / 3600:.1f} h of high sun with power of at "
            f"most {values.max():.3g}, which is {power.share[start:end].max():.2%} of the AC capacity of "
            f"{power.site.ac_capacity_kw:g} kW",
            guess(float(power.share[start:end].max()), power.unit, power.time.step),
        )
