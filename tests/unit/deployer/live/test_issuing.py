"""The newest forecast of a site stands where people and machines find it; a late issue is seen."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.deployer.app.live.telling import Telling
from services.deployer.domain.live.book import Made
from services.deployer.domain.live.feeds import feeds
from shared import layout
from shared.errors import InvalidMessageError
from shared.messages import ForecastIssued
from tests.unit.deployer.live.world import MODEL, SITE, World, midnight

MONDAY = date(2026, 6, 8)
NOON = midnight(MONDAY) - timedelta(hours=12)
SIX = timedelta(hours=6)


def forecasting(*providers: str) -> World:
    world = World(providers=providers or ("ecmwf",))
    world.clock.now = NOON + timedelta(minutes=30)
    return world


def latest(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(read(world, "json"))
    return found


def read(world: World, form: str) -> bytes:
    return world.objects.kept[layout.latest_forecast(MODEL, SITE, form)][0]


def issues_of(rows: list[dict[str, Any]]) -> set[str]:
    return {row["issued_at"] for row in rows}


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def test_an_issue_becomes_the_newest_forecast_in_three_forms() -> None:
    world = forecasting()
    world.hear(world.issue("nwp", [NOON]))
    found = latest(world)
    assert len(found["rows"]) == 48 * 4
    assert found["rows"][0]["timestamp"] == iso(NOON)
    assert found["rows"][0]["local"].startswith("2026-06-07T12:00:00-06:00")
    assert all(row["p10"] <= row["p50"] <= row["p90"] for row in found["rows"])
    lines = list(csv.DictReader(io.StringIO(read(world, "csv").decode())))
    table = pq.read_table(pa.BufferReader(read(world, "parquet")))
    assert [float(line["p50"]) for line in lines] == [row["p50"] for row in found["rows"]]
    assert table.num_rows == len(lines)


def test_machines_are_told_where_it_stands() -> None:
    world = forecasting()
    world.hear(world.issue("nwp", [NOON]))
    (told,) = [each for each in world.topic.sent if isinstance(each, ForecastIssued)]
    assert (told.provider, told.issued_at, told.rows) == ("ecmwf", NOON, 48 * 4)
    assert told.key == layout.latest_forecast(MODEL, SITE, "json")
    hours = sum(row["p50"] for row in latest(world)["rows"]) / 4
    assert abs(told.energy_kwh - hours) < 0.1


def test_the_newer_issue_counts_and_what_it_does_not_reach_stays_of_the_one_before() -> None:
    world = forecasting()
    world.hear(world.issue("long", [NOON], hours=48, factor=0.5))
    world.hear(world.issue("short", [NOON + SIX], hours=24))
    rows = latest(world)["rows"]
    assert rows[0]["timestamp"] == iso(NOON + SIX)
    assert issues_of(rows[: 24 * 4]) == {iso(NOON + SIX)}
    assert issues_of(rows[24 * 4 :]) == {iso(NOON)}
    assert len(rows) == 42 * 4


def test_issues_that_come_in_the_wrong_order_end_alike() -> None:
    bodies = []
    for order in ((0, 1), (1, 0)):
        world = forecasting()
        messages = [
            world.issue("one", [NOON], factor=0.5),
            world.issue("two", [NOON + SIX]),
        ]
        for number in order:
            world.hear(messages[number])
        bodies.append(latest(world)["rows"])
    assert bodies[0] == bodies[1]


def test_a_forecast_that_is_withdrawn_gives_way_to_the_one_before() -> None:
    world = forecasting()
    world.hear(world.issue("one", [NOON], factor=0.5))
    world.hear(world.issue("two", [NOON + SIX]))
    world.hear(world.withdraw("two"))
    assert issues_of(latest(world)["rows"]) == {iso(NOON)}


def test_where_every_forecast_was_withdrawn_no_newest_one_stands_and_nobody_is_late() -> None:
    world = forecasting()
    for number in range(4):
        world.hear(world.issue(f"i{number}", [NOON - (3 - number) * SIX]))
    for number in range(4):
        world.hear(world.withdraw(f"i{number}"))
    assert [key for key in world.objects.kept if key.startswith(layout.FORECASTS)] == []
    world.clock.now = NOON + 2 * SIX
    world.sweep("quick")
    assert world.books.feeds(MODEL) == []
    world.hear(world.issue("again", [NOON + SIX]))
    assert issues_of(latest(world)["rows"]) == {iso(NOON + SIX)}


def test_a_provider_whose_issues_were_withdrawn_is_not_late_beside_one_that_sends() -> None:
    world = forecasting("ecmwf", "icon")
    world.hear(world.issue("e", [NOON]))
    world.hear(world.issue("i", [NOON], provider="icon"))
    world.hear(world.withdraw("i"))
    assert [each.provider for each in world.books.feeds(MODEL)] == ["ecmwf"]
    assert {row["provider"] for row in latest(world)["rows"]} == {"ecmwf"}


def test_a_provider_that_fell_silent_long_ago_is_not_forgotten() -> None:
    world = forecasting("ecmwf", "icon")
    world.hear(world.issue("i", [NOON], provider="icon"))
    world.clock.now = NOON + timedelta(days=9)
    world.hear(world.issue("e", [NOON + timedelta(days=9)]))
    assert {each.provider for each in world.books.feeds(MODEL)} == {"ecmwf", "icon"}


def test_a_death_after_the_newest_forecast_was_taken_away_forgets_the_provider_all_the_same() -> (
    None
):
    world = forecasting()
    world.hear(world.issue("one", [NOON]))
    message = world.withdraw("one")
    before = dict(world.books.known_feeds)
    world.hear(message)
    world.books.known_feeds.update(before)
    world.sweep("daily")
    world.hear(message)
    assert world.books.feeds(MODEL) == []


def test_a_process_that_dies_after_the_forecast_was_written_writes_it_again() -> None:
    world = forecasting()
    message = world.issue("nwp", [NOON])
    world.hear(message)
    before = latest(world)["rows"]
    world.books.kept.clear()
    world.objects.kept.pop(layout.latest_forecast(MODEL, SITE, "json"))
    world.hear(message)
    assert latest(world)["rows"] == before


def test_the_provider_that_did_best_counts_and_another_stands_in_while_it_is_late() -> None:
    world = forecasting("ecmwf", "icon")
    for number in range(4):
        issued = NOON - (4 - number) * SIX
        world.hear(world.issue(f"e{number}", [issued]))
    world.hear(world.issue("icon", [NOON], provider="icon"))
    assert {row["provider"] for row in latest(world)["rows"][:96]} == {"ecmwf"}
    world.clock.now = NOON + SIX  # the issue of noon should have been here
    world.hear(world.issue("icon2", [NOON + SIX], provider="icon"))
    assert {row["provider"] for row in latest(world)["rows"][:96]} == {"icon"}


def test_a_provider_that_becomes_late_gives_way_although_nothing_comes() -> None:
    world = forecasting("ecmwf", "icon")
    for number in range(4):
        world.hear(world.issue(f"e{number}", [NOON - (4 - number) * SIX]))
    world.clock.now = NOON + timedelta(hours=2)
    world.hear(world.issue("icon", [NOON + timedelta(hours=1)], provider="icon"))
    world.sweep("quick")
    assert {row["provider"] for row in latest(world)["rows"][:96]} == {"ecmwf"}
    told = len([each for each in world.topic.sent if isinstance(each, ForecastIssued)])

    world.clock.now = NOON + SIX  # the issue of noon should have been here
    world.sweep("quick")
    assert {row["provider"] for row in latest(world)["rows"]} == {"icon"}
    *_, before, after = [each for each in world.topic.sent if isinstance(each, ForecastIssued)]
    assert after.id != before.id

    world.sweep("quick")
    issued = [each for each in world.topic.sent if isinstance(each, ForecastIssued)]
    assert len(issued) == told + 1


def test_a_late_provider_goes_on_where_no_other_reaches() -> None:
    world = forecasting("ecmwf", "icon")
    for number in range(4):
        world.hear(world.issue(f"e{number}", [NOON - (4 - number) * SIX]))
    world.hear(world.issue("icon", [NOON], provider="icon", hours=3))
    before = latest(world)
    world.clock.now = NOON + SIX
    world.sweep("quick")
    assert latest(world) == before


def late_sites(world: World) -> list[float]:
    return [each["ForecastsLate"] for _, each in world.meter.told if "ForecastsLate" in each]


def test_an_issue_that_does_not_come_is_measured_and_one_that_comes_ends_it() -> None:
    world = forecasting()
    for number in range(4):
        world.hear(world.issue(f"i{number}", [NOON - (3 - number) * SIX]))
    world.sweep("quick")
    world.clock.now = NOON + 2 * SIX
    world.sweep("quick")
    world.hear(world.issue("i5", [NOON + 2 * SIX]))
    world.sweep("quick")
    assert late_sites(world) == [0.0, 1.0, 0.0]


def test_who_asks_is_told_where_forecasts_stand_and_what_is_late() -> None:
    world = forecasting()
    for number in range(4):
        world.hear(world.issue(f"i{number}", [NOON - (3 - number) * SIX]))
    telling = Telling(
        world.books, world.books, world.books, world.excluded, world.books, world.clock
    )
    world.clock.now = NOON + 2 * SIX
    (site,) = telling.forecasts({"model_id": MODEL})["sites"]
    assert site["key"] == layout.latest_forecast(MODEL, SITE, "json")
    (feed,) = site["feeds"]
    assert feed["late"]
    assert feed["issued_at"] == NOON.isoformat()
    assert telling.forecasts({"model_id": MODEL, "site_id": "elsewhere"})["sites"] == []
    then = {"model_id": MODEL, "at": (NOON + SIX).isoformat()}
    ((feed,),) = (each["feeds"] for each in telling.forecasts(then)["sites"])
    assert not feed["late"]
    for nonsense in ("soon", "2026-06-08T12:00"):
        with pytest.raises(InvalidMessageError, match="at: "):
            telling.forecasts({"model_id": MODEL, "at": nonsense})


def made(hours: float, *, delay: float = 0.5) -> Made:
    issued = NOON + timedelta(hours=hours)
    uploaded = issued + timedelta(hours=delay)
    end = issued + timedelta(hours=48)
    return Made(str(hours), 1, "", "forecast", issued, end, uploaded, uploaded, "ecmwf", issued)


def test_two_issues_make_no_rhythm() -> None:
    (feed,) = feeds(SITE, [made(0), made(6)])
    assert feed.due_at is None


def test_one_missing_issue_does_not_change_the_rhythm() -> None:
    (feed,) = feeds(SITE, [made(0), made(6), made(12), made(24), made(30)])
    assert feed.gap_hours == 6.0
    assert feed.due_at == NOON + timedelta(hours=30 + 9.5)


def test_of_a_history_that_is_uploaded_nothing_is_due() -> None:
    (feed,) = feeds(SITE, [made(hours, delay=1000) for hours in (0, 6, 12)])
    assert not feed.is_late(NOON + timedelta(days=100))


def test_a_history_before_it_does_not_make_a_live_issue_due_later() -> None:
    history = [made(hours, delay=100 - hours) for hours in (-18, -12, -6)]
    (feed,) = feeds(SITE, [*history, made(0)])
    assert feed.due_at == NOON + timedelta(hours=9.5)
