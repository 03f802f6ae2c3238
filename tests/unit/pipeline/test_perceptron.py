"""A perceptron follows the slope of its error, and the same seed draws the same network."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from services.trainer_trigger.pipeline.models.perceptron import Perceptron

RATE, DECAY = 2e-3, 1e-3


def drawn(seed: int = 1) -> Perceptron:
    return Perceptron((3, 8, 4, 1), RATE, DECAY, np.random.default_rng(seed))


def examples(count: int = 2000, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    values = np.random.default_rng(seed).normal(0, 1, (count, 3)).astype(np.float32)
    return values, np.sin(values[:, 0]) + np.maximum(values[:, 1], 0) * values[:, 2]


def test_the_slopes_are_those_of_the_error():
    network = drawn()
    values, target = (each[:50] for each in examples())

    def loss() -> float:
        error = np.square(network.predict(values) - target).sum() / 2
        decayed = DECAY / 2 * sum(np.square(weight).sum() for weight in network.weights)
        return float(error + decayed) / len(values)

    network._slopes(values, target.astype(np.float32))
    found = [
        *(w.copy() for w in network._weight_slopes),
        *(s.copy() for s in network._shift_slopes),
    ]
    for slopes, layer in zip(found, [*network.weights, *network.shifts], strict=True):
        kept = layer.copy()
        step = 1e-2 * slopes / np.linalg.norm(slopes)
        layer[...] = kept + step
        above = loss()
        layer[...] = kept - step
        below = loss()
        layer[...] = kept
        assert (above - below) / 2e-2 == pytest.approx(np.linalg.norm(slopes), rel=0.03)


def test_it_learns_a_curve_with_a_bend():
    network = Perceptron((3, 64, 32, 1), RATE, DECAY, np.random.default_rng(3))
    values, target = examples()
    for _ in range(40):
        network.learn(values, target.astype(np.float32), 32)
    assert np.square(network.predict(values) - target).mean() < 0.03 * target.var()


def test_step_for_step_it_does_what_scikit_learns_does():
    """The reference: the same first weights and batches lead to the same predictions."""
    network, batch = drawn(), 32
    values, target = examples(320)
    target = target.astype(np.float32)
    reference = MLPRegressor(
        hidden_layer_sizes=(8, 4),
        alpha=DECAY,
        learning_rate_init=RATE,
        batch_size=batch,
        shuffle=False,
    )
    reference.partial_fit(values[:batch], target[:batch])  # gives it its form
    pairs = zip(
        [*network.weights, *network.shifts],
        [*reference.coefs_, *reference.intercepts_],
        strict=True,
    )
    for own, theirs in pairs:
        theirs[...] = own
    del reference._optimizer  # so that Adam begins anew too
    for start in list(range(0, len(values), batch)) * 20:
        rows = slice(start, start + batch)
        network._slopes(values[rows], target[rows])
        network._step()
        reference.partial_fit(values[rows], target[rows])
    np.testing.assert_allclose(network.predict(values), reference.predict(values), atol=1e-4)


def test_the_same_seed_gives_the_same_network_and_another_seed_another_one():
    values, target = examples(300)
    first, again, other = drawn(), drawn(), drawn(9)
    for network in (first, again, other):
        network.learn(values, target.astype(np.float32), 32)
    assert first.predict(values).tobytes() == again.predict(values).tobytes()
    assert first.predict(values).tobytes() != other.predict(values).tobytes()
