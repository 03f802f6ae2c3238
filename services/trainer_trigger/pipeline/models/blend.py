"""`auto`: several candidates, weighed by how they did on rows after their training, and added up.

No kind of model wins on every plant. Each candidate is fitted on the rows before four moments of the training
time and predicts what follows. A candidate's weight falls with the sixth power of its mean squared error
there. Then every candidate is fitted on all training rows. The test rows take no part.
docs/decisions/0009-blend.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.models import graphs, network, ridge, trees
from services.trainer_trigger.pipeline.models.base import Examples, Learnt, Values
from services.trainer_trigger.pipeline.models.checkpoints import Checkpoints
from services.trainer_trigger.pipeline.models.folds import origins
from services.trainer_trigger.pipeline.models.network import Ensemble
from services.trainer_trigger.pipeline.models.ridge import Ridge
from shared.solar import metrics

_HIGHEST = 1.3  # share of AC capacity
_SHARPNESS = 6.0  # power of the mean squared error by which a weight falls; 4 to 12 were alike
_LEAST_ERROR = 1e-12  # keeps a candidate without any error comparable


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
            name: r2(examples.share[known], said[known, column])
            for column, name in enumerate(members)
        }
        | {"blend": r2(examples.share[known], later[known])},
    )


def weigh(
    said: NDArray[np.float64],
    share: NDArray[Any],
    origin: NDArray[np.int64],
    sharpness: float = _SHARPNESS,
) -> NDArray[np.float64]:
    """Return weights of sum one that fall with the mean squared error on later rows. [unitless]

    Candidates are compared within each origin, for a cloudy stretch is hard for all of them. Later origins,
    whose fits are more like the last one, count more.

    Parameters
    ----------
    said
        One column of predictions per candidate. [unitless]
    share
        What was measured. [unitless]
    origin
        Number of the origin that predicted each row.
    sharpness
        Power of the mean squared error by which a weight falls.
    """
    numbers = np.unique(origin)
    if not len(numbers):
        return np.full(said.shape[1], 1 / said.shape[1])
    error = np.square(said - share[:, None])
    within = np.log([error[origin == each].mean(axis=0) + _LEAST_ERROR for each in numbers])
    mean = np.average(within, axis=0, weights=numbers + 1.0)
    weights: NDArray[np.float64] = np.exp(-sharpness * (mean - mean.min()))
    weights /= weights.sum()
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


def r2(share: NDArray[Any], said: NDArray[np.float64]) -> float:
    """Return the coefficient of determination, 0 where there is none. [unitless]"""
    found = metrics.scores(share.astype(float), said)
    return round(found.r2, 5) if found is not None and found.r2 is not None else 0.0
