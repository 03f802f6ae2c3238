"""The model types: each learns from features and a share of capacity, and becomes an ONNX graph.

Early stopping looks at the last part of the training time, never at shuffled rows: neighbours in time are
so alike that a shuffled split would not see overfitting. The length that was best there is then used on all
training rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
OPSET = 17


class Fitted(Protocol):
    """A model that has learnt."""

    def predict(self, values: Values) -> NDArray[np.float64]:
        """Return the predicted share of AC capacity. [unitless]"""
        ...

    def graph(self) -> bytes:
        """Return the model as ONNX graph with one input of float32 rows."""
        ...


@dataclass(frozen=True, slots=True)
class Learning:
    """Rows to learn from, and later rows that say when to stop.

    Attributes
    ----------
    values, share
        Features [unitless] and power as a share of AC capacity [unitless].
    later_values, later_share
        The same for rows after those; empty when `length` is given to the fit.
    """

    values: Values
    share: NDArray[np.float32]
    later_values: Values
    later_share: NDArray[np.float32]


Fit = Callable[[Learning, int, int | None], tuple[Fitted, int]]


# --- neural_network -----------------------------------------------------------------------------

_LAYERS = (64, 32)
_BATCH = 256
_RATE = 2e-3
_WEIGHT_DECAY = 1e-4
_MOST_EPOCHS = 60
_PATIENCE = 8


@dataclass(frozen=True, slots=True)
class _Network:
    scaler: Any
    network: Any
    width: int

    def predict(self, values: Values) -> NDArray[np.float64]:
        return np.asarray(self.network.predict(self.scaler.transform(values)), dtype=float)

    def graph(self) -> bytes:
        from skl2onnx import to_onnx  # noqa: PLC0415  1 s, needed once
        from skl2onnx.common.data_types import FloatTensorType  # noqa: PLC0415
        from sklearn.pipeline import Pipeline  # noqa: PLC0415

        model = to_onnx(
            Pipeline([("scale", self.scaler), ("network", self.network)]),
            initial_types=[("features", FloatTensorType([None, self.width]))],
            target_opset=OPSET,
            name="neural_network",
        )
        return bytes(model.SerializeToString())


def fit_network(learning: Learning, seed: int, length: int | None) -> tuple[Fitted, int]:
    """Fit a small multilayer perceptron on standardised features.

    Parameters
    ----------
    seed
        Of weights and batches.
    length
        Number of epochs, or None to stop early.

    Returns
    -------
    fitted, length
        The model, and the number of epochs that was best.
    """
    from sklearn.neural_network import MLPRegressor  # noqa: PLC0415  LightGBM runs do without
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    scaler = StandardScaler().fit(learning.values)
    values = scaler.transform(learning.values)
    network = MLPRegressor(
        hidden_layer_sizes=_LAYERS,
        batch_size=_BATCH,
        learning_rate_init=_RATE,
        alpha=_WEIGHT_DECAY,
        random_state=seed,
    )
    if length is not None:
        for _ in range(length):
            network.partial_fit(values, learning.share)
        return _Network(scaler, network, values.shape[1]), length
    later = scaler.transform(learning.later_values)
    best, best_error, kept = 0, np.inf, _weights(network)
    for epoch in range(1, _MOST_EPOCHS + 1):
        network.partial_fit(values, learning.share)
        error = float(np.square(network.predict(later) - learning.later_share).mean())
        if error < best_error:
            best, best_error, kept = epoch, error, _weights(network)
        if epoch - best >= _PATIENCE:
            break
    network.coefs_, network.intercepts_ = kept
    return _Network(scaler, network, values.shape[1]), best


def _weights(network: Any) -> tuple[list[Any], list[Any]]:
    return (
        [each.copy() for each in getattr(network, "coefs_", [])],
        [each.copy() for each in getattr(network, "intercepts_", [])],
    )


# --- lightgbm -----------------------------------------------------------------------------------

_MOST_ROUNDS = 1000
_ROUND_PATIENCE = 60
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
    "num_threads": 2,  # sums depend on it, and the artifact is to be the same everywhere
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class _Trees:
    booster: Any
    width: int

    def predict(self, values: Values) -> NDArray[np.float64]:
        return np.asarray(self.booster.predict(values), dtype=float)

    def graph(self) -> bytes:
        from onnxmltools import convert_lightgbm  # noqa: PLC0415  needed once
        from onnxmltools.convert.common.data_types import FloatTensorType  # noqa: PLC0415

        model = convert_lightgbm(
            self.booster,
            name="lightgbm",
            initial_types=[("features", FloatTensorType([None, self.width]))],
            target_opset=15,
            zipmap=False,
        )
        return bytes(model.SerializeToString())


def fit_trees(learning: Learning, seed: int, length: int | None) -> tuple[Fitted, int]:
    """Fit gradient-boosted trees; parameters and return as `fit_network`, `length` in rounds."""
    import lightgbm as lgb  # noqa: PLC0415  networks do without

    settings = {**_TREES, "seed": seed}
    data = lgb.Dataset(learning.values, learning.share)
    if length is not None:
        booster = lgb.train(settings, data, num_boost_round=length)
        return _Trees(booster, learning.values.shape[1]), length
    later = lgb.Dataset(learning.later_values, learning.later_share, reference=data)
    booster = lgb.train(
        settings,
        data,
        num_boost_round=_MOST_ROUNDS,
        valid_sets=[later],
        callbacks=[lgb.early_stopping(_ROUND_PATIENCE, verbose=False)],
    )
    return _Trees(booster, learning.values.shape[1]), max(int(booster.best_iteration), 1)


FITS: dict[str, Fit] = {"neural_network": fit_network, "lightgbm": fit_trees}
