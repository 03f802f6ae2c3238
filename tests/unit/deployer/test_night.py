"""Fewer instances at night, by the sun of the model's sites."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.deployer.adapters.endpoints import SageMakerEndpoints
from services.deployer.domain import night
from services.deployer.domain.night import Night, Spot, daylight, nights
from shared.model_config import EndpointConfig
from shared.solar.position import ephemeris, position
from tests.unit.deployer.test_deployer import deployed

GOLDEN = Spot(39.74, -105.18)
YEAR = 2026


def elevations(spot: Spot, month: int, minutes: np.ndarray[Any, Any], day: int = 15) -> Any:
    """Return the sun's elevation at minutes of a day, by the product's own position of the sun. [degree]"""
    midnight = np.datetime64(f"{YEAR}-{month:02}-{day:02}T00:00")
    times = midnight + minutes.astype("timedelta64[m]")
    found = position(ephemeris(times.astype("datetime64[ns]")), spot.latitude, spot.longitude)
    return np.degrees(np.arcsin(found.up))


def minutes_of(found: Night) -> np.ndarray[Any, Any]:
    length = (found.ends - found.begins) % 1440
    return (found.begins + np.arange(0, length, 5)) % 1440


@pytest.mark.parametrize(
    "spot", [GOLDEN, Spot(-33.9, 151.2), Spot(0.0, 0.0), Spot(51.5, -0.1), Spot(35.7, 139.7)]
)
def test_no_minute_of_a_night_has_the_sun_up(spot: Spot) -> None:
    found = nights([spot], YEAR)
    assert [each.month for each in found] == list(range(1, 13))
    for each in found:
        for day in (1, 8, 15, 22, 28):
            assert (elevations(spot, each.month, minutes_of(each), day) < -5.0).all(), each


def test_a_night_is_nearly_all_of_the_dark_hours() -> None:
    for each in nights([GOLDEN], YEAR):
        dark = (elevations(GOLDEN, each.month, np.arange(1440)) < -0.833).sum()
        length = (each.ends - each.begins) % 1440
        assert dark - 240 < length < dark - 60, each


@given(latitude=st.floats(-64, 64), longitude=st.floats(-180, 180), day=st.integers(0, 364))
def test_sunrise_and_sunset_are_where_the_sun_is_at_the_horizon(
    latitude: float, longitude: float, day: int
) -> None:
    when, spot = date(YEAR, 1, 1) + timedelta(days=day), Spot(latitude, longitude)
    found = daylight(spot, when)
    assert found is not None
    midnight = np.datetime64(when.isoformat(), "s")
    times = midnight + (np.array(found) * 60).astype("timedelta64[s]")
    sun = position(ephemeris(times.astype("datetime64[ns]")), latitude, longitude)
    assert np.abs(np.degrees(np.arcsin(sun.up)) + 0.833).max() < 1.0


def test_where_the_sun_does_not_set_or_not_rise_nothing_is_changed() -> None:
    months = [each.month for each in nights([Spot(69.6, 18.9)], YEAR)]
    assert 6 not in months
    assert 12 not in months
    assert 3 in months


def test_sites_far_apart_have_the_night_that_they_share() -> None:
    alone = {each.month: (each.ends - each.begins) % 1440 for each in nights([GOLDEN], YEAR)}
    east = Spot(39.74, -75.0)
    for each in nights([GOLDEN, east], YEAR):
        assert (each.ends - each.begins) % 1440 < alone[each.month]
        for spot in (GOLDEN, east):
            assert (elevations(spot, each.month, minutes_of(each)) < -5.0).all()
    around = [Spot(0.0, longitude) for longitude in (-170.0, -60.0, 60.0, 170.0)]
    assert nights(around, YEAR) == []
    assert nights([], YEAR) == []


class Scaling:
    """Application Auto Scaling, with an action from before."""

    def __init__(self) -> None:
        self.actions: dict[str, dict[str, Any]] = {"night-13-begins": {}}

    def register_scalable_target(self, **_: Any) -> None:
        pass

    def put_scaling_policy(self, **_: Any) -> None:
        pass

    def describe_scheduled_actions(self, **_: Any) -> dict[str, Any]:
        return {"ScheduledActions": [{"ScheduledActionName": name} for name in self.actions]}

    def delete_scheduled_action(self, *, ScheduledActionName: str, **_: Any) -> None:  # noqa: N803
        del self.actions[ScheduledActionName]

    def put_scheduled_action(self, *, ScheduledActionName: str, **asked: Any) -> None:  # noqa: N803
        self.actions[ScheduledActionName] = asked


def scaled(config: EndpointConfig, *found: Night) -> dict[str, dict[str, Any]]:
    scaling, nothing = Scaling(), None
    endpoints = SageMakerEndpoints(
        nothing,
        nothing,
        scaling,
        nothing,
        "r",
        "k",
        "b",
        "t",
        (),
        (),  # type: ignore[arg-type]
        nothing,
    )
    endpoints.keep_scaling("golden", config, found)
    return scaling.actions


def test_every_evening_and_morning_of_a_month_the_number_changes() -> None:
    config = EndpointConfig(instance_count=2, maximum_instance_count=4, night_instance_count=1)
    actions = scaled(config, Night(7, 21 * 60 + 5, 4 * 60 + 30))
    assert set(actions) == {"night-07-begins", "night-07-ends"}, "what was before is gone"
    begins, ends = actions["night-07-begins"], actions["night-07-ends"]
    assert begins["Schedule"] == "cron(5 21 * 7 ? *)"
    assert begins["ScalableTargetAction"] == {"MinCapacity": 1, "MaxCapacity": 1}
    assert ends["Schedule"] == "cron(30 4 * 7 ? *)"
    assert ends["ScalableTargetAction"] == {"MinCapacity": 2, "MaxCapacity": 4}


def test_without_a_number_for_the_night_nothing_changes_then() -> None:
    assert scaled(EndpointConfig(), Night(7, 0, 60)) == {}


def test_a_deployed_model_gets_the_nights_of_its_sites() -> None:
    world = deployed(1)
    assert list(world.endpoints.nights) == []
    world.configure(night_instance_count=1)
    world.reconcile(settings=True)
    assert list(world.endpoints.nights) == night.nights(world.spots, world.now.year)


def test_more_instances_at_night_than_by_day_are_refused() -> None:
    with pytest.raises(ValueError, match="at night there are fewer"):
        EndpointConfig(instance_count=2, night_instance_count=3)
