"""Forecasts are scored by lead and provider; of several for an interval one is judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from services.trainer_trigger.pipeline.judging import by_lead, scoring
from services.trainer_trigger.pipeline.judging.by_lead import LEVELS, Forecast
from services.trainer_trigger.pipeline.judging.leaks import leaks_of_forecasts
from services.trainer_trigger.pipeline.judging.verdict import judge
from shared.evaluation import ForecastScores
from shared.solar import issues, metrics
from shared.solar.recipe import recipe_of
from shared.solar.rows import Rows, together
from tests.unit.pipeline.datasets import Bench, forecast, frame
from tests.unit.pipeline.test_verdict import findings, scores
from tests.unit.solar.plant_data import PLANT, STEP, rows

DAY = timedelta(hours=24)


def issued(hours_before: float, provider: str = "ecmwf", days: int = 20) -> Rows:
    """Return a plant's rows as forecasts, each so long before its day begins."""
    plain = rows(days=days)
    begin = plain.times.astype("datetime64[D]").astype("datetime64[s]")
    return replace(
        plain,
        weather={f"forecast_{name}": values for name, values in plain.weather.items()},
        issued_at=begin - np.timedelta64(round(hours_before * 3600), "s"),
        providers=(provider,),
        provider=np.zeros(len(plain), dtype=np.int64),
        power_ac_24h_ago=np.concatenate([np.full(96, np.nan), plain.power_ac[:-96]]),
    )


def described(many: Rows):
    return scoring.describe(many, recipe_of([many], (PLANT,), STEP, inputs_kind="forecast"))


def said(many: Rows) -> Forecast:
    """Return a forecast that is right, and whose quantiles lie evenly around it."""
    test = described(many)
    spread = np.array(LEVELS)[None, :] - 0.5
    return Forecast(test, test.share, np.clip(test.share[:, None] + 0.2 * spread, 0, 1))


def test_one_forecast_of_each_interval_is_judged_the_nearest_to_the_floors_lead():
    many = together([issued(hours) for hours in (0.0, 12.0, 36.0)])
    judged = many.take(issues.nearest(many, DAY))
    assert len(np.unique(judged.times)) == len(judged) == len(many) / 3
    assert (np.abs(judged.lead_hours - 24) <= 12).all()


def test_of_two_that_are_as_near_the_provider_named_first_is_judged():
    many = together([issued(12, "icon"), issued(12, "ecmwf")])
    judged = many.take(issues.nearest(many, DAY))
    assert {judged.providers[each] for each in judged.provider} == {"icon"}


def test_of_two_that_are_as_near_the_better_provider_is_judged():
    many = together([issued(12, "icon"), issued(12, "ecmwf")])
    judged = many.take(issues.nearest(many, DAY, ("ecmwf", "icon")))
    assert {judged.providers[each] for each in judged.provider} == {"ecmwf"}


def test_every_lead_has_its_own_scores():
    near, far = issued(0.0), issued(36.0)
    many = together([near, far])
    point = np.where(many.lead_hours < 30, described(many).share, described(many).share + 0.1)
    both = Forecast(described(many), point, said(many).quantiles)
    found = by_lead.score(both, issues.nearest(many, DAY), DAY)
    named = {each.name: each for each in found.by_lead}
    assert list(named) == ["0-6h", "6-24h", "24-48h", "48h+"]
    assert named["6-24h"].nmae == pytest.approx(0.0)
    assert named["48h+"].nmae == pytest.approx(0.1)


def test_only_daylight_counts():
    many = issued(12)
    found = by_lead.score(said(many), issues.nearest(many, DAY), DAY)
    assert sum(each.n for each in found.by_lead) == int(described(many).daylight.sum())


def test_coverage_and_reliability_are_counted():
    many = issued(12)
    test = described(many)
    quantiles = np.tile(np.array(LEVELS), (len(many), 1)) * 0 + test.share[:, None]
    quantiles[:, 10:] += 0.01  # the measured value lies below all of these
    found = by_lead.score(Forecast(test, test.share, quantiles), issues.nearest(many, DAY), DAY)
    assert [each.coverage for each in found.by_lead] == [1.0] * len(found.by_lead)
    assert {each.level: each.observed for each in found.reliability}[0.95] == 1.0


def test_quantiles_are_reliable_where_each_holds_as_often_as_it_says():
    many = issued(12)
    test = described(many)
    rank = np.random.default_rng(3).permutation(len(many)) / len(many)
    quantiles = np.stack([test.share + np.where(rank < each, 0.1, -0.1) for each in LEVELS], axis=1)
    found = by_lead.score(Forecast(test, test.share, quantiles), issues.nearest(many, DAY), DAY)
    assert [each.level for each in found.reliability] == list(LEVELS)
    assert [each.observed for each in found.reliability] == pytest.approx(LEVELS, abs=0.05)


