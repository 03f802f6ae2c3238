"""A version that nobody could ask: what served before comes back, and nothing is held against it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from services.deployer.adapters.endpoints import SageMakerEndpoints
from services.deployer.domain.blame import FAILED, Fault
from services.deployer.domain.deployment import InProgress
from shared.errors import NotReadyError
from shared.messages import DeploymentFailed, ModelDeployed, RollbackRequested
from tests.unit.deployer.fakes import START, World

HOURS = timedelta(hours=4)
ERRORS = "solar-golden-endpoint-errors"


def silent(*, before: bool = True) -> World:
    """Return a world in which version 2 is in service after version 1, and nothing answers."""
    world = World()
    if before:
        world.registry.approve(1)
        world.reconcile()
        world.endpoints.settle()
        world.reconcile()
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.settle()
    world.endpoints.silent = True
    world.reconcile()
    return world


def version(world: World) -> int | None:
    return world.endpoints.endpoint.version if world.endpoints.endpoint else None


def test_what_served_before_comes_back_and_the_silent_version_is_not_barred() -> None:
    world = silent()
    assert world.endpoints.calls[-1] == "update 2"
    world.now += HOURS
    world.reconcile()
    assert world.endpoints.calls[-1] == "back to 1"
    world.endpoints.settle()
    world.reconcile()
    assert version(world) == 1
    assert not world.registry.barred
    (told,) = world.told(DeploymentFailed)
    assert told.will_retry
    assert "version 2 could not be asked for hours: the endpoint does not answer" in told.cause
    assert "not barred, and what served before serves on" in told.next_step
    assert world.memory.progress is None


def test_faults_of_what_came_back_do_not_hide_that_the_version_could_not_be_asked() -> None:
    world = silent()
    world.now += HOURS
    world.reconcile()
    world.endpoints.settle()
    world.endpoints.rang = [ERRORS]
    world.endpoints.log = frozenset({Fault(FAILED, 1)})
    world.reconcile()
    (told,) = world.told(DeploymentFailed)
    assert "version 2 could not be asked for hours" in told.cause
    assert not world.registry.barred


def test_it_is_tried_again_and_deployed_once_it_answers() -> None:
    world = silent()
    world.now += HOURS
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    world.endpoints.silent = False
    world.reconcile()
    assert world.endpoints.calls[-1] == "back to 1", "it waits before it is tried again"
    world.now += timedelta(minutes=2)
    world.reconcile()
    assert world.endpoints.calls[-1] == "update 2"
    world.endpoints.settle()
    world.reconcile()
    assert world.told(ModelDeployed)[-1].model_package_version == 2
    assert len(world.told(DeploymentFailed)) == 1


def test_an_alarm_that_rang_meanwhile_speaks_against_it() -> None:
    world = silent()
    world.endpoints.rang = [ERRORS]
    world.now += HOURS
    world.reconcile()
    assert f"the alarm {ERRORS} went off" in world.registry.barred[2]
    assert world.endpoints.calls[-1] == "back to 1"


def test_a_silent_first_version_is_taken_away_and_created_again_later() -> None:
    world = silent(before=False)
    world.now += HOURS
    world.reconcile()
    assert world.endpoints.calls == ["create 2", "delete"]
    assert not world.registry.barred
    (told,) = world.told(DeploymentFailed)
    assert told.will_retry
    assert "nothing serves until then" in told.next_step
    world.endpoints.silent = False
    world.now += timedelta(minutes=2)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    assert world.told(ModelDeployed)[-1].model_package_version == 2


def test_where_what_served_before_is_barred_by_now_the_silent_version_is_taken_away_too() -> None:
    world = silent()
    world.registry.reject(1)
    world.now += HOURS
    world.reconcile()
    assert world.endpoints.calls[-1] == "delete"
    (told,) = world.told(DeploymentFailed)
    assert "nothing serves until then" in told.next_step
    assert set(world.registry.barred) == {1}
    assert world.memory.progress is None


def rolled_back() -> World:
    world = silent()
    world.endpoints.silent = False
    world.reconcile()
    world.now += timedelta(days=1)
    world.roll_back(
        RollbackRequested.of(
            subject=("golden", "1"),
            occurred_at=START,
            correlation_id="ada",
            model_id="golden",
            reason="bias",
            requested_by="ada",
        )
    )
    return world


def reconfigured() -> World:
    world = silent()
    world.endpoints.silent = False
    world.reconcile()
    world.configure(instance_type="ml.m5.xlarge")
    world.reconcile(settings=True)
    return world


@pytest.mark.parametrize(("begun", "serves"), [(rolled_back, 1), (reconfigured, 2)])
def test_a_version_that_served_before_stays_and_people_are_told_once(
    begun: Any, serves: int
) -> None:
    world = begun()
    barred, calls = dict(world.registry.barred), list(world.endpoints.calls)
    world.endpoints.settle()
    world.endpoints.silent = True
    world.now += HOURS
    for _ in range(3):
        world.reconcile()
        world.now += timedelta(minutes=15)
    assert (world.registry.barred, world.endpoints.calls) == (barred, calls)
    (told,) = world.told(DeploymentFailed)
    assert told.will_retry
    assert f"version {serves} could not be asked for hours" in told.cause
    world.endpoints.silent = False
    world.reconcile()
    assert world.told(ModelDeployed)[-1].model_package_version == serves
    assert world.memory.progress is None


def test_while_aws_cannot_bring_back_what_served_it_is_asked_again_and_people_are_told() -> None:
    world = silent()
    world.endpoints.refuses = "no capacity"
    world.now += HOURS
    for _ in range(3):
        world.reconcile()
        world.now += timedelta(minutes=15)
    assert version(world) == 2
    (told,) = world.told(DeploymentFailed)
    assert "version 1 cannot come back: no capacity" in told.cause
    world.endpoints.refuses = ""
    world.reconcile()
    assert world.endpoints.calls[-1] == "back to 1"
    world.endpoints.settle()
    world.reconcile()
    assert not world.registry.barred
    assert world.memory.kept_setback is not None


def test_a_version_that_has_not_begun_is_not_blamed_for_an_alarm_that_keeps_it_waiting() -> None:
    world = silent()
    world.endpoints.silent = False
    world.reconcile()
    world.registry.approve(3)
    world.endpoints.rings = [ERRORS]
    world.memory.begin("golden", InProgress(3, 2, world.now))  # who began it died
    world.now += HOURS
    world.reconcile()
    assert not world.registry.barred
    assert world.endpoints.calls[-1] == "update 2"


def test_a_silent_version_that_a_person_rejects_is_taken_back() -> None:
    world = silent()
    world.now += HOURS
    world.registry.reject(2)
    world.reconcile()
    assert world.endpoints.calls[-1] == "back to 1"
    assert not world.told(DeploymentFailed)


class Runtime:
    """An endpoint that fails as it is told."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def invoke_endpoint(self, **_: Any) -> None:
        raise self.error


