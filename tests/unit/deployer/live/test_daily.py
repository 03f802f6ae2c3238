"""A day's rows become one score, and a fault of plant or sensor is not a fault of the model."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deployer.domain.live.day_rows import DayRows
from services.deployer.domain.live.scores import Sums, total
from shared.solar import metrics
from tests.unit.deployer.live.made_up import CAPACITY, rows, scored, times_power


def at(which, start: int, end: int) -> np.ndarray:
    """Return the rows between two hours of UTC."""
    hour = (which.times.astype("datetime64[m]").astype(np.int64) % 1440) / 60
    return (hour >= start) & (hour < end)


def with_power(which, where, values):
    return replace(which, power_ac=np.where(where, values, which.power_ac))


def with_ghi(which, where, values):
    ghi = np.where(where, values, which.weather["ghi"])
    return replace(which, weather={**which.weather, "ghi": ghi})


def test_a_healthy_day_is_scored_as_an_evaluation_would_score_it() -> None:
    day = rows()
    found = scored(day)
    said = metrics.scores(day.power_ac / CAPACITY, day.predicted / CAPACITY)
    assert found.state == "scored"
    assert found.masked == {}
    assert found.sums.n == 96
    assert found.sums.r2 == pytest.approx(said.r2)
    assert found.sums.nmae == pytest.approx(said.nmae)
    assert found.sums.nrmse == pytest.approx(said.nrmse)
    assert found.sums.mbe == pytest.approx(said.mbe)
    assert found.sums.measured_kwh == pytest.approx(day.power_ac.sum() / 4)
    assert found.sums.predicted_kwh == pytest.approx(day.predicted.sum() / 4)
    assert found.lit == found.sums.daylight == int(day.lit.sum())
    assert found.sums.coverage == pytest.approx(1.0, abs=0.05)
    assert found.sky == pytest.approx(0.9, abs=0.03)


def test_the_skill_is_against_yesterday_where_yesterday_is_known() -> None:
    day = rows()
    known = at(day, 8, 12)
    day = replace(day, power_ac_24h_ago=np.where(known, day.power_ac * 0.8, np.nan))
    found = scored(day).sums
    assert found.compared == int(known.sum())
    assert found.yesterday == pytest.approx(0.2 * day.power_ac[known].sum() / CAPACITY)
    own = np.abs(day.predicted - day.power_ac)[known].sum() / CAPACITY
    assert found.skill == pytest.approx(1 - own / found.yesterday)


def test_sums_of_two_halves_are_the_sums_of_the_day() -> None:
    day = rows()
    morning = at(day, 0, 11)
    halves = [with_power(day, half, np.nan) for half in (morning, ~morning)]
    assert_alike(total(scored(half).sums for half in halves), scored(day).sums)


def assert_alike(one: Sums, other: Sums) -> None:
    for each in fields(Sums):
        assert getattr(one, each.name) == pytest.approx(getattr(other, each.name)), each.name


@settings(max_examples=60, deadline=None)  # of a machine that others use, too
@given(which=st.lists(st.booleans(), min_size=96, max_size=96))
def test_a_row_without_power_counts_as_if_it_were_not_there(which) -> None:
    day, there = rows(), np.array(which)
    gone = scored(with_power(day, ~there, np.nan))
    left_out = scored(take(day, there)) if there.any() else None
    if left_out is not None and left_out.state == gone.state == "scored":
        assert left_out.sums == gone.sums


def take(which: DayRows, rows_of_it) -> DayRows:
    columns = {
        each.name: getattr(which, each.name)[rows_of_it]
        for each in fields(DayRows)
        if each.name not in {"weather", "sun"}
    }
    weather = {name: values[rows_of_it] for name, values in which.weather.items()}
    return DayRows(weather=weather, sun=which.sun.take(rows_of_it), **columns)


def test_rows_out_of_order_twice_or_off_the_step_are_refused() -> None:
    day = rows()
    for wrong in (np.arange(96)[::-1], np.sort(np.append(np.arange(96), 5))):
        with pytest.raises(ValueError, match="in the order of time, each once, every 15 minutes"):
            scored(take(day, wrong))
    shifted = day.times + np.where(
        np.arange(96) == 40, np.timedelta64(7, "s"), np.timedelta64(0, "s")
    )
    with pytest.raises(ValueError, match="every 15 minutes"):
        scored(replace(day, times=shifted))


@pytest.mark.parametrize(
    ("state", "day"),
    [
        ("night_only", take(rows(), at(rows(), 21, 24))),
        ("night_only", take(rows(), np.zeros(96, dtype=bool))),
        ("no_power", replace(rows(), power_ac=np.full(96, np.nan))),
        ("no_power", with_power(rows(), at(rows(), 2, 21), np.nan)),
        ("no_weather", replace(rows(), predicted=np.full(96, np.nan))),
        ("outage", with_power(rows(), at(rows(), 5, 19), 0.0)),
        ("outage", times_power(rows(), 0.0)),
        ("masked", with_ghi(rows(), rows().lit, 420.0)),
    ],
)
def test_a_day_without_a_score_says_why(state, day) -> None:
    found = scored(day)
    assert found.state == state
    assert found.sums == Sums()
    assert found.share_scored == 0


def test_power_where_nothing_was_predicted_waits_for_weather() -> None:
    found = scored(
        replace(rows(), predicted=np.where(at(rows(), 10, 12), np.nan, rows().predicted))
    )
    assert found.state == "scored"
    assert found.masked == {"no_weather": 8}


def stand_still(which, where):
    """Repeat the first of some rows, as a logger does that has stopped."""
    (first, *_) = np.flatnonzero(where)
    weather = {
        name: np.where(where, values[first], values) for name, values in which.weather.items()
    }
    return with_power(replace(which, weather=weather), where, which.power_ac[first])


MORNING = (8, 11)
FAULTS = {
    "outage": lambda day: with_power(day, at(day, *MORNING), 0.1),
    "stuck_irradiance": lambda day: with_ghi(day, at(day, *MORNING), 300.0),
    "no_irradiance": lambda day: with_ghi(day, at(day, *MORNING), np.nan),
    "dead_irradiance": lambda day: with_ghi(day, at(day, *MORNING), 0.0),
    "curtailed": lambda day: with_power(day, day.power_ac > 40.0, 40.0),
    "negative_power": lambda day: with_power(day, at(day, *MORNING), -9.0 - day.power_ac / 50),
    "frozen_record": lambda day: stand_still(day, at(day, 15, 16)),
    "above_capacity": lambda day: with_power(day, at(day, 10, 11) & ~at(day, 10.5, 11), 900.0),
}


@pytest.mark.parametrize("reason", FAULTS)
def test_a_fault_of_plant_or_sensor_is_not_scored_and_is_named(reason) -> None:
    day = rows()
    found = scored(FAULTS[reason](day))
    assert found.state == "scored"
    assert set(found.masked) == {reason}
    assert found.masked[reason] + found.sums.daylight == int(day.lit.sum())
    assert found.sums.nmae < 0.05


@pytest.mark.parametrize("sky", [0.15, 0.4, 0.7, 1.0])
@pytest.mark.parametrize("month", [1, 4, 6, 9, 12])
@pytest.mark.parametrize("temp_air", [-8.0, 20.0])
def test_no_healthy_sky_season_or_frost_is_a_fault(sky, month, temp_air) -> None:
    found = scored(rows(date(2024, month, 12), sky=sky, temp_air=temp_air))
    assert (found.state, found.masked) == ("scored", {})


@pytest.mark.parametrize("step", [5, 10, 15, 30, 60])
def test_every_step_knows_an_outage_from_health(step) -> None:
    day = rows(step=step)
    still = with_power(day, at(day, 8, 14), 0.0)
    assert scored(day, step_minutes=step).masked == {}
    assert scored(still, step_minutes=step).masked == {"outage": 6 * 60 // step}


def test_power_at_the_inverters_limit_is_no_curtailment() -> None:
    day = rows(sky=1.05)
    clipped = np.minimum(day.power_ac, 0.8 * CAPACITY)
    assert (clipped == 0.8 * CAPACITY).sum() > 8
    assert scored(replace(day, power_ac=clipped)).masked == {}


def test_a_tenth_less_power_is_scored_for_the_model_must_answer_for_it() -> None:
    found = scored(times_power(rows(), 0.9))
    assert found.masked == {}
    assert found.sums.energy_bias == pytest.approx(1 / 0.9 - 1, abs=0.02)


def test_an_extended_plant_is_scored_though_it_is_above_its_stated_capacity() -> None:
    found = scored(times_power(rows(), 1.5))
    assert found.masked == {}
    assert found.sums.energy_bias == pytest.approx(1 / 1.5 - 1, abs=0.02)


def test_snow_on_the_array_is_no_outage() -> None:
    day = rows(date(2024, 1, 12), temp_air=-3.0)
    found = scored(times_power(day, 0.01))
    assert found.state == "masked"
    assert set(found.masked) == {"snow"}


@pytest.mark.parametrize("hours", [-1, 1, 2])
def test_a_clock_that_is_off_is_a_fault_of_the_clock(hours) -> None:
    day = rows()
    found = scored(replace(day, power_ac=np.roll(day.power_ac, hours * 4)))
    assert (found.state, set(found.masked)) == ("masked", {"clock"})


def test_a_forecast_that_came_too_early_for_its_clouds_is_no_fault_of_a_clock() -> None:
    day = rows(sky=0.4)
    passing = np.where(at(day, 9, 12), 1.8, 1.0)
    found = scored(replace(day, power_ac=day.power_ac * passing))
    assert "clock" not in found.masked


def test_a_forecast_is_held_against_the_forecast_irradiance() -> None:
    day = rows()
    dark = {**day.weather, "forecast_ghi": day.weather["ghi"], "ghi": np.zeros(96)}
    found = scored(replace(day, weather=dark), inputs="forecast", provider="met", lead="24h")
    assert (found.state, found.masked) == ("scored", {})
    assert (found.inputs, found.provider, found.lead) == ("forecast", "met", "24h")
    assert found.sky == pytest.approx(0.9, abs=0.03)


def test_a_site_without_irradiance_is_scored_and_its_sky_is_unknown() -> None:
    found = scored(replace(rows(), weather={"temp_air": np.full(96, 20.0)}))
    assert (found.state, found.sky) == ("scored", None)


def test_the_hours_of_a_day_add_up_to_its_daylight_and_are_those_of_the_sites_clock() -> None:
    whole = scored(rows())
    summer, utc = scored(rows(), timezone="Europe/Berlin").hours, whole.hours
    assert summer is not None
    assert utc is not None
    assert summer.zone == "Europe/Berlin"
    for name in ("daylight", "inside"):
        assert sum(getattr(each, name) for each in utc.parts) == getattr(whole.sums, name)
    for name in ("error", "absolute", "squared", "measured_kwh"):
        found = sum(getattr(each, name) for each in utc.parts)
        assert found == pytest.approx(getattr(whole.sums, name), rel=1e-3)
    assert [each.hour for each in summer.parts] == [each.hour + 2 for each in utc.parts]
    brightest = max(summer.parts, key=lambda each: each.measured_kwh)
    assert brightest.hour in {12, 13}, "the sun is highest at 13:13 by that clock"
    assert {each.n for each in summer.parts} == {4}


def test_what_a_check_doubts_is_in_no_hour_and_a_day_without_a_score_has_none() -> None:
    which = rows()
    noon = slice(44, 52)
    power = which.power_ac.copy()
    power[noon] = np.nan
    found = scored(replace(which, power_ac=power)).hours
    assert found is not None
    assert 11 not in {each.hour for each in found.parts}, "its rows have no power"
    assert scored(replace(which, power_ac=np.full(96, np.nan))).hours is None