def test_coverage_is_told_by_sky():
    many = issued(12)
    test = described(many)
    sky = scoring.sky_of(test)
    beside = np.where(sky == 2, 0.0, 0.5)  # only clear skies are foreseen
    quantiles = np.tile((test.share + beside)[:, None], (1, len(LEVELS)))
    found = by_lead.score(Forecast(test, test.share, quantiles), issues.nearest(many, DAY), DAY)
    for each in found.by_lead:
        assert each.coverage_by_sky.pop("clear") == 1.0
        assert set(each.coverage_by_sky.values()) == {0.0}
        assert 0 < each.coverage < 1


def test_of_a_forecast_without_a_range_the_crps_is_the_mean_absolute_error():
    many = issued(12)
    test = described(many)
    quantiles = np.tile(test.share[:, None] + 0.1, (1, len(LEVELS)))
    found = by_lead.score(
        Forecast(test, test.share + 0.1, quantiles), issues.nearest(many, DAY), DAY
    )
    for each in found.by_lead:
        assert each.crps == pytest.approx(each.nmae) == pytest.approx(0.1)
        assert each.pinball == pytest.approx(0.1 * (0.9 + 0.5 + 0.1) / 3)


def test_losses_are_those_of_the_definition():
    actual, quantile = np.array([0.5, 0.2]), np.array([0.4, 0.4])
    assert metrics.pinball(actual, quantile, 0.9) == pytest.approx((0.9 * 0.1 + 0.1 * 0.2) / 2)


def test_persistence_is_that_which_was_known_at_the_issue():
    many = issued(12)
    back = issues.days_back(many, STEP)
    assert set(back[many.lead_hours < 23.75]) == {1}
    assert set(back[many.lead_hours >= 24]) == {2}
    test = described(many)
    assert (test.rows.times - back * np.timedelta64(86_400, "s") <= many.issued_at).all()


def test_providers_stand_side_by_side():
    many = together([issued(12, "icon"), issued(12, "ecmwf")])
    found = by_lead.score(said(many), issues.nearest(many, DAY), DAY)
    assert [each.name for each in found.by_provider] == ["icon", "ecmwf"]


def test_sites_that_err_alike_are_told_from_those_that_err_for_themselves():
    meadow = issued(12, days=30)
    hill = replace(meadow, sites=("hill",))
    plants = (PLANT, PLANT.model_copy(update={"site_id": "hill"}))
    many = together([meadow, hill])
    recipe = recipe_of([many], plants, STEP, inputs_kind="forecast")
    test = scoring.describe(many, recipe)
    random = np.random.default_rng(5)
    _, when = np.unique(many.times, return_inverse=True)
    common = random.normal(0, 0.1, when.max() + 1)[when]
    own = random.normal(0, 0.1, len(many))
    levels = np.array(LEVELS)[None, :] - 0.5
    judged = issues.nearest(many, DAY)
    found = {}
    for name, error in (("alike", common), ("alone", own)):
        point = test.share + error
        quantiles = point[:, None] + 0.128 / 0.4 * levels
        found[name] = by_lead.score(Forecast(test, point, quantiles), judged, DAY)
    assert found["alike"].dependence == pytest.approx(1.0, abs=0.02)
    assert found["alone"].dependence == pytest.approx(0.0, abs=0.05)
    assert found["alone"].fleet_coverage == pytest.approx(0.8, abs=0.04)
    assert found["alone"].day_dependence == pytest.approx(0.0, abs=0.05)


def test_an_issue_that_comes_after_its_interval_is_a_leak():
    many = issued(12)
    shifted = replace(many, issued_at=many.times + np.timedelta64(3600, "s"))
    validation = findings().validation
    assert leaks_of_forecasts(many, validation) == ()
    (found,) = leaks_of_forecasts(shifted, validation)
    assert "issued after their interval had begun" in found


def test_irradiance_that_was_measured_is_a_leak(tmp_path):
    bench = Bench(tmp_path, inputs="forecast")
    bench.upload(frame(30))
    bench.upload(forecast(frame(30), noise=0.0), provider="ecmwf")
    prepared = bench.preprocess()
    (found,) = leaks_of_forecasts(prepared.test, prepared.validation)
    assert "nobody can have known it" in found


FORECAST = ForecastScores(
    floor_lead_hours=24, least_lead_hours=12, most_lead_hours=35.75, by_lead=()
)


def test_the_verdict_says_how_far_ahead_the_forecasts_were_made():
    found = judge(findings(r2=0.96, forecast=FORECAST))
    assert "forecast 12 to 35.8 h ahead" in found.reasons[0]


def test_a_floor_of_measured_weather_is_explained_to_who_forecasts():
    found = judge(findings(r2=0.9, forecast=FORECAST))
    assert found.verdict == "reject"
    assert any(
        "accuracy_threshold to what the use of the forecast" in each
        for each in found.what_would_help
    )


def test_a_forecast_that_is_too_good_waits_for_a_person():
    found = judge(findings(forecast=FORECAST, challenger=scores(0.99)))
    assert found.approval == "person"
    assert any("too good for forecasts" in each for each in found.reasons)
    hour_ahead = FORECAST.model_copy(update={"floor_lead_hours": 1.0})
    assert judge(findings(forecast=hour_ahead, challenger=scores(0.99))).approval == "automatic"
