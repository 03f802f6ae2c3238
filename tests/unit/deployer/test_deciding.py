"""A decision that a person made by a link is carried out once, and the log says who made it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.deployer.app.alone import Alone
from services.deployer.app.deciding import Deciding
from services.deployer.domain.deployment import Version, decision_of_person
from shared.inbox import ServiceEvent
from shared.messages import (
    DecisionOvertaken,
    DecisionRequested,
    DeploymentCheckDue,
    VersionDecided,
)
from tests.unit.deployer.fakes import START, World
from tests.unit.deployer.test_deployer import deployed
from tests.unit.dying import DiedError, Fuse, deaths

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


# --- who decides in the registry itself, as `solar approve` does ---------------------------------------


def decided_there(
    world: World, number: int = 2, *, approve: bool = True, note: str = "by ada: new inverter"
) -> None:
    """Decide as the command line does, by the caller's own rights."""
    version = world.registry.versions[number]
    world.registry.decide(version, note, approve=approve)
    world.registry.versions[number] = replace(world.registry.versions[number], decided_at=world.now)


def changed(world: World, number: int | None = 2, times: int = 1) -> None:
    """Let the registry's event come."""
    detail: dict[str, Any] = {"ModelPackageGroupName": "solar-golden"}
    if number is not None:
        detail["ModelPackageVersion"] = number
    for _ in range(times):
        world.service.handle(ServiceEvent("e", "aws.sagemaker", "changed", world.now, detail))


def decisions(world: World) -> list[VersionDecided]:
    return [each for each in world.told(VersionDecided) if isinstance(each, VersionDecided)]


@pytest.mark.parametrize("approve", [True, False])
@pytest.mark.parametrize("number", [2, None], ids=["named", "the newest"])
def test_a_decision_in_the_registry_is_the_same_fact_and_stands_in_the_log(
    world: World, *, approve: bool, number: int | None
) -> None:
    decided_there(world, approve=approve)
    changed(world, number, times=3)

    (fact,) = decisions(world)
    assert (fact.approved, fact.requested_by, fact.reason) == (approve, "ada", "new inverter")
    assert (fact.model_package_version, fact.run_id, fact.serves) == (2, "run2", False)
    written = [
        each for each in world.memory.log("golden") if each.event in {"approved", "rejected"}
    ]
    assert [(each.version, each.reason) for each in written] == [(2, "by ada: new inverter")]
    assert (world.endpoints.target is not None and world.endpoints.target.number == 2) is approve


def test_who_rejects_what_serves_is_told_to_have_done_that(world: World) -> None:
    decided_there(world, 1, approve=False, note="by ada: an hour off")
    changed(world, 1)

    (fact,) = decisions(world)
    assert fact.serves


def test_a_registration_and_what_the_policy_or_the_service_decides_is_no_persons_decision(
    world: World,
) -> None:
    changed(world)
    decided_there(world, note="by policy: it is better")
    changed(world)
    decided_there(world, approve=False, note="barred: it failed")
    changed(world)

    assert decisions(world) == []


def test_a_link_and_the_event_that_follows_from_it_are_one_fact(world: World) -> None:
    world.service.handle(asked())
    world.registry.versions[2] = replace(world.registry.versions[2], decided_at=world.now)
    changed(world, times=2)

    assert len(decisions(world)) == 1


def test_the_event_that_comes_before_a_died_process_goes_on_is_the_same_fact(world: World) -> None:
    decided_there(world, note=f"by {WHO}: new inverter")
    changed(world)
    world.service.handle(asked())

    assert len(decisions(world)) == 1
    assert not overtaken(world)


def test_who_changes_his_mind_twice_is_told_three_times(world: World) -> None:
    for hour, approve in enumerate((True, False, True)):
        world.now = START + timedelta(hours=hour)
        decided_there(world, approve=approve)
        changed(world, times=2)

    assert [each.approved for each in decisions(world)] == [True, False, True]
    assert len({each.id for each in decisions(world)}) == 3


def test_the_daily_sweep_tells_a_decision_of_which_no_event_came(world: World) -> None:
    decided_there(world)
    due = DeploymentCheckDue.of(
        subject=(), occurred_at=START, correlation_id="golden", model_id="golden", settings=True
    )
    world.service.handle(due)

    assert len(decisions(world)) == 1


def test_a_decision_about_a_model_that_another_worker_has_is_told_soon(world: World) -> None:
    decided_there(world)
    world.memory.lease = "another worker", world.now + timedelta(hours=1)
    changed(world)
    assert decisions(world) == []

    (again,) = (each for each, _ in world.later if isinstance(each, DeploymentCheckDue))
    world.memory.lease = None
    world.service.handle(again)
    assert len(decisions(world)) == 1


