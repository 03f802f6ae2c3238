"""Whether irradiance falls far below a clear sky for days while power goes on as before: its unit changed.

In days of clouds power is low with it. Neither the height of power alone tells, as of a plant at a limit, nor
its ratio to the irradiance, as where inverters come back; both together do.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import clear_sky
from services.data_watcher.domain.believable.power import STANDARD, Power, Values

REACHED = 0.75  # of what power reaches at other times; the irradiance is below 0.62 of a clear sky
TIMES = 1.6  # as much power by its irradiance as at other times
LEAST = (
    1.4  # of the AC capacity by 1000 W/m²; half of a plant that comes back gets to what is usual
)
SOME = (0.1, 0.5)  # of that power: there a limit does not count
TOP = 0.99  # of the rows with power are below it
LEAST_ROWS = 24
Mask = npt.NDArray[np.bool_]


def check(name: str, light: Values, power: Power) -> None:
    """Refuse a file of which a spell of irradiance is too low for its power, by the rest of the file. [W/m²]

    Parameters
    ----------
    name
        Canonical name of the irradiance.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`
    """
    for spell in clear_sky.low_spells(light, power.time, power.site, by_its_best=True):
        inside = np.zeros(len(light), bool)
        inside[spell.rows] = True
        top, usual = _top(power, ~inside), _ratio(light, power, ~inside)
        if not usual or _top(power, inside) < REACHED * top:
            continue
        there = _ratio(light, power, inside)
        times = there / usual
        if times > TIMES and there > LEAST:
            row = power.place(int(power.time.rows[spell.rows.start]))
            raise clear_sky.wrong_unit(
                f"on {spell.days} days in a row, from {spell.first} (row {row}) on, {name} never reaches "
                f"more than {spell.best:.0%} of a clear sky, while power is as high as before, by its light "
                f"{times:.2g} times as high",
                name,
            )


def _top(power: Power, rows: Mask) -> float:
    share = power.share[rows & (power.share > 0)]
    return float(np.quantile(share, TOP)) if len(share) >= LEAST_ROWS else 0.0


def _ratio(light: Values, power: Power, rows: Mask) -> float:
    """Return the usual ratio of power and irradiance where power is neither little nor much."""
    low, high = (each * power.highest for each in SOME)
    some = rows & (power.share > low) & (power.share < high) & (light > 0)
    if np.count_nonzero(some) < LEAST_ROWS:
        return 0.0
    return float(np.median(power.share[some] / light[some])) * STANDARD
