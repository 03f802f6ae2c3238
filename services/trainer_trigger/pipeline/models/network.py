"""`neural_network`: four small multilayer perceptrons, each stopped by days it did not see, averaged.

One network's score hangs on its seed by up to .02 of R2; the mean of four was better than the best single one
on every public plant tried. It is written as one network whose layers stand side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from services.trainer_trigger.pipeline.models import graphs
from services.trainer_trigger.pipeline.models.base import Examples, Learnt, Values
from services.trainer_trigger.pipeline.models.checkpoints import Checkpoints
from services.trainer_trigger.pipeline.models.folds import predict_later
from services.trainer_trigger.pipeline.models.perceptron import Perceptron


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a network is, and how strongly its weights are held back.

    Attributes
    ----------
    layers
        Units of the two hidden layers.
    decay
        Weight of the squared weights beside the squared errors. [unitless]
    """

    layers: tuple[int, int] = (64, 32)
    decay: float = 1e-3


OF_MEASURED = Shape()
# Forecasts are right about few things: a large network learns by heart what clouds did by chance.
OF_FORECASTS = Shape((16, 8), 0.1)
_BATCHES = 100  # per epoch, so that few rows are learnt as thoroughly as many
_SMALLEST_BATCH, _LARGEST_BATCH = 32, 256
_RATE = 2e-3
_MOST_EPOCHS = 60
_PATIENCE = 8


@dataclass(frozen=True, slots=True)
class _Member:
    """One fitted network: weights and shifts of each layer, and the epochs that were best."""

    weights: list[NDArray[np.float32]]
    shifts: list[NDArray[np.float32]]
    epochs: int

    def predict(self, values: Values) -> NDArray[np.float32]:
        last = len(self.weights) - 1
        for depth, (weight, shift) in enumerate(zip(self.weights, self.shifts, strict=True)):
            values = values @ weight + shift
            if depth < last:
                values = np.maximum(values, 0.0)
        return values.ravel()


def fit(examples: Examples, seed: int, checkpoints: Checkpoints) -> Learnt:
    """Fit the members, one per part of the training time, and write their mean as one graph.

    Two networks, fitted on the rows before each origin, tell how errors are on later rows.

    Parameters
    ----------
    seed
        Of first weights and batches.
    checkpoints
        Members that an interrupted job had finished.
    """
    ensemble = fit_ensemble(examples, seed, checkpoints)
    later = checkpoints.find("later")
    if later is None:
        later = {
            "predicted": predict_later(examples, lambda near: fit_some(near, seed).predict, skip=1)
        }
        checkpoints.keep("later", later)
    return Learnt(
        ensemble.graph(),
        ensemble.unseen,
        later["predicted"],
        tuple(member.epochs for member in ensemble.members),
    )


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Fitted networks that speak by their mean.

    Attributes
    ----------
    unseen
        Prediction of each row by the member that had not seen it. [unitless]
    """

    scaler: StandardScaler
    members: list[_Member]
    unseen: NDArray[np.float64]

    def predict(self, values: Values) -> NDArray[np.float32]:
        """Return the mean of the members' predictions. [unitless]"""
        scaled = self.scaler.transform(values)
        with threadpool_limits(limits=1, user_api="blas"):
            mean: NDArray[np.float32] = np.mean(
                [member.predict(scaled) for member in self.members], axis=0
            )
        return mean

    def graph(self) -> bytes:
        """Return the mean as one network in ONNX."""
        return _graph(self.scaler, self.members)


def fit_ensemble(
    examples: Examples, seed: int, checkpoints: Checkpoints, shape: Shape = OF_MEASURED
) -> Ensemble:
    """Fit one member per part of the training time, stopped by that part."""
    parts = np.unique(examples.part)
    return _fit_on(examples, seed, checkpoints, parts, shape)


