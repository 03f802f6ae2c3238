"""Prediction intervals from the errors a model made on rows later than those it was fitted on.

The errors are sorted by sky and hour: a clear noon is predicted to a percent, a broken morning is not. In
each such cell the tails follow the predicted power; a cell of few rows is drawn towards all rows.

References
----------
.. [1] J. Lei et al., "Distribution-free predictive inference for regression", Journal of the American
   Statistical Association 113 (523), 1094-1111, 2018. doi:10.1080/01621459.2017.1307116
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from shared.solar.position import Floats

_LEAST_ROWS_PER_KNOT = 60
_MOST_KNOTS = 12
_MOST_KNOTS_PER_CELL = 6
_LEAST_ROWS_PER_CELL = 240
_HALF_TRUSTED = 500  # rows with which a cell counts as much as all rows together
_TAIL = 0.1
_SKIES = np.array([0.35, 0.65, 0.85])  # clear-sky index between overcast, broken, hazy and clear
_HOURS = np.array([-2.0, 2.0])  # solar hours between morning, midday and afternoon
_CELLS = (len(_SKIES) + 1) * (len(_HOURS) + 1)


class Tails(BaseModel):
    """P10 and P90 of the error by predicted power; all values are shares of AC capacity. [unitless]"""

    model_config = ConfigDict(frozen=True, extra="forbid")

    predicted: tuple[float, ...]
    p10: tuple[float, ...]
    p90: tuple[float, ...]


class Intervals(Tails):
    """The tails over all rows, and those of the cells that had enough rows for their own."""

    cells: dict[int, Tails] = {}

    @cached_property
    def by_cell(self) -> tuple[Floats, Floats]:
        """Knots and, for each, P10 and P90 of the error: arrays of (cell, knot) and (cell, knot, 2).

        Cells of fewer knots go on with infinite ones, whose tails are the last one's.
        """
        each = [self.cells.get(cell, self) for cell in range(_CELLS)]
        most = max(len(tails.predicted) for tails in each) + 1
        knots = np.full((_CELLS, most), np.inf)
        errors = np.empty((_CELLS, most, 2))
        for cell, tails in enumerate(each):
            count = len(tails.predicted)
            knots[cell, :count] = tails.predicted
            errors[cell, :count] = np.transpose([tails.p10, tails.p90])
            errors[cell, count:] = errors[cell, count - 1]
        return knots, errors


@dataclass(frozen=True, slots=True)
class Conditions:
    """What an error depends on besides the predicted power.

    Attributes
    ----------
    clear_sky_index
        None where the model has no irradiance. [unitless]
    solar_hour
        Hours after solar noon. [h]
    """

    clear_sky_index: Floats | None
    solar_hour: Floats

    @property
    def cell(self) -> NDArray[np.int64]:
        """The cell of each row."""
        hour = np.searchsorted(_HOURS, self.solar_hour)
        if self.clear_sky_index is None:
            return hour
        return np.searchsorted(_SKIES, self.clear_sky_index) * (len(_HOURS) + 1) + hour


def calibrate(actual: Floats, predicted: Floats, cell: NDArray[np.int64]) -> Intervals:
    """Learn the spread of the errors.

    Parameters
    ----------
    actual, predicted
        Daylight rows as shares of AC capacity, predicted by fits that ended before them. [unitless]
    cell
        Cell of each row, see `Conditions`.
    """
    overall = _tails_by_power(actual, predicted, _MOST_KNOTS)
    cells = {}
    for each in np.unique(cell).tolist():
        within = cell == each
        count = int(within.sum())
        if count >= _LEAST_ROWS_PER_CELL:
            own = _tails_by_power(actual[within], predicted[within], _MOST_KNOTS_PER_CELL)
            cells[each] = _drawn(own, overall, count / (count + _HALF_TRUSTED))
    return Intervals(**overall.model_dump(), cells=cells)


def _drawn(own: Tails, overall: Tails, trust: float) -> Tails:
    """Return a cell's tails, drawn towards those of all rows the fewer rows it has."""

    def between(mine: tuple[float, ...], others: tuple[float, ...]) -> tuple[float, ...]:
        there = np.interp(own.predicted, overall.predicted, others)
        return tuple(
            round(float(value), 6) for value in trust * np.array(mine) + (1 - trust) * there
        )

    return Tails(
        predicted=own.predicted,
        p10=between(own.p10, overall.p10),
        p90=between(own.p90, overall.p90),
    )


def _tails_by_power(actual: Floats, predicted: Floats, most: int) -> Tails:
    if len(actual) == 0:
        return Tails(predicted=(0.0,), p10=(0.0,), p90=(0.0,))
    count = int(np.clip(len(actual) // _LEAST_ROWS_PER_KNOT, 1, most))
    order = np.argsort(predicted, kind="stable")
    knots = [
        (float(predicted[part].mean()), *_tails(actual[part] - predicted[part]))
        for part in np.array_split(order, count)
    ]
    places, low, high = (
        tuple(round(value, 6) for value in each) for each in zip(*knots, strict=True)
    )
    return Tails(predicted=places, p10=low, p90=high)


def _tails(errors: Floats) -> tuple[float, float]:
    """Return the conformal quantiles: a little wider than the sample's, for the sample is finite."""
    n = len(errors)
    level = min(1.0, np.ceil((n + 1) * (1 - _TAIL)) / n)
    return float(-np.quantile(-errors, level)), float(np.quantile(errors, level))


def apply(
    intervals: Intervals, predicted: Floats, cell: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Return P10 and P90 around predictions, which they always enclose. [unitless]"""
    knots, tails = intervals.by_cell
    own = knots[cell]
    after = (own <= predicted[:, None]).sum(axis=1)
    left, right = np.maximum(after - 1, 0), np.minimum(after, own.shape[1] - 1)
    rows = np.arange(len(cell))
    start, end = own[rows, left], own[rows, right]
    # Before the first knot and from the last on, where the next one is infinitely far, nothing changes.
    share = np.maximum((predicted - start) / np.where(end > start, end - start, np.inf), 0.0)
    here = tails[cell, left]
    errors = here + (tails[cell, right] - here) * share[:, None]
    low, high = predicted + errors[:, 0], predicted + errors[:, 1]
    return np.minimum(low, predicted), np.maximum(high, predicted)
