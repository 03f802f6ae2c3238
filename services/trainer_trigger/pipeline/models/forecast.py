"""Models of forecasts: a prediction that is right on average, and how far from it the power may come.

A forecast is right about a day sooner than about a quarter of an hour, and a year has few days. So every
candidate is held back hard: a ridge on physical terms, small trees, small trees on what the ridge leaves (by
squared and by absolute error) and a small network. Their weights start from what served on public plants and
move little: weights found on a few stretches of weather were worse than fixed ones.
docs/decisions/0021-forecast-models.md has the figures.

Trees of a quantile each say how wide the range around the prediction is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.models import blend, graphs, network, ridge, trees
from services.trainer_trigger.pipeline.models.base import Examples, Learnt, Values
from services.trainer_trigger.pipeline.models.checkpoints import Checkpoints
from services.trainer_trigger.pipeline.models.folds import origins
from services.trainer_trigger.pipeline.models.network import Ensemble
from services.trainer_trigger.pipeline.models.ridge import Ridge
from shared.solar.spread import LEVELS

# `median` is trees by absolute error on what the ridge leaves, `residual` the same by squared error.
PRIOR = {"ridge": 0.05, "lightgbm": 0.2, "residual": 0.2, "median": 0.2, "neural_network": 0.4}
_HIGHEST = 1.3  # share of AC capacity
_SHARPNESS = 2.0  # power of the mean squared error by which a weight falls
_LEAST_WEIGHT = 1e-3
_ENOUGH_ISSUES = 1.0  # of one interval in the mean; more of them say nearly the same and cost time


@dataclass(frozen=True, slots=True)
class _Fitted:
    """The fitted candidates, and trees for each quantile of what the ridge leaves."""

    ridge: Ridge
    trees: dict[str, Any]
    network: Ensemble | None
    quantiles: tuple[Any, ...]

    def predict(self, values: Values, members: Sequence[str]) -> NDArray[np.float64]:
        """Return the predictions of the members, side by side. [unitless]"""
        straight = self.ridge.predict(values)
        said: dict[str, Any] = {"ridge": straight}
        for name, booster in self.trees.items():
            said[name] = booster.predict(values) + (0.0 if name == "lightgbm" else straight)
        if self.network is not None:
            said["neural_network"] = self.network.predict(values)
        return np.column_stack([said[name] for name in members])

    def heads(self, values: Values) -> NDArray[np.float64]:
        """Return the quantiles of what the ridge leaves, of shape (rows, levels). [unitless]"""
        return np.column_stack([booster.predict(values) for booster in self.quantiles])

    def graph(self, weights: dict[str, float], width: int) -> bytes:
        """Return the weighted sum, and beside it the quantiles, as one graph."""
        on_the_ridge = sum(weights.get(name, 0.0) for name in ("ridge", "residual", "median"))
        parts = [(graphs.of_ridge(self.ridge), on_the_ridge)]
        parts += [
            (trees.graph(booster, width), weights[name]) for name, booster in self.trees.items()
        ]
        if self.network is not None:
            parts.append((self.network.graph(), weights["neural_network"]))
        point = graphs.weighted_sum("blend", [part for part in parts if part[1] > 0], width)
        heads = [trees.graph(booster, width) for booster in self.quantiles]
        return graphs.side_by_side("forecast", [point, *heads], width)


def fit(examples: Examples, seed: int, checkpoints: Checkpoints, members: Sequence[str]) -> Learnt:
    """Weigh the members by rolling origin, fit them on all rows, and write one graph with the quantiles.

    Parameters
    ----------
    members
        Some of `PRIOR`.
    """
    ahead = _look_ahead(examples, seed, checkpoints, members)
    known, share = ahead.origin >= 0, examples.share
    weights = weigh(
        np.clip(ahead.said[known], 0.0, _HIGHEST), share[known], ahead.origin[known], members
    )
    later = ahead.said.dot(weights)
    named = dict(zip(members, (float(weight) for weight in weights), strict=True))
    final = _fit(examples, seed, members, checkpoints)
    scores = {
        name: blend.r2(share[known], ahead.said[known, column])
        for column, name in enumerate(members)
    }
    return Learnt(
        graph=final.graph(named, examples.values.shape[1]),
        unseen=later,
        later=later,
        length=(int(known.sum()),),
        weights={name: round(weight, 4) for name, weight in named.items()},
        rolling_r2=scores | {"blend": blend.r2(share[known], later[known])},
        heads=ahead.heads,
    )


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What fits said of rows after them: NaN, and origin -1, before the first.

    Attributes
    ----------
    said, heads
        Of shape (rows, members) and (rows, levels). [unitless]
    """

    said: NDArray[np.float64]
    heads: NDArray[np.float64]
    origin: NDArray[np.int64]


