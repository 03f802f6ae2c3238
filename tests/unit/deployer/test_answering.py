"""People learn which version served when, with the run and the data it came from."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from services.deployer.app.answering import Answering
from services.deployer.app.live.telling import Telling
from shared.errors import InvalidMessageError
from tests.unit.deployer.fakes import World
from tests.unit.deployer.live.world import NOW, Books
from tests.unit.deployer.test_deployer import deployed


def answers(world: World) -> Answering:
    books = Books()
    return Answering(world.memory, world.memory, Telling(books, books, books, lambda: NOW))


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


def test_only_the_model_that_is_asked_about_is_answered_for() -> None:
    world = deployed(1)
    world.memory.models = lambda: {"golden", "silver"}

    for query in ("deployments", "served"):
        said = answers(world).answer({"query": query, "model_id": "golden"})
        assert set(said[query]) == {"golden"}


def test_an_answer_is_json() -> None:
    said = answers(deployed(1)).answer({"query": "served"})

    assert json.loads(json.dumps(said)) == said
    assert datetime.fromisoformat(said["served"]["golden"]["at"]).tzinfo is not None
