"""How much of its predicted power a plant gave on a day, and how sure one day makes that.

Energy mixes the plant with the sky: on a broken day the weather source misses clouds, and energy is off. The
median over the day's stronger rows hardly moves then, and the rows' scatter tells which days to trust.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.solar.position import Floats

_STRONG = 0.4  # share of the day's highest prediction
_LEAST = 0.05  # share of AC capacity
_LEAST_ROWS = 4
_LEAST_HOURS = 1.5
_NOTHING = 0.005  # share of AC capacity that stands for none, for its logarithm is known
_NORMAL = 1.4826  # standard deviation over median absolute deviation of a normal distribution


@dataclass(frozen=True, slots=True)
class DayLevel:
    """What a day says of the plant.

    Attributes
    ----------
    level
        Median of measured over predicted power in the day's stronger rows. [unitless]
    scatter
        How far single rows are from it, as the standard deviation of the logarithm. [unitless]
    """

    level: float
    scatter: float


def of_day(measured: Floats, predicted: Floats, step_minutes: int) -> DayLevel | None:
    """Return the level of one day, or None where too few rows tell.

    Parameters
    ----------
    measured, predicted
        Power as a share of AC capacity; rows where either is NaN do not count. [unitless]
    step_minutes
        The model's step. [min]
    """
    known = np.isfinite(measured) & np.isfinite(predicted)
    if not known.any():
        return None
    strong = known & (predicted >= max(_LEAST, _STRONG * float(predicted[known].max())))
    if strong.sum() < max(_LEAST_ROWS, round(_LEAST_HOURS * 60 / step_minutes)):
        return None
    return _level(measured[strong], predicted[strong])


def _level(measured: Floats, predicted: Floats) -> DayLevel:
    ratio: NDArray[np.float64] = np.log(np.maximum(measured, _NOTHING) / predicted)
    middle = float(np.median(ratio))
    scatter = _NORMAL * float(np.median(np.abs(ratio - middle)))
    return DayLevel(level=float(np.exp(middle)), scatter=scatter)
