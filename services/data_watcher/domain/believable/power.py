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
ENOUGH = 4_000  # rows that show what a long file is
NOISE = 1e-5  # of AC capacity; a plant that is switched off has no wrong unit
STANDARD = 1000.0  # W/m² at which a plant's rating holds


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
    highest, lowest
        The highest and the lowest share; 0 where none is positive, and where there is none. [unitless]
    unit, scale, factor
        The unit and the scale that the site's YAML states, and what both make of a value of 1. [kW]
    place
        Says where a row of the table is in its file.
    """

    values: Values
    share: Values
    generating: Values
    highest: float
    lowest: float
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
        highest = float(generating.max()) if len(generating) else 0.0
        lowest = float(np.fmin.reduce(share))
        lowest = 0.0 if np.isnan(lowest) else lowest
        return cls(
            values, share, generating, highest, lowest, time, site, unit, place, scale, factor
        )


def spacing(rows: int) -> int:
    """Return every which row of a file is looked at: an odd one meets every hour of the day."""
    return rows // ENOUGH | 1
