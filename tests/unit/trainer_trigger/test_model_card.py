"""A version's entry in the registry says what it is good for, within what SageMaker's schema takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from services.trainer_trigger.adapters.registry import SageMakerRegistry
from services.trainer_trigger.domain.model_card import Card, card_of
from services.trainer_trigger.ports import InvalidCardError
from shared.aws import S3Objects
from shared.evaluation import Evaluation
from shared.messages import ChallengerRegistered
from tests.unit.trainer_trigger.fakes import FakeEvaluations
from tests.unit.trainer_trigger.samples import PACKAGE, a_file
from tests.unit.trainer_trigger.world import World, found

LONGEST = {
    "training_observations": 1024,
    "evaluation_observation": 2048,
    "purpose_of_model": 2048,
    "intended_uses": 2048,
    "factors_affecting_model_efficiency": 2048,
    "caveats_and_recommendations": 2048,
}
MEMBERS = {
    "model_overview",
    "intended_uses",
    "training_details",
    "evaluation_details",
    "additional_information",
}


def a_card(**changes: Any) -> Card:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    found(world, world.the_run)
    evaluation = FakeEvaluations(world.bucket).read(world.the_run.run_id)
    assert evaluation is not None
    changed = Evaluation.model_validate(evaluation.model_dump() | changes)
    return card_of(world.the_run, changed, "s3://bucket/evaluation.json", "s3://bucket/report.html")


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from texts(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each, name)


def test_a_registered_version_carries_its_card_whether_or_not_it_is_approved() -> None:
    for approval in ("automatic", "person"):
        world = World()
        world.upload(a_file(1))
        world.let_timers_ring()
        found(world, world.the_run, approval=approval)
        world.service.outcomes.collect("golden", world.the_run.run_id, "arn")
        entry = world.registry.cards[PACKAGE]
        assert entry["properties"]["r2"] == "0.9000"
        assert set(entry["card"]) == MEMBERS


def test_a_version_whose_card_is_refused_is_registered_all_the_same_and_says_so() -> None:
    world = World()
    world.registry.refuses = "a property has a comma"
    world.upload(a_file(1))
    world.let_timers_ring()
    found(world, world.the_run)
    outcome = world.service.outcomes.collect("golden", world.the_run.run_id, "arn")
    assert isinstance(outcome, ChallengerRegistered)
    assert outcome.approval == "Approved", "how well it predicts is another matter"
    assert "a property has a comma" in outcome.reasons[-1]


def test_what_the_registry_says_against_a_card_is_no_failure_to_try_again() -> None:
    client = boto3.client(
        "sagemaker", "eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    registry = SageMakerRegistry(client, S3Objects(None, "bucket"))  # type: ignore[arg-type]
    card = a_card()
    with Stubber(client) as stub:
        stub.add_client_error("update_model_package", "ValidationException", "no comma")
        with pytest.raises(InvalidCardError, match="no comma"):
            registry.describe(PACKAGE, card.content, card.properties)
        stub.add_client_error("update_model_package", "ThrottlingException")
        with pytest.raises(ClientError):
            registry.describe(PACKAGE, card.content, card.properties)


def test_the_card_says_dataset_windows_scores_masks_intervals_and_limits() -> None:
    card = a_card(masks={"curtailed": 12, "frozen_record": 0}, coverage_p10_p90=0.81)
    said = json.dumps(card.content)
    assert "curtailed 12" in said
    assert "frozen_record" not in said
    assert '"coverage_p10_p90", "type": "number", "value": 0.81' in said
    assert "extrapolated" in said
    assert card.properties["trained"].count("Z") == 2
    assert "s3://bucket/report.html" in said


@pytest.mark.parametrize("reasons", [(), ("because " * 1000,)])
def test_no_text_is_longer_than_the_schema_takes(reasons: tuple[str, ...]) -> None:
    masks = {f"reason_{number}": number for number in range(1, 200)}
    card = a_card(reasons=reasons, what_would_help=("x" * 5000,), masks=masks)
    for name, text in texts(card.content):
        assert len(text) <= LONGEST.get(name, 1024), name
    assert all(len(value) <= 256 for value in card.properties.values())
    assert len(json.dumps(card.content)) < 100_000


def test_properties_are_written_with_the_characters_that_the_registry_takes() -> None:
    # UpdateModelPackage: [\p{L}\p{Z}\p{N}_.:/=+\-@], for names and values; no comma, no bracket.
    for name, value in a_card().properties.items():
        assert re.fullmatch(r"[\w .:/=+\-@]+", name), name
        assert re.fullmatch(r"[\w .:/=+\-@]+", value), (name, value)


def test_a_score_that_does_not_exist_is_left_out() -> None:
    card = a_card(coverage_p10_p90=None)
    assert "coverage_p10_p90" not in card.properties
    assert "null" not in json.dumps(card.content)


def test_every_metric_is_one_number_and_an_interval_is_its_two_ends() -> None:
    skill = {"persistence_24h": 0.4, "persistence_24h_ci": (0.3, 0.5)}
    (evaluation,) = a_card(skill=skill).content["evaluation_details"]
    metrics = {
        each["name"]: each["value"]
        for group in evaluation["metric_groups"]
        for each in group["metric_data"]
    }
    assert metrics["persistence_24h_ci_low"] == 0.3
    assert metrics["persistence_24h_ci_high"] == 0.5
    assert {type(value) for value in metrics.values()} <= {float, int}


def test_a_blend_is_described_by_its_weights_and_a_single_model_by_none() -> None:
    card = a_card(blend_weights={"lightgbm": 0.75, "ridge": 0.25})
    assert "blend: lightgbm 0.75, ridge 0.25" in json.dumps(card.content)
    assert "blend" not in json.dumps(a_card().content)


def test_a_text_that_just_fits_is_not_cut() -> None:
    for length, ends in ((2048, "x"), (2049, "…")):
        (evaluation,) = a_card(reasons=("x" * length,)).content["evaluation_details"]
        observed = evaluation["evaluation_observation"]
        assert len(observed) == 2048
        assert observed.endswith(ends)


def test_a_metric_has_six_places() -> None:
    (evaluation,) = a_card(coverage_p10_p90=0.123456789).content["evaluation_details"]
    values = [
        each["value"]
        for group in evaluation["metric_groups"]
        for each in group["metric_data"]
        if each["name"] == "coverage_p10_p90"
    ]
    assert values == [0.123457]
