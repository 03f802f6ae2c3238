"""People learn which version served when, with the run and the data it came from."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.deployer.adapters.live.excluded import S3Excluded
from services.deployer.app.answering import Answering
from services.deployer.app.live.telling import Telling
from shared.errors import InvalidMessageError
from tests.unit.deployer.fakes import World
from tests.unit.deployer.live import world as live_world
from tests.unit.deployer.live.world import NOW, SITE, Books, Objects
from tests.unit.deployer.test_deployer import deployed


def answers(world: World) -> Answering:
    books = Books()
    return Answering(
        world.memory,
        world.memory,
        Telling(books, books, books, S3Excluded(Objects()), books, lambda: NOW),
        world.registry.pending,
        world.memory.serving,
    )


def test_the_whole_log_is_given_oldest_first() -> None:
    said = answers(deployed(1, 2)).answer({"query": "deployments", "model_id": "golden"})
    log = said["deployments"]["golden"]
    assert [(each["version"], each["event"]) for each in log] == [
        (1, "started"),
        (1, "deployed"),
        (2, "started"),
        (2, "deployed"),
    ]
    assert (log[1]["run_id"], log[1]["dataset_id"]) == ("run1", "data")


def test_what_serves_now_is_what_was_confirmed_last() -> None:
    world = deployed(1, 2)
    world.registry.approve(3)
    world.reconcile()
    said = answers(world).answer({"query": "served"})
    assert said["served"]["golden"]["version"] == 2, "a canary does not serve yet"


def test_what_served_at_a_time_is_what_was_confirmed_until_then() -> None:
    world = deployed(1, 2)
    first, second = (each.at for each in world.memory.log("golden") if each.event == "deployed")
    ask = answers(world).answer
    at = {
        moment: ask({"query": "served", "at": moment.isoformat()})
        for moment in (first - timedelta(seconds=1), first, second - timedelta(seconds=1), second)
    }
    versions = [
        said["served"]["golden"] and said["served"]["golden"]["version"] for said in at.values()
    ]
    assert versions == [None, 1, 1, 2]


def test_all_models_are_answered_for_where_none_is_named() -> None:
    assert set(answers(deployed(1)).answer({"query": "deployments"})["deployments"]) == {"golden"}
    assert answers(World()).answer({"query": "served"}) == {"served": {}}


def test_an_unknown_question_names_the_known_ones() -> None:
    with pytest.raises(InvalidMessageError, match="'scores': deployments, served"):
        answers(World()).answer({"query": "scores"})


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"first": "2026-06-08", "last": "2026-06-01"}, "2026-06-01 is before 2026-06-08"),
        ({"days": 500}, "are 500 days; ask for at most 400"),
        ({"last": "yesterday"}, "days: Invalid isoformat"),
    ],
)
def test_a_question_about_impossible_days_is_answered_and_is_no_failure_that_rings_an_alarm(
    days: dict[str, Any], said: str
) -> None:
    for query in ("scorecard", "predictions"):
        question = {"query": query, "model_id": "golden", "site_id": "golden", **days}
        assert said in answers(deployed(1)).answer(question)["error"]


def test_the_last_predictions_of_a_site_are_found_behind_later_days_of_others() -> None:
    live = live_world.World((SITE, "hill"))
    monday = date(2026, 4, 6)
    live.deploy(1, monday)
    live.hear(live.upload("old", monday), live.upload("new", date(2026, 6, 8), site="hill"))
    telling = Telling(live.books, live.books, live.books, live.excluded, live.books, live.clock)
    found = telling.predictions({"model_id": live_world.MODEL, "site_id": SITE})["predictions"]
    assert [each["file_id"] for each in found] == ["old"]


def test_what_waits_for_a_person_is_named_with_its_beginning_the_newest_first() -> None:
    world = deployed(1)
    world.registry.waiting = {2: NOW, 3: NOW + timedelta(days=1)}
    said = answers(world).answer({"query": "pending"})
    assert said == {
        "pending": {
            "golden": [
                {"version": 3, "since": (NOW + timedelta(days=1)).isoformat()},
                {"version": 2, "since": NOW.isoformat()},
            ]
        }
    }
    assert answers(world).answer({"query": "pending", "model_id": "new"}) == {"pending": {}}


def scored(*days: date) -> Telling:
    live = live_world.World((SITE, "hill"))
    live.deploy(1, days[0])
    for day in days:
        live.hear(live.upload(f"a{day}", day), live.upload(f"b{day}", day, site="hill", factor=0.5))
    return Telling(live.books, live.books, live.books, live.excluded, live.books, live.clock)


def test_weeks_are_those_of_the_calendar() -> None:
    sunday = date(2026, 4, 5)
    telling = scored(sunday, sunday + timedelta(days=1))
    said = telling.scorecard({"model_id": live_world.MODEL, "by": "week"})
    assert [each["name"] for each in said["lines"]] == ["2026-W14", "2026-W15"]


def test_the_worst_sites_come_first_where_they_are_asked_for() -> None:
    telling = scored(date(2026, 4, 6))
    ask = {"model_id": live_world.MODEL, "by": "site", "order": "error", "limit": 1}
    said = telling.scorecard(ask)
    assert [each["name"] for each in said["lines"]] == ["hill"]
    assert said["left_out"] == 1
    assert said["total"][0]["sites"] == 2, "the total is of all sites"


@pytest.mark.parametrize("wrong", [{"order": "luck"}, {"limit": 0}, {"limit": "all"}])
def test_an_unknown_order_or_number_of_lines_is_answered_with_an_error(
    wrong: dict[str, Any],
) -> None:
    question = {"query": "scorecard", "model_id": "golden", **wrong}
    assert next(iter(wrong)) in answers(deployed(1)).answer(question)["error"]


def test_only_the_model_that_is_asked_about_is_answered_for() -> None:
    world = deployed(1)
    world.memory.models = lambda: {"golden", "silver"}

    for query in ("deployments", "served"):
        said = answers(world).answer({"query": query, "model_id": "golden"})
        assert set(said[query]) == {"golden"}


def test_some_models_are_answered_for_at_once_but_not_very_many() -> None:
    world = deployed(1)
    said = answers(world).answer({"query": "live", "model_ids": ["golden", "new"]})
    assert said == {"live": {"golden": None, "new": None}}
    with pytest.raises(InvalidMessageError, match="at most 200"):
        answers(world).answer({"query": "holds", "model_ids": ["x"] * 201})


def test_an_answer_is_json() -> None:
    said = answers(deployed(1)).answer({"query": "served"})

    assert json.loads(json.dumps(said)) == said
    assert datetime.fromisoformat(said["served"]["golden"]["at"]).tzinfo is not None
