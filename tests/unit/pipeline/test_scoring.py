"""Two models are compared by whole days, and baselines only know yesterday."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.trainer_trigger.pipeline.judging import scoring
from shared.solar.recipe import recipe_of
from tests.unit.solar.plant_data import PLANT, STEP, rows


@pytest.fixture(scope="module")
def test():
    found = rows(days=40)
    yesterday = np.concatenate([np.full(96, np.nan), found.power_ac[:-96]])
    found = replace(found, power_ac_24h_ago=yesterday)
    return scoring.describe(found, recipe_of([found], (PLANT,), STEP))


def everywhere(test) -> np.ndarray:
    return np.ones(len(test.share), dtype=bool)


def test_the_better_model_has_a_negative_difference_and_an_interval_without_zero(test):
    good, bad = test.share * 1.01, test.share * 1.2
    found = scoring.compare(test, good, bad, everywhere(test), seed=1)
    assert found is not None
    assert found.comparison.delta_nmae < 0
    assert found.comparison.ci_high < 0
    assert found.comparison.by_site == {"meadow": pytest.approx(found.comparison.delta_nmae)}


def test_equal_models_cannot_be_told_apart(test):
    random = np.random.default_rng(4)
    one = test.share + random.normal(0, 0.02, len(test.share))
    other = test.share + random.normal(0, 0.02, len(test.share))
    found = scoring.compare(test, one, other, everywhere(test), seed=1)
    assert found is not None
    assert found.comparison.ci_low < 0 < found.comparison.ci_high


def test_days_are_drawn_so_an_error_that_lasts_a_day_counts_once(test):
    """By single rows the interval would be about ten times narrower."""
    by_day = np.random.default_rng(6).normal(0, 0.05, 60)
    wrong = test.share + by_day[test.day - test.day.min()] * test.daylight
    found = scoring.compare(test, wrong, test.share, everywhere(test), seed=1)
    assert found is not None
    spread = np.abs(wrong - test.share)
    rowwise = 1.96 * spread.std() / np.sqrt(len(spread))
    assert found.comparison.ci_high - found.comparison.delta_nmae > 3 * rowwise


def test_fewer_than_fourteen_days_are_no_comparison(test):
    few = test.day < test.day.min() + 13
    assert scoring.compare(test, test.share, test.share, few, seed=1) is None
    assert scoring.compare(test, test.share, test.share, few & False, seed=1) is None


def test_the_comparison_is_the_same_every_time(test):
    one, other = test.share * 1.01, test.share * 0.99
    drawn = [scoring.compare(test, one, other, everywhere(test), seed=7) for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_yesterdays_power_is_scored_on_rows_that_have_a_yesterday(test):
    found = scoring.score_baselines(test, test.share, 1)
    assert found.baselines.persistence_24h is not None
    assert found.baselines.persistence_24h.n == len(test.share) - 96
    assert found.skill.persistence_24h == pytest.approx(1.0)


def test_a_skill_has_an_interval_by_day_that_holds_it(test):
    random = np.random.default_rng(4)
    found = scoring.score_baselines(test, test.share + random.normal(0, 0.05, len(test.share)), 1)
    low, high = found.skill.persistence_24h_ci
    assert low < found.skill.persistence_24h < high
    assert 0.005 < high - low < 0.5
    clear_low, clear_high = found.skill.clear_sky_persistence_ci
    assert clear_low < found.skill.clear_sky_persistence < clear_high


def test_without_yesterday_there_is_no_baseline(test):
    unknown = replace(
        test, rows=replace(test.rows, power_ac_24h_ago=np.full(len(test.share), np.nan))
    )
    found = scoring.score_baselines(unknown, test.share, 1)
    assert found.baselines.persistence_24h is None
    assert found.skill.persistence_24h is None
    assert found.skill.persistence_24h_ci is None


def test_scores_are_told_by_month_site_and_sky(test):
    found = scoring.score_model(test, test.share * 0.9)
    assert [each.name for each in found.by_month] == ["2023-03", "2023-04"]
    assert sum(each.n for each in found.by_month) == found.all.n
    assert [each.name for each in found.by_site] == ["meadow"]
    assert {each.name for each in found.by_sky} == {"overcast", "broken", "clear"}
    assert found.daylight.n < found.all.n
    assert (found.daylight.r2 or 0) < (found.all.r2 or 0)


def test_an_evening_belongs_to_the_month_of_its_own_clock(test):
    """West of Greenwich the last evening of a month is the next month in UTC."""
    golden = replace(test, longitude=np.full(len(test.share), -105.0))
    moments = golden.rows.times.astype("datetime64[h]").astype(str)
    evening = np.char.endswith(moments, "T03")  # 20 o'clock in Golden
    first = np.char.find(moments, "-01T") == 7
    chosen = evening & first
    assert chosen.any()
    assert (golden.month[chosen] != moments[chosen].astype("<U7")).all()
