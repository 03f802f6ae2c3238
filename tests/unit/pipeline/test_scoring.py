"""Two models are compared by whole days, and baselines only know yesterday."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from services.trainer_trigger.pipeline.judging import scoring
from shared.solar import irradiance
from shared.solar.recipe import recipe_of
from shared.solar.rows import together
from tests.unit.solar.plant_data import PLANT, STEP, rows, sun_at


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


def at(*moments: str, longitude: float = 0.0, ghi: float | None = None):
    """Return test rows at single moments."""
    times = np.array(moments, dtype="datetime64[s]")
    weather = {} if ghi is None else {"ghi": np.full(len(times), ghi)}
    place = PLANT.model_copy(update={"longitude": longitude})
    many = replace(
        rows(days=1).take(np.zeros(len(times), dtype=int)), times=times, weather=weather,
        power_ac_24h_ago=np.zeros(len(times)),
    )  # fmt: skip
    return scoring.describe(many, recipe_of([many], (place,), STEP))


@pytest.mark.parametrize("longitude", [-105.0, 0.0, 75.0])
def test_a_day_begins_at_midnight_of_mean_solar_time(longitude):
    """Four minutes a degree."""
    midnight = np.datetime64("2023-06-01T00:00") - np.timedelta64(int(longitude * 4), "m")
    before, after = str(midnight - np.timedelta64(1, "m")), str(midnight)
    found = at(before, after, longitude=longitude)
    assert np.diff(found.day).tolist() == [1]
    assert found.month.tolist() == ["2023-05", "2023-06"]


def test_shares_are_of_each_sites_own_capacity(test):
    hill = PLANT.model_copy(update={"site_id": "hill", "ac_capacity_kw": 50.0, "longitude": -90.0})
    both = replace(test.rows, sites=("meadow", "hill"), site=np.arange(len(test.share)) % 2)
    found = scoring.describe(both, recipe_of([both], (PLANT, hill), STEP))
    assert found.share[::2] == pytest.approx(test.rows.power_ac[::2] / 100)
    assert found.share[1::2] == pytest.approx(test.rows.power_ac[1::2] / 50)
    assert set(found.longitude[1::2]) == {-90.0}


def test_yesterdays_sun_is_that_of_a_day_earlier(test):
    np.testing.assert_allclose(test.sun_yesterday.up[96:], test.sun.up[:-96], atol=1e-12)


def clear_plant(scale: float = 0.0005):
    """Return a plant under a sky without clouds, with its yesterday."""
    many = rows(days=40)
    clear = irradiance.clearsky_ghi(sun_at(many.times).up) * scale * PLANT.ac_capacity_kw
    then = irradiance.clearsky_ghi(sun_at(many.times - np.timedelta64(86_400, "s")).up)
    many = replace(many, power_ac=clear, power_ac_24h_ago=then * scale * PLANT.ac_capacity_kw)
    return scoring.describe(many, recipe_of([many], (PLANT,), STEP))


def test_under_a_clear_sky_yesterdays_share_of_it_is_todays():
    test = clear_plant()
    found = scoring.score_baselines(test, test.share, 1).baselines
    assert found.clear_sky_persistence.nmae < 0.05 * found.persistence_24h.nmae
    assert found.clear_sky_persistence.n == len(test.share)


def test_no_baseline_says_more_than_the_capacity():
    """In spring a plant at its capacity yesterday is at its capacity today, not above."""
    test = clear_plant(scale=0.01)
    full = replace(test.rows, power_ac=np.minimum(test.rows.power_ac, 100.0),
                   power_ac_24h_ago=np.minimum(test.rows.power_ac_24h_ago, 100.0))  # fmt: skip
    full = scoring.describe(full, recipe_of([full], (PLANT,), STEP))
    higher = (full.sun_yesterday.up > 0.4) & (full.sun.up > full.sun_yesterday.up + 0.001)
    chosen = scoring.describe(full.rows.take(higher), recipe_of([full.rows], (PLANT,), STEP))
    found = scoring.score_baselines(chosen, chosen.share, 1).baselines
    assert len(chosen.share) > 100
    assert found.clear_sky_persistence.nmae == 0


def test_a_skill_is_the_share_of_the_baselines_error_that_is_avoided(test):
    yesterday = test.rows.power_ac_24h_ago / test.capacity
    halfway = np.where(np.isfinite(yesterday), (test.share + yesterday) / 2, 0.0)
    found = scoring.score_baselines(test, halfway, 1).skill
    assert found.persistence_24h == pytest.approx(0.5)
    assert found.persistence_24h_ci == pytest.approx((0.5, 0.5))


def test_a_small_error_of_a_baseline_still_has_a_skill(test):
    few = test.rows.take(np.arange(140, 144))
    described = scoring.describe(few, recipe_of([few], (PLANT,), STEP))
    assert np.abs(few.power_ac_24h_ago - few.power_ac).sum() < 100
    assert scoring.score_baselines(described, described.share, 1).skill.persistence_24h == 1.0


def test_a_baseline_that_is_never_wrong_leaves_no_skill(test):
    same = replace(test.rows, power_ac_24h_ago=test.rows.power_ac)
    described = scoring.describe(same, recipe_of([same], (PLANT,), STEP))
    found = scoring.score_baselines(described, test.share * 0.9, 1).skill
    assert found.persistence_24h is None
    assert found.persistence_24h_ci is None


@pytest.mark.parametrize(("days", "known"), [(13, False), (14, True)])
def test_fourteen_days_are_the_least_for_an_interval_and_a_comparison(test, days, known):
    chosen = test.day < test.day.min() + days
    compared = scoring.compare(test, test.share, test.share, chosen, seed=1)
    assert (compared is not None) is known
    part = test.rows.take(
        np.flatnonzero((test.day > test.day.min()) & (test.day <= test.day.min() + days))
    )
    described = scoring.describe(part, recipe_of([part], (PLANT,), STEP))
    skill = scoring.score_baselines(described, described.share * 0.9, 1).skill
    assert (skill.persistence_24h_ci is not None) is known


def test_a_comparison_is_by_site_and_leaves_out_sites_without_rows(test):
    sites = np.arange(len(test.share)) % 2
    both = replace(test, rows=replace(test.rows, sites=("meadow", "hill", "lake"), site=sites))
    worse = np.where(sites == 1, 0.01, 0.03)
    found = scoring.compare(both, test.share + worse, test.share, everywhere(test), seed=1)
    assert found.comparison.by_site == pytest.approx({"meadow": 0.03, "hill": 0.01})
    assert found.comparison.delta_nmae == pytest.approx(0.02)
    assert found.comparison.days == len(np.unique(test.day))
    assert found.site_ci_low == pytest.approx({"meadow": 0.03, "hill": 0.01})
    assert found.comparison.by_site_ci["hill"] == pytest.approx((0.01, 0.01))


def test_an_interval_of_days_holds_nineteen_of_twenty_means(test):
    """As wide as the normal distribution says, for many days of independent errors."""
    by_day = np.random.default_rng(6).normal(0.2, 0.05, 60)
    wrong = test.share + by_day[test.day - test.day.min()]
    found = scoring.compare(test, wrong, test.share, everywhere(test), seed=1).comparison
    drawn = by_day[: found.days]
    width = 2 * 1.96 * drawn.std() / np.sqrt(len(drawn))
    assert found.ci_high - found.ci_low == pytest.approx(width, rel=0.15)
    assert (found.ci_high + found.ci_low) / 2 == pytest.approx(found.delta_nmae, abs=width / 10)


@pytest.mark.parametrize(
    ("index", "sky"),
    [
        (0.0, "overcast"),
        (0.34, "overcast"),
        (0.36, "broken"),
        (0.79, "broken"),
        (0.81, "clear"),
        (1.3, "clear"),
    ],
)
def test_a_sky_is_named_by_its_clearsky_index(index, sky):
    clear = irradiance.clearsky_ghi(at("2023-06-01T11:00").sun.up)[0]
    found = scoring.score_model(at("2023-06-01T11:00", ghi=index * clear), np.zeros(1))
    assert [each.name for each in found.by_sky] == [sky]
    assert found.by_sky[0].n == 1


def test_of_a_low_sun_or_without_irradiance_no_sky_is_told():
    night, dusk = "2023-06-01T00:00", "2023-06-01T19:40"
    assert scoring.score_model(at(night, dusk, ghi=20.0), np.zeros(2)).by_sky == ()
    assert scoring.score_model(at("2023-06-01T11:00"), np.zeros(1)).by_sky == ()


def test_a_test_without_daylight_has_empty_scores():
    found = scoring.score_model(at("2023-06-01T00:00"), np.ones(1)).daylight
    assert (found.r2, found.nmae, found.nrmse, found.mbe, found.n) == (None, 0.0, 0.0, 0.0, 0)


def test_a_sites_bias_is_of_its_own_energy():
    """A share of capacity hides it: at night and under clouds a plant is far from its capacity."""
    found = rows(days=40)
    half = replace(found, sites=("hill",), power_ac=found.power_ac / 2)
    hill = PLANT.model_copy(update={"site_id": "hill"})
    both = together([replace(one, power_ac_24h_ago=np.zeros(len(one))) for one in (found, half)])
    described = scoring.describe(both, recipe_of([both], (PLANT, hill), STEP))
    low = np.where(both.site == both.sites.index("hill"), 0.92, 1.01)
    scored = {
        each.name: each for each in scoring.score_model(described, described.share * low).by_site
    }
    assert scored["hill"].energy_bias == pytest.approx(-0.08)
    assert scored["meadow"].energy_bias == pytest.approx(0.01)
    assert abs(scored["hill"].mbe) < 0.01


def test_a_site_that_generated_nothing_has_no_bias_of_its_energy(test):
    dark = replace(test, share=np.zeros(len(test.share)))
    (site,) = scoring.score_model(dark, dark.share + 0.01).by_site
    assert (site.energy_bias, site.r2) == (None, None)
