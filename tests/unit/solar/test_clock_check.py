"""A clock that is moved with summer time gives itself away by the day's centre of energy."""

from __future__ import annotations

import numpy as np
import pytest

from shared.solar import clock_check, irradiance
from shared.solar.position import ephemeris, position
from tests.unit.solar.plant_data import stamps

LATITUDE, LONGITUDE, ZONE = 39.74, -105.18, "America/Denver"


@pytest.fixture(scope="module")
def true_power() -> tuple[np.ndarray, np.ndarray]:
    times = stamps(730, start="2021-01-01")
    sun = position(ephemeris(times + np.timedelta64(450, "s")), LATITUDE, LONGITUDE)
    clouds = np.repeat(np.random.default_rng(5).uniform(0.3, 1.0, 730 * 12), 8)
    return times, irradiance.clearsky_ghi(sun.up) * clouds


def stated(true_power: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return what a logger writes whose clock follows summer time, on the gapless grid as stated."""
    times, power = true_power
    mapped = clock_check.true_times(times, ZONE)
    where = dict(zip(times.tolist(), power.tolist(), strict=True))
    return times, np.array([where.get(moment, np.nan) for moment in mapped.tolist()])


def step_of(times: np.ndarray, power: np.ndarray, zone: str = ZONE) -> float | None:
    sun = position(ephemeris(times + np.timedelta64(450, "s")), LATITUDE, LONGITUDE)
    shift = clock_check.daily_shift(times, power, sun, LONGITUDE)
    return clock_check.summer_step(shift, zone)


def test_a_true_clock_shows_no_step(true_power):
    step = step_of(*true_power)
    assert step is not None
    assert abs(step) < 10
    assert not clock_check.follows_summer_time(step)


def test_a_clock_that_follows_summer_time_shows_an_hour(true_power):
    step = step_of(*stated(true_power))
    assert step == pytest.approx(60, abs=10)
    assert clock_check.follows_summer_time(step)


def test_a_zone_without_summer_time_says_nothing(true_power):
    assert step_of(*true_power, zone="-07:00") is None
    assert step_of(*true_power, zone="America/Phoenix") is None


def shift_of(times: np.ndarray, power: np.ndarray) -> clock_check.DailyShift:
    sun = position(ephemeris(times + np.timedelta64(450, "s")), LATITUDE, LONGITUDE)
    return clock_check.daily_shift(times, power, sun, LONGITUDE)


def test_summer_time_is_seen_where_the_stated_zone_has_none(true_power):
    shift = shift_of(*stated(true_power))
    assert clock_check.unsaid_summer_zone(shift, "-07:00") == "America/New_York"
    assert clock_check.unsaid_summer_zone(shift, "UTC") == "America/New_York"


def test_a_true_clock_and_a_zone_with_summer_time_are_left_in_peace(true_power):
    assert clock_check.unsaid_summer_zone(shift_of(*true_power), "-07:00") is None
    assert clock_check.unsaid_summer_zone(shift_of(*stated(true_power)), ZONE) is None


def test_moved_stamps_are_back_in_true_time(true_power):
    times, power = stated(true_power)
    moved = clock_check.true_times(times, ZONE)
    truth = dict(zip(true_power[0].tolist(), true_power[1].tolist(), strict=True))
    back = np.array([truth.get(moment, np.nan) for moment in moved.tolist()])
    known = np.isfinite(back)
    np.testing.assert_array_equal(power[known], back[known])


def test_winter_stamps_stay_and_summer_stamps_move_by_an_hour():
    winter, summer = np.datetime64("2021-01-15T19:00:00"), np.datetime64("2021-07-15T19:00:00")
    moved = clock_check.true_times(np.array([winter, summer]), ZONE)
    assert moved.tolist() == [winter.item(), np.datetime64("2021-07-15T18:00:00").item()]


def test_months_are_reported_one_by_one(true_power):
    times, power = stated(true_power)
    sun = position(ephemeris(times + np.timedelta64(450, "s")), LATITUDE, LONGITUDE)
    months = clock_check.by_month(clock_check.daily_shift(times, power, sun, LONGITUDE))
    assert len(months) == 24
    assert months["2021-07"] - months["2021-01"] == pytest.approx(60, abs=15)
