"""Our perceptron is as good as scikit-learn's, on rows that neither saw."""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPRegressor

from services.trainer_trigger.pipeline.models.perceptron import Perceptron

RATE, DECAY = 2e-3, 1e-3


def examples(seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    values = np.random.default_rng(seed).normal(0, 1, (1000, 3)).astype(np.float32)
    return values, np.sin(values[:, 0]) + np.maximum(values[:, 1], 0) * values[:, 2]


def test_it_learns_as_well_as_scikit_learns_for_rows_that_neither_saw():
    values, target = examples()
    unseen, truth = examples(seed=5)
    ours, theirs = [], []
    for seed in range(4):
        network = Perceptron((3, 32, 16, 1), RATE, DECAY, np.random.default_rng(seed))
        for _ in range(20):
            network.learn(values, target.astype(np.float32), 32)
        ours.append(np.square(network.predict(unseen) - truth).mean())
        reference = MLPRegressor(
            hidden_layer_sizes=(32, 16), alpha=DECAY, learning_rate_init=RATE, batch_size=32,
            random_state=seed,
        )  # fmt: skip
        for _ in range(20):
            reference.partial_fit(values, target)
        theirs.append(np.square(reference.predict(unseen) - truth).mean())
    assert np.mean(ours) < 1.2 * np.mean(theirs) < 0.1 * truth.var()