@pytest.mark.parametrize("approve", [True, False])
def test_a_death_at_any_call_while_it_is_told_leaves_one_fact_and_one_line(
    *, approve: bool
) -> None:
    def made() -> World:
        world = deployed(1)
        world.registry.register(2)
        decided_there(world, approve=approve)
        return world

    fuses = list(deaths(lambda fuse: through(made(), fuse).look("golden", 2)))
    assert len(fuses) >= 8
    for fuse in fuses:
        world = made()
        with suppress(DiedError):
            through(world, fuse).look("golden", 2)
        world.now += timedelta(minutes=3)
        through(world, Fuse()).look("golden", 2)
        assert len({each.id for each in decisions(world)}) == 1, fuse
        assert [e for e in events(world) if e[1] in {"approved", "rejected"}] == [
            (2, "approved" if approve else "rejected")
        ], fuse


# --- who comes too late is told so -----------------------------------------------------------------


def overtaken(world: World) -> list[DecisionOvertaken]:
    return [each for each in world.told(DecisionOvertaken) if isinstance(each, DecisionOvertaken)]


def test_who_decides_too_late_is_told_what_stands(world: World) -> None:
    world.service.handle(asked(approve=False, by="Bob (by the link sent to ops)"))
    world.service.handle(asked(nonce="other"))
    (told,) = overtaken(world)
    assert (told.approve, told.requested_by) == (True, WHO)
    assert told.stands == "it is rejected already (by Bob (by the link sent to ops): new inverter)"
    assert events(world)[-1] == (2, "decided_too_late")


def test_a_decision_about_a_version_that_is_gone_is_told_to_be_that(world: World) -> None:
    world.service.handle(asked(9))
    assert [each.stands for each in overtaken(world)] == ["there is no such version"]


def test_of_two_at_the_same_moment_the_last_word_counts_and_the_other_is_told(
    world: World,
) -> None:
    decide = world.registry.decide

    def raced(version: Version, note: str, *, approve: bool) -> None:
        decide(version, note, approve=approve)
        decide(version, "by bob: no", approve=False)

    world.registry.decide = raced  # type: ignore[method-assign]
    world.service.handle(asked())
    assert not world.told(VersionDecided)
    assert [each.stands for each in overtaken(world)] == ["it is rejected already (by bob: no)"]
    assert (2, "started") not in events(world)


def test_a_repeat_after_somebody_decided_otherwise_says_nothing_and_changes_nothing(
    world: World,
) -> None:
    world.service.handle(asked())
    world.registry.decide(world.registry.versions[2], "by bob: not after all", approve=False)
    world.service.handle(asked())
    assert not world.registry.versions[2].is_approved
    assert not overtaken(world)
    assert len(world.told(VersionDecided)) == 1


def through(world: World, fuse: Fuse) -> Deciding:
    memory = fuse.guard(world.memory)

    def clock() -> datetime:
        return world.now

    alone = Alone(memory, clock, lambda: f"worker {next(world.owners)}", world.slept.append)
    registry, publisher = fuse.guard(world.registry), fuse.guard(world)
    reconcile = world.service.reconciling.steps
    return Deciding(registry, memory, publisher, alone, reconcile, lambda _: 1, clock)


@pytest.mark.parametrize("approve", [True, False])
@pytest.mark.parametrize("late", [True, False], ids=["too late", "in time"])
def test_a_death_at_any_call_loses_nothing_and_tells_nothing_twice(
    *, approve: bool, late: bool
) -> None:
    def made() -> World:
        world = deployed(1)
        world.registry.register(2)
        if late:
            world.registry.decide(world.registry.versions[2], "by bob: mine", approve=False)
        return world

    fuses = list(deaths(lambda fuse: through(made(), fuse).decide(asked(approve=approve))))
    assert len(fuses) >= 12
    for fuse in fuses:
        world = made()
        with suppress(DiedError):
            through(world, fuse).decide(asked(approve=approve))
        world.now += timedelta(minutes=3)  # the message comes again when the lease is over
        through(world, Fuse()).decide(asked(approve=approve))
        assert len(world.told(VersionDecided)) == (not late), fuse
        assert len(overtaken(world)) == late, fuse
        assert world.registry.versions[2].is_approved is (approve and not late), fuse
        written = {"approved", "rejected", "decided_too_late"}
        assert len([each for _, each in events(world) if each in written]) == 1, fuse


@pytest.mark.parametrize("name", ["policy", "policy (x)", "Ada"])
def test_nobody_becomes_the_policy_by_calling_himself_so(name: str, world: World) -> None:
    world.service.handle(asked(by=f"{name} (by the link sent to email)"))
    version = replace(world.registry.versions[2], decided_at=START)
    found = decision_of_person(version)
    assert found is not None
    assert found.by == f"{name} (by the link sent to email)"
    assert found.reason == "new inverter"
