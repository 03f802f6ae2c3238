"""No run holds its model for ever, whatever became of its sequence."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from services.trainer_trigger.app.looking_after import PATIENCE
from services.trainer_trigger.domain.run import Run
from shared.messages import ChallengerRegistered, RetrainFailed, RetrainStarted
from tests.unit.trainer_trigger.samples import a_file
from tests.unit.trainer_trigger.world import World, found, in_flight


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


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_a_sequence_that_goes_on_is_left_alone(status: str) -> None:
    world = in_flight()
    world.sequence.executions[world.the_run.execution] = status
    world.service.looking_after.model("golden")
    assert world.the_run.status == "running"
    assert not world.pipeline.stopped


def test_a_run_that_was_just_opened_gets_its_time_to_start() -> None:
    world = in_flight()
    run = replace(world.the_run, started=False)
    world.memory.kept[run.run_id] = run
    world.clock.now = run.started_at + PATIENCE
    world.service.looking_after.model("golden")
    assert world.sequence.starts == 1
    world.clock.forward(seconds=1)
    world.service.looking_after.model("golden")
    assert world.sequence.starts == 2


def test_a_run_is_ended_after_its_deadline_and_not_at_it() -> None:
    world = in_flight()
    run = world.the_run
    world.clock.now = run.deadline
    world.service.looking_after.model("golden")
    assert world.the_run.status == "running"
    world.clock.forward(seconds=1)
    world.service.looking_after.model("golden")
    failure = world.memory.kept[run.run_id].failure or ""
    assert failure.startswith(
        f"Deadline: States.Timeout: the run was not done by {run.deadline:%H:%M}"
    )
    assert world.sequence.executions[run.execution] == "ABORTED"


def test_a_run_that_is_closed_but_still_claims_its_model_frees_it() -> None:
    world = in_flight()
    run = world.the_run
    world.memory.kept[run.run_id] = replace(run, status="rejected")
    world.service.looking_after.model("golden")
    assert world.memory.flying is None
    assert not world.told.of(RetrainFailed)


def test_a_model_without_a_run_needs_no_looking_after() -> None:
    world = World()
    world.service.looking_after.model("golden")
    assert not world.memory.recorded
    assert not world.told.sent


def test_a_broken_sequence_whose_pipeline_was_evaluated_ends_with_the_evaluation() -> None:
    world = in_flight()
    run = world.the_run
    found(world, run, "reject")
    world.sequence.executions[run.execution] = "FAILED"
    world.service.looking_after.model("golden")
    assert world.memory.kept[run.run_id].status == "rejected"
    assert not world.pipeline.stopped, "what has ended need not be stopped"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("FAILED", "execution is FAILED: States.Runtime"),
        (None, "execution is not there."),
    ],
)
def test_a_run_without_evaluation_ends_with_what_the_state_machine_says(
    status: str | None, words: str
) -> None:
    world = in_flight()
    run = world.the_run
    world.sequence.executions.clear()
    if status:
        world.sequence.executions[run.execution] = status
    world.service.looking_after.model("golden")
    failure = world.memory.kept[run.run_id].failure or ""
    assert failure.startswith("Retrain sequence: ")
    assert words in failure
    assert not world.pipeline.stopped, "no pipeline was started"


def test_a_success_without_a_pipeline_is_a_failure() -> None:
    world = in_flight()
    run = world.the_run
    world.sequence.executions[run.execution] = "SUCCEEDED"
    world.service.looking_after.model("golden")
    failure = world.memory.kept[run.run_id].failure or ""
    assert failure.startswith("Retrain sequence: the pipeline's execution is not there")


def test_a_success_that_cannot_be_collected_is_a_failure_of_collecting() -> None:
    world = in_flight()
    run = world.the_run
    world.pipeline.arns[run.run_id] = "arn"
    world.sequence.executions[run.execution] = "SUCCEEDED"
    world.service.looking_after.model("golden")
    failure = world.memory.kept[run.run_id].failure or ""
    assert failure.startswith("Collect: the pipeline of run")
    assert len(world.told.of(RetrainFailed)) == 1
