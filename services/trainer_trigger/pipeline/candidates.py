"""The model types: each learns a share of capacity from features, and becomes an ONNX graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
Shares = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows to learn from.

    Attributes
    ----------
    values
        Features. [unitless]
    share
        Power as a share of AC capacity. [unitless]
    part
        Part of the training time that each row belongs to, see `folds`.
    """

    values: Values
    share: Shares
    part: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a fit leaves.

    Attributes
    ----------
    graph
        The model as ONNX with one input of float32 rows.
    unseen
        Prediction of each training row by a fit that had not seen the row's part. [unitless]
    length
        Epochs or rounds that were best in each part.
    """

    graph: bytes
    unseen: NDArray[np.float64]
    length: tuple[int, ...]


Fit = Callable[[Examples, int], Learnt]


# --- neural_network -----------------------------------------------------------------------------

_LAYERS = (64, 32)
_BATCHES = 100  # per epoch, so that few rows are learnt as thoroughly as many
_SMALLEST_BATCH, _LARGEST_BATCH = 32, 256
_RATE = 2e-3
_WEIGHT_DECAY = 1e-3
_MOST_EPOCHS = 60
_PATIENCE = 8
_NETWORK_OPSET = 17


def fit_network(examples: Examples, seed: int) -> Learnt:
    """Fit four small multilayer perceptrons, each stopped by the part it does not see, and average them.

    The mean of four was better than the best single one on every public plant tried, and hardly depends on
    the seed. It is written as one network whose layers stand side by side.
    """
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415  trees do without scikit-learn's networks
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  as above

    scaler = StandardScaler().fit(examples.values)
    values = scaler.transform(examples.values)
    unseen = np.empty(len(values))
    members, lengths = [], []
    for part in np.unique(examples.part):
        away = examples.part == part
        # One thread: on matrices as small as a batch a second one only waits, and sums depend on it.
        with threadpool_limits(limits=1, user_api="blas"):
            network, length = _fit_member(
                values[~away],
                examples.share[~away],
                values[away],
                examples.share[away],
                seed + int(part),
            )
        unseen[away] = network.predict(values[away])
        members.append(network)
        lengths.append(length)
    return Learnt(_network_graph(scaler, _side_by_side(members)), unseen, tuple(lengths))


def _fit_member(
    values: Values, share: Shares, later: Values, later_share: Shares, seed: int
) -> tuple[Any, int]:
    from sklearn.neural_network import MLPRegressor  # noqa: PLC0415  as above

    network = MLPRegressor(
        hidden_layer_sizes=_LAYERS,
        batch_size=int(np.clip(len(values) // _BATCHES, _SMALLEST_BATCH, _LARGEST_BATCH)),
        learning_rate_init=_RATE,
        alpha=_WEIGHT_DECAY,
        random_state=seed,
    )
    best, best_error = 0, np.inf
    kept: tuple[list[Any], list[Any]] = ([], [])
    for epoch in range(1, _MOST_EPOCHS + 1):
        network.partial_fit(values, share)
        error = float(np.square(network.predict(later) - later_share).mean())
        if error < best_error:
            best, best_error = epoch, error
            kept = (
                [each.copy() for each in network.coefs_],
                [each.copy() for each in network.intercepts_],
            )
        if epoch - best >= _PATIENCE:
            break
    network.coefs_, network.intercepts_ = kept
    return network, best


def _side_by_side(members: list[Any]) -> Any:
    """Return one network that computes the mean of several."""
    from scipy.linalg import block_diag  # noqa: PLC0415  as above

    merged, last = members[0], len(_LAYERS)
    layers = [[member.coefs_[depth] for member in members] for depth in range(last + 1)]
    shifts = [[member.intercepts_[depth] for member in members] for depth in range(last + 1)]
    inner = [block_diag(*layer).astype(np.float32) for layer in layers[1:last]]
    merged.coefs_ = [np.hstack(layers[0]), *inner, np.vstack(layers[last]) / len(members)]
    merged.intercepts_ = [
        *(np.concatenate(shift) for shift in shifts[:last]),
        np.mean(shifts[last], axis=0),
    ]
    merged.hidden_layer_sizes = tuple(width * len(members) for width in _LAYERS)
    return merged


def _network_graph(scaler: Any, network: Any) -> bytes:
    from skl2onnx import to_onnx  # noqa: PLC0415  takes a second, needed once
    from skl2onnx.common.data_types import FloatTensorType  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415

    model = to_onnx(
        Pipeline([("scale", scaler), ("network", network)]),
        initial_types=[("features", FloatTensorType([None, scaler.n_features_in_]))],
        target_opset=_NETWORK_OPSET,
        name="neural_network",
    )
    return bytes(model.SerializeToString())


# --- lightgbm -----------------------------------------------------------------------------------

_MOST_ROUNDS = 1000
_ROUND_PATIENCE = 50
_TREES_OPSET = 15
_TREES = {
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


def fit_trees(examples: Examples, seed: int) -> Learnt:
    """Fit gradient-boosted trees on all rows, for as many rounds as the parts found best."""
    import lightgbm as lgb  # noqa: PLC0415  networks do without

    settings = {**_TREES, "seed": seed}
    values, share = examples.values, examples.share
    unseen = np.empty(len(values))
    lengths = []
    for part in np.unique(examples.part):
        away = examples.part == part
        data = lgb.Dataset(values[~away], share[~away])
        booster = lgb.train(
            settings,
            data,
            num_boost_round=_MOST_ROUNDS,
            valid_sets=[lgb.Dataset(values[away], share[away], reference=data)],
            callbacks=[lgb.early_stopping(_ROUND_PATIENCE, verbose=False)],
        )
        unseen[away] = booster.predict(values[away])
        lengths.append(max(int(booster.best_iteration), 1))
    rounds = round(float(np.mean(lengths)))
    final = lgb.train(settings, lgb.Dataset(values, share), num_boost_round=rounds)
    return Learnt(_trees_graph(final, values.shape[1]), unseen, tuple(lengths))


def _trees_graph(booster: Any, width: int) -> bytes:
    from onnxmltools import convert_lightgbm  # noqa: PLC0415  needed once
    from onnxmltools.convert.common.data_types import FloatTensorType  # noqa: PLC0415

    model = convert_lightgbm(
        booster,
        name="lightgbm",
        initial_types=[("features", FloatTensorType([None, width]))],
        target_opset=_TREES_OPSET,
        zipmap=False,
    )
    return bytes(model.SerializeToString())


FITS: dict[str, Fit] = {"neural_network": fit_network, "lightgbm": fit_trees}
