"""Calls to AWS that no story makes in a test's own process: each does on the platform what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.deploy import notifications
from services.deployer.adapters.endpoints import SageMakerEndpoints
from services.deployer.adapters.live.meter import CloudWatchMeter
from services.deployer.adapters.log_groups import LogGroups
from services.deployer.domain.alarms import VARIANT
from services.deployer.domain.night import Night
from services.trainer_trigger.adapters.pipeline import SageMakerPipeline
from services.trainer_trigger.adapters.registry import SageMakerRegistry
from services.trainer_trigger.adapters.sequence import StepFunctionsSequence
from shared import names
from shared.aws import S3Objects
from shared.model_config import EndpointConfig
from shared.names import all_ours
from tests.integration.conftest import LocalPlatform
from tests.integration.fake_pipeline import ROLE
from tests.integration.observe import wait_for
from tests.integration.test_local_pipelines import World
from tests.unit.trainer_trigger.samples import a_run

ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def done(platform: LocalPlatform) -> World:
    """One execution that registered a version, which waits for approval."""
    world = World(platform, "rare")
    world.create()
    world.arn = world.start()
    assert world.ended(world.arn)["PipelineExecutionStatus"] == "Succeeded"
    return world


# --- trainer_trigger ----------------------------------------------------------------------------


def test_an_execution_is_found_by_its_run_and_stopping_one_that_ended_changes_nothing(
    done: World,
) -> None:
    pipeline = SageMakerPipeline(done.sm, (done.pipeline,))
    started = done.sm.start_pipeline_execution(
        PipelineName=done.pipeline,
        PipelineExecutionDisplayName="run-of-mine",
        ClientRequestToken="r" * 64,
        PipelineParameters=[
            {"Name": "manifest", "Value": f"s3://{done.bucket}/datasets/manifest.json"},
            {"Name": "checkpoints", "Value": f"s3://{done.bucket}/checkpoints/rare"},
        ],
    )["PipelineExecutionArn"]
    assert pipeline.find("run-of-mine") == started
    assert pipeline.find("run-of-nobody") is None
    done.ended(started)
    pipeline.stop(started)
    assert [step.name for step in pipeline.steps(started)][:2] == ["Preprocess", "Train"]
    assert {step.status for step in pipeline.steps(started)} == {"Succeeded"}


def test_a_group_is_made_once_and_its_version_approved_once(done: World) -> None:
    registry = SageMakerRegistry(done.sm, S3Objects(done.s3, done.bucket))
    for _ in range(2):
        registry.ensure_group("rare-group")
    assert list(registry.approved("rare-group")) == []
    registered = done.steps(done.arn)["RegisterModel"]["Metadata"]["RegisterModel"]["Arn"]
    done.sm.update_model_package(
        ModelPackageArn=registered, ModelApprovalStatus="PendingManualApproval"
    )
    for why in ("it is better", "again"):
        registry.approve(registered, why)
    found = done.sm.describe_model_package(ModelPackageName=registered)
    assert (found["ModelApprovalStatus"], found["ApprovalDescription"]) == (
        "Approved",
        "by policy: it is better",
    )


def test_a_sequence_is_stopped_with_its_reason_and_only_once(platform: LocalPlatform) -> None:
    steps = platform.client("stepfunctions")
    waiting = {
        "StartAt": "Wait",
        "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}},
    }
    steps.create_state_machine(name="rare", definition=json.dumps(waiting), roleArn=ROLE)
    sequence, run = StepFunctionsSequence(steps, ACCOUNT, "rare"), a_run()
    assert sequence.status(run) is None
    for _ in range(2):
        sequence.start(run)
    for _ in range(2):
        sequence.stop(run, "a person stopped it")
    wait_for(lambda: sequence.status(run), lambda status: status == "ABORTED")
    assert "a person stopped it" in sequence.cause(run)
    sequence.stop(replace(run, execution="never-started"), "nothing to stop")


# --- deployer -----------------------------------------------------------------------------------


def test_instances_follow_the_night_and_what_was_before_is_taken_away(
    platform: LocalPlatform,
) -> None:
    scaling: Any = platform.client("application-autoscaling")
    nobody: Any = None
    endpoints = SageMakerEndpoints(
        nobody, nobody, scaling, nobody, "r", "k", "b", "t", (), (), nobody
    )
    config = EndpointConfig(instance_count=2, maximum_instance_count=4, night_instance_count=1)
    where = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{names.endpoint('rare')}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    for month in (6, 7):
        endpoints.keep_scaling("rare", config, [Night(month, 21 * 60, 4 * 60)])
        found = scaling.describe_scheduled_actions(**where)["ScheduledActions"]
        kept = {each["ScheduledActionName"] for each in found}
        assert kept == {f"night-0{month}-begins", f"night-0{month}-ends"}
    scaling.deregister_scalable_target(**where)


def test_the_log_of_an_endpoint_ends_also_where_it_was_there_before(
    platform: LocalPlatform,
) -> None:
    logs, group = platform.client("logs"), "/aws/sagemaker/Endpoints/rare"
    for days in (30, 7):
        LogGroups(logs, days).keep("rare")
        (found,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        assert found["retentionInDays"] == days


def test_figures_of_a_model_are_told_by_its_name(platform: LocalPlatform) -> None:
    meter = CloudWatchMeter(platform.client("cloudwatch"))
    meter.tell("rare", {})
    meter.tell("rare", {"LiveError": 0.5})
    meter.tell_worst({"LiveErrorWorst": 0.5})
    told = platform.client("cloudwatch").list_metrics(Namespace=names.prefix())["Metrics"]
    shown = {(each["MetricName"], each["Dimensions"][0]["Value"]) for each in told}
    assert {("LiveError", "rare"), ("LiveErrorWorst", "deployer")} <= shown


# --- deployment ---------------------------------------------------------------------------------


@pytest.fixture
def adopted(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, str, str]]:
    """A bucket that was there before us, and two topics: ours and somebody else's."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        s3, sns = (boto3.client(each, region_name="us-east-1") for each in ("s3", "sns"))
        s3.create_bucket(Bucket="theirs")
        yield (
            s3,
            *(sns.create_topic(Name=name)["TopicArn"] for name in (f"{all_ours()}data", "other")),
        )


def test_an_adopted_bucket_tells_us_and_goes_on_telling_others(
    adopted: tuple[Any, str, str],
) -> None:
    s3, ours, other = adopted
    foreign = {
        "Id": "theirs",
        "TopicArn": other,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "invoices/"}]}},
    }
    s3.put_bucket_notification_configuration(
        Bucket="theirs", NotificationConfiguration={"TopicConfigurations": [foreign]}
    )

    def topics() -> list[str]:
        found = s3.get_bucket_notification_configuration(Bucket="theirs")
        return [each["TopicArn"] for each in found["TopicConfigurations"]]

    assert notifications.add(s3, "theirs", ours)
    assert not notifications.add(s3, "theirs", ours)
    assert sorted(topics()) == sorted([other, *[ours] * 4])
    notifications.remove(s3, "theirs")
    assert topics() == [other]
