"""Scores are what the field calls them, and intervals hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from shared.solar import intervals, metrics


def test_scores_are_the_usual_ones():
    random = np.random.default_rng(1)
    actual = random.uniform(0, 1, 500)
    predicted = actual + random.normal(0.02, 0.1, 500)
    found = metrics.scores(actual, predicted)
    assert found is not None
    assert found.r2 == pytest.approx(r2_score(actual, predicted))
    assert found.nmae == pytest.approx(np.abs(predicted - actual).mean())
    assert found.mbe == pytest.approx((predicted - actual).mean())
    assert found.n == 500


def test_no_rows_have_no_scores_and_constant_power_no_r2():
    assert metrics.scores(np.empty(0), np.empty(0)) is None
    found = metrics.scores(np.full(5, 0.3), np.full(5, 0.4))
    assert found is not None
    assert found.r2 is None


def test_an_interval_holds_eight_of_ten_new_rows_at_any_power():
    random = np.random.default_rng(2)
    predicted = random.uniform(0, 1, 20_000)
    actual = predicted + random.normal(0, 0.02 + 0.1 * predicted)
    found = intervals.calibrate(actual[:10_000], predicted[:10_000])
    low, high = intervals.apply(found, predicted[10_000:])
    inside = (actual[10_000:] >= low) & (actual[10_000:] <= high)
    for part in (predicted[10_000:] < 0.3, predicted[10_000:] > 0.7):
        assert 0.77 < inside[part].mean() < 0.83


@given(st.lists(st.floats(0, 1), min_size=0, max_size=40), st.integers(0, 2**32 - 1))
def test_an_interval_always_encloses_its_prediction(predicted, seed):
    random = np.random.default_rng(seed)
    known = random.uniform(0, 1, 30)
    found = intervals.calibrate(random.uniform(0, 1, 30), known)
    low, high = intervals.apply(found, np.array(predicted))
    assert (low <= predicted).all()
    assert (high >= predicted).all()


def test_without_rows_to_learn_from_there_is_no_width():
    low, high = intervals.apply(intervals.calibrate(np.empty(0), np.empty(0)), np.array([0.4]))
    assert low == high == 0.4
