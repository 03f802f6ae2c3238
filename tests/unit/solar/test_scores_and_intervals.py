"""Scores are what the field calls them, and intervals hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from shared.solar import intervals, metrics

NOWHERE = np.zeros(20_000, dtype=np.int64)  # one cell
STRETCH = np.arange(20_000) // 5_000  # four origins


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
    found = intervals.calibrate(actual[:10_000], predicted[:10_000], NOWHERE[:10_000], STRETCH[::2])
    low, high = intervals.apply(found, predicted[10_000:], NOWHERE[:10_000])
    inside = (actual[10_000:] >= low) & (actual[10_000:] <= high)
    for part in (predicted[10_000:] < 0.3, predicted[10_000:] > 0.7):
        assert 0.77 < inside[part].mean() < 0.83


@given(st.lists(st.floats(0, 1), min_size=0, max_size=40), st.integers(0, 2**32 - 1))
def test_an_interval_always_encloses_its_prediction(predicted, seed):
    random = np.random.default_rng(seed)
    known = random.uniform(0, 1, 30)
    found = intervals.calibrate(random.uniform(0, 1, 30), known, NOWHERE[:30], STRETCH[:30])
    low, high = intervals.apply(found, np.array(predicted), NOWHERE[: len(predicted)])
    assert (low <= predicted).all()
    assert (high >= predicted).all()


def test_without_rows_to_learn_from_there_is_no_width():
    none = intervals.calibrate(np.empty(0), np.empty(0), NOWHERE[:0], STRETCH[:0])
    low, high = intervals.apply(none, np.array([0.4]), NOWHERE[:1])
    assert low == high == 0.4


def test_a_broken_sky_has_wider_intervals_than_a_clear_one():
    random = np.random.default_rng(3)
    clear = random.uniform(size=20_000) < 0.5
    given = intervals.Conditions(np.where(clear, 1.0, 0.5), np.zeros(20_000))
    predicted = random.uniform(0, 1, 20_000)
    actual = predicted + random.normal(0, np.where(clear, 0.05, 0.1))
    found = intervals.calibrate(actual, predicted, given.cell, STRETCH)
    low, high = intervals.apply(found, predicted, given.cell)
    inside = (actual >= low) & (actual <= high)
    for sky in (clear, ~clear):
        assert 0.77 < inside[sky].mean() < 0.84
    assert np.mean(high[clear] - low[clear]) < 0.7 * np.mean(high[~clear] - low[~clear])


def test_a_cell_of_few_rows_is_drawn_towards_all_rows():
    random = np.random.default_rng(4)
    rare = np.arange(20_000) < 300
    predicted = random.uniform(0, 1, 20_000)
    actual = predicted + random.normal(0, np.where(rare, 0.2, 0.02))
    found = intervals.calibrate(actual, predicted, rare.astype(np.int64), STRETCH)
    assert 0.03 < np.mean(found.cells[1].p90) < 0.2
    assert np.mean(found.cells[0].p90) < 0.03


def test_without_irradiance_the_hour_alone_makes_the_cells():
    given = intervals.Conditions(None, np.array([-5.0, 0.0, 5.0]))
    assert given.cell.tolist() == [0, 1, 2]


def test_months_that_differ_widen_what_a_month_to_come_may_bring():
    """Each month has a bias of its own: many rows of four months are four experiences, not thousands."""
    random = np.random.default_rng(5)
    predicted, to_come = random.uniform(0, 1, 20_000), random.uniform(0, 1, 5_000)
    mixed = random.permutation(STRETCH)
    covered = {"by month": [], "as if all were one": []}
    for _ in range(20):
        bias = random.normal(0, 0.05, 5)
        actual = predicted + bias[STRETCH] + random.normal(0, 0.02, 20_000)
        later = to_come + bias[4] + random.normal(0, 0.02, 5_000)
        for name, origin in zip(covered, (STRETCH, mixed), strict=True):
            found = intervals.calibrate(actual, predicted, NOWHERE, origin)
            low, high = intervals.apply(found, to_come, NOWHERE[:5_000])
            covered[name].append(np.mean((later >= low) & (later <= high)))
    gained = np.mean(covered["by month"]) - np.mean(covered["as if all were one"])
    assert gained > 0.05
    assert np.mean(covered["by month"]) < 0.95


def test_errors_that_fell_with_every_fit_count_as_half_learnt():
    random = np.random.default_rng(6)
    predicted = random.uniform(0, 1, 20_000)
    noise = random.normal(0, 1, 20_000)
    falling = intervals.calibrate(
        predicted + noise * np.array([0.08, 0.06, 0.04, 0.02])[STRETCH], predicted, NOWHERE, STRETCH
    )
    steady = intervals.calibrate(predicted + noise * 0.05, predicted, NOWHERE, STRETCH)
    assert np.mean(falling.p90) < 0.85 * np.mean(steady.p90)
    assert np.mean(falling.p90) > 1.28 * 0.02
