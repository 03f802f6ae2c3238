"""How bright the sky was: a clear-sky index, and the word for it."""

from __future__ import annotations

import numpy as np

from shared.solar.irradiance import clearsky_ghi
from shared.solar.position import Floats

FLOOR = 50.0  # W/m2 of clear-sky irradiance; below it a ratio to clear sky says nothing
SKIES = (("overcast", 0.0, 0.35), ("broken", 0.35, 0.8), ("clear", 0.8, np.inf))  # clear-sky index


def of_day(irradiance: Floats, up: Floats) -> float | None:
    """Return the clear-sky index of a whole day; None where irradiance is unknown. [unitless]

    It is irradiation over clear-sky irradiation, so that noon counts for more than dusk.

    Parameters
    ----------
    irradiance
        Of a day's rows, NaN where unknown. [W/m2]
    up
        Cosine of the zenith angle. [unitless]
    """
    clearsky = clearsky_ghi(up)
    known = np.isfinite(irradiance) & (clearsky > FLOOR)
    if not known.any():
        return None
    return max(float(irradiance[known].sum() / clearsky[known].sum()), 0.0)


def name(index: float | None) -> str | None:
    """Return the word for a clear-sky index; None for an unknown one."""
    if index is None:
        return None
    return next(word for word, low, high in SKIES if low <= index < high)
