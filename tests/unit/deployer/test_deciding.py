"""A decision that a person made by a link is carried out once, and the log says who made it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.messages import DecisionRequested, VersionDecided
from tests.unit.deployer.fakes import START, World
from tests.unit.deployer.test_deployer import deployed

WHO = "Ada (by the link sent to email)"


def asked(
    number: int = 2, *, approve: bool = True, by: str = WHO, nonce: str = "n"
) -> DecisionRequested:
    return DecisionRequested.of(
        subject=(number, nonce),
        occurred_at=START + timedelta(hours=1),
        correlation_id="link to email",
        model_id="golden",
        model_package_version=number,
        approve=approve,
        reason="new inverter",
        requested_by=by,
    )


@pytest.fixture
def world() -> World:
    world = deployed(1)
    world.registry.register(2)
    return world


def events(world: World) -> list[tuple[int, str]]:
    return [(each.version, each.event) for each in world.memory.log("golden")]


def test_an_approved_version_is_deployed_and_the_log_says_who_approved_it(world: World) -> None:
    world.service.handle(asked())
    assert world.registry.versions[2].is_approved
    assert world.registry.versions[2].approval_note == f"by {WHO}: new inverter"
    (entry,) = (each for each in world.memory.log("golden") if each.event == "approved")
    assert (entry.version, entry.reason) == (2, f"by {WHO}: new inverter")
    assert world.endpoints.target is not None
    assert world.endpoints.target.number == 2
    (fact,) = world.told(VersionDecided)
    assert isinstance(fact, VersionDecided)
    assert (fact.approved, fact.requested_by) == (True, WHO)


def test_a_rejected_version_is_not_deployed(world: World) -> None:
    world.service.handle(asked(approve=False))
    assert not world.registry.versions[2].is_approved
    assert (2, "rejected") in events(world)
    assert (2, "started") not in events(world)


def test_a_repeated_request_changes_nothing(world: World) -> None:
    for _ in range(3):
        world.service.handle(asked())
    assert events(world).count((2, "approved")) == 1
    assert len(world.told(VersionDecided)) == 1


def test_what_somebody_else_decided_meanwhile_stands(world: World) -> None:
    world.service.handle(asked(approve=False, by="Bob (by the link sent to ops)"))
    world.service.handle(asked(approve=True, nonce="other"))
    assert not world.registry.versions[2].is_approved
    assert (2, "approved") not in events(world)


def test_a_version_that_is_not_there_is_no_trouble(world: World) -> None:
    world.service.handle(asked(9))
    assert world.told(VersionDecided) == []


def test_a_process_that_dies_after_the_registry_knows_tells_it_the_next_time(world: World) -> None:
    request = asked()
    version = world.registry.versions[2]
    world.registry.decide(version, f"by {WHO}: new inverter", approve=True)
    world.service.handle(request)
    assert (2, "approved") in events(world)
    assert len(world.told(VersionDecided)) == 1
