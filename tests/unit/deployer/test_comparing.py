"""A new version answers the last day's real rows before it counts as deployed, beside what serves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.deployer.app.comparing import QUIET
from services.deployer.domain.deployment import Action
from shared.messages import DeploymentFailed, DeploymentRolledBack, ModelDeployed
from tests.unit.deployer.fakes import World, a_version


def serving(*approved: int) -> World:
    """Return a world in which version 1 serves, and others were approved after it."""
    world = World()
    world.registry.approve(1)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    world.endpoints.asked.clear()
    world.now += timedelta(days=1)
    for number in approved:
        world.registry.approve(number)
    return world


def canary(world: World) -> None:
    """Let the canary of what was approved begin, and look at it once."""
    assert world.reconcile() is Action.UPDATE
    assert world.reconcile() is Action.WAIT


def test_the_champion_is_asked_before_the_update_and_the_new_version_in_its_canary() -> None:
    world = serving(2)
    canary(world)
    assert world.endpoints.asked == [(1, "east"), (1, "west"), (2, "east"), (2, "west")]
    world.reconcile()
    assert len(world.endpoints.asked) == 4, "what was answered well is not asked again"


def test_what_was_compared_is_told_and_written() -> None:
    world = serving(2)
    canary(world)
    world.endpoints.settle()
    world.now += timedelta(minutes=10)
    world.reconcile()
    (told,) = [each for each in world.told(ModelDeployed) if each.model_package_version == 2]
    assert "real rows of 2 sites agree with those of version 1" in told.compared
    assert world.memory.log("golden")[-1].reason == told.compared


FAULTS = {
    "low": (lambda ghi: 0.7 * ghi, "30% farther from the measured power than the champion's"),
    "constant": (lambda _: 20.0, "the same 20 kW"),
    "nan": (lambda ghi: float("nan") if ghi > 50 else ghi, "no number"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_on_real_rows_stops_the_canary_and_bars_the_version(kind: str) -> None:
    says, words = FAULTS[kind]
    world = serving(2)
    world.endpoints.says[2] = says
    canary(world)
    assert world.endpoints.calls[-1].startswith("stop: ")
    world.reconcile()
    assert world.endpoints.calls[-1].startswith("stop: "), "for as long as AWS has not heard it"
    world.endpoints.roll_back(rang="solar-golden-endpoint-mismatch")
    world.reconcile()
    (told,) = world.told(DeploymentRolledBack)
    assert words in told.reason
    assert "site east" in told.reason
    assert words in world.registry.barred[2]
    assert world.memory.log("golden")[-1].reason == told.reason
    assert world.endpoints.endpoint.version == 1


@pytest.mark.parametrize("kind", FAULTS)
def test_a_bake_that_ends_before_anybody_looked_does_not_let_a_fault_serve(kind: str) -> None:
    says, words = FAULTS[kind]
    world = serving(2)
    world.endpoints.says[2] = says
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    assert words in world.registry.barred[2]
    assert world.endpoints.calls[-1] == "back to 1"
    assert len(world.told(DeploymentRolledBack)) == 1


def test_a_slow_version_is_taken_back_and_one_that_stumbles_once_is_not() -> None:
    world = serving(2)
    world.endpoints.takes[2] = 1.5
    canary(world)
    assert "it is slow: 1.5 s" in world.registry.barred[2]
    assert [each for each in world.endpoints.asked if each[0] == 2] == [(2, "east")] * 3


@pytest.mark.parametrize(("kind", "answers"), [("low", 1), ("nan", 1)])
def test_what_a_version_says_each_time_is_held_against_it_at_once(kind: str, answers: int) -> None:
    """Of a small canary, the new version answers a tenth of the probes."""
    world = serving(2)
    world.endpoints.says[2] = FAULTS[kind][0]
    canary(world)
    assert [each for each in world.endpoints.asked if each[0] == 2] == [(2, "east")] * answers


def test_during_a_canary_a_slow_champion_takes_no_longer_than_there_is_time() -> None:
    """It answers most requests of a small canary; each answer that takes its time is the function's."""
    world = serving(2)
    assert world.reconcile() is Action.UPDATE
    world.endpoints.target, target = a_version(1), world.endpoints.target
    world.endpoints.takes = {1: 5.0}
    world.endpoints.asked.clear()
    assert world.reconcile() is Action.WAIT
    assert world.endpoints.asked == [(1, "east")] * 3
    world.endpoints.target = target


def test_a_slow_champion_is_not_asked_for_longer_than_there_is_time() -> None:
    world = serving(2)
    world.references.sites = ("a", "b", "c", "d")
    world.endpoints.takes[1] = 7.0
    canary(world)
    assert [each for each in world.endpoints.asked if each[0] == 1] == [(1, "a"), (1, "b")]
    world.endpoints.settle()
    world.reconcile()
    told = world.told(ModelDeployed)[-1].compared
    assert "not tested on real rows of c, d: what serves took all the time" in told


def test_an_honest_shift_towards_what_was_measured_serves() -> None:
    world = serving(2)
    world.memory.asks = None
    world.endpoints.says[1] = lambda ghi: 0.6 * ghi
    canary(world)
    world.endpoints.settle()
    world.reconcile()
    assert world.endpoints.endpoint.version == 2
    assert not world.registry.barred


def test_the_bound_is_the_model_owners() -> None:
    world = serving(2)
    world.endpoints.says[2] = lambda ghi: 0.7 * ghi
    world.config = world.config.model_copy(update={"live_shift": 0.4})
    canary(world)
    assert not world.registry.barred


