"""A perceptron follows the slope of its error, and the same seed draws the same network."""

from __future__ import annotations

import numpy as np
import pytest

from services.trainer_trigger.pipeline.perceptron import Perceptron

RATE, DECAY = 2e-3, 1e-3


def drawn(seed: int = 1) -> Perceptron:
    return Perceptron((3, 8, 4, 1), RATE, DECAY, np.random.default_rng(seed))


def examples(count: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    values = np.random.default_rng(2).normal(0, 1, (count, 3)).astype(np.float32)
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


def test_the_same_seed_gives_the_same_network_and_another_seed_another_one():
    values, target = examples(300)
    first, again, other = drawn(), drawn(), drawn(9)
    for network in (first, again, other):
        network.learn(values, target.astype(np.float32), 32)
    assert first.predict(values).tobytes() == again.predict(values).tobytes()
    assert first.predict(values).tobytes() != other.predict(values).tobytes()