def asked(error: Exception) -> Any:
    nothing: Any = None
    runtime = Runtime(error)
    endpoints = SageMakerEndpoints(
        nothing, runtime, nothing, nothing, "", "", "", "", (), (), nothing
    )
    return endpoints.invoke("golden", {"rows": []})


def refusal(code: str, **said: Any) -> ClientError:
    found = ClientError({"Error": {"Code": code, "Message": "what AWS says"}}, "InvokeEndpoint")
    found.response.update(said)  # type: ignore[typeddict-item]
    return found


def test_what_the_container_says_is_its_own_answer() -> None:
    broken = asked(refusal("ModelError", OriginalMessage="no number", OriginalStatusCode=500))
    assert (broken.error, broken.is_refused) == ("no number", False)
    late = asked(refusal("ModelError", OriginalStatusCode=0))
    assert (late.error, late.is_refused) == ("what AWS says", False)


@pytest.mark.parametrize(
    "error",
    [
        refusal("ServiceUnavailable"),
        refusal("InternalFailure"),
        refusal("AccessDeniedException"),
        refusal("ValidationError"),
        ReadTimeoutError(endpoint_url="https://runtime"),
    ],
    ids=["busy", "broken", "no right", "no endpoint", "no answer in time"],
)
def test_what_aws_says_in_its_place_is_silence(error: Exception) -> None:
    with pytest.raises(NotReadyError, match="endpoint of golden does not answer"):
        asked(error)
