"""Prediction intervals from the errors a model made on rows it had not seen.

References
----------
.. [1] J. Lei et al., "Distribution-free predictive inference for regression", Journal of the American
   Statistical Association 113 (523), 1094-1111, 2018. doi:10.1080/01621459.2017.1307116
"""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from shared.solar.position import Floats

_LEAST_ROWS_PER_KNOT = 60
_MOST_KNOTS = 12
_TAIL = 0.1


class Intervals(BaseModel):
    """P10 and P90 of the error by predicted power; all values are shares of AC capacity. [unitless]"""

    model_config = ConfigDict(frozen=True, extra="forbid")

    predicted: tuple[float, ...]
    p10: tuple[float, ...]
    p90: tuple[float, ...]


def calibrate(actual: Floats, predicted: Floats) -> Intervals:
    """Learn the spread of the errors from rows after the training rows.

    Parameters
    ----------
    actual, predicted
        Daylight rows as shares of AC capacity. [unitless]
    """
    count = int(np.clip(len(actual) // _LEAST_ROWS_PER_KNOT, 1, _MOST_KNOTS))
    if len(actual) == 0:
        return Intervals(predicted=(0.0,), p10=(0.0,), p90=(0.0,))
    order = np.argsort(predicted, kind="stable")
    knots = [
        (float(predicted[part].mean()), *_tails(actual[part] - predicted[part]))
        for part in np.array_split(order, count)
    ]
    places, low, high = (
        tuple(round(value, 6) for value in each) for each in zip(*knots, strict=True)
    )
    return Intervals(predicted=places, p10=low, p90=high)


def _tails(errors: Floats) -> tuple[float, float]:
    """Return the conformal quantiles: a little wider than the sample's, for the sample is finite."""
    n = len(errors)
    level = min(1.0, np.ceil((n + 1) * (1 - _TAIL)) / n)
    return float(-np.quantile(-errors, level)), float(np.quantile(errors, level))


def apply(intervals: Intervals, predicted: Floats) -> tuple[Floats, Floats]:
    """Return P10 and P90 around predictions, which they always enclose. [unitless]"""
    low = predicted + np.interp(predicted, intervals.predicted, intervals.p10)
    high = predicted + np.interp(predicted, intervals.predicted, intervals.p90)
    return np.minimum(low, predicted), np.maximum(high, predicted)
