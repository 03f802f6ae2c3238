"""Destroying removes what was made, keeps what was measured, and a later deployment goes on from there."""

from __future__ import annotations

from typing import Any

import pytest

from console import registry
from console.commands import data
from console.state import state
from infra.deploy import target
from infra.deploy.main import Deployment, Options
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
    deployment(system).destroy()
    assert not system.client("sagemaker").list_endpoints()["Endpoints"]
    assert not system.client("sagemaker").list_endpoint_configs()["EndpointConfigs"]
    alarms = system.client("cloudwatch").describe_alarms(AlarmNamePrefix="solar-")["MetricAlarms"]
    assert not alarms
    stacks = {
        each["StackName"] for each in system.client("cloudformation").describe_stacks()["Stacks"]
    }
    assert stacks == {"solar-bootstrap"}

    deployment(system).deploy()
    after = data.balance()
    assert after["listed"] == before["listed"]
    assert after["accepted"] == before["accepted"]
    assert len(registry.versions(state.system, "serf")) == versions


def test_destroyed_with_its_data_nothing_is_left(system: LocalPlatform) -> None:
    outputs = deployment(system, delete_data=True)
    outputs.destroy()
    assert not system.client("dynamodb").list_tables()["TableNames"]
    assert not system.client("sagemaker").list_model_package_groups()[
        "ModelPackageGroupSummaryList"
    ]
    buckets = {each["Name"] for each in system.client("s3").list_buckets()["Buckets"]}
    assert outputs.target.artifact_bucket not in buckets
