"""No run holds its model for ever, whatever became of its sequence."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from services.trainer_trigger.domain.run import Run
from shared.messages import ChallengerRegistered, RetrainFailed, RetrainStarted
from tests.unit.trainer_trigger.fakes import World, a_file, found, in_flight


def test_a_sequence_that_vanished_is_ended_by_the_sweep() -> None:
    world = in_flight()
    run = world.the_run
    world.sequence.executions.clear()
    world.service.sweeping.model("golden", full=False)
    assert world.memory.kept[run.run_id].status == "failed"
    assert len(world.told.of(RetrainFailed)) == 1


def test_a_broken_sequence_is_ended_with_the_machines_own_words() -> None:
    world = in_flight()
    run = world.the_run
    world.sequence.executions[run.execution] = "FAILED"
    world.service.sweeping.model("golden", full=False)
    assert "the service restarted" in (world.memory.kept[run.run_id].failure or "")


def test_a_sequence_that_ended_without_telling_is_told_by_the_sweep() -> None:
    world = in_flight()
    run = world.the_run
    found(world, run)
    world.sequence.executions[run.execution] = "SUCCEEDED"
    world.service.sweeping.model("golden", full=False)
    assert world.memory.kept[run.run_id].status == "registered"
    assert len(world.told.of(ChallengerRegistered)) == 1


def test_a_run_past_its_deadline_is_stopped_and_explained() -> None:
    world = in_flight()
    run = world.the_run
    world.pipeline.arns[run.run_id] = "arn"
    world.clock.forward(hours=7)
    world.service.sweeping.model("golden", full=False)
    assert world.pipeline.stopped == ["arn"]
    assert world.memory.kept[run.run_id].status == "failed"


def stopped(world: World) -> Run:
    """Let a person stop the execution of the run in flight."""
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    world.pipeline.arns[run.run_id] = "arn"
    world.sequence.executions[run.execution] = "ABORTED"
    return run


def test_a_run_whose_execution_was_stopped_is_ended_at_once() -> None:
    world = World()
    run = stopped(world)
    said = json.dumps({"model_id": "golden", "run_id": run.run_id})
    for _ in range(2):  # events come twice
        world.service.looking_after.execution_ended(run.execution, said)
    assert world.pipeline.stopped == ["arn"]
    assert world.memory.kept[run.run_id].status == "failed"
    assert len(world.told.of(RetrainFailed)) == 1


@pytest.mark.parametrize(
    ("execution", "said"),
    [("another", '{"model_id": "golden"}'), ("", ""), ("", "[]"), ("", '{"model_id": 1}')],
)
def test_an_execution_that_is_not_of_the_run_in_flight_ends_nothing(
    execution: str, said: str
) -> None:
    world = World()
    run = stopped(world)
    world.service.looking_after.execution_ended(execution or run.execution, said)
    assert world.memory.kept[run.run_id].status == "running"


def test_an_event_that_is_late_does_not_end_a_run_that_goes_on() -> None:
    world = World()
    run = stopped(world)
    world.sequence.executions[run.execution] = "RUNNING"
    world.service.looking_after.execution_ended(run.execution, '{"model_id": "golden"}')
    assert world.memory.kept[run.run_id].status == "running"


def test_a_run_that_was_opened_but_not_started_is_taken_up_again() -> None:
    world = in_flight()
    run = world.the_run
    world.memory.kept[run.run_id] = replace(run, started=False)
    world.sequence.executions.clear()
    world.clock.forward(minutes=3)
    world.service.sweeping.model("golden", full=False)
    assert world.sequence.executions == {run.execution: "RUNNING"}
    assert len(world.told.of(RetrainStarted)) == 1, "the repeat has the same id"
