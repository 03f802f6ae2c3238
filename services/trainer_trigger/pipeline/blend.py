"""`auto`: several candidates, weighed by how they did on rows after their training, and added up.

No kind of model wins on every plant. Each candidate is fitted on the rows before four moments of the training
time and predicts what follows. Non-negative least squares weighs these predictions for each moment; the mean
of the weights is drawn half-way to equal ones, for four stretches of time are few. Then every candidate is
fitted on all training rows. The test rows take no part. docs/decisions/0009-blend.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from services.trainer_trigger.pipeline import graphs, network, ridge, trees
from services.trainer_trigger.pipeline.candidates import Examples, Learnt, Values
from services.trainer_trigger.pipeline.checkpoints import Checkpoints
from services.trainer_trigger.pipeline.folds import origins
from services.trainer_trigger.pipeline.network import Ensemble
from services.trainer_trigger.pipeline.ridge import Ridge
from shared.solar import metrics

_TOWARDS_EQUAL = 0.5
_HIGHEST = 1.3  # share of AC capacity
_SUM_WEIGHT = 1e3  # makes least squares keep the sum of one


@dataclass(frozen=True, slots=True)
class _Fitted:
    """The fitted candidates; `residual` is trees on what the ridge leaves."""

    ridge: Ridge
    trees: Any = None
    residual: Any = None
    network: Ensemble | None = None

    def predict(self, values: Values, members: Sequence[str]) -> NDArray[np.float64]:
        """Return the predictions of the members, side by side. [unitless]"""
        straight = self.ridge.predict(values)
        said: dict[str, Any] = {"ridge": straight}
        if self.trees is not None:
            said["lightgbm"] = self.trees.predict(values)
        if self.residual is not None:
            said["residual"] = straight + self.residual.predict(values)
        if self.network is not None:
            said["neural_network"] = self.network.predict(values)
        return np.column_stack([said[name] for name in members])

    def graph(self, weights: dict[str, float], width: int) -> bytes:
        """Return the weighted sum as one graph."""
        straight = weights.get("ridge", 0.0) + weights.get("residual", 0.0)
        parts = [(graphs.of_ridge(self.ridge), straight)]
        if self.trees is not None:
            parts.append((trees.graph(self.trees, width), weights["lightgbm"]))
        if self.residual is not None:
            parts.append((trees.graph(self.residual, width), weights["residual"]))
        if self.network is not None:
            parts.append((self.network.graph(), weights["neural_network"]))
        return graphs.weighted_sum("blend", [part for part in parts if part[1] > 0], width)


def fit(examples: Examples, seed: int, checkpoints: Checkpoints, members: Sequence[str]) -> Learnt:
    """Weigh the members by rolling origin, fit them on all rows, and write their sum as one graph.

    Parameters
    ----------
    members
        Some of `ridge`, `lightgbm`, `residual` and `neural_network`.
    """
    said = np.full((len(examples.values), len(members)), np.nan)
    origin = np.full(len(examples.values), -1)
    for number, (before, after) in enumerate(origins(examples.seconds)):
        piece = checkpoints.find(f"origin-{number}")
        if piece is None:
            fitted = _fit(examples.take(before), seed, members, None)
            piece = {"said": fitted.predict(examples.values[after], members)}
            checkpoints.keep(f"origin-{number}", piece)
        said[after], origin[after] = piece["said"], number
    known = np.isfinite(said).all(axis=1)
    weights = weigh(np.clip(said[known], 0.0, _HIGHEST), examples.share[known], origin[known])
    later = said @ weights
    named = dict(zip(members, (float(weight) for weight in weights), strict=True))
    final = _fit(examples, seed, members, checkpoints)
    return Learnt(
        graph=final.graph(named, examples.values.shape[1]),
        unseen=later,
        later=later,
        length=(int(known.sum()),),
        weights={name: round(weight, 4) for name, weight in named.items()},
        rolling_r2={
            name: _r2(examples.share[known], said[known, column])
            for column, name in enumerate(members)
        }
        | {"blend": _r2(examples.share[known], later[known])},
    )


def weigh(
    said: NDArray[np.float64], share: NDArray[Any], origin: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return weights of sum one, half-way between equal and the mean of each origin's best. [unitless]

    Each origin counts alike: in one sum of squares the worst stretch of time would decide alone.

    Parameters
    ----------
    said
        One column of predictions per candidate. [unitless]
    share
        What was measured. [unitless]
    origin
        Number of the origin that predicted each row.
    """
    count = said.shape[1]
    equal = np.full(count, 1 / count)
    solved = [
        _least_squares(said[origin == each], share[origin == each]) for each in np.unique(origin)
    ]
    if not solved:
        return equal
    weights: NDArray[np.float64] = (1 - _TOWARDS_EQUAL) * np.mean(solved, axis=0)
    return weights + _TOWARDS_EQUAL * equal


def _least_squares(said: NDArray[np.float64], share: NDArray[Any]) -> NDArray[np.float64]:
    count, scale = said.shape[1], np.sqrt(len(said))
    found, _ = nnls(
        np.vstack([said / scale, np.full((1, count), _SUM_WEIGHT)]),
        np.append(share / scale, _SUM_WEIGHT),
    )
    weights: NDArray[np.float64] = found / found.sum()
    return weights


def _fit(
    examples: Examples, seed: int, members: Sequence[str], checkpoints: Checkpoints | None
) -> _Fitted:
    straight = ridge.fit(examples)
    values, share = examples.values, examples.share
    return _Fitted(
        straight,
        trees=trees.fit_fixed(values, share, seed, "regression_l1")
        if "lightgbm" in members
        else None,
        residual=trees.fit_fixed(values, share - straight.predict(values), seed, "regression")
        if "residual" in members
        else None,
        network=_fit_network(examples, seed, checkpoints) if "neural_network" in members else None,
    )


def _fit_network(examples: Examples, seed: int, checkpoints: Checkpoints | None) -> Ensemble:
    """Fit all members of the network for good, and two of them for a look ahead."""
    if checkpoints is None:
        return network.fit_some(examples, seed)
    return network.fit_ensemble(examples, seed, checkpoints)


def _r2(share: NDArray[Any], said: NDArray[np.float64]) -> float:
    found = metrics.scores(share.astype(float), said)
    return round(found.r2, 5) if found is not None and found.r2 is not None else 0.0
