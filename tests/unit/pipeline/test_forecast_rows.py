"""A model of forecasts learns from forecasts as they were issued, each beside the power that came."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from services.trainer_trigger.pipeline.failure import RunFailedError
from tests.unit.pipeline.datasets import Bench, Prepared, forecast, frame, site

DAYS = 30


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(tmp_path, inputs="forecast")


def prepared(bench: Bench, *tables: pd.DataFrame, days: int = DAYS) -> Prepared:
    bench.upload(frame(days))
    for table in tables:
        bench.upload(table, provider=table["provider"].iloc[0])
    return bench.preprocess()


def test_each_interval_has_its_forecast_and_its_power(bench):
    measured = frame(DAYS)
    found = prepared(bench, forecast(measured))
    rows = found.train
    assert rows.are_forecast
    assert set(rows.weather) == {"forecast_ghi", "forecast_temp_air"}
    power = measured["power_ac"].reindex(pd.DatetimeIndex(rows.times).tz_localize("UTC"))
    assert rows.power_ac == pytest.approx(np.maximum(power.to_numpy(), 0))
    assert (rows.lead_hours >= 12).all()
    assert (rows.lead_hours < 36).all()


def test_what_was_measured_is_no_input(bench):
    found = prepared(bench, forecast(frame(DAYS)))
    assert not any(name in found.train.weather for name in ("ghi", "temp_air"))


def test_several_issues_of_an_interval_count_once_together(bench):
    near, far = (forecast(frame(DAYS), hours_before=hours) for hours in (3, 27))
    found = prepared(bench, near, far)
    total = pd.Series(found.train.weight).groupby(found.train.times).sum()
    assert len(found.train) == 2 * len(total)
    assert total.to_numpy() == pytest.approx(1.0)


@pytest.mark.parametrize("hours", [(0, 2), (2, 1)])
def test_of_an_issue_that_is_told_anew_the_later_upload_is_learnt_from(bench, hours):
    bench.upload(frame(DAYS))
    plain = forecast(frame(DAYS))
    tables = (plain, plain.assign(forecast_ghi=0.5 * plain["forecast_ghi"]))
    for table, after in zip(tables, hours, strict=True):
        bench.upload(table, hours=10 + after, provider="ecmwf")
    bench.files.sort(key=lambda file: file.uploaded_at)
    learnt = bench.preprocess().train
    whole = Bench(bench.base / "whole", inputs="forecast")
    alone = prepared(whole, tables[hours.index(max(hours))]).train
    assert len(learnt) == len(alone)
    np.testing.assert_allclose(learnt.column("forecast_ghi"), alone.column("forecast_ghi"))


def test_what_was_issued_after_an_interval_began_is_left_out_and_said(bench):
    late = forecast(frame(DAYS), hours_before=-6)  # issued at six in the morning of the day itself
    found = prepared(bench, late)
    assert (found.train.lead_hours >= 0).all()
    validation = found.validation.sites["meadow"]
    assert validation.forecast is not None
    assert validation.forecast.issued_later == DAYS * 6 * 4
    assert any("issued after their interval" in warning for warning in validation.warnings)


def test_power_of_an_earlier_day_is_that_which_was_known_at_the_issue(bench):
    measured = frame(DAYS)
    found = prepared(bench, forecast(measured))
    power = np.maximum(measured["power_ac"], 0)
    for lead, days in ((13, 1), (30, 2)):
        row = found.train.take(found.train.lead_hours == lead).take([5])
        earlier = pd.Timestamp(row.times[0], tz="UTC") - pd.Timedelta(days=days)
        assert row.power_ac_24h_ago[0] == pytest.approx(power[earlier])


def test_time_is_divided_where_there_are_forecasts(bench):
    recent = forecast(frame(DAYS)).iloc[10 * 24 :]
    found = prepared(bench, recent)
    assert len(found.test) == pytest.approx(0.2 * 20 * 96, abs=96)


def test_providers_stand_beside_each_other(bench):
    one, other = (forecast(frame(DAYS), provider=name) for name in ("ecmwf", "icon"))
    found = prepared(bench, one, other)
    assert found.train.providers == ("ecmwf", "icon")
    assert found.validation.sites["meadow"].forecast.issues == 2 * DAYS


def test_measured_weather_that_calls_itself_a_forecast_is_recognised(bench):
    found = prepared(bench, forecast(frame(DAYS), noise=0.0))
    assert found.validation.sites["meadow"].forecast.too_good == ("ecmwf",)


def test_an_honest_forecast_is_not_too_good(bench):
    found = prepared(bench, forecast(frame(DAYS), noise=0.2))
    assert found.validation.sites["meadow"].forecast.too_good == ()


def test_a_site_without_forecasts_has_no_rows(bench):
    bench.sites = [site(), site("hill")]
    bench.upload(frame(DAYS), "hill")
    found = prepared(bench, forecast(frame(DAYS)))
    assert set(found.validation.sites) == {"meadow"}


def test_a_dataset_without_any_forecast_ends_with_the_reason(bench):
    bench.upload(frame(DAYS))
    with pytest.raises(RunFailedError):
        bench.preprocess()
