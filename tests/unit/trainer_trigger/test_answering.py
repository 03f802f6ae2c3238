"""What the function that answers says fits into an answer, however large a fleet is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.trainer_trigger.app.answering import SHOWN, Answering
from services.trainer_trigger.domain.model_state import ModelNotes
from services.trainer_trigger.domain.run import Run, Step
from shared.model_config import RetrainPolicy
from tests.unit.trainer_trigger.fakes import FakeMemory
from tests.unit.trainer_trigger.samples import IMAGE, START, a_file
from tests.unit.trainer_trigger.world import World, end

ANSWER = 6_000_000  # bytes that a function may answer


class Memories(FakeMemory):
    """Runs of several models; says which models were looked at."""

    def __init__(self, *runs: Run) -> None:
        super().__init__(kept={run.run_id: run for run in runs})
        self.asked_for: list[str] = []

    def some_runs(
        self, model_id: str, limit: int, after: str
    ) -> tuple[tuple[Run, ...], str | None]:
        self.asked_for.append(model_id)
        own = {name: run for name, run in self.kept.items() if run.model_id == model_id}
        return FakeMemory(kept=own).some_runs(model_id, limit, after)


@pytest.fixture
def world() -> World:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    return world


def answers(world: World, memory: FakeMemory | None = None) -> Answering:
    known = memory or world.memory
    return Answering(world.clock, world.configuration, known, known, known, known, world.pipeline)


def pages(asked: Answering, query: str, **more: Any) -> Iterator[dict[str, Any]]:
    following = None
    while True:
        page = asked.answer({"query": query, "next": following, **more})
        yield page
        following = page["next"]
        if following is None:
            return


def runs_of(world: World, *models: str, each: int) -> list[Run]:
    run = world.the_run
    return [
        replace(run, run_id=f"{model}x{number:04d}-1", model_id=model)
        for model in models
        for number in range(each)
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, 1000])
def test_pages_of_runs_hold_every_run_once_whatever_their_size(world: World, limit: int) -> None:
    world.configuration.names = ["east", "empty", "none", "west"]
    memory = Memories(*runs_of(world, "east", "west", each=3))

    found = list(pages(answers(world, memory), "runs", limit=limit))

    assert [run["run_id"] for page in found for run in page["runs"]] == sorted(memory.kept)
    assert all(len(page["runs"]) <= limit for page in found)


def test_runs_of_one_model_are_its_own(world: World) -> None:
    memory = Memories(*runs_of(world, "east", "west", each=3))

    found = list(pages(answers(world, memory), "runs", limit=2, model_id="west"))

    assert {run["model_id"] for page in found for run in page["runs"]} == {"west"}
    assert memory.asked_for == ["west", "west"]


def test_a_page_looks_at_no_more_models_than_it_may_hold_runs(world: World) -> None:
    world.configuration.names = [f"m{number:05d}" for number in range(10_000)]
    memory = Memories()

    page = answers(world, memory).answer({"query": "runs", "limit": 10})

    assert page == {"runs": [], "next": "m00010/"}
    assert len(memory.asked_for) == 10


def test_a_model_that_is_gone_between_two_pages_hides_no_other(world: World) -> None:
    world.configuration.names = ["east", "west"]
    memory = Memories(*runs_of(world, "east", "west", each=2))

    page = answers(world, memory).answer({"query": "runs", "next": "middle/middlex0001-1"})

    assert [run["model_id"] for run in page["runs"]] == ["west", "west"]


def test_the_largest_page_of_long_stories_fits_into_an_answer(world: World) -> None:
    story = {"failure": "é" * 500 + "x" * 1500, "reasons": ("because " * 40,), "status": "failed"}
    long = (replace(run, **story) for run in runs_of(world, "golden", each=1001))  # type: ignore[arg-type]

    page = answers(world, Memories(*long)).answer({"query": "runs", "limit": 1000})

    assert len(page["runs"]) == 1000
    assert len(json.dumps(page)) < ANSWER


def test_ten_thousand_models_are_named_in_pages_and_known_one_by_one(world: World) -> None:
    names = [f"m{number:05d}" for number in range(10_000)]
    world.configuration.names = names

    found = list(pages(answers(world), "models", limit=1000))

    assert len(found) == 10
    assert [each["model_id"] for page in found for each in page["models"]] == names
    assert world.configuration.asked.count("m00001") == 0, "a name costs no look at its model"
    (one,) = answers(world).answer({"query": "models", "model_id": "golden"})["models"]
    assert one["in_flight"] == world.the_run.run_id


def test_why_says_what_came_since_the_latest_decision(world: World) -> None:
    found = answers(world).answer({"query": "decisions", "model_id": "golden", "limit": 5})
    assert found["waiting"]["golden"]["files"] == 1
    past = answers(world).answer(
        {"query": "decisions", "model_id": "golden", "at": START.isoformat()}
    )
    assert past["waiting"] == {}


def test_another_policy_is_replayed_over_the_recorded_arrivals(world: World) -> None:
    world.clock.forward(hours=12)
    policy = RetrainPolicy(quiet_period=timedelta(minutes=5)).model_dump(mode="json")
    since = (START - timedelta(hours=1)).isoformat()

    found = answers(world).answer(
        {"query": "replay", "model_id": "golden", "policy": policy, "since": since}
    )

    assert [run["files"] for run in found["runs"]] == [1]
    assert found["recorded_runs"] == 1


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({}, "query"),
        ({"query": "weather"}, "'models', 'runs', 'decisions', 'progress', 'replay'"),
        ({"query": "decisions"}, "model_id: Field required"),
        ({"query": "replay", "model_id": "golden"}, "since: Field required"),
        ({"query": "runs", "limit": 0}, "limit"),
        ({"query": "runs", "limit": 1001}, "limit"),
        ({"query": "runs", "next": "../x"}, "next"),
        ({"query": "runs", "model_id": "#account"}, "model_id"),
        ({"query": "runs", "colour": "red"}, "colour"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_with_what_is_wrong(
    world: World, event: dict[str, Any], says: str
) -> None:
    assert says in answers(world).answer(event)["error"]


class Told(FakeMemory):
    """Knows one decision, and when an evaluation is armed for."""

    decided_at = START
    armed_for: datetime | None = None

    def decisions(
        self, model_id: str, limit: int, until: datetime | None = None
    ) -> list[dict[str, Any]]:
        self.limit, self.until = limit, until
        return [{"at": self.decided_at.isoformat(), "outcome": "wait"}]

    def notes(self, model_id: str) -> ModelNotes:
        return replace(super().notes(model_id), armed_until=self.armed_for)


def test_only_what_came_after_the_latest_decision_is_waiting(world: World) -> None:
    memory = Told()
    for number, minutes in ((1, -1), (2, 0), (3, 1), (4, 2)):
        memory.add_file("golden", a_file(number, days=number), START + timedelta(minutes=minutes))
    answer = answers(world, memory).answer({"query": "decisions", "model_id": "golden"})
    waiting = answer["waiting"]["golden"]
    assert (waiting["files"], waiting["rows"]) == (2, (3 + 4) * 96)
    assert answer["decisions"]["golden"][0]["outcome"] == "wait"


def test_without_new_files_no_rows_wait(world: World) -> None:
    answer = answers(world, Told()).answer({"query": "decisions", "model_id": "golden"})
    assert (answer["waiting"]["golden"]["files"], answer["waiting"]["golden"]["rows"]) == (0, 0)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, False), (-1, False), (0, False), (1, True), (600, True)]
)
def test_an_armed_evaluation_is_shown_until_its_time(
    world: World, seconds: int | None, *, shown: bool
) -> None:
    memory = Told()
    if seconds is not None:
        memory.armed_for = world.clock.now + timedelta(seconds=seconds)
    answer = answers(world, memory).answer({"query": "decisions", "model_id": "golden"})
    looked_at_by = answer["waiting"]["golden"]["looked_at_by"]
    expected = memory.armed_for.isoformat() if shown and memory.armed_for else None
    assert looked_at_by == expected


def test_twenty_decisions_are_given_where_no_number_is_asked_for(world: World) -> None:
    memory = Told()
    answers(world, memory).answer({"query": "decisions", "model_id": "golden"})
    assert (memory.limit, memory.until) == (20, None)
    answers(world, memory).answer(
        {"query": "decisions", "model_id": "golden", "limit": 3, "at": START.isoformat()}
    )
    assert (memory.limit, memory.until) == (3, START)


def test_one_model_is_known_with_its_settings_and_its_last_decision(world: World) -> None:
    (known,) = answers(world, Told()).answer({"query": "models", "model_id": "golden"})["models"]
    assert known["in_flight"] is None
    assert known["last_decision"]["outcome"] == "wait"
    assert known["config"]["model_type"] == world.configuration.config.model_type
    (new,) = answers(world, FakeMemory()).answer({"query": "models", "model_id": "golden"})[
        "models"
    ]
    assert new["last_decision"] is None


def test_a_run_is_shown_as_json_with_what_people_ask_about(world: World) -> None:
    (run,) = answers(world).answer({"query": "runs"})["runs"]
    assert tuple(run) == SHOWN
    assert run["started_at"] == world.the_run.started_at.isoformat().replace("+00:00", "Z")
    assert run["status"] == "running"


def test_a_replay_counts_the_recorded_runs_since_its_beginning(world: World) -> None:
    world.clock.forward(hours=12)
    begun = world.the_run.started_at
    for since, counted in ((begun, 1), (begun + timedelta(seconds=1), 0)):
        answer = answers(world).answer(
            {"query": "replay", "model_id": "golden", "policy": {}, "since": since.isoformat()}
        )
        assert answer["recorded_runs"] == counted


def test_a_replayed_run_lasts_and_costs_what_the_recorded_ones_did(world: World) -> None:
    run = end(world)
    cost = world.memory.kept[run.run_id].cost_usd
    world.clock.forward(hours=12)
    since = (START - timedelta(hours=1)).isoformat()
    found = answers(world).answer(
        {"query": "replay", "model_id": "golden", "policy": {}, "since": since}
    )
    assert found["cost_usd"] == pytest.approx(cost)
    assert [begun["files"] for begun in found["runs"]] == [1]
    assert found["runs"][0]["at"].startswith("2026-05-04T09:15")
    assert found["runs"][0]["reasons"]


def test_a_model_says_what_its_runs_of_this_month_cost(world: World) -> None:
    now, run = world.clock(), world.the_run
    before = replace(run, run_id="old-1", started_at=now - timedelta(days=40), cost_usd=9.0)
    memory = FakeMemory(kept={"a-1": replace(run, started_at=now, cost_usd=0.25), "old-1": before})
    (said,) = answers(world, memory).answer({"query": "models", "model_id": run.model_id})["models"]
    assert said["spent_usd"] == 0.25


def step(name: str, begin: int, end: int | None = None, status: str = "Succeeded") -> Step:
    ended = START + timedelta(seconds=end) if end is not None else None
    began = START + timedelta(seconds=begin)
    return Step(
        name, status, "", 0.0, None, started_at=began, ended_at=ended, job_arn=f"arn:{name}"
    )


def test_a_run_says_how_far_it_is_and_how_long_the_one_before_took(world: World) -> None:
    run = world.the_run
    before = replace(
        run,
        run_id="before-1",
        status="registered",
        started_at=run.started_at - timedelta(hours=2),
        ended_at=run.started_at - timedelta(hours=1),
    )
    memory = FakeMemory(kept={run.run_id: run, "before-1": before})
    world.pipeline.arns = {run.run_id: "now", "before-1": "before"}
    world.pipeline.by_arn = {
        "now": (step("Preprocess", 0, 30), step("Train", 30, status="Executing")),
        "before": (
            step("Preprocess", 0, 40),
            step("Train", 40, 100),
            step("CheckAccuracy", 100, 100),
            step("RegisterModel-RegisterModel", 100, 101),
        ),
    }
    asked = answers(world, memory)
    said = asked.answer({"query": "progress", "model_id": run.model_id})["progress"]
    assert said["run_id"] == run.run_id
    assert [(each["name"], each["status"]) for each in said["stages"]] == [
        ("Preprocess", "Succeeded"),
        ("Train", "Executing"),
    ]
    assert said["stages"][1]["ended_at"] is None
    assert [each["job_arn"] for each in said["stages"]] == ["arn:Preprocess", "arn:Train"]
    assert said["recipe"]["image_uri"] == IMAGE
    assert said["recipe"]["champion_version"] == run.champion_version
    assert said["expected"] == {
        "seconds": 3600.0,
        "stages": {"Preprocess": 40.0, "Train": 60.0, "RegisterModel": 1.0},
    }
    named = {"query": "progress", "model_id": run.model_id, "run_id": "before-1"}
    earlier = asked.answer(named)["progress"]
    assert earlier["run_id"] == "before-1"
    assert earlier["expected"] is None, "no run of later tells what was usual then"


def test_a_first_run_has_nothing_to_be_compared_with_and_no_run_no_progress(world: World) -> None:
    run = world.the_run
    asked = answers(world)
    said = asked.answer({"query": "progress", "model_id": run.model_id})["progress"]
    assert (said["stages"], said["expected"]) == ([], None)
    nothing = answers(world, FakeMemory(kept={}))
    assert nothing.answer({"query": "progress", "model_id": "golden"}) == {"progress": None}
