"""Every message reaches its use case, and what nobody expects is refused."""

from __future__ import annotations

import pytest

from shared.errors import InvalidMessageError
from shared.inbox import ObjectChanged, ServiceEvent
from shared.messages import DeploymentCheckDue, SweepDue
from tests.unit.deployer.fakes import START, World
from tests.unit.deployer.test_deployer import deployed, rollback


def an_event(**detail: str) -> ServiceEvent:
    return ServiceEvent("1", "aws.sagemaker", "a change", START, detail)


def check_due() -> DeploymentCheckDue:
    return DeploymentCheckDue.of(
        subject=("golden",), occurred_at=START, correlation_id="golden", model_id="golden"
    )


def sweep_due() -> SweepDue:
    return SweepDue(id="1", occurred_at=START, correlation_id="schedule", scope="quick")


@pytest.mark.parametrize(
    "incoming",
    [
        an_event(ModelPackageGroupName="solar-golden"),
        an_event(EndpointName="solar-golden"),
        check_due(),
    ],
    ids=["package", "endpoint", "timer"],
)
def test_whatever_says_that_something_changed_leads_to_a_look_at_the_model(
    incoming: object,
) -> None:
    world = World()
    world.registry.approve(1)
    world.service.handle(incoming)
    assert world.endpoints.calls == ["create 1"]


def test_a_sweep_looks_at_every_model_spread_over_the_time_until_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    monkeypatch.setattr(World, "models", lambda _: {f"m{number}" for number in range(4)})
    looks: list[tuple[str, int]] = []
    monkeypatch.setattr(
        World, "check_later", lambda _, model, __, seconds: looks.append((model, seconds))
    )
    world.service.handle(sweep_due())
    assert looks == [("m0", 0), ("m1", 210), ("m2", 420), ("m3", 630)]
    assert world.endpoints.calls == []


def test_a_persons_rollback_is_carried_out() -> None:
    world = deployed(1, 2)
    world.service.handle(rollback())
    assert world.endpoints.calls[-1] == "back to 1"


def test_what_nobody_expects_is_refused_by_its_kind() -> None:
    stray = ObjectChanged(
        "bucket", "raw/x.csv", "1", "etag", 1, "1", removed=False, occurred_at=START
    )
    with pytest.raises(InvalidMessageError, match="ObjectChanged"):
        World().service.handle(stray)
