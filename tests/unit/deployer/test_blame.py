"""An alarm that rang only for what served before speaks against no new version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.deployer.adapters.fault_log import EndpointLog
from services.deployer.domain.blame import others_alone
from services.deployer.inference.faults import Faults
from shared.messages import DeploymentFailed, DeploymentRolledBack, ModelDeployed
from tests.unit.deployer.fakes import World
from tests.unit.deployer.test_deployer import ERRORS, deployed

MISMATCH = "solar-golden-endpoint-mismatch"


def in_canary(*faulty: int, readable: bool = True) -> World:
    """Version 2 is in its canary beside version 1; the log names who failed requests."""
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.log_names = frozenset(faulty) if readable else None
    return world


def test_a_new_version_is_not_barred_for_what_the_one_before_failed() -> None:
    world = in_canary(1)
    world.endpoints.roll_back(rang=ERRORS)
    world.reconcile()
    assert not world.registry.barred
    (told,) = world.told(DeploymentFailed)
    assert told.will_retry
    assert "only version 1 failed requests, and version 2 none" in told.cause
    assert not world.told(DeploymentRolledBack)


def test_it_is_tried_again_and_serves() -> None:
    world = in_canary(1)
    world.endpoints.roll_back(rang=ERRORS)
    world.reconcile()
    world.endpoints.rang = []
    world.now += timedelta(minutes=5)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    assert world.told(ModelDeployed)[-1].model_package_version == 2


@pytest.mark.parametrize("faulty", [(2,), (1, 2), ()])
def test_who_failed_itself_or_may_have_is_barred(faulty: tuple[int, ...]) -> None:
    world = in_canary(*faulty)
    world.endpoints.roll_back(rang=ERRORS)
    world.reconcile()
    assert set(world.registry.barred) == {2}


def test_a_log_that_cannot_be_read_excuses_nobody() -> None:
    world = in_canary(1, readable=False)
    world.endpoints.roll_back(rang=ERRORS)
    world.reconcile()
    assert set(world.registry.barred) == {2}


def test_the_alarm_of_the_reference_rows_is_always_about_the_new_version() -> None:
    assert others_alone(2, [MISMATCH], {1}, "golden") == ()
    assert others_alone(2, [ERRORS, MISMATCH], {1}, "golden") == ()
    assert others_alone(2, [ERRORS], {1}, "golden") == (1,)


# --- the lines in the log -------------------------------------------------------------------------


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_storm_of_failures_is_a_line_a_second_that_counts_the_others() -> None:
    lines: list[str] = []
    clock = Clock()
    faults = Faults(4, lines.append, clock)
    for _ in range(100):
        faults.note("failed")
    clock.now = 1.5
    faults.note("slow")
    first, second = map(json.loads, lines)
    assert first == {"solar-fault": "failed", "model_package_version": 4, "unsaid": 0}
    assert second == {"solar-fault": "slow", "model_package_version": 4, "unsaid": 99}


def test_a_server_that_knows_no_version_says_nothing() -> None:
    lines: list[str] = []
    Faults(None, lines.append).note("failed")
    assert lines == []


class Logs:
    """CloudWatch Logs with pages of lines; none at all, where nobody may read them."""

    def __init__(self, *pages: list[str] | None) -> None:
        self.pages = pages
        self.asked: dict[str, Any] = {}

    def get_paginator(self, name: str) -> Logs:
        assert name == "filter_log_events"
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        self.asked = asked
        for lines in self.pages:
            if lines is None:
                raise ClientError({"Error": {"Code": "AccessDenied"}}, "FilterLogEvents")
            yield {"events": [{"message": line} for line in lines]}


def read(logs: Any) -> frozenset[int] | None:
    return EndpointLog(logs).faulty("golden", datetime(2026, 5, 4, tzinfo=UTC))


def test_lines_of_the_log_name_versions_and_other_lines_do_not() -> None:
    fault = json.dumps({"solar-fault": "failed", "model_package_version": 3, "unsaid": 0})
    other = ["Traceback (most recent call last):", "solar-fault {"]
    logs = Logs([fault, *other], [f"2026-05-04 {fault}"])
    assert read(logs) == {3}
    assert logs.asked["logGroupName"] == "/aws/sagemaker/Endpoints/solar-golden"
    assert logs.asked["startTime"] == 1777852800000


def test_a_log_that_is_not_there_tells_nothing() -> None:
    assert read(Logs(None)) is None
