"""An alarm that rang only for what served before speaks against no new version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.deployer.adapters.fault_log import EndpointLog
from services.deployer.app.ending import LOG_ARRIVES
from services.deployer.domain.blame import FAILED, SLOW, Fault, judge
from services.deployer.domain.deployment import InProgress
from services.deployer.inference.faults import Faults
from shared.messages import DeploymentFailed, DeploymentRolledBack, ModelDeployed
from tests.unit.deployer.fakes import World
from tests.unit.deployer.test_deployer import ERRORS, deployed

MISMATCH = "solar-golden-endpoint-mismatch"


LATENCY = "solar-golden-endpoint-latency"


def failed(*versions: int) -> frozenset[Fault]:
    return frozenset(Fault(FAILED, each) for each in versions)


def slow(*versions: int) -> frozenset[Fault]:
    return frozenset(Fault(SLOW, each) for each in versions)


def rolled_back(log: frozenset[Fault] | None, rang: str = ERRORS) -> World:
    """AWS has just taken back version 2, in its canary beside version 1; the log says who had faults."""
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.log = log
    world.endpoints.roll_back(rang=rang, at=world.now)
    return world


def judged(log: frozenset[Fault] | None, rang: str = ERRORS) -> World:
    """The deployer has looked often enough to know what the log says."""
    world = rolled_back(log, rang)
    for _ in range(3):
        world.reconcile()
        world.now += timedelta(seconds=15)
    return world


def test_a_new_version_is_not_barred_for_what_the_one_before_failed() -> None:
    world = judged(failed(1))
    assert not world.registry.barred
    (told,) = world.told(DeploymentFailed)
    assert told.will_retry
    assert told.cause == (
        f"the alarm {ERRORS} went off for version 1, which served before: it failed requests, and version 2 "
        "did not"
    )
    assert "It is tried again" in told.next_step
    assert "solar approve 2 golden --now" in told.next_step
    assert "quotas" not in told.next_step
    assert not world.told(DeploymentRolledBack)


def test_it_is_tried_again_and_serves() -> None:
    world = judged(failed(1))
    world.endpoints.rang = []
    world.now += timedelta(minutes=5)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    assert world.told(ModelDeployed)[-1].model_package_version == 2


def test_people_are_told_once_however_often_what_serves_fails() -> None:
    world = judged(failed(1))
    for _ in range(3):
        world.now += timedelta(hours=3)
        world.reconcile()
        world.endpoints.log = failed(1)
        world.endpoints.roll_back(ERRORS, at=world.now - timedelta(minutes=1))
        world.reconcile()
    assert world.endpoints.calls.count("update 2") == 4
    assert len(world.told(DeploymentFailed)) == 1
    assert not world.registry.barred


@pytest.mark.parametrize(
    ("log", "why"),
    [
        (failed(2), "version 2 failed requests"),
        (failed(1, 2), "version 2 failed requests"),
        (failed(1) | slow(2), "version 2 was slow"),
        (slow(1), "the endpoint's log names no version that it could be for"),
        (failed(), "the endpoint's log names no version that it could be for"),
        (None, "the endpoint's log cannot be read, so nothing tells for which version"),
    ],
)
def test_who_failed_itself_or_may_have_is_barred_and_the_reason_says_which(
    log: frozenset[Fault] | None, why: str
) -> None:
    world = judged(log)
    assert world.registry.barred == {2: f"barred: the alarm {ERRORS} went off; {why}"}


def test_slowness_of_what_serves_excuses_only_from_the_alarm_of_slowness() -> None:
    assert not judged(slow(1), rang=LATENCY).registry.barred
    assert 2 in judged(failed(1), rang=LATENCY).registry.barred


def test_a_line_that_comes_late_counts() -> None:
    world = rolled_back(failed(1))
    world.reconcile()
    assert not world.told(DeploymentFailed), "nobody is excused at the first look"
    world.endpoints.log = failed(1, 2)
    world.reconcile()
    assert set(world.registry.barred) == {2}

    world = rolled_back(failed())
    world.reconcile()
    assert not world.registry.barred, "nor blamed"
    world.endpoints.log = failed(1)
    world.now += LOG_ARRIVES
    world.reconcile()
    assert not world.registry.barred


def test_nobody_waits_for_a_log_that_can_change_nothing() -> None:
    for log, rang in [(failed(2), ERRORS), (failed(1), MISMATCH)]:
        world = rolled_back(log, rang)
        world.reconcile()
        assert set(world.registry.barred) == {2}


def test_the_alarm_of_the_reference_rows_is_always_about_the_new_version() -> None:
    progress = InProgress(2, 1, datetime(2026, 5, 4, tzinfo=UTC))
    for rang in ([MISMATCH], [ERRORS, MISMATCH]):
        assert judge(progress, rang, failed(1), "golden").is_to_blame
    assert not judge(progress, [ERRORS], failed(1), "golden").is_to_blame
    assert not judge(progress, [ERRORS, LATENCY], failed(1) | slow(1), "golden").is_to_blame
    assert judge(progress, [ERRORS, LATENCY], failed(1), "golden").is_to_blame


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
    faults.note("slow")
    clock.now = 1.5
    faults.note("failed")
    first, slow, last = map(json.loads, lines)
    assert first == {"solar-fault": "failed", "model_package_version": 4, "unsaid": 0}
    assert slow == {"solar-fault": "slow", "model_package_version": 4, "unsaid": 0}
    assert last == {"solar-fault": "failed", "model_package_version": 4, "unsaid": 99}


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
        for number, lines in enumerate(self.pages, 1):
            if lines is None:
                raise ClientError({"Error": {"Code": "AccessDenied"}}, "FilterLogEvents")
            more = {"nextToken": str(number)} if number < len(self.pages) else {}
            yield {"events": [{"message": line} for line in lines], **more}


def read(logs: Any) -> frozenset[Fault] | None:
    return EndpointLog(logs).faults("golden", datetime(2026, 5, 4, tzinfo=UTC))


def test_lines_of_the_log_name_versions_and_other_lines_do_not() -> None:
    said = [
        json.dumps({"solar-fault": kind, "model_package_version": version, "unsaid": 0})
        for kind, version in [("failed", 3), ("slow", 4), ("tired", 5), ("failed", None)]
    ]
    other = ["Traceback (most recent call last):", "solar-fault {", '["solar-fault", {']
    logs = Logs([said[0], *other], [], [f"2026-05-04 {each}" for each in said])
    assert read(logs) == failed(3) | slow(4)
    assert logs.asked["logGroupName"] == "/aws/sagemaker/Endpoints/solar-golden"
    assert logs.asked["startTime"] == 1777852800000


def test_a_log_that_is_not_there_tells_nothing() -> None:
    assert read(Logs(None)) is None


def test_a_log_without_an_end_tells_nothing() -> None:
    fault = json.dumps({"solar-fault": "failed", "model_package_version": 3})
    assert read(Logs(*[[fault]] * 10)) == failed(3)
    assert read(Logs(*[[fault]] * 11)) is None
