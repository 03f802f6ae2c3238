"""The fleet in any size: sorted by what is known of all, in groups, and by days."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.client import completeness, fleet, groups
from console.errors import ConsoleError
from tests.unit.console.web.world import LINE, Browser, World, browser, site, world

__all__ = ["browser", "world"]  # the fixtures
FIRST = date(2026, 6, 1)
SUSPECT = {"source": "power", "standing": "suspect", "reason": "two units", "remedy": ""}
HELD = {"by": "ann", "reason": "a test", "since": "2026-06-01"}


def many_models(world: World, count: int) -> None:
    names = [f"m{number:04}" for number in range(count)]
    sites = [site(f"s{number:04}", model_id=name) for number, name in enumerate(names)]
    world.answers["data_watcher", "sites"] = {"sites": sites}
    world.answers["trainer_trigger", "models"] = {
        "models": [{"model_id": each} for each in names],
        "next": None,
    }
    world.answers["data_watcher", "open"] = {"open": {}}


def test_refused_files_sort_a_fleet_of_any_size(world: World, browser: Browser) -> None:
    sites = [site(f"s{number:04}") for number in range(1000)]
    world.answers["data_watcher", "sites"] = {"sites": sites}
    world.answers["data_watcher", "open"] = {"open": {"s0777": 3}}
    text = browser.get("/").text
    assert text.index("3 files are refused") < text.index('href="/sites/s0000"')
    assert "1,000 sites" in text


def test_where_refused_files_are_not_counted_yet_each_page_asks_for_its_own(
    world: World, browser: Browser
) -> None:
    world.answers["data_watcher", "open"] = {"open": None}
    assert browser.get("/").text.count("1 file is refused") == 1
    world.answers["data_watcher", "open"] = ConsoleError("an earlier release")
    assert fleet.fleet(world).missing == ("how many files are refused: an earlier release",)


def test_a_large_fleet_whose_files_are_not_counted_yet_says_until_when(
    world: World, browser: Browser
) -> None:
    many_models(world, 51)
    world.answers["data_watcher", "open"] = {"open": None}
    assert "until the next daily sweep" in browser.get("/").text


def test_how_models_do_and_what_is_held_sort_a_fleet_of_any_number_of_models(world: World) -> None:
    many_models(world, 1001)
    asked: list[list[str]] = []

    def live(question: dict[str, Any]) -> dict[str, Any]:
        asked.append(question["model_ids"])
        worse = {"site_id": "s0900", "kind": "accuracy", "since": "2026-06-01", "why": "dust"}
        card = {"last": "2026-06-02", "standing": [worse], "more_standing": 0}
        return {"live": {each: card if each == "m0900" else None for each in question["model_ids"]}}

    world.answers["deployer", "live"] = live
    world.answers["deployer", "holds"] = lambda question: {
        "holds": {each: HELD for each in question["model_ids"] if each == "m0500"}
    }
    found = fleet.fleet(world)
    assert [each.site_id for each in found.rows[:2]] == ["s0900", "s0500"]
    assert sorted(len(each) for each in asked) == [1, 200, 200, 200, 200, 200]
    assert any("approval, of 1001 models" in each for each in found.missing)
    (shown,), _ = fleet.with_details(world, found.rows[2:3], of_models=True)
    assert [need.topic for need in shown.needs] == ["approval"]


def test_a_change_is_seen_on_the_fleet_at_once_and_a_turned_page_asks_nothing_twice(
    world: World, browser: Browser
) -> None:
    assert "1 file is refused" in browser.get("/").text
    world.answers["data_watcher", "open"] = {"open": {}}
    assert "1 file is refused" in browser.get("/").text
    form = {"key": "raw/east/bad.csv", "reason": "old", "token": browser.guard.token}
    assert browser.post("/do/dismiss", form).status == 303
    assert "1 file is refused" not in browser.get("/").text


def test_an_alarm_that_rings_is_told_where_people_ask_whether_anything_is_wrong(
    world: World, browser: Browser
) -> None:
    assert "See the status" not in browser.get("/").text
    ringing = [{"AlarmName": f"solar-{name}", "StateReason": "2 of 2"} for name in "abcd"]
    world.clients["cloudwatch"].alarms = ringing
    text = " ".join(browser.get("/").text.split())
    assert "4 alarms ring:</strong> solar-a, solar-b, solar-c and 1 more." in text
    assert 'href="/status">See the status' in text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/files?site=goldne", "goldne: no file."),
        ("/sites/east?from=0001-01-01&to=9999-12-31", "Site east"),
    ],
)
def test_what_nobody_expects_in_a_link_breaks_no_page(
    browser: Browser, path: str, said: str
) -> None:
    answer = browser.get(path)
    assert answer.status == 200
    assert said in " ".join(answer.text.split())


def test_a_fleet_is_grouped_by_model_and_by_what_is_wrong(world: World, browser: Browser) -> None:
    world.answers["data_watcher", "sites"] = {
        "sites": [
            site("a", model_id="one"),
            site("b", model_id="two", suspects=[SUSPECT], silent_since="2026-06-01T00:00:00Z"),
            site("c", model_id="two", silent_since="2026-06-02T00:00:00Z"),
        ]
    }
    world.answers["data_watcher", "open"] = {"open": {}}
    world.answers["deployer", "served"] = {"served": {}}
    world.clients["sagemaker"].list_model_packages = lambda **_: {"ModelPackageSummaryList": []}
    rows = fleet.fleet(world).rows

    by_model = groups.grouped(rows, "model")
    assert [(each.name, each.sites) for each in by_model] == [("two", 2), ("golden", 1), ("one", 1)]
    assert dict(by_model[0].lights) == {"bad": 1, "warn": 1}
    by_topic = groups.grouped(rows, "topic")
    assert [(each.name, each.sites) for each in by_topic] == [
        ("silent", 2),
        ("suspect", 1),
        ("", 2),
    ]
    assert by_topic[1].example == "b: source power is suspect: two units"

    text = browser.get("/?view=topic").text
    assert 'href="/?topic=silent">nothing comes</a>' in text
    assert 'with something wrong.</strong> <strong class="warn">' in text
    found = browser.get("/?topic=suspect").text
    assert 'href="/sites/b"' in found
    assert 'href="/sites/c"' not in found
    assert 'href="/?model=two"' in browser.get("/?view=model").text


def test_a_view_keeps_the_filter_and_an_unknown_one_says_which_there_are(browser: Browser) -> None:
    text = browser.get("/?text=east&view=calendar&days=30").text
    assert 'href="/?text=east&amp;view=model"' in text
    assert "<option selected>30</option>" in text
    answer = browser.get("/?view=map")
    assert answer.status == 400
    assert "model, topic, calendar" in answer.text


def test_days_of_sites_stand_below_each_other_up_to_the_newest(
    world: World, browser: Browser
) -> None:
    def lines(question: dict[str, Any]) -> dict[str, Any]:
        late = 5 if question["site_id"] == "east" else 2
        names = [FIRST + timedelta(days=place) for place in range(late)]
        return {"lines": [{**LINE, "name": str(each), "days": {"scored": 1}} for each in names]}

    world.answers["deployer", "scorecard"] = lines
    text = browser.get("/?view=calendar&days=5").text
    assert "2026-06-01 to 2026-06-05" in text
    assert 'aria-label="5 of 5 days scored"' in text
    assert 'aria-label="2 of 5 days scored"' in text
    assert "2026-06-03 to 2026-06-05: nothing known" in text


def test_of_a_day_in_several_states_the_worst_is_shown(world: World) -> None:
    world.answers["deployer", "scorecard"] = {
        "lines": [{**LINE, "name": "2026-06-01", "days": {"scored": 1, "no_power": 1}}]
    }
    rows = [each for each in fleet.fleet(world).rows if each.site_id == "east"]
    shown = completeness.calendar(world, rows, 1, FIRST)
    assert [each.state for each in shown.lines[0].stretches] == ["no_power"]


@given(
    st.dictionaries(
        st.integers(0, 40).map(lambda each: FIRST + timedelta(days=each)),
        st.sampled_from(completeness.STATES),
    ),
    st.integers(1, 41),
)
def test_stretches_hold_every_day_once_and_no_two_beside_each_other_are_alike(
    states: dict[date, str], days: int
) -> None:
    last = FIRST + timedelta(days=days - 1)
    found = completeness.stretches(states, FIRST, last)
    told = {
        each.first + timedelta(days=place): each.state
        for each in found
        for place in range(each.days)
    }
    every = [FIRST + timedelta(days=place) for place in range(days)]
    assert told == {day: states.get(day, completeness.UNKNOWN) for day in every}
    assert sum(each.days for each in found) == days
    assert all(one.state != other.state for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("days", "said"), [(1, ["2026-06-01"]), (31, ["2026-06-01", "2026-07-01"])]
)
def test_months_are_marked_where_they_begin(days: int, said: list[str]) -> None:
    shown = completeness.Calendar(FIRST, FIRST + timedelta(days=days - 1), ())
    assert [str(month) for month, _ in shown.months] == said