def _look_ahead(
    examples: Examples, seed: int, checkpoints: Checkpoints, members: Sequence[str]
) -> _Ahead:
    count = len(examples.values)
    found = _Ahead(
        np.full((count, len(members)), np.nan),
        np.full((count, len(LEVELS)), np.nan),
        np.full(count, -1),
    )
    for number, (before, after) in enumerate(origins(examples.seconds)):
        piece = checkpoints.find(f"origin-{number}")
        if piece is None:
            fitted = _fit(examples.take(before), seed, members, None)
            later = examples.values[after]
            piece = {"said": fitted.predict(later, members), "heads": fitted.heads(later)}
            checkpoints.keep(f"origin-{number}", piece)
        found.said[after], found.heads[after] = piece["said"], piece["heads"]
        found.origin[after] = number
    return found


def weigh(
    said: NDArray[np.float64],
    share: NDArray[Any],
    origin: NDArray[np.int64],
    members: Sequence[str],
) -> NDArray[np.float64]:
    """Return weights of sum one: the prior, moved by the mean squared error on later rows. [unitless]"""
    prior = np.array([PRIOR[name] for name in members])
    weights: NDArray[np.float64] = prior * blend.weigh(said, share, origin, _SHARPNESS)
    weights[weights < _LEAST_WEIGHT * weights.sum()] = 0.0
    weights /= weights.sum()
    return weights


def _fit(
    examples: Examples, seed: int, members: Sequence[str], checkpoints: Checkpoints | None
) -> _Fitted:
    straight = ridge.fit_of_forecasts(examples)
    fewer = _some(examples, seed)
    left = fewer.share - straight.predict(fewer.values)
    grown: dict[str, Any] = {}
    if "lightgbm" in members:
        grown["lightgbm"] = trees.fit_steady(fewer, fewer.share, seed, "regression")
    if "residual" in members:
        grown["residual"] = trees.fit_steady(fewer, left, seed, "regression")
    if "median" in members:
        grown["median"] = trees.fit_steady(fewer, left, seed, "regression_l1")
    return _Fitted(
        straight,
        grown,
        _fit_network(fewer, seed, checkpoints) if "neural_network" in members else None,
        tuple(trees.fit_steady(fewer, left, seed, "quantile", level) for level in LEVELS),
    )


def _fit_network(examples: Examples, seed: int, checkpoints: Checkpoints | None) -> Ensemble:
    """Fit all members, also for a look ahead: they are small, and two were worse than four."""
    if checkpoints is None:
        return network.fit_some(examples, seed, len(np.unique(examples.part)), network.OF_FORECASTS)
    return network.fit_ensemble(examples, seed, checkpoints, network.OF_FORECASTS)


def _some(examples: Examples, seed: int) -> Examples:
    """Return rows drawn so that an interval has one issue in the mean, where it has more."""
    if examples.weight is None:
        return examples
    issues = 1.0 / float(examples.weight.mean())
    if issues <= _ENOUGH_ISSUES:
        return examples
    share = _ENOUGH_ISSUES / issues
    drawn = np.random.default_rng(seed).random(len(examples.values)) < share
    # What is left of an interval counts for all of it.
    return replace(examples, weight=examples.weight / np.float32(share)).take(drawn)
