"""Destroying removes what was made, keeps what was measured, and a later deployment goes on from there."""

from __future__ import annotations

from typing import Any

import pytest

from console import registry
from console.commands import data
from console.state import state
from infra.deploy import target
from infra.deploy.errors import DeployError
from infra.deploy.main import Deployment, Options
from tests.e2e.test_story import eventually
from tests.integration.conftest import LocalPlatform

pytestmark = pytest.mark.e2e


def deployment(system: LocalPlatform, **options: Any) -> Deployment:
    chosen = Options(notification_email="ops@example.org", slack_secret_name="slack", **options)
    return Deployment(target.find(system.environment), chosen, str)


def test_a_destroyed_system_comes_back_with_its_ledger_and_its_versions(
    system: LocalPlatform,
) -> None:
    before = data.balance()
    versions = len(registry.versions(state.system, "serf"))
    assert versions, "this takes down what the story has built: run all of tests/e2e"
    deployment(system).destroy()
    assert not system.client("sagemaker").list_endpoints()["Endpoints"]
    assert not system.client("sagemaker").list_endpoint_configs()["EndpointConfigs"]
    alarms = system.client("cloudwatch").describe_alarms(AlarmNamePrefix="solar-")["MetricAlarms"]
    assert not alarms
    stacks = {
        each["StackName"] for each in system.client("cloudformation").describe_stacks()["Stacks"]
    }
    assert stacks == {"solar-bootstrap", "solar-foundation"}

    deployment(system).deploy()
    after = data.balance()
    assert after["listed"] == before["listed"]
    assert after["accepted"] == before["accepted"]
    assert len(registry.versions(state.system, "serf")) == versions
    eventually(lambda: system.client("sagemaker").list_endpoints()["Endpoints"])


def test_destroyed_with_its_data_nothing_is_left(system: LocalPlatform) -> None:
    outputs = deployment(system, delete_data=True)
    outputs.destroy()
    assert not system.client("dynamodb").list_tables()["TableNames"]
    assert not system.client("sagemaker").list_model_package_groups()[
        "ModelPackageGroupSummaryList"
    ]
    assert not system.client("s3").list_buckets()["Buckets"]
    assert not system.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/solar")[
        "logGroups"
    ]


def test_a_dry_run_of_destroying_deletes_nothing(system: LocalPlatform) -> None:
    deployment(system).deploy()
    said: list[str] = []
    dry = deployment(system, dry_run=True)
    dry.say = said.append
    dry.destroy()
    assert "  would delete stack solar-deployer" in said
    stacks = system.client("cloudformation").describe_stacks()["Stacks"]
    assert len(stacks) == 6


def test_what_was_chosen_once_is_kept_when_it_is_not_said_again(system: LocalPlatform) -> None:
    found = target.find(system.environment)
    Deployment(found, Options(), str).deploy()
    topics = system.client("sns").list_topics()["Topics"]
    (notices,) = [each["TopicArn"] for each in topics if each["TopicArn"].endswith("solar-notices")]
    subscribed = system.client("sns").list_subscriptions_by_topic(TopicArn=notices)
    assert [each["Endpoint"] for each in subscribed["Subscriptions"]] == ["ops@example.org"]
    Deployment(found, Options(notification_email=""), str).deploy()
    subscribed = system.client("sns").list_subscriptions_by_topic(TopicArn=notices)
    assert not subscribed["Subscriptions"]


def test_another_bucket_than_the_deployed_one_is_refused(system: LocalPlatform) -> None:
    with pytest.raises(DeployError, match="is deployed with the bucket solar-data"):
        target.find({**system.environment, "S3_BUCKET": "another-bucket"})
    without_secret = Deployment(
        target.find(system.environment), Options(slack_secret_name="x"), str
    )
    with pytest.raises(DeployError, match="does not exist"):
        without_secret.deploy()
