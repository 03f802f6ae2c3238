"""How bright the sky was: a clear-sky index, and (from `sky_words`) the word for it."""

from __future__ import annotations

import numpy as np

from shared.solar.irradiance import clearsky_ghi
from shared.solar.position import Floats
from shared.solar.sky_words import SKIES, name

__all__ = ["FLOOR", "SKIES", "name", "of_day"]

FLOOR = 50.0  # W/m2 of clear-sky irradiance; below it a ratio to clear sky says nothing


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