def test_a_version_that_comes_back_is_not_tested_again() -> None:
    world = serving(2)
    canary(world)
    world.endpoints.settle()
    world.reconcile()
    asked = len(world.endpoints.asked)
    world.registry.reject(2)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    assert world.endpoints.endpoint.version == 1
    assert len(world.endpoints.asked) == asked


def test_sites_without_recent_rows_are_left_out_and_named() -> None:
    world = serving(2)
    world.real_rows.missing["west"] = "it has no weather of the last 7 days"
    canary(world)
    world.endpoints.settle()
    world.reconcile()
    told = world.told(ModelDeployed)[-1].compared
    assert "real rows of 1 of 2 sites agree" in told
    assert told.endswith("not tested on real rows of west: it has no weather of the last 7 days")


def test_a_new_site_is_held_to_be_a_number_that_changes() -> None:
    world = serving(2)
    world.endpoints.unknown_sites[1] = {"west"}
    world.endpoints.says[2] = lambda ghi: ghi if ghi != 60 else float("nan")
    world.real_rows.missing["east"] = "it has no weather of the last 7 days"
    canary(world)
    assert "no number" in world.registry.barred[2]


def test_a_site_that_the_new_version_refuses_is_named_and_bars_nothing() -> None:
    world = serving(2)
    world.endpoints.unknown_sites[2] = {"west"}
    canary(world)
    world.endpoints.settle()
    world.reconcile()
    assert world.endpoints.endpoint.version == 2
    told = world.told(ModelDeployed)[-1].compared
    assert "not tested on real rows of west: it is refused: the model does not know" in told


def test_a_version_whose_sites_nobody_knows_is_deployed_and_that_is_said() -> None:
    world = serving(2)
    world.references.sites = ()
    canary(world)
    world.endpoints.settle()
    world.reconcile()
    told = world.told(ModelDeployed)[-1].compared
    assert "not tested on real rows of any site" in told


def test_after_a_faulty_version_one_that_served_goes_first_so_that_the_next_is_compared() -> None:
    world = serving(2, 3)
    world.endpoints.says[2] = lambda ghi: 0.5 * ghi
    world.endpoints.errors = {3}
    canary(world)
    world.endpoints.settle()
    world.reconcile()
    assert world.endpoints.calls[-1] == "back to 1"
    world.endpoints.settle()
    world.reconcile()
    assert world.endpoints.calls[-1] == "update 2"
    world.reconcile()
    assert "50% farther from the measured power" in world.registry.barred[2]


def test_a_champion_that_fails_is_asked_once_and_its_alarm_waited_for() -> None:
    """Its failure may ring an alarm a minute later; the new version would be blamed for that."""
    world = serving(2)
    world.endpoints.errors = {1}
    world.reconcile()
    world.now += timedelta(seconds=15)
    world.reconcile()
    assert world.endpoints.asked == [(1, "east")]
    assert world.endpoints.calls == ["create 1"]
    world.now += QUIET
    canary(world)
    world.endpoints.settle()
    world.reconcile()
    assert world.endpoints.endpoint.version == 2


def test_an_endpoint_that_is_silent_is_asked_again() -> None:
    world = serving(2)
    assert world.reconcile() is Action.UPDATE
    world.endpoints.silent = True
    assert world.reconcile() is Action.WAIT
    world.endpoints.settle()
    world.reconcile()
    assert world.memory.progress is not None
    world.endpoints.silent = False
    world.reconcile()
    assert world.memory.progress is None
    assert not world.registry.barred


def first() -> World:
    """Return a world in which a first version is about to be in service."""
    world = World()
    world.registry.approve(1)
    world.reconcile()
    world.endpoints.settle()
    return world


@pytest.mark.parametrize("kind", ["constant", "nan", "slow", "error"])
def test_a_first_version_answers_real_rows_too_and_is_taken_away_if_it_fails(kind: str) -> None:
    world = first()
    if kind == "slow":
        world.endpoints.takes[1] = 1.5
    elif kind == "error":
        world.endpoints.fails_at = {"west"}
    else:
        world.endpoints.says[1] = FAULTS[kind][0]
    world.reconcile()
    said = {
        "constant": "the same 20 kW",
        "nan": "no number",
        "slow": "it is slow: 1.5 s",
        "error": "it answers the last day's rows of site west with an error",
    }
    assert said[kind] in world.registry.barred[1]
    assert world.endpoints.calls[-1] == "delete"
    assert len(world.told(DeploymentFailed)) == 1


def test_what_a_first_version_cannot_be_compared_with_is_said() -> None:
    world = first()
    world.endpoints.says[1] = lambda ghi: 0.5 * ghi
    world.reconcile()
    assert world.told(ModelDeployed)[-1].compared == (
        "its answers to the last day's real rows of 2 sites are numbers that change with the weather; "
        "nothing served before that they could be compared with"
    )


def test_a_first_version_whose_sites_have_no_rows_is_deployed_and_that_is_said() -> None:
    world = World()
    world.real_rows.missing = dict.fromkeys(
        ("east", "west"), "it has no weather of the last 7 days"
    )
    world.registry.approve(1)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    assert world.told(ModelDeployed)[-1].compared == (
        "not tested on real rows of east, west: it has no weather of the last 7 days"
    )


def test_an_unchecked_version_is_asked_for_the_sites_of_what_serves() -> None:
    world = serving()
    world.registry.versions[2] = replace(a_version(2), run_id=None, is_unchecked=True)
    world.endpoints.says[2] = lambda ghi: 0.5 * ghi
    canary(world)
    assert "50% farther from the measured power" in world.registry.barred[2]
