"""What an instrument of a plant can measure: beyond, a value is a fault or in another unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.solar.position import Floats
from shared.solar.site import FORECAST_PREFIX

# Limits outside of which no instrument of a plant measures [canonical unit]. Irradiance above the solar
# constant occurs under broken clouds; a few W/m² below zero is a pyranometer's night offset.
LIMITS: dict[str, tuple[float, float]] = {
    "ghi": (-20.0, 1800.0),
    "dni": (-20.0, 1500.0),
    "dhi": (-20.0, 1200.0),
    "poa_global": (-20.0, 2000.0),
    "temp_air": (-60.0, 65.0),
    "temp_module": (-60.0, 120.0),
    "wind_speed": (0.0, 75.0),
    "relative_humidity": (0.0, 105.0),
    "pressure": (450.0, 1100.0),
}


def of(column: str) -> tuple[float, float]:
    """Return the limits of a weather column, forecasts included. [canonical unit]"""
    return LIMITS[column.removeprefix(FORECAST_PREFIX)]


def outside(values: Floats, limits: tuple[float, float]) -> NDArray[np.bool_]:
    """Return which values lie beyond limits; what is not there does not."""
    low, high = limits
    found: NDArray[np.bool_] = (values < low) | (values > high)
    return found
