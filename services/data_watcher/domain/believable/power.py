"""Power as a file states it, and the limits by which several checks judge it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.time_axis import TimeAxis
from shared.solar.site import Site

Values = npt.NDArray[np.float64]

OVER_CAPACITY = 1.5  # of AC capacity; inverters were seen 1.34 above nameplate
LEAST_PEAK = 0.01  # of AC capacity; snow and rain included, reached within DAYS_FOR_PEAK
DAYS_FOR_PEAK = 3
NOISE = 1e-5  # of AC capacity; a plant that is switched off has no wrong unit


@dataclass(frozen=True, slots=True)
class Power:
    """Power on the time axis.

    Attributes
    ----------
    values
        Power by the stated unit. [kW]
    share
        The same as a share of the AC capacity of the site. [unitless]
    generating
        The shares above noise. [unitless]
    unit, scale, factor
        The unit and the scale that the site's YAML states, and what both make of a value of 1. [kW]
    place
        Says where a row of the table is in its file.
    """

    values: Values
    share: Values
    generating: Values
    time: TimeAxis
    site: Site
    unit: str
    place: Callable[[int], str]
    scale: float = 1.0
    factor: float = 1.0

    @classmethod
    def of(
        cls,
        values: Values,
        time: TimeAxis,
        site: Site,
        unit: str,
        place: Callable[[int], str],
        *,
        scale: float = 1.0,
        factor: float = 1.0,
    ) -> Self:
        """Return the power of a file. [kW]"""
        share = values / site.ac_capacity_kw
        generating = share[share > NOISE]
        return cls(values, share, generating, time, site, unit, place, scale, factor)

    @property
    def highest(self) -> float:
        """The highest value as a share of capacity, 0 where none is positive. [unitless]"""
        return float(self.generating.max()) if len(self.generating) else 0.0

    @property
    def lowest(self) -> float:
        """The lowest value as a share of capacity, 0 where there is none. [unitless]"""
        lowest = float(np.fmin.reduce(self.share))
        return 0.0 if np.isnan(lowest) else lowest
