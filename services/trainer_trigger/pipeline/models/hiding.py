"""Hides each input of a fitted model in turn, to learn how much wider its range is without it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from shared.solar import hidden
from shared.solar.position import Floats
from shared.solar.predictor import Predictor
from shared.solar.recipe import sun_of
from shared.solar.rows import Rows

_MOST_ROWS = 10_000  # are enough to tell a range
_INSIDE = 0.8  # share of rows that a range from P10 to P90 holds
_LEAST_WIDTH = 1e-3  # share of AC capacity
_WIDEST = 100.0


def widening(parts: Collection[Rows], predictor: Predictor) -> dict[str, float]:
    """Return by how much the range must be wider to hold as often, by the inputs that are missing.

    The rows are those of training. What is hidden matters far more there than what was learnt by heart.
    """
    total = sum(len(rows) for rows in parts)
    every = max(1, -(-total // _MOST_ROWS))
    needed: dict[str, list[Floats]] = {}
    for rows in parts:
        for sample in _days(rows, every):
            for name, members in hidden.groups(predictor.card.recipe).items():
                known = np.isfinite([sample.column(each) for each in members]).any(axis=0)
                found = _needed(sample, hidden.hide(sample, members), predictor)
                needed.setdefault(name, []).append(found[known & np.isfinite(found)])
    together = {name: np.concatenate(each) for name, each in needed.items()}
    return {name: _factor(values) for name, values in together.items() if len(values)}


def _factor(needed: Floats) -> float:
    return round(float(np.clip(np.quantile(needed, _INSIDE), 1.0, _WIDEST)), 3)


def _days(rows: Rows, every: int) -> Iterator[Rows]:
    """Yield every so many of the days, whole, so that rows have their neighbours."""
    day = rows.times.astype(np.int64) // 86_400
    kept = rows.take(day % every == 0)
    if len(kept):
        yield kept


def _needed(rows: Rows, without: Rows, predictor: Predictor) -> Floats:
    """Return how many times as wide the range of each daylight row would have to be; NaN at night."""
    said = predictor.predict(without)
    least = _LEAST_WIDTH * predictor.capacity(rows)
    error = rows.power_ac - said.power_ac
    width = np.where(error > 0, said.p90 - said.power_ac, said.power_ac - said.p10)
    needed: Floats = np.abs(error) / np.maximum(width, least)
    return np.where(sun_of(rows, predictor.card.recipe).up > 0, needed, np.nan)
