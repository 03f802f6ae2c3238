"""`lightgbm`: gradient-boosted trees on all rows, for as many rounds as unseen days found best."""

from __future__ import annotations

from functools import partial
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

from services.trainer_trigger.pipeline.candidates import Examples, Learnt, Predict, Values
from services.trainer_trigger.pipeline.checkpoints import Checkpoints
from services.trainer_trigger.pipeline.folds import predict_later

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
                "unseen": np.asarray(booster.predict(values[away])),
            }
            checkpoints.keep(f"part-{part}", piece)
        unseen[away] = piece["unseen"]
        lengths.append(int(piece["rounds"]))
    rounds = round(float(np.mean(lengths)))
    final = lgb.train(settings, lgb.Dataset(values, share), num_boost_round=rounds)
    later = checkpoints.find("later")
    if later is None:
        later = {"predicted": predict_later(examples, partial(_fitted, settings, rounds))}
        checkpoints.keep("later", later)
    return Learnt(graph(final, values.shape[1]), unseen, later["predicted"], tuple(lengths))


def _fitted(settings: dict[str, Any], rounds: int, near: Examples) -> Predict:
    booster = lgb.train(settings, lgb.Dataset(near.values, near.share), num_boost_round=rounds)
    return lambda values: np.asarray(booster.predict(values))


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


def _stopped_early(examples: Examples, away: Any, settings: dict[str, Any]) -> lgb.Booster:
    data = lgb.Dataset(examples.values[~away], examples.share[~away])
    return lgb.train(
        settings,
        data,
        num_boost_round=_MOST_ROUNDS,
        valid_sets=[lgb.Dataset(examples.values[away], examples.share[away], reference=data)],
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
