"""Prediction intervals from the errors a model made on rows later than those it was fitted on.

The errors are sorted by sky and hour: a clear noon is predicted to a percent, a broken morning is not. In
each such cell the tails follow the predicted power; a cell of few rows is drawn towards all rows.

Errors of one stretch of time are alike, so that more rows of it prove little. What the other stretches teach
is therefore held against each stretch in turn, and the tails are widened or narrowed to what would have held
there. Early fits knew less than the last one: half of the fall of the errors counts as learnt since.

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
_LEARNT = 0.5  # power of the errors' fall towards the last stretch; the rest may be the season
_FALL = (0.5, 2.0)  # within which a fall is believed
_SCALE = (0.5, 3.0)  # within which stretches that were held out may narrow and widen the tails
_LEAST_WIDTH = 1e-4  # share of AC capacity
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
    def lines(self) -> tuple[Floats, Floats]:
        """Knots, and P10 and P90 of the error as lines before, between and after them.

        Arrays of (cell, knot) and (cell, line, 2 tails, 2): value at no power, and slope. Cells of fewer
        knots go on with infinite ones.
        """
        per_cell = [self.cells.get(cell, self) for cell in range(_CELLS)]
        most = max(len(tails.predicted) for tails in per_cell)
        knots = np.full((_CELLS, most), np.inf)
        lines = np.zeros((_CELLS, most + 1, 2, 2))
        for cell, tails in enumerate(per_cell):
            count = len(tails.predicted)
            x, y = np.array(tails.predicted), np.array([tails.p10, tails.p90]).T
            knots[cell, :count] = x
            steps = np.diff(x)[:, None]
            slopes = np.diff(y, axis=0) / np.where(steps > 0, steps, np.inf)
            lines[cell, 0, :, 0], lines[cell, count:, :, 0] = y[0], y[-1]
            lines[cell, 1:count, :, 0] = y[:-1] - slopes * x[:-1, None]
            lines[cell, 1:count, :, 1] = slopes
        return knots, lines


@dataclass(frozen=True, slots=True)
class Conditions:
    """What an error depends on besides the predicted power.

    Attributes
    ----------
    clearsky_index
        None where the model has no irradiance. [unitless]
    solar_hour
        Hours after solar noon. [h]
    """

    clearsky_index: Floats | None
    solar_hour: Floats

    @property
    def cell(self) -> NDArray[np.int64]:
        """The cell of each row."""
        hour = np.searchsorted(_HOURS, self.solar_hour)
        if self.clearsky_index is None:
            return hour
        return np.searchsorted(_SKIES, self.clearsky_index) * (len(_HOURS) + 1) + hour


def calibrate(
    actual: Floats, predicted: Floats, cell: NDArray[np.int64], origin: NDArray[np.int64]
) -> Intervals:
    """Learn the spread of the errors.

    Parameters
    ----------
    actual, predicted
        Daylight rows as shares of AC capacity, predicted by fits that ended before them. [unitless]
    cell
        Cell of each row, see `Conditions`.
    origin
        Number of the fit that predicted each row, in the order of time.
    """
    errors = _as_of_now(actual - predicted, origin)
    low, high = _held_out(errors, predicted, cell, origin)
    found = _learn(errors, predicted, cell)
    return Intervals(
        **_scaled(found, low, high).model_dump(),
        cells={each: _scaled(tails, low, high) for each, tails in found.cells.items()},
    )


def _as_of_now(errors: Floats, origin: NDArray[np.int64]) -> Floats:
    """Return the errors as a fit of today would make them, as far as their fall is believed. [unitless]"""
    numbers, which = np.unique(origin, return_inverse=True)
    if not len(numbers):
        return errors
    typical = [
        np.quantile(np.abs(errors[which == each]), 1 - 2 * _TAIL) for each in range(len(numbers))
    ]
    fall = typical[-1] / np.maximum(typical, _LEAST_WIDTH)
    factor: Floats = np.clip(fall, *_FALL) ** _LEARNT
    return errors * factor[which]


def _held_out(
    errors: Floats, predicted: Floats, cell: NDArray[np.int64], origin: NDArray[np.int64]
) -> tuple[float, float]:
    """Return how much wider either tail must be to hold on stretches that it was not learnt from."""
    numbers = np.unique(origin)
    if len(numbers) < 2:  # noqa: PLR2004  one stretch has no other
        return 1.0, 1.0
    beyond = np.empty((len(errors), 2))
    for each in numbers:
        here = origin == each
        others = _learn(errors[~here], predicted[~here], cell[~here])
        low, high = apply(others, predicted[here], cell[here])
        beyond[here, 0] = -errors[here] / np.maximum(predicted[here] - low, _LEAST_WIDTH)
        beyond[here, 1] = errors[here] / np.maximum(high - predicted[here], _LEAST_WIDTH)
    low_scale, high_scale = np.clip(np.quantile(beyond, 1 - _TAIL, axis=0), *_SCALE)
    return float(low_scale), float(high_scale)


def _learn(errors: Floats, predicted: Floats, cell: NDArray[np.int64]) -> Intervals:
    overall = _tails_by_power(errors, predicted, _MOST_KNOTS)
    cells = {}
    for each in np.unique(cell).tolist():
        within = cell == each
        count = int(within.sum())
        if count >= _LEAST_ROWS_PER_CELL:
            own = _tails_by_power(errors[within], predicted[within], _MOST_KNOTS_PER_CELL)
            cells[each] = _drawn(own, overall, count / (count + _HALF_TRUSTED))
    return Intervals(**overall.model_dump(), cells=cells)


def _scaled(tails: Tails, low: float, high: float) -> Tails:
    return Tails(
        predicted=tails.predicted,
        p10=tuple(round(low * value, 6) for value in tails.p10),
        p90=tuple(round(high * value, 6) for value in tails.p90),
    )


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


def _tails_by_power(errors: Floats, predicted: Floats, most: int) -> Tails:
    if len(errors) == 0:
        return Tails(predicted=(0.0,), p10=(0.0,), p90=(0.0,))
    count = int(np.clip(len(errors) // _LEAST_ROWS_PER_KNOT, 1, most))
    order = np.argsort(predicted, kind="stable")
    knots = [
        (float(predicted[part].mean()), *_tails(errors[part]))
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
    knots, lines = intervals.lines
    line = lines[cell, (knots[cell] <= predicted[:, None]).sum(axis=1)]
    errors = line[..., 0] + line[..., 1] * predicted[:, None]
    low, high = predicted + errors[:, 0], predicted + errors[:, 1]
    return np.minimum(low, predicted), np.maximum(high, predicted)
