"""A blend is weighed by rows after its fits only, and its one graph says what its members said."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest

from services.trainer_trigger.pipeline.models import blend, ridge
from services.trainer_trigger.pipeline.models.base import Examples
from services.trainer_trigger.pipeline.models.checkpoints import Checkpoints
from services.trainer_trigger.pipeline.models.folds import folds, origins, predict_later
from shared.solar import features
from shared.solar.recipe import recipe_of
from tests.unit.solar.plant_data import PLANT, STEP, rows

ALL = ("ridge", "lightgbm", "residual", "neural_network")


@pytest.fixture(scope="module")
def examples() -> Examples:
    many = rows(days=40)
    names, values, _ = features.compute(many, recipe_of([many], (PLANT,), STEP, earlier_sky=True))
    seconds = many.times.astype(np.int64)
    share = (many.power_ac / PLANT.ac_capacity_kw).astype(np.float32)
    return Examples(values, share, folds(seconds), seconds, names)


def test_an_origin_never_fits_a_row_that_it_predicts_or_a_later_one(examples):
    for before, after in origins(examples.seconds):
        assert examples.seconds[before].max() < examples.seconds[after].min()


def test_what_comes_later_cannot_reach_an_earlier_prediction(examples):
    """A planted future: rewriting the last tenth of the rows leaves all earlier predictions as they were."""
    share = examples.share.copy()
    share[-len(share) // 10 :] = 0.9
    rewritten = Examples(examples.values, share, examples.part, examples.seconds, examples.names)
    plain = predict_later(examples, lambda near: ridge.fit(near).predict)
    again = predict_later(rewritten, lambda near: ridge.fit(near).predict)
    np.testing.assert_array_equal(plain, again)
    assert np.isnan(plain[: int(0.39 * len(plain))]).all()


@pytest.mark.parametrize("members", [("ridge",), ("residual",), ALL])
def test_the_one_graph_says_the_weighted_sum_of_its_members(examples, tmp_path, members):
    examples = examples.take(np.arange(len(examples.share)) < 20 * 96)  # 20 days tell a sum
    learnt = blend.fit(examples, 3, Checkpoints(tmp_path, "f"), members)
    assert sum(learnt.weights.values()) == pytest.approx(1, abs=1e-3)
    session = ort.InferenceSession(learnt.graph, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    (said,) = session.run(None, {entry.name: examples.values})
    fitted = blend._fit(examples, 3, members, Checkpoints(tmp_path, "f"))
    expected = fitted.predict(examples.values, members) @ list(learnt.weights.values())
    np.testing.assert_allclose(said.ravel(), expected, atol=2e-4)


def spread_around(share: np.ndarray, *deviations: float) -> np.ndarray:
    random = np.random.default_rng(1)
    return np.column_stack([share + random.normal(0, each, len(share)) for each in deviations])


def test_a_candidate_far_ahead_decides_and_equal_ones_weigh_alike():
    share, origin = np.random.default_rng(2).uniform(0, 1, 4000), np.arange(4000) // 1000
    ahead = blend.weigh(spread_around(share, 0.02, 0.1, 0.3), share, origin)
    alike = blend.weigh(spread_around(share, 0.1, 0.1, 0.1), share, origin)
    assert ahead.sum() == alike.sum() == pytest.approx(1)
    assert ahead[0] > 0.99
    assert alike == pytest.approx(np.full(3, 1 / 3), abs=0.12)


def test_a_hard_stretch_counts_like_an_easy_one_and_a_late_one_more_than_an_early_one():
    share, origin = np.zeros(4000), np.arange(4000) // 2000
    early, late = origin == 0, origin == 1
    good_early, good_late = np.where(early, 0.010, 0.011), np.where(late, 0.10, 0.11)
    said = np.column_stack([np.where(early, good_early, 0.11), np.where(early, 0.011, good_late)])
    first, second = blend.weigh(said, share, origin)
    assert (
        second > first
    )  # ten times the error of the hard stretch does not make it count a hundredfold
    assert first > 0.3


def test_candidates_nobody_could_try_weigh_alike():
    none = np.empty((0, 4))
    assert blend.weigh(none, np.empty(0), np.empty(0)).tolist() == [0.25] * 4


def test_a_ridge_finds_the_plant_in_a_month(examples):
    month = examples.take(np.arange(len(examples.share)) < 30 * 96)
    later = examples.take(np.arange(len(examples.share)) >= 30 * 96)
    error = ridge.fit(month).predict(later.values) - later.share
    assert 1 - np.square(error).sum() / np.square(later.share - later.share.mean()).sum() > 0.99


def test_a_term_that_never_changes_has_no_weight(examples):
    names = (*examples.names, "wind_speed")
    values = np.column_stack([examples.values, np.zeros(len(examples.values))]).astype(np.float32)
    still = Examples(values, examples.share, examples.part, examples.seconds, names)
    assert np.isfinite(ridge.fit(still).predict(values)).all()
