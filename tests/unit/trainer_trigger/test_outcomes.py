"""How a run ended: its evaluation collected, or its failure explained."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.trainer_trigger.domain.run import Step
from shared.errors import PermanentError
from shared.evaluation import SiteScores
from shared.messages import ChallengerRegistered, ChallengerRejected, RetrainFailed
from shared.model_config import ModelConfig
from tests.unit.trainer_trigger.samples import PACKAGE, a_file, config_changed, excluded
from tests.unit.trainer_trigger.world import World, found, in_flight


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


def test_the_report_of_a_registered_version_is_called_by_its_number() -> None:
    world = in_flight()
    run = world.the_run
    found(world, run)
    for _ in range(2):
        world.service.outcomes.collect("golden", run.run_id, "arn:pipeline/execution/1")
    assert world.bucket.named == {run.run_id: int(PACKAGE.rpartition("/")[2])}


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


@pytest.mark.parametrize(
    ("verdict", "kind"), [("register", ChallengerRegistered), ("reject", ChallengerRejected)]
)
def test_an_outcome_says_what_the_evaluation_found_and_where_it_is(
    verdict: str, kind: type
) -> None:
    world = in_flight()
    run = world.the_run
    found(world, run, verdict)
    evaluation = world.bucket.evaluated[run.run_id]
    best = evaluation.challenger.all.model_copy(update={"r2": 0.88})
    champion = evaluation.challenger.model_copy(update={"all": best})
    unmasked = evaluation.challenger.all.model_copy(update={"r2": 0.86})
    challenger = evaluation.challenger.model_copy(update={"unmasked": unmasked})
    world.bucket.evaluated[run.run_id] = evaluation.model_copy(
        update={
            "challenger": challenger,
            "champion": champion,
            "what_would_help": ("more sun",),
        }
    )
    world.clock.forward(hours=1)
    outcome = world.service.outcomes.collect("golden", run.run_id, "arn")
    assert isinstance(outcome, kind)
    assert outcome.occurred_at == world.clock.now
    assert outcome.correlation_id == run.correlation_id
    assert (outcome.model_id, outcome.run_id) == ("golden", run.run_id)
    assert outcome.dataset_id == run.dataset_id
    assert (outcome.r2, outcome.champion_r2, outcome.accuracy_threshold) == (0.9, 0.88, 0.95)
    assert outcome.unmasked_r2 == 0.86
    assert outcome.reasons == evaluation.reasons
    assert outcome.evaluation_uri == world.bucket.uri(run.run_id)
    assert outcome.report_uri == world.bucket.report_uri(run.run_id)
    if isinstance(outcome, ChallengerRejected):
        assert outcome.what_would_help == ("more sun",)
    else:
        assert (outcome.model_package_arn, outcome.model_package_version) == (PACKAGE, 1)


def test_the_same_end_of_a_run_is_the_same_message_and_another_end_another() -> None:
    world = in_flight()
    run = world.the_run
    found(world, run)
    first, again = (world.service.outcomes.collect("golden", run.run_id, "arn") for _ in range(2))
    failed = world.service.outcomes.explain("golden", run.run_id, "Train", "boom")
    assert first.id == again.id
    assert failed.id != first.id


def test_without_a_champion_there_is_no_score_of_one() -> None:
    world = in_flight()
    found(world, world.the_run)
    outcome = world.service.outcomes.collect("golden", world.the_run.run_id, "arn")
    assert outcome.champion_r2 is None
    assert outcome.unmasked_r2 is None, "an evaluation of before has none"


def test_a_policy_that_asks_for_a_person_gets_one() -> None:
    world = World()
    config = world.configuration.config
    manual = config.policy.model_copy(update={"approval": "manual"})
    world.configuration.config = config.model_copy(update={"policy": manual})
    world.upload(a_file(1))
    world.let_timers_ring()
    found(world, world.the_run)
    outcome = world.service.outcomes.collect("golden", world.the_run.run_id, "arn")
    assert isinstance(outcome, ChallengerRegistered)
    assert outcome.approval == "PendingManualApproval"
    assert not world.registry.approvals


def test_an_exclusion_of_what_the_run_did_not_learn_needs_no_person() -> None:
    world = in_flight()
    start = a_file(1).window_end
    late = excluded().model_copy(update={"start": start, "end": start + timedelta(days=1)})
    world.configuration.excluded = (late,)
    found(world, world.the_run)
    outcome = world.service.outcomes.collect("golden", world.the_run.run_id, "arn")
    assert isinstance(outcome, ChallengerRegistered)
    assert outcome.approval == "Approved"
    assert outcome.reasons == world.bucket.evaluated[world.the_run.run_id].reasons


def test_an_approval_names_the_run_and_its_reasons() -> None:
    world = in_flight()
    run = world.the_run
    found(world, run)
    world.service.outcomes.collect("golden", run.run_id, "arn")
    assert world.registry.approvals == {PACKAGE: f"run {run.run_id}: R² 0.90 against 0.95"}


def test_a_good_challenger_that_was_not_registered_is_a_failure() -> None:
    world = in_flight()
    found(world, world.the_run)
    world.pipeline.done = ()
    with pytest.raises(PermanentError, match="passed but was not registered"):
        world.service.outcomes.collect("golden", world.the_run.run_id, "arn")


def test_a_failure_outside_the_pipeline_is_told_as_the_state_machine_saw_it() -> None:
    world = in_flight()
    run = world.the_run
    world.pipeline.done = (Step("Train", "Failed", "of another run", 60.0, None),)
    world.clock.forward(hours=1)
    failed = world.service.outcomes.explain("golden", run.run_id, "StartPipeline", "x" * 3000)
    assert (failed.stage, failed.cause) == ("StartPipeline", "x" * 2000)
    assert failed.occurred_at == world.clock.now
    assert (failed.model_id, failed.run_id) == ("golden", run.run_id)
    assert failed.correlation_id == run.correlation_id
    assert failed.cost_usd == 0, "no pipeline, no cost"


def test_a_failed_pipeline_is_told_by_the_step_that_failed() -> None:
    world = in_flight()
    run = world.the_run
    world.pipeline.arns[run.run_id] = "arn"
    world.pipeline.done = (
        Step("Preprocess", "Succeeded", "", 3600.0, None),
        Step("Train", "Failed", "AlgorithmError", 1800.0, None),
    )
    failed = world.service.outcomes.explain("golden", run.run_id, "Pipeline", "Failed")
    assert (failed.stage, failed.cause) == ("Train", "AlgorithmError")
    assert failed.cost_usd == pytest.approx(0.115 * 1.5, abs=1e-3)


def collected(world: World, **changed: Any) -> ChallengerRegistered:
    """Let a configuration change while a run trains, and the run pass by its own."""
    run = world.the_run
    config = world.configuration.config
    world.configuration.config = ModelConfig.model_validate(config.model_dump() | changed)
    outcome = world.service.outcomes.collect("golden", run.run_id, "arn")
    assert isinstance(outcome, ChallengerRegistered)
    return outcome


def passed(r2: float = 0.96, unmasked: float | None = None, **sites: float) -> World:
    """Return a world whose run passed its threshold of 0.95 with these scores."""
    world = in_flight()
    found(world, world.the_run)
    evaluation = world.bucket.evaluated[world.the_run.run_id]
    every = evaluation.challenger.all.model_copy(update={"r2": r2})
    by_site = tuple(
        SiteScores(name=name, r2=reached, nmae=0.05, nrmse=0.1, mbe=0.0, n=100)
        for name, reached in sites.items()
    )
    challenger = evaluation.challenger.model_copy(
        update={
            "all": every,
            "by_site": by_site,
            "unmasked": every.model_copy(update={"r2": unmasked}) if unmasked else None,
        }
    )
    world.bucket.evaluated[world.the_run.run_id] = evaluation.model_copy(
        update={"challenger": challenger}
    )
    return world


def test_a_threshold_that_was_raised_while_a_run_trained_stops_its_approval() -> None:
    world = passed(0.96)
    outcome = collected(world, accuracy_threshold=0.97)
    assert outcome.approval == "PendingManualApproval"
    assert not world.registry.approvals
    assert outcome.reasons[0] == (
        "accuracy_threshold was changed from 0.95 to 0.97 while it was trained, and R² 0.9600 is below it; "
        "a person approves"
    )


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({"unmasked": 0.96}, "R² 0.9600 on every measured row is below it"),
        ({"hill": 0.86, "meadow": 0.98}, "hill must reach R² 0.87 now and does not"),
    ],
    ids=["with the masked rows", "at one site"],
)
def test_a_raised_threshold_holds_for_masked_rows_and_for_each_site_too(
    scores: dict[str, float], said: str
) -> None:
    outcome = collected(passed(0.98, **scores), accuracy_threshold=0.97)
    assert outcome.approval == "PendingManualApproval"
    assert said in outcome.reasons[0]


@pytest.mark.parametrize("threshold", [0.9, 0.97])
def test_a_changed_threshold_that_the_challenger_reaches_needs_nobody(threshold: float) -> None:
    world = passed(0.97, unmasked=0.97, hill=0.87)
    outcome = collected(world, accuracy_threshold=threshold)
    assert outcome.approval == "Approved"
    assert outcome.reasons == world.bucket.evaluated[world.the_run.run_id].reasons


@pytest.mark.parametrize(
    "changed",
    [
        {"model_type": "ridge"},
        {"step_minutes": 30},
        {"test_fraction": 0.3},
        {"margins": {"nmae": 0.0001}},
        {"margins": {"site_r2": 0.94}},
    ],
    ids=str,
)
def test_what_only_another_run_can_apply_needs_a_person(changed: dict[str, Any]) -> None:
    outcome = collected(passed(), **changed)
    assert outcome.approval == "PendingManualApproval"
    assert "were changed while it was trained" in outcome.reasons[0]


def test_a_policy_that_asks_for_a_person_meanwhile_gets_one() -> None:
    world = passed()
    policy = world.configuration.config.policy.model_copy(update={"approval": "manual"})
    outcome = collected(world, policy=policy.model_dump())
    assert outcome.approval == "PendingManualApproval"
    assert "policy.approval was set to manual" in outcome.reasons[0]


@pytest.mark.parametrize(
    "changed",
    [{}, {"instance_type": "ml.m5.xlarge"}, {"preprocess_instances": 3}],
    ids=str,
)
def test_what_changes_neither_training_nor_verdict_stops_no_approval(
    changed: dict[str, Any],
) -> None:
    assert collected(passed(), **changed).approval == "Approved"
