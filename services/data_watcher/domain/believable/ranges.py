"""Which single values are impossible: they are masked, and the file is kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable.power import OVER_CAPACITY
from shared.solar import limits
from shared.solar.site import FORECAST_PREFIX, Site

NIGHT_DRAW = -0.1  # of AC capacity; stand-by consumption stays far above


def outside(name: str, values: npt.NDArray[np.float64], site: Site) -> npt.NDArray[np.bool_]:
    """Return which values of a quantity lie outside what it can be.

    Parameters
    ----------
    name, values
        Canonical name and values [canonical unit].
    """
    return limits.outside(values, limits_of(name, site))


def limits_of(name: str, site: Site) -> tuple[float, float]:
    """Return the limits of a quantity: of an instrument, or of the plant. [canonical unit]"""
    if name.removeprefix(FORECAST_PREFIX) in limits.LIMITS:
        return limits.of(name)
    return NIGHT_DRAW * site.ac_capacity_kw, OVER_CAPACITY * site.ac_capacity_kw
