"""Every schedule reaches its target with the role that its template gives it; nobody waits for Monday."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared import names
from tests.e2e.test_story import eventually
from tests.integration.conftest import LocalPlatform

pytestmark = pytest.mark.e2e
SHORTLY = "shortly"


def test_every_schedule_reaches_its_target(system: LocalPlatform) -> None:
    scheduler, now = system.client("scheduler"), datetime.now(UTC)
    listed = [each["Name"] for each in scheduler.list_schedules()["Schedules"]]
    assert f"{names.prefix()}-notifier-weekly-review" in listed
    for name in listed:
        found = scheduler.get_schedule(Name=name)
        scheduler.create_schedule(
            Name=f"{SHORTLY}-{name}",
            ScheduleExpression=f"at({now:%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target=found["Target"],
        )
    eventually(lambda: not scheduler.list_schedules(NamePrefix=SHORTLY)["Schedules"])
    for function in ("notifier-review", "notifier-keys"):
        eventually(lambda function=function: sums(system, function, "Invocations"))
        assert sums(system, function, "Errors") == 0
    refused = system.client("cloudwatch").list_metrics(Namespace="AWS/Scheduler")["Metrics"]
    assert refused == [], "a role lacks a right: platform.log says which"


def sums(system: LocalPlatform, function: str, metric: str) -> float:
    """Return what a function's metric came to in the last hour."""
    found: dict[str, Any] = system.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": "FunctionName", "Value": f"{names.prefix()}-{function}"}],
        StartTime=datetime.now(UTC).timestamp() - 3600,
        EndTime=datetime.now(UTC).timestamp() + 60,
        Period=3600,
        Statistics=["Sum"],
    )
    return sum(each["Sum"] for each in found["Datapoints"])
