"""`lightgbm`: gradient-boosted trees on all rows, for as many rounds as unseen days found best."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

from services.trainer_trigger.pipeline.models.base import Examples, Learnt, Values
from services.trainer_trigger.pipeline.models.checkpoints import Checkpoints
from services.trainer_trigger.pipeline.models.folds import origins
from shared.solar import runs

_MOST_ROUNDS = 1000
_PATIENCE = 50
_OPSET = 15
_FIXED_ROUNDS = 400
_SETTINGS = {
    "objective": "regression",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # sums depend on it, and more only wait for each other on a plant's few rows
    "verbosity": -1,
}
_STEADY = {
    **_SETTINGS,
    "learning_rate": 0.03,
    "num_leaves": 8,
    "feature_fraction": 0.4,
    "extra_trees": True,
}
_STEADY_ROUNDS = 200
_STEADY_LEAF = 200  # least rows in a leaf, each an interval


def fit(examples: Examples, seed: int, checkpoints: Checkpoints) -> Learnt:
    """Find the number of rounds on the parts, then fit all rows; parameters as `network.fit`."""
    settings = {**_SETTINGS, "seed": seed}
    values, share = examples.values, examples.share
    unseen = np.empty(len(values))
    lengths = []
    for part in np.unique(examples.part):
        away = examples.part == part
        piece = checkpoints.find(f"part-{part}")
        if piece is None:
            booster = _stopped_early(examples, away, settings)
            piece = {
                "rounds": np.array(max(int(booster.best_iteration), 1)),
                "unseen": _predict(booster, values, away),
            }
            checkpoints.keep(f"part-{part}", piece)
        unseen[away] = piece["unseen"]
        lengths.append(int(piece["rounds"]))
    rounds = round(float(np.mean(lengths)))
    final = lgb.train(settings, lgb.Dataset(values, share), num_boost_round=rounds)
    later = checkpoints.find("later")
    if later is None:
        later = {"predicted": _predict_later(examples, settings, rounds)}
        checkpoints.keep("later", later)
    return Learnt(graph(final, values.shape[1]), unseen, later["predicted"], tuple(lengths))


def _predict_later(
    examples: Examples, settings: dict[str, Any], rounds: int
) -> NDArray[np.float64]:
    """Return what fits on earlier rows say of later ones; NaN before the first origin. [unitless]"""
    later = np.full(len(examples.values), np.nan)
    for before, after in origins(examples.seconds):
        booster = lgb.train(settings, _dataset(examples, before), num_boost_round=rounds)
        later[after] = _predict(booster, examples.values, after)
    return later


def _views(values: Values, which: NDArray[np.bool_]) -> list[Values]:
    """Return rows as views of the matrix, one per run: a fleet's features are never copied."""
    return [values[start:end] for start, end in zip(*runs.where(which), strict=True)]


def _dataset(
    examples: Examples, which: NDArray[np.bool_], reference: lgb.Dataset | None = None
) -> lgb.Dataset:
    return lgb.Dataset(_views(examples.values, which), examples.share[which], reference=reference)


def _predict(booster: lgb.Booster, values: Values, which: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.concatenate([np.asarray(booster.predict(view)) for view in _views(values, which)])


def fit_fixed(values: Values, target: NDArray[Any], seed: int, objective: str) -> lgb.Booster:
    """Fit a candidate of the blend: so many rounds that more gained nothing on any public plant.

    Parameters
    ----------
    target
        Share of capacity, or what is left of it. [unitless]
    objective
        `regression_l1`, which outages and curtailment sway less, or `regression`.
    """
    settings = {
        **_SETTINGS,
        "objective": objective,
        "min_data_in_leaf": min(200, max(20, len(values) // 100)),
        "seed": seed,
    }
    return lgb.train(settings, lgb.Dataset(values, target), num_boost_round=_FIXED_ROUNDS)


def fit_steady(
    examples: Examples, target: NDArray[Any], seed: int, objective: str, level: float | None = None
) -> lgb.Booster:
    """Fit trees of forecasts: few leaves, cut at random, for a forecast is right about few things.

    Parameters
    ----------
    target
        Share of capacity, or what is left of it. [unitless]
    level
        Which quantile the objective `quantile` is to find. [unitless]
    """
    weight = examples.weight
    issues = 1.0 if weight is None else 1.0 / float(weight.mean())  # rows that tell of one interval
    least = min(_STEADY_LEAF, max(20, len(target) // 100)) * issues
    settings = _STEADY | {"objective": objective, "seed": seed, "min_data_in_leaf": round(least)}
    if level is not None:
        settings["alpha"] = level
    data = lgb.Dataset(examples.values, target, weight=weight)
    return lgb.train(settings, data, num_boost_round=_STEADY_ROUNDS)


def _stopped_early(
    examples: Examples, away: NDArray[np.bool_], settings: dict[str, Any]
) -> lgb.Booster:
    data = _dataset(examples, ~away)
    return lgb.train(
        settings,
        data,
        num_boost_round=_MOST_ROUNDS,
        valid_sets=[_dataset(examples, away, reference=data)],
        callbacks=[lgb.early_stopping(_PATIENCE, verbose=False)],
    )


def graph(booster: lgb.Booster, width: int) -> bytes:
    """Return fitted trees as ONNX."""
    model: Any = convert_lightgbm(
        booster,
        name="lightgbm",
        initial_types=[("features", FloatTensorType([None, width]))],
        target_opset=_OPSET,
        zipmap=False,
    )
    return bytes(model.SerializeToString())
