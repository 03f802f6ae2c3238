"""A person's decision about what serves holds, until a person decides otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.messages import (
    DeploymentFailed,
    DeploymentStarted,
    HoldRequested,
    ModelDeployed,
    ModelHeld,
    ModelReleased,
    RollbackRequested,
)
from tests.unit.deployer.fakes import World, a_version
from tests.unit.deployer.test_deployer import deployed


def rollback(world: World, seen: int | None, *, to: int | None = None, by: str = "ada") -> None:
    world.roll_back(
        RollbackRequested.of(
            subject=("golden", by, str(world.now)),
            occurred_at=world.now,
            correlation_id=by,
            model_id="golden",
            to_version=to,
            seen_version=seen,
            reason="an hour off",
            requested_by=by,
        )
    )


def ask(world: World, *, hold: bool) -> None:
    world.service.handle(
        HoldRequested.of(
            subject=("golden", str(hold), str(world.now)),
            occurred_at=world.now,
            correlation_id="ada",
            model_id="golden",
            hold=hold,
            reason="inverters are replaced" if hold else "they are back",
            requested_by="ada",
        )
    )


def come_to_rest(world: World) -> None:
    for _ in range(4):
        world.now += timedelta(minutes=1)
        world.reconcile()
        if world.endpoints.endpoint and world.endpoints.endpoint.status == "Updating":
            world.endpoints.settle()
    world.reconcile()


def serves(world: World) -> int | None:
    come_to_rest(world)
    assert world.endpoints.endpoint is not None
    return world.endpoints.endpoint.version


def approved_by_person(world: World, number: int) -> None:
    world.registry.versions[number] = replace(
        a_version(number), approval_note="by bob: it is good", decided_at=world.now
    )


def test_a_rollback_holds_against_a_run_in_flight() -> None:
    world = deployed(1, 2)
    rollback(world, seen=2)
    world.registry.approve(3)
    assert serves(world) == 1
    (held,) = world.told(ModelHeld)
    assert (held.serves, held.taken_back, held.requested_by) == (1, [2], "ada")
    back = world.told(DeploymentStarted)[-1]
    assert (back.model_package_version, back.goes_back) == (1, True)


def test_a_release_deploys_what_was_approved_meanwhile() -> None:
    world = deployed(1)
    ask(world, hold=True)
    world.registry.approve(2)
    assert serves(world) == 1
    ask(world, hold=False)
    assert serves(world) == 2
    assert [each.reason for each in world.told(ModelHeld)] == ["inverters are replaced"]
    assert [each.reason for each in world.told(ModelReleased)] == ["they are back"]


def test_a_persons_later_approval_ends_a_hold() -> None:
    world = deployed(1, 2)
    rollback(world, seen=2)
    world.now += timedelta(minutes=5)
    approved_by_person(world, 3)
    assert serves(world) == 3
    (released,) = world.told(ModelReleased)
    assert (released.requested_by, released.reason) == ("bob", "version 3 was approved: it is good")
    world.registry.approve(4)
    assert serves(world) == 4


def test_what_a_policy_approves_ends_no_hold() -> None:
    world = deployed(1, 2)
    rollback(world, seen=2)
    world.now += timedelta(minutes=5)
    world.registry.versions[3] = replace(
        a_version(3), approval_note="by policy: R² 0.97 against 0.95", decided_at=world.now
    )
    assert serves(world) == 1
    assert world.told(ModelReleased) == []


def test_an_approval_from_before_the_hold_does_not_end_it() -> None:
    world = deployed(1)
    approved_by_person(world, 2)
    world.now += timedelta(minutes=5)
    world.endpoints.rings = ["latency"]
    world.reconcile()
    ask(world, hold=True)
    world.endpoints.rings = []
    assert serves(world) == 1


def test_a_rejection_of_what_serves_holds() -> None:
    world = deployed(1, 2)
    world.registry.barred[2] = "by ada: it is biased"
    world.registry.decided[2] = world.now
    assert serves(world) == 1
    world.registry.approve(3)
    assert serves(world) == 1
    (held,) = world.told(ModelHeld)
    assert (held.requested_by, held.reason, held.taken_back) == ("ada", "it is biased", [2])


def test_what_the_machine_takes_back_holds_nothing() -> None:
    world = deployed(1)
    world.endpoints.errors = {2}
    world.registry.approve(2)
    assert serves(world) == 1
    world.registry.approve(3)
    assert serves(world) == 3
    assert world.told(ModelHeld) == []


def test_two_operators_at_once_have_one_effect_and_both_are_told() -> None:
    world = deployed(1, 2, 3)
    rollback(world, seen=3, by="ada")
    rollback(world, seen=3, by="bob")
    assert set(world.registry.barred) == {3}
    assert serves(world) == 2
    (refused,) = world.told(DeploymentFailed)
    assert "bob" in refused.cause
    assert (
        "version 3 served when it was asked for, and now version 2 is the newest" in refused.cause
    )


def test_a_request_about_less_than_it_would_bar_changes_nothing() -> None:
    world = deployed(1, 2)
    world.registry.approve(3)
    world.reconcile()
    rollback(world, seen=2)
    assert world.registry.barred == {}
    assert "version 3 is the newest" in world.told(DeploymentFailed)[0].cause


@pytest.mark.parametrize("times", [1, 3])
def test_the_same_request_again_changes_nothing(times: int) -> None:
    world = deployed(1)
    for _ in range(times):
        ask(world, hold=True)
    assert len(world.told(ModelHeld)) == 1
    for _ in range(times):
        ask(world, hold=False)
    assert len(world.told(ModelReleased)) == 1


def test_a_held_model_without_an_endpoint_gets_one_that_served_before() -> None:
    world = deployed(1, 2)
    ask(world, hold=True)
    world.registry.approve(3)
    world.endpoints.endpoint = None
    world.reconcile()
    assert world.endpoints.calls[-1] == "create 2"
    assert world.told(ModelDeployed)[-1].model_package_version == 2


def test_a_request_waits_for_another_worker_and_is_not_lost() -> None:
    world = deployed(1, 2)
    world.memory.lease = "another", world.now + timedelta(seconds=90)
    request = RollbackRequested.of(
        subject=("golden", "1"),
        occurred_at=world.now,
        correlation_id="ada",
        model_id="golden",
        seen_version=2,
        reason="an hour off",
        requested_by="ada",
    )
    world.service.handle(request)
    ask(world, hold=True)
    assert [(type(message), seconds) for message, seconds in world.later] == [
        (RollbackRequested, 5),
        (HoldRequested, 5),
    ]
    assert world.registry.barred == {}
    world.memory.lease = None
    world.service.handle(world.later[0][0])
    assert set(world.registry.barred) == {2}


def held_at_2(world: World) -> World:
    """Let version 3 be approved by itself while a person holds version 2."""
    ask(world, hold=True)
    world.registry.approve(3)
    assert serves(world) == 2
    return world


def test_what_serves_under_a_hold_is_taken_back_although_something_newer_waits() -> None:
    world = held_at_2(deployed(1, 2))
    rollback(world, seen=2)
    assert set(world.registry.barred) == {2}
    assert serves(world) == 1
    held = world.told(ModelHeld)[-1]
    assert (held.serves, held.taken_back, held.reason) == (1, [2], "an hour off")
    assert world.told(DeploymentFailed) == []


def test_a_rollback_to_a_version_under_a_hold_bars_what_waits_too() -> None:
    world = held_at_2(deployed(1, 2))
    rollback(world, seen=2, to=1)
    assert set(world.registry.barred) == {2, 3}
    assert serves(world) == 1


def test_a_second_rollback_under_a_hold_takes_back_nothing_more() -> None:
    world = held_at_2(deployed(1, 2))
    rollback(world, seen=2, by="ada")
    rollback(world, seen=2, by="bob")
    assert set(world.registry.barred) == {2}
    assert "bob" in world.told(DeploymentFailed)[0].cause


def test_a_rollback_while_nothing_serves_holds_as_well() -> None:
    world = deployed(1, 2)
    world.endpoints.endpoint = None
    rollback(world, seen=None)
    world.registry.approve(3)
    world.reconcile()
    assert set(world.registry.barred) == {2}
    assert world.endpoints.calls[-1] == "create 1"
    assert len(world.told(ModelHeld)) == 1


def test_a_rollback_to_a_version_that_never_served_is_done() -> None:
    """Else what was taken back would serve on."""
    world = World()
    world.registry.approve(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    rollback(world, seen=2)
    world.registry.approve(3)
    assert serves(world) == 1
    assert [each.serves for each in world.told(ModelHeld)] == [1]


def exclusion(world: World, seen: int | None, to: int) -> None:
    world.roll_back(
        RollbackRequested.of(
            subject=("golden", "exclusion"),
            occurred_at=world.now,
            correlation_id="exclusions",
            model_id="golden",
            to_version=to,
            seen_version=seen,
            by_machine=True,
            reason="days that were excluded",
            requested_by="an exclusion",
        )
    )


def test_what_an_exclusion_takes_back_holds_nothing() -> None:
    world = deployed(1, 2)
    exclusion(world, seen=2, to=1)
    assert serves(world) == 1
    world.registry.approve(3)
    assert serves(world) == 3
    assert world.told(ModelHeld) == []


def test_a_late_request_of_an_exclusion_spares_what_was_approved_since() -> None:
    """It is about what served then; the newer version was trained without the excluded days."""
    world = deployed(1, 2, 3)
    exclusion(world, seen=2, to=1)
    assert set(world.registry.barred) == {2}
    assert serves(world) == 3
    exclusion(world, seen=2, to=1)
    assert world.told(DeploymentFailed) == []


def test_who_rejects_the_only_version_is_told_that_it_serves_on_and_the_model_is_held() -> None:
    world = deployed(1)
    world.now += timedelta(minutes=1)
    world.registry.barred[1] = "by ada: it is biased"
    world.registry.decided[1] = world.now + timedelta(seconds=5)  # AWS's clock is ahead
    for _ in range(3):
        world.reconcile()
        world.now += timedelta(minutes=15)
    assert world.endpoints.calls == ["create 1"]
    (told,) = world.told(DeploymentFailed)
    assert "version 1 serves on, although ada rejected it (it is biased)" in told.cause
    assert "solar approve" in told.next_step
    (held,) = world.told(ModelHeld)
    assert (held.requested_by, held.serves) == ("ada", 1)
    world.registry.approve(2)
    assert serves(world) == 1, "a run in flight waits for a person"
    world.now += timedelta(minutes=1)
    approved_by_person(world, 2)
    assert serves(world) == 2


def test_a_release_of_what_serves_on_is_not_undone() -> None:
    world = deployed(1)
    world.registry.barred[1], world.registry.decided[1] = "by ada: it is biased", world.now
    world.reconcile()
    ask(world, hold=False)
    world.reconcile()
    assert world.memory.held is None
    world.registry.approve(2)
    assert serves(world) == 2


def test_what_no_person_rejected_holds_nothing_where_it_serves_on() -> None:
    world = deployed(1)
    world.registry.barred[1] = "barred: by hand of a script"
    world.reconcile()
    assert world.told(ModelHeld) == []
    assert world.told(DeploymentFailed) == []
