"""A graph says what the NumPy that it was written from says, and the same weights give the same bytes."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from services.trainer_trigger.pipeline.models import graphs

WIDTH = 5
RANDOM = np.random.default_rng(1)
SHIFT, SCALE = RANDOM.normal(0, 1, WIDTH), RANDOM.uniform(0.5, 2, WIDTH)
LAYERS = [
    (RANDOM.normal(0, 1, (entering, leaving)), RANDOM.normal(0, 1, leaving))
    for entering, leaving in ((WIDTH, 8), (8, 4), (4, 1))
]
VALUES = RANDOM.normal(0, 1, (50, WIDTH)).astype(np.float32)


def said_by(graph: bytes) -> np.ndarray:
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    (said,) = session.run(None, {entry.name: VALUES})
    return said


def by_hand() -> np.ndarray:
    values = (VALUES - SHIFT) / SCALE
    for weights, shifts in LAYERS[:-1]:
        values = np.maximum(values @ weights + shifts, 0)
    return values @ LAYERS[-1][0] + LAYERS[-1][1]


def test_a_network_says_what_its_layers_say():
    said = said_by(graphs.of_network(SHIFT, SCALE, LAYERS))
    np.testing.assert_allclose(said, by_hand(), atol=1e-4)


def test_a_weighted_sum_of_networks_is_the_sum_of_what_they_say():
    network = graphs.of_network(SHIFT, SCALE, LAYERS)
    said = said_by(graphs.weighted_sum("blend", [(network, 0.25), (network, 0.5)], WIDTH))
    np.testing.assert_allclose(said, 0.75 * by_hand(), atol=1e-4)


def test_the_same_weights_give_the_same_bytes():
    assert graphs.of_network(SHIFT, SCALE, LAYERS) == graphs.of_network(SHIFT, SCALE, LAYERS)
