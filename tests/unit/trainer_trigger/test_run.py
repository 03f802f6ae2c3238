"""How each outcome ends a run, and what a run costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from services.trainer_trigger.domain import identity
from services.trainer_trigger.domain.costs import USD_PER_HOUR, estimate_usd
from services.trainer_trigger.domain.failures import explain
from services.trainer_trigger.domain.run import closed
from shared.dataset import Exclusion
from shared.errors import PermanentError
from shared.messages import ChallengerRegistered, ChallengerRejected, RetrainFailed, RetrainStarted
from shared.model_config import ModelConfig
from tests.unit.trainer_trigger.samples import START, a_file, excluded
from tests.unit.trainer_trigger.world import World, found, in_flight

LATER = timedelta(hours=1)


def outcome_of(verdict: str) -> tuple[World, ChallengerRegistered | ChallengerRejected]:
    world = in_flight()
    found(world, world.the_run, verdict)
    world.clock.forward(hours=1)
    return world, world.service.outcomes.collect("golden", world.the_run.run_id, "arn")


def test_a_registered_run_keeps_its_version_its_evaluation_and_its_cost() -> None:
    world, outcome = outcome_of("register")
    run = world.the_run
    assert closed(run, outcome) == replace(
        run,
        status="registered",
        ended_at=world.clock.now,
        evaluation_uri=outcome.evaluation_uri,
        model_package_version=1,
        cost_usd=outcome.cost_usd,
    )
    assert outcome.evaluation_uri.startswith("s3://")
    assert outcome.cost_usd


def test_a_rejected_run_keeps_its_evaluation_and_its_cost() -> None:
    world, outcome = outcome_of("reject")
    run = world.the_run
    assert closed(run, outcome) == replace(
        run,
        status="rejected",
        ended_at=world.clock.now,
        evaluation_uri=outcome.evaluation_uri,
        cost_usd=outcome.cost_usd,
    )
    assert outcome.cost_usd


def test_a_failed_run_keeps_stage_cause_and_next_step_as_sentences() -> None:
    world = in_flight()
    run = world.the_run
    found(world, run)
    failed = world.service.outcomes.explain("golden", run.run_id, "Train", "quota is used up.")
    assert isinstance(failed, RetrainFailed)
    ended = closed(run, failed)
    assert (ended.status, ended.ended_at) == ("failed", world.clock.now)
    assert ended.failure == f"Train: quota is used up. {failed.next_step}"
    assert ended.cost_usd == failed.cost_usd
    assert ended.cost_usd, "what a failed run used is paid for"


def test_what_is_no_outcome_ends_no_run() -> None:
    world = in_flight()
    (started,) = world.told.of(RetrainStarted)
    with pytest.raises(PermanentError, match=r"solar\.retrain_started is no outcome"):
        closed(world.the_run, started)


def test_an_instance_twice_as_large_costs_twice_as_much() -> None:
    sizes = ("medium", "large", "xlarge", "2xlarge", "4xlarge")
    families = {name.rsplit(".", 1)[0] for name in USD_PER_HOUR}
    for family in families:
        prices = [
            USD_PER_HOUR[f"{family}.{size}"] for size in sizes if f"{family}.{size}" in USD_PER_HOUR
        ]
        assert len(prices) > 1
        assert all(large == pytest.approx(2 * small, rel=0.01) for small, large in pairwise(prices))
        assert all(0 < price < 1 for price in prices), "dollars an hour, of small instances"


def test_a_run_costs_the_price_of_its_seconds() -> None:
    assert estimate_usd("ml.m5.large", 3_600_000) == pytest.approx(
        1000 * USD_PER_HOUR["ml.m5.large"]
    )
    assert estimate_usd("ml.m5.large", 1) == 0, "to a hundredth of a cent"
    assert estimate_usd("ml.m5.large", 0) == 0
    assert estimate_usd("ml.t3.medium", 100) == pytest.approx(0.05 / 36, abs=5e-5)
    assert estimate_usd("ml.unheard.of", 3600) is None, "no price is claimed"


@pytest.mark.parametrize(
    ("cause", "step"),
    [
        ("CapacityError: none left", "instance free"),
        ("ResourceLimitExceeded: 0 instances", "higher quota"),
        ("MaxRuntimeExceeded", "longer than it may"),
        ("States.Timeout: late", "longer than it may"),
        ("the spot instance was reclaimed", "The next attempt is on demand"),
        ("AccessDenied for s3:GetObject", "lacks a permission"),
        ("CannotStartContainer", "deploy again"),
        ("exit code: 137", "ran out of memory"),
        ("NoSuchKey", "An object of the dataset is gone"),
        ("AlgorithmError: no rows", "refused its data"),
        ("ABORTED", "Somebody stopped it"),
        ("something else", "log of the stage"),
    ],
)
def test_the_next_step_follows_from_the_words_of_aws(cause: str, step: str) -> None:
    failure = explain("Train", cause)
    assert (failure.stage, failure.cause) == ("Train", cause)
    assert step in failure.next_step
    assert explain("Train", cause.upper()).next_step == failure.next_step, "whatever their case"


def test_names_say_recipe_and_attempt_and_fit_where_aws_takes_them() -> None:
    config = ModelConfig(model_id="golden")
    recipe = identity.recipe_id("d", config, "registry/image@sha256:abc", None)
    assert identity.run_id(recipe, 2) == f"{recipe}-2"
    assert len(identity.execution_name(identity.run_id(recipe, 2))) <= 80
    token = identity.request_token(identity.run_id(recipe, 2))
    assert 32 <= len(token) <= 128
    assert token == identity.request_token(identity.run_id(recipe, 2))
    assert token != identity.request_token(identity.run_id(recipe, 3))


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"image_uri": "mirror/elsewhere@sha256:abc"}, True),
        ({"image_uri": "registry/image@sha256:def"}, False),
        ({"dataset_id": "e"}, False),
        ({"champion_version": 1}, False),
        ({"config": ModelConfig(model_id="golden", model_type="ridge")}, False),
        ({"config": ModelConfig(model_id="golden", accuracy_threshold=0.5)}, False),
        ({"config": ModelConfig(model_id="golden", instance_type="ml.m5.xlarge")}, False),
    ],
)
def test_what_determines_a_result_is_the_recipe(changed: dict[str, object], *, same: bool) -> None:
    parts = {
        "dataset_id": "d",
        "config": ModelConfig(model_id="golden"),
        "image_uri": "registry/image@sha256:abc",
        "champion_version": None,
    }
    name = identity.recipe_id(**parts)  # type: ignore[arg-type]
    assert (identity.recipe_id(**(parts | changed)) == name) is same  # type: ignore[arg-type]


def test_what_is_excluded_has_a_name_of_its_own_and_nothing_has_none() -> None:
    ranges: list[Exclusion] = [excluded(), excluded(days=6)]
    names = {identity.exclusions_id(some) for some in ([], ranges[:1], ranges[1:], ranges)}
    assert len(names) == 4
    assert identity.exclusions_id(()) == ""


def test_a_run_is_opened_with_all_that_it_was_decided_by() -> None:
    world = in_flight()
    run, config = world.the_run, world.configuration.config
    assert run.run_id == f"{run.recipe_id}-1"
    assert (run.attempt, run.files, run.correlation_id) == (1, 1, a_file(1).key)
    assert (run.model_type, run.instance_type) == (config.model_type, config.instance_type)
    assert run.accuracy_threshold == config.accuracy_threshold
    assert (run.approval, run.champion_version) == (config.policy.approval, None)
    assert run.config_id == identity.config_id(config)
    assert run.execution == identity.execution_name(run.run_id)
    assert run.deadline - run.started_at == config.policy.maximum_run
    assert run.reasons == world.memory.recorded[-1].reasons
    assert run.started_at > START
    assert run.exclusions_id == ""
    frozen = world.bucket.frozen[run.dataset_id]
    assert (frozen.model_id, frozen.step_minutes) == ("golden", config.step_minutes)
    assert frozen.split.test_fraction == config.test_fraction
    assert (frozen.margins, frozen.sites) == (config.margins, world.configuration.sites("golden"))


def test_a_started_run_is_announced_with_what_it_may_cost() -> None:
    world = in_flight()
    run = world.the_run
    (started,) = world.told.of(RetrainStarted)
    assert isinstance(started, RetrainStarted)
    assert started.occurred_at == run.started_at
    assert started.correlation_id == run.correlation_id
    assert (started.run_id, started.dataset_id) == (run.run_id, run.dataset_id)
    assert (started.reasons, started.files) == (run.reasons, 1)
    assert started.model_type == run.model_type
    assert started.instance_type == run.instance_type
    assert started.accuracy_threshold == run.accuracy_threshold
    quarter_of_an_hour = estimate_usd(run.instance_type, 15 * 60)
    assert started.estimated_cost_usd == pytest.approx(quarter_of_an_hour)
    assert world.registry.groups == ["golden"]
    assert world.registry.lent == {run.run_id: None}


@pytest.mark.parametrize("verdict", ["register", "reject"])
def test_a_run_that_another_outcome_ended_stays_as_it_ended(verdict: str) -> None:
    world, outcome = outcome_of(verdict)
    run = world.the_run
    world.service.closing.close("golden", run.run_id, outcome)
    ended = world.memory.kept[run.run_id]
    world.service.closing.close(
        "golden", run.run_id, world.service.outcomes.explain("golden", run.run_id, "Train", "late")
    )
    assert world.memory.kept[run.run_id] == ended
