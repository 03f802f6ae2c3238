"""An approved version reaches its endpoint, or is taken back; never twice, never half."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deployer.domain import deployment
from services.deployer.domain.deployment import Action
from shared import names
from shared.messages import (
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    ModelDeployed,
    RollbackRequested,
)
from shared.model_config import EndpointConfig
from tests.unit.deployer.fakes import START, World, a_version


def deployed(*numbers: int) -> World:
    world = World()
    for number in numbers:
        world.now += timedelta(minutes=1)
        world.registry.approve(number)
        world.reconcile()
        world.endpoints.settle()
        world.reconcile()
    return world


def rollback(to_version: int | None = None, request: str = "1") -> RollbackRequested:
    return RollbackRequested.of(
        subject=("golden", request),
        occurred_at=START,
        correlation_id="ada",
        model_id="golden",
        to_version=to_version,
        reason="bias",
        requested_by="ada",
    )


def test_the_first_approved_version_gets_an_endpoint() -> None:
    world = deployed(1)
    assert world.endpoints.calls == ["create 1"]
    assert len(world.told(DeploymentStarted)) == 1
    assert [message.model_package_version for message in world.told(ModelDeployed)] == [1]
    assert [entry.event for entry in world.memory.log("golden")] == ["started", "deployed"]
    assert world.endpoints.scaled == 1


def test_nothing_approved_is_nothing_to_do() -> None:
    assert World().reconcile() is Action.NOTHING


def test_a_newer_version_replaces_it_by_an_update() -> None:
    world = deployed(1, 2)
    assert world.endpoints.calls == ["create 1", "update 2"]
    assert world.told(ModelDeployed)[-1].previous_version == 1


def test_repeated_events_change_nothing() -> None:
    world = World()
    world.registry.approve(1)
    for _ in range(3):
        world.reconcile()
    world.endpoints.settle()
    for _ in range(3):
        world.reconcile()
    assert world.endpoints.calls == ["create 1"]
    assert len(world.told(DeploymentStarted)) == len(world.told(ModelDeployed)) == 1


def test_the_newest_wins_after_the_update_under_way() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.registry.approve(3)
    assert world.reconcile() is Action.WAIT
    world.endpoints.settle()
    world.reconcile()
    assert world.endpoints.calls == ["create 1", "update 2", "update 3"]


def test_an_automatic_rollback_bars_the_version_and_says_why() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.roll_back()
    world.reconcile()
    (message,) = world.told(DeploymentRolledBack)
    assert "endpoint-errors" in message.reason
    assert 2 in world.registry.barred
    assert world.reconcile() is Action.NOTHING
    assert world.endpoints.calls == ["create 1", "update 2"]


def test_a_version_that_answers_differently_than_its_evaluation_is_taken_back() -> None:
    world = deployed(1)
    world.endpoints.wrong_answers = {2}
    world.registry.approve(2)
    world.reconcile()
    world.reconcile()
    assert world.gauge.values == [True], "the canary is probed and the rollback alarm fed"
    world.endpoints.settle()
    world.reconcile()
    assert 2 in world.registry.barred
    assert world.endpoints.calls[-1] == "update 1"


def test_a_first_version_that_fails_its_smoke_test_says_what_to_do() -> None:
    world = World()
    world.endpoints.wrong_answers = {1}
    world.registry.approve(1)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    (failed,) = world.told(DeploymentFailed)
    assert "Nothing served before" in failed.next_step
    assert not world.told(ModelDeployed)


def test_a_failed_endpoint_is_deleted_and_the_next_version_tried() -> None:
    world = World()
    world.registry.approve(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.fail()
    world.reconcile()
    world.reconcile()
    assert world.endpoints.calls == ["create 2", "delete", "create 1"]
    assert "/ping" in world.registry.barred[2]


def test_a_person_rolls_back_to_the_version_before() -> None:
    world = deployed(1, 2)
    world.roll_back(rollback())
    assert world.endpoints.calls[-1] == "update 1"
    assert "ada" in world.registry.barred[2]


def test_a_rollback_to_a_version_bars_everything_newer() -> None:
    world = deployed(1, 2, 3)
    world.roll_back(rollback(to_version=1))
    assert set(world.registry.barred) == {2, 3}
    assert world.endpoints.calls[-1] == "update 1"


def test_a_rollback_that_comes_twice_takes_back_one_version() -> None:
    world = deployed(1, 2, 3)
    for _ in range(2):
        world.roll_back(rollback())
    assert set(world.registry.barred) == {3}
    world.endpoints.settle()
    world.reconcile()
    world.roll_back(rollback(request="2"))
    assert set(world.registry.barred) == {2, 3}, "a second request is another one"


@pytest.mark.parametrize("to_version", [7, None])
def test_a_rollback_to_nothing_bars_nothing_and_says_so(to_version: int | None) -> None:
    world = deployed(1)
    world.roll_back(rollback(to_version))
    assert not world.registry.barred
    (failed,) = world.told(DeploymentFailed)
    assert "cannot be done" in failed.cause
    assert "approved: 1" in failed.cause


def test_a_version_rejected_during_its_canary_is_not_confirmed() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.registry.barred[2] = "a person looked again"
    world.endpoints.settle()
    world.reconcile()
    (back,) = world.told(DeploymentRolledBack)
    assert "rejected while it was being deployed" in back.reason
    assert world.endpoints.calls[-1] == "update 1"
    assert world.registry.barred[2] == "a person looked again"


def test_the_log_knows_run_and_data_of_what_was_deployed() -> None:
    world = deployed(1)
    (entry,) = [each for each in world.memory.log("golden") if each.event == "deployed"]
    assert (entry.run_id, entry.dataset_id) == ("run1", "data")


def test_after_a_failed_rollback_a_person_is_called() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    assert world.endpoints.endpoint is not None
    world.endpoints.endpoint = deployment.Endpoint("UpdateRollbackFailed", "c", 1, "no capacity")
    world.reconcile()
    assert "no capacity" in world.told(DeploymentFailed)[0].cause


def test_a_crash_before_aws_took_the_request_is_taken_up_again() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.memory.begin("golden", deployment.InProgress(2, 1, world.now))
    assert world.reconcile() is Action.UPDATE
    world.endpoints.settle()
    world.reconcile()
    assert world.endpoints.endpoint is not None
    assert world.endpoints.endpoint.version == 2


def test_an_endpoint_that_does_not_answer_yet_is_asked_again_soon() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.silent = True
    world.reconcile()
    world.endpoints.settle()
    checks = world.checks
    world.reconcile()
    assert world.checks == checks + 1
    world.endpoints.silent = False
    world.reconcile()
    assert world.told(ModelDeployed)[-1].model_package_version == 2


def test_a_version_that_never_answers_is_taken_back() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.settle()
    world.endpoints.silent = True
    world.now += timedelta(hours=4)
    world.reconcile()
    assert "did not answer in time" in world.registry.barred[2]
    assert world.endpoints.calls[-1] == "update 1"


def test_names_tell_the_version() -> None:
    name = deployment.configuration_name(a_version(12), EndpointConfig())
    assert names.version_of_configuration(name) == 12
    assert names.version_of_configuration("somebody-else") is None


def test_the_last_three_configurations_are_kept() -> None:
    names = ["v5", "v4", "v3", "v2", "v1"]
    assert deployment.disposable(names, "v5") == ["v2", "v1"]
    assert deployment.disposable(names, "v1") == ["v3", "v2"]


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(["approve", "reconcile", "settle", "roll back", "fail", "ask"]), max_size=40
    )
)
def test_whatever_happens_it_ends_on_the_newest_version_that_held(steps: list[str]) -> None:
    world = World()
    for step in steps:
        world.now += timedelta(seconds=7)
        endpoint = world.endpoints.endpoint
        busy = endpoint is not None and endpoint.status in {"Creating", "Updating"}
        match step:
            case "approve":
                world.registry.approve(len(world.registry.versions) + 1)
            case "reconcile":
                world.reconcile()
            case "settle" if busy:
                world.endpoints.settle()
            case "roll back" if busy and endpoint is not None and endpoint.status == "Updating":
                world.endpoints.roll_back()
            case "fail" if busy and endpoint is not None and endpoint.status == "Creating":
                world.endpoints.fail()
            case "ask":
                world.roll_back(rollback(request=str(world.now)))
    for _ in range(2 * len(world.registry.versions) + 6):
        world.now += timedelta(seconds=7)
        world.reconcile()
        if world.endpoints.endpoint and world.endpoints.endpoint.status in {"Creating", "Updating"}:
            world.endpoints.settle()
    approved = world.registry.approved("golden")
    assert world.memory.progress is None
    if approved:
        assert world.endpoints.endpoint is not None
        assert world.endpoints.endpoint.version == approved[0].number
