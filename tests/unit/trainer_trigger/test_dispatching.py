"""Every message reaches its use case, and what nobody expects ends in the dead letters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.errors import InvalidMessageError
from shared.inbox import ServiceEvent
from shared.messages import AccuracyDegraded, EvaluationDue, SweepDue
from tests.unit.trainer_trigger.samples import (
    START,
    a_file,
    accepted,
    config_changed,
    request,
    withdrawn,
)
from tests.unit.trainer_trigger.world import World, in_flight


def handled(world: World, *incoming: Any) -> World:
    for each in incoming:
        world.service.dispatching.handle(each)
    return world


def sweep_due() -> SweepDue:
    return SweepDue.of(subject=("s",), occurred_at=START, correlation_id="s", scope="full")


def due() -> EvaluationDue:
    return EvaluationDue.of(
        subject=("golden",), occurred_at=START, correlation_id="golden", model_id="golden"
    )


def degraded() -> AccuracyDegraded:
    return AccuracyDegraded.of(
        subject=("golden", "1"),
        occurred_at=START,
        correlation_id="golden",
        model_id="golden",
        site_id="golden",
        model_package_version=1,
        days=5,
        nmae=0.0912,
        expected_nmae=0.0514,
    )


def test_an_accepted_file_is_noted_as_the_message_says_it() -> None:
    world = handled(World(), accepted(a_file(3)))
    (known,) = world.memory.known.values()
    assert known.file == a_file(3).model_copy(update={"raw_key": "raw/golden/x.csv"})
    assert known.first_seen_at == START
    assert len(world.timer.due) == 1
    assert not world.memory.recorded, "the decision follows the quiet period"


def test_a_withdrawn_file_is_forgotten_and_its_model_looked_at() -> None:
    world = handled(World(), accepted(a_file(1)), withdrawn())
    assert not world.memory.known
    assert len(world.timer.due) == 1


def test_a_withdrawal_alone_arms_an_evaluation() -> None:
    assert len(handled(World(), withdrawn()).timer.due) == 1


def test_a_changed_configuration_is_decided_about_at_once() -> None:
    assert handled(World(), config_changed()).memory.recorded


def test_a_persons_request_is_answered_at_once_with_all_files_that_exist() -> None:
    world = World()
    world.bucket.put(a_file(1), a_file(2))
    handled(world, request(force=True))
    assert world.the_run.files == 2
    assert world.the_run.reasons[0] == "ada asked: new inverter"
    assert world.memory.asked is None


def test_a_request_is_kept_with_who_when_and_why_until_a_run_answers_it() -> None:
    world = in_flight()
    world.clock.forward(minutes=3)
    handled(world, request(force=True))
    asked = world.memory.asked
    assert asked is not None
    assert (asked.requested_by, asked.reason, asked.force) == ("ada", "new inverter", True)
    assert asked.requested_at == START


def test_what_no_retrain_mends_asks_for_none() -> None:
    plant = degraded().model_copy(update={"retrain_helps": False})
    data = degraded().model_copy(update={"kind": "data"})
    world = handled(in_flight(), plant, data)
    assert world.memory.degraded is None


def test_a_site_that_recovers_takes_its_own_reason_back_and_no_others() -> None:
    world = handled(in_flight(), degraded())
    over = {"recovered": True}
    handled(world, degraded().model_copy(update={**over, "site_id": "golden-2"}))
    assert world.memory.degraded is not None
    handled(world, degraded().model_copy(update=over))
    assert world.memory.degraded is None


def test_a_reason_in_words_is_noted_as_it_was_told() -> None:
    told = degraded().model_copy(update={"why": "the model has never seen this time of year"})
    world = handled(in_flight(), told)
    assert world.memory.degraded == "site golden: the model has never seen this time of year"


def test_degraded_accuracy_is_noted_in_figures_and_retrained_for() -> None:
    world = handled(in_flight(), degraded())
    assert world.memory.degraded == "site golden: nMAE 0.091 instead of 0.051 over 5 days"
    assert len(world.memory.recorded) == 2, "it is decided about at once"


def test_a_due_evaluation_decides_and_lets_the_next_one_be_armed() -> None:
    world = World()
    world.bucket.put(a_file(1))
    handled(world, accepted(a_file(1)))
    world.clock.forward(minutes=2)
    handled(world, due())
    assert world.memory.recorded
    assert world.timer.due[1] == START + timedelta(minutes=10, seconds=1)


def test_a_full_sweep_finds_what_no_message_told() -> None:
    world = World()
    world.bucket.put(a_file(1))
    handled(world, sweep_due())
    assert world.measures.counted["Sweeps"] == 1
    assert set(world.memory.known) == {"file0001"}


@pytest.mark.parametrize(
    ("given", "status"), [('{"model_id": "golden"}', "failed"), (None, "running")]
)
def test_an_execution_that_was_stopped_ends_its_run_where_it_names_the_model(
    given: str | None, status: str
) -> None:
    world = in_flight()
    run = world.the_run
    world.sequence.executions[run.execution] = "ABORTED"
    detail = {"name": run.execution, "input": given}
    handled(world, ServiceEvent("e", "aws.states", "Execution Status Change", START, detail))
    assert world.memory.kept[run.run_id].status == status


@pytest.mark.parametrize(
    "incoming",
    [
        ServiceEvent("e", "aws.sagemaker", "Endpoint", START, {"name": "x"}),
        ServiceEvent("e", "aws.states", "Execution", START, {}),
        object(),
    ],
)
def test_what_nobody_here_expects_is_refused(incoming: Any) -> None:
    with pytest.raises(InvalidMessageError, match=type(incoming).__name__):
        handled(World(), incoming)
