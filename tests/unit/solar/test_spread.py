"""Quantiles around a forecast rise, and hold as often as they say on rows that were not learnt from."""

from __future__ import annotations

import numpy as np
import pytest

from shared.solar import spread
from shared.solar.spread import LEVELS, Spread, UnknownLevelError

PLAIN = Spread(overall=(1.0,) * len(LEVELS))
ASKED = (0.05, 0.1, 0.5, 0.9, 0.95)


def world(rows: int = 8000, width: float = 0.1, seed: int = 1):
    """Return power that lies around a prediction, and heads that think it half as far away as it is."""
    random = np.random.default_rng(seed)
    predicted = random.uniform(0.2, 0.8, rows)
    error = random.normal(0, width, rows)
    normal = np.array([-1.645, -1.2816, -0.6745, 0, 0.6745, 1.2816, 1.645])
    heads = (
        np.tile(normal * width / 2, (rows, 1)) + 0.03
    )  # whatever all of them are off is no matter
    return predicted + error, predicted, heads


def nowhere(rows: int) -> np.ndarray:
    return np.zeros(rows, dtype=np.int64)


def held(actual: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    return (actual[:, None] <= quantiles).mean(axis=0)


def test_too_narrow_quantiles_are_widened():
    actual, predicted, heads = world()
    found = spread.calibrate(actual, predicted, heads, nowhere(8000), np.ones(8000))
    later, at, said = world(seed=2)
    before = held(later, spread.apply(PLAIN, at, said, nowhere(8000), ASKED))
    after = held(later, spread.apply(found, at, said, nowhere(8000), ASKED))
    assert before[1] - 0.1 > 2 * (after[1] - 0.1) > 0
    assert 0.9 - before[3] > 2 * (0.9 - after[3]) > 0


def test_what_usual_plants_need_is_kept_where_it_holds():
    actual, predicted, heads = world()
    right = 2 / spread._USUAL * (heads - 0.03)
    found = spread.calibrate(actual, predicted, right, nowhere(8000), np.ones(8000))
    later, at, said = world(seed=2)
    after = held(
        later, spread.apply(found, at, 2 / spread._USUAL * (said - 0.03), nowhere(8000), ASKED)
    )
    assert after == pytest.approx(ASKED, abs=0.01)


def test_each_lead_has_its_own_width_where_it_has_rows_enough():
    near, far = world(6000, 0.05), world(6000, 0.2, seed=3)
    joined = [np.concatenate(pair) for pair in zip(near, far, strict=True)]
    bucket = np.repeat([0, 2], 6000)
    heads = np.tile(near[2][0], (12_000, 1))  # the model thinks both alike
    found = spread.calibrate(joined[0], joined[1], heads, bucket, np.ones(12_000))
    assert set(found.by_lead) == {"0-6h", "24-48h"}
    assert found.by_lead["24-48h"][1] > 1.25 * found.by_lead["0-6h"][1]
    assert found.factors[3].tolist() == list(found.overall)  # a lead nobody saw


def test_a_range_is_as_wide_as_its_own_lead_needs():
    wide = tuple(3.0 if level != 0.5 else 1.0 for level in LEVELS)
    found = Spread(overall=PLAIN.overall, by_lead={"24-48h": wide})
    _, predicted, heads = world(4)
    each = spread.apply(found, predicted, heads, np.arange(4), ASKED) - predicted[:, None]
    plain = spread.apply(PLAIN, predicted, heads, np.arange(4), ASKED) - predicted[:, None]
    assert each == pytest.approx(plain * np.array([1, 1, 3, 1])[:, None])


def test_few_rows_leave_what_public_plants_needed():
    actual, predicted, heads = world(30)
    found = spread.calibrate(actual, predicted, heads, nowhere(30), np.ones(30))
    assert found.overall == (1.2, 1.2, 1.2, 1.0, 1.2, 1.2, 1.2)


def test_issues_of_one_interval_count_once():
    actual, predicted, heads = world(4000)
    once = spread.calibrate(actual, predicted, heads, nowhere(4000), np.ones(4000))
    thrice = [np.repeat(each, 3, axis=0) for each in (actual, predicted, heads)]
    again = spread.calibrate(*thrice, nowhere(12_000), np.full(12_000, 1 / 3))
    assert again.overall == pytest.approx(once.overall, rel=0.01)


def test_quantiles_rise_whatever_the_heads_say():
    random = np.random.default_rng(4)
    heads = random.normal(0, 0.1, (500, len(LEVELS)))
    levels = tuple(np.linspace(0.05, 0.95, 37))
    crooked = Spread(overall=(0.4, 3.0, 0.5, 1.0, 2.5, 0.3, 0.4))
    found = spread.apply(crooked, np.full(500, 0.5), heads, nowhere(500), levels)
    assert (np.diff(found, axis=1) >= 0).all()


def test_the_median_is_the_prediction():
    _, predicted, heads = world(100)
    found = spread.apply(PLAIN, predicted, heads, nowhere(100), (0.5,))
    np.testing.assert_array_equal(found[:, 0], predicted)


def test_levels_between_are_read_between():
    _, predicted, heads = world(10)
    low, middle, high = spread.apply(PLAIN, predicted, heads, nowhere(10), (0.1, 0.175, 0.25)).T
    assert middle == pytest.approx((low + high) / 2)


@pytest.mark.parametrize("level", [0.0, 0.01, 0.96, 1.0])
def test_a_level_that_nobody_learnt_is_refused(level):
    _, predicted, heads = world(10)
    with pytest.raises(UnknownLevelError, match=r"between 0\.05 and 0\.95"):
        spread.apply(PLAIN, predicted, heads, nowhere(10), (level,))


def test_leads_are_put_into_the_buckets_of_all_reports():
    assert spread.bucket_of(np.array([0.0, 5.99, 6.0, 24.0, 47.0, 48.0, 200.0])).tolist() == [
        *(0, 0, 1, 2, 2, 3, 3)
    ]
