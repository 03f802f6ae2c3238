"""How a run ended: its evaluation collected, or its failure explained."""

from __future__ import annotations

import pytest

from services.trainer_trigger.domain.run import Step
from shared.errors import PermanentError
from shared.messages import ChallengerRegistered, RetrainFailed
from tests.unit.trainer_trigger.fakes import (
    PACKAGE,
    World,
    a_file,
    config_changed,
    excluded,
    found,
    in_flight,
)


def test_a_registered_run_is_approved_published_and_closed() -> None:
    world = in_flight()
    run = world.the_run
    found(world, run)
    outcome = world.service.outcomes.collect("golden", run.run_id, "arn:pipeline/execution/1")
    assert isinstance(outcome, ChallengerRegistered)
    assert outcome.approval == "Approved"
    assert "by policy" not in world.registry.approvals[PACKAGE]
    assert outcome.cost_usd == pytest.approx(0.0192, abs=1e-4)
    world.service.closing.close("golden", run.run_id, outcome)
    assert world.memory.kept[run.run_id].status == "registered"
    assert world.memory.flying is None
    world.let_timers_ring()
    assert world.sequence.starts == 1, "the same data are not trained again against their own child"


def test_every_instance_that_preprocesses_is_counted_as_the_run_was_opened_with_it() -> None:
    world = World()
    world.configuration.config = world.configuration.config.model_copy(
        update={"preprocess_instances": 4}
    )
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    world.configuration.config = world.configuration.config.model_copy(
        update={"preprocess_instances": 20}
    )
    checked = world.service.verifying.verify("golden", run.run_id, run.execution)
    assert checked["run"]["preprocess_instances"] == "4"
    found(world, run)
    world.pipeline.done += (Step("Preprocess", "Succeeded", "", 900.0, None),)
    outcome = world.service.outcomes.collect("golden", run.run_id, "arn:pipeline/execution/1")
    assert isinstance(outcome, ChallengerRegistered)
    assert outcome.cost_usd == pytest.approx(0.115 * (4 * 900 + 600) / 3600, abs=1e-4)


def test_a_person_approves_where_the_policy_or_the_evaluation_says_so() -> None:
    world = in_flight()
    found(world, world.the_run, approval="person")
    outcome = world.service.outcomes.collect("golden", world.the_run.run_id, "arn")
    assert isinstance(outcome, ChallengerRegistered)
    assert outcome.approval == "PendingManualApproval"
    assert not world.registry.approvals


def test_what_was_excluded_while_a_run_trained_on_it_waits_for_a_person() -> None:
    world = in_flight()
    run = world.the_run
    world.configuration.excluded = (excluded(),)
    world.service.noting.configuration(config_changed())
    found(world, run)
    outcome = world.service.outcomes.collect("golden", run.run_id, "arn")
    assert isinstance(outcome, ChallengerRegistered)
    assert outcome.approval == "PendingManualApproval"
    assert not world.registry.approvals
    assert "excluded meanwhile" in outcome.reasons[0]
    world.service.closing.close("golden", run.run_id, outcome)
    assert world.bucket.frozen[world.the_run.dataset_id].exclusions == (excluded(),)


def test_a_failure_names_stage_cause_and_next_step() -> None:
    world = in_flight()
    world.pipeline.arns[world.the_run.run_id] = "arn"
    world.pipeline.done = (
        Step("Train", "Failed", "CapacityError: Insufficient capacity for ml.m5.large", 0, None),
    )
    failed = world.service.outcomes.explain("golden", world.the_run.run_id, "Pipeline", "Failed")
    assert isinstance(failed, RetrainFailed)
    assert failed.stage == "Train"
    assert "another instance_type" in failed.next_step


def test_a_success_without_evaluation_is_a_failure_not_a_silence() -> None:
    world = in_flight()
    with pytest.raises(PermanentError, match="wrote no evaluation"):
        world.service.outcomes.collect("golden", world.the_run.run_id, "arn")
