"""Fit one peer on the tables that `bench/peers.py` wrote; runs in the peers' own environment.

python peers_fit.py PEER <folder of train.parquet and test.parquet> <predictions.npy> <seconds>

PEER is one of autogluon, autogluon_quantiles and flaml.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

TARGET = "share"


def autogluon(train: pd.DataFrame, test: pd.DataFrame, seconds: int) -> Any:
    """Predict by AutoGluon's tabular ensembles, with its own defaults."""
    from autogluon.tabular import TabularPredictor  # noqa: PLC0415  each peer loads its own

    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(
            label=TARGET, problem_type="regression", eval_metric="r2", path=folder
        )
        predictor.fit(train, time_limit=seconds)
        return predictor.predict(test.drop(columns=TARGET))


def autogluon_quantiles(train: pd.DataFrame, test: pd.DataFrame, seconds: int) -> Any:
    """Predict P10, P50 and P90 by AutoGluon, with its own defaults; more levels give no model in a minute."""
    from autogluon.tabular import TabularPredictor  # noqa: PLC0415  each peer loads its own

    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(
            label=TARGET, problem_type="quantile", quantile_levels=[0.1, 0.5, 0.9], path=folder
        )
        predictor.fit(train, time_limit=seconds)
        return predictor.predict(test.drop(columns=TARGET))


def flaml(train: pd.DataFrame, test: pd.DataFrame, seconds: int) -> Any:
    """Predict by FLAML's search over boosted trees, validated in the order of time."""
    from flaml import AutoML  # noqa: PLC0415  each peer loads its own

    search = AutoML()
    search.fit(
        train.drop(columns=TARGET),
        train[TARGET],
        task="regression",
        metric="r2",
        time_budget=seconds,
        estimator_list=["lgbm", "xgboost", "rf", "extra_tree"],
        split_type="time",
        seed=1,
        verbose=0,
    )
    return search.predict(test.drop(columns=TARGET))


PEERS: dict[str, Callable[[pd.DataFrame, pd.DataFrame, int], Any]] = {
    "autogluon": autogluon,
    "autogluon_quantiles": autogluon_quantiles,
    "flaml": flaml,
}


def main(peer: str, folder: str, said: str, seconds: str) -> None:
    """Fit, predict the test rows and write the predictions."""
    train, test = (pd.read_parquet(f"{folder}/{part}.parquet") for part in ("train", "test"))
    np.save(said, np.asarray(PEERS[peer](train, test, int(seconds)), dtype=float))


if __name__ == "__main__":
    main(*sys.argv[1:])
