"""Who wants it is told once a day what tomorrow is expected to bring."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shared.messages import TomorrowForecast
from tests.unit.deployer.live.world import World, midnight

MONDAY = date(2026, 6, 8)
NOON = midnight(MONDAY) - timedelta(hours=12)  # of Sunday
SITES = ("east", "hill", "west")


def forecasting(*sites: str) -> World:
    world = World(sites=sites, providers=("ecmwf",))
    world.clock.now = NOON + timedelta(minutes=30)
    world.forecast_mail = True
    return world


def told(world: World) -> list[TomorrowForecast]:
    return [each for each in world.topic.sent if isinstance(each, TomorrowForecast)]


def test_tomorrow_is_the_next_local_day_of_each_site() -> None:
    world = forecasting("east")
    world.hear(world.issue("nwp", [NOON], site="east"))
    world.sweep()
    (message,) = told(world)
    assert message.day == MONDAY
    (site,) = message.sites
    # What the endpoint says without a temperature: 0.7 of the clear sky of a whole day in June.
    assert site.p50 == pytest.approx(0.7 * 820, rel=0.1)
    assert site.p10 == pytest.approx(0.9 * site.p50, rel=0.01)
    assert message.together.p50 == site.p50


def test_sites_are_told_the_largest_first_and_together() -> None:
    world = forecasting(*SITES)
    for number, site in enumerate(SITES):
        world.hear(world.issue(f"nwp-{site}", [NOON], site=site, factor=1.0 - 0.2 * number))
    world.sweep()
    (message,) = told(world)
    assert [each.site_id for each in message.sites] == list(SITES)
    assert message.together.p50 == pytest.approx(sum(each.p50 for each in message.sites), rel=0.01)


def test_a_forecast_that_does_not_reach_over_the_day_is_said_to_be_unknown() -> None:
    world = forecasting("east", "hill")
    world.hear(world.issue("long", [NOON], site="east"))
    world.hear(world.issue("short", [NOON], site="hill", hours=24))
    world.sweep()
    (message,) = told(world)
    assert [each.site_id for each in message.sites] == ["east"]
    assert message.unknown == ("hill",)


def test_nobody_is_told_who_did_not_ask_for_it() -> None:
    world = forecasting("east")
    world.forecast_mail = False
    world.hear(world.issue("nwp", [NOON], site="east"))
    world.sweep()
    assert told(world) == []


def test_without_a_forecast_of_tomorrow_there_is_no_mail() -> None:
    world = forecasting("east")
    world.hear(world.issue("nwp", [NOON], site="east"))
    world.clock.now = NOON + timedelta(days=30)
    world.sweep()
    assert told(world) == []


def test_a_repeated_sweep_is_the_same_message() -> None:
    world = forecasting("east")
    world.hear(world.issue("nwp", [NOON], site="east"))
    world.sweep()
    world.sweep()
    assert len({each.id for each in told(world)}) == 1


def test_a_site_whose_next_issue_is_late_is_named() -> None:
    world = forecasting("east", "hill")
    for number in range(4):
        issued = NOON - timedelta(hours=6 * (3 - number))
        world.hear(world.issue(f"east-{number}", [issued], site="east", hours=60))
    world.hear(world.issue("hill", [NOON], site="hill"))
    world.sweep()
    assert told(world)[-1].late == ()
    world.clock.now = NOON + timedelta(hours=10)  # still Sunday; due by half past nine
    world.sweep()
    assert told(world)[-1].late == ("east",)
    assert [each.site_id for each in told(world)[-1].sites] == ["east", "hill"]