def fit_some(examples: Examples, seed: int, count: int = 2, shape: Shape = OF_MEASURED) -> Ensemble:
    """Fit a few members, for a look ahead."""
    return _fit_on(examples, seed, None, np.unique(examples.part)[:count], shape)


def _fit_on(
    examples: Examples,
    seed: int,
    checkpoints: Checkpoints | None,
    parts: NDArray[np.int64],
    shape: Shape,
) -> Ensemble:
    scaler = StandardScaler().fit(examples.values)
    values = scaler.transform(examples.values)
    if examples.weight is not None:  # one in the mean, so that the decay means the same
        examples = replace(examples, weight=examples.weight / examples.weight.mean())
    unseen = np.full(len(values), np.nan)
    members = []
    # One thread: on matrices as small as a batch a second one only waits, and sums depend on it.
    with threadpool_limits(limits=1, user_api="blas"):
        for part in parts:
            away = examples.part == part
            member = _found(checkpoints, int(part), shape) if checkpoints else None
            if member is None:
                member = _fit_member(
                    replace(examples, values=values), away, seed + int(part), shape
                )
                if checkpoints:
                    _keep(checkpoints, int(part), member)
            unseen[away] = member.predict(values[away])
            members.append(member)
    return Ensemble(scaler, members, unseen)


def _fit_member(examples: Examples, away: NDArray[np.bool_], seed: int, shape: Shape) -> _Member:
    """Fit one network until the part it does not see gets no better."""
    near, other = examples.take(~away), examples.take(away)
    batch = int(np.clip(len(near.values) // _BATCHES, _SMALLEST_BATCH, _LARGEST_BATCH))
    sizes = (near.values.shape[1], *shape.layers, 1)
    network = Perceptron(sizes, _RATE, shape.decay, np.random.default_rng(seed))
    best, best_error = _Member([], [], 0), np.inf
    for epoch in range(1, _MOST_EPOCHS + 1):
        network.learn(near.values, near.share, batch, near.weight)
        squared = np.square(network.predict(other.values) - other.share)
        error = float(
            squared.mean() if other.weight is None else np.average(squared, weights=other.weight)
        )
        if error < best_error:
            best_error = error
            best = _Member(
                [each.copy() for each in network.weights],
                [each.copy() for each in network.shifts],
                epoch,
            )
        if epoch - best.epochs >= _PATIENCE:
            break
    return best


def _graph(scaler: StandardScaler, members: list[_Member]) -> bytes:
    """Write the mean of the members as one network whose layers stand side by side."""
    last = len(members[0].weights) - 1
    weights = [[member.weights[depth] for member in members] for depth in range(last + 1)]
    shifts = [[member.shifts[depth] for member in members] for depth in range(last + 1)]
    first = (np.hstack(weights[0]), np.concatenate(shifts[0]))
    inner = [
        (block_diag(*weights[depth]), np.concatenate(shifts[depth])) for depth in range(1, last)
    ]
    mean = (np.vstack(weights[last]) / len(members), np.mean(shifts[last], axis=0))
    return graphs.of_network(scaler.mean_, scaler.scale_, [first, *inner, mean])


def _found(checkpoints: Checkpoints, part: int, shape: Shape) -> _Member | None:
    arrays = checkpoints.find(f"member-{part}")
    if arrays is None:
        return None
    depths = range(len(shape.layers) + 1)
    return _Member(
        [arrays[f"weights_{depth}"] for depth in depths],
        [arrays[f"shifts_{depth}"] for depth in depths],
        int(arrays["epochs"]),
    )


def _keep(checkpoints: Checkpoints, part: int, member: _Member) -> None:
    arrays: dict[str, NDArray[Any]] = {"epochs": np.array(member.epochs)}
    for depth, (weights, shifts) in enumerate(zip(member.weights, member.shifts, strict=True)):
        arrays |= {f"weights_{depth}": weights, f"shifts_{depth}": shifts}
    checkpoints.keep(f"member-{part}", arrays)
