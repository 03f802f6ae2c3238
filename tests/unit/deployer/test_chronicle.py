"""The log of deployments and the messages about them say the same, and each says it once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.deployer.app.chronicle import Chronicle
from services.deployer.domain.deployment import InProgress
from services.deployer.domain.live.scores import Sums
from services.deployer.domain.live.summary import Summary
from shared.evaluation import EVERY_IRRADIANCE, Evaluation, HiddenScores, SiteScores
from shared.messages import ModelDeployed
from tests.unit.deployer.fakes import MODEL, START, World, a_version
from tests.unit.deployer.live.world import evaluation

PROGRESS = InProgress(version=2, previous=1, started_at=START)


def chronicle(world: World) -> Chronicle:
    return Chronicle(world.memory, world, world.references, world.summaries.get, lambda: world.now)


def all_ends(world: World) -> None:
    told = chronicle(world)
    told.started(MODEL, PROGRESS)
    told.deployed(MODEL, PROGRESS, a_version(2), "evaluation")
    told.rolled_back(MODEL, PROGRESS, a_version(2), "the error rate rose")
    told.failed(MODEL, PROGRESS, "no capacity", "try again tomorrow")


def test_each_step_is_in_the_log_with_the_versions_the_run_and_its_data() -> None:
    world = World()
    all_ends(world)

    log = world.memory.log(MODEL)
    assert [(each.event, each.run_id, each.dataset_id, each.reason) for each in log] == [
        ("started", None, None, None),
        ("deployed", "run2", "data", None),
        ("rolled_back", "run2", "data", "the error rate rose"),
        ("failed", None, None, "no capacity"),
    ]
    assert {(each.version, each.previous) for each in log} == {(2, 1)}
    assert {(each.at, each.endpoint_name) for each in log} == {(START, "solar-golden")}


def test_each_step_is_published_with_the_same_facts() -> None:
    world = World()
    all_ends(world)

    assert [each.type for each in world.sent] == [
        "solar.deployment_started",
        "solar.model_deployed",
        "solar.deployment_rolled_back",
        "solar.deployment_failed",
    ]
    for each in world.sent:
        assert (each.model_package_version, each.previous_version) == (2, 1)
        assert (each.model_id, each.endpoint_name) == (MODEL, "solar-golden")
        assert (each.occurred_at, each.correlation_id) == (START, "golden/2")
    _, deployed, rolled_back, failed = world.sent
    assert (deployed.run_id, deployed.dataset_id) == ("run2", "data")
    assert rolled_back.reason == "the error rate rose"
    assert (failed.cause, failed.next_step) == ("no capacity", "try again tomorrow")


def test_a_version_that_the_registry_no_longer_knows_is_deployed_without_its_run() -> None:
    world = World()
    chronicle(world).deployed(MODEL, PROGRESS, None, "evaluation")

    (deployed,) = world.sent
    assert (deployed.run_id, deployed.dataset_id) == (None, None)


def test_to_say_the_same_again_changes_nothing_and_another_deployment_is_another_message() -> None:
    world = World()
    all_ends(world)
    all_ends(world)
    assert len(world.memory.log(MODEL)) == len({each.id for each in world.sent}) == 4

    for other in (
        replace(PROGRESS, version=3),
        replace(PROGRESS, started_at=START.replace(hour=12)),
    ):
        chronicle(world).started(MODEL, other)
    assert len({each.id for each in world.sent}) == 6


def test_the_same_steps_of_two_models_are_different_messages() -> None:
    world = World()
    world.memory.append = lambda *_: None
    told = chronicle(world)
    for model in (MODEL, "silver"):
        told.started(model, PROGRESS)
        told.deployed(model, PROGRESS, a_version(2), "evaluation")
        told.rolled_back(model, PROGRESS, a_version(2), "the error rate rose")
        told.failed(model, PROGRESS, "no capacity", "try again tomorrow")

    assert len({each.id for each in world.sent}) == 8


def test_what_serves_is_told_with_the_figures_that_it_was_chosen_for() -> None:
    world = World()
    version = a_version(1)
    found = Evaluation.model_validate_json(evaluation("run1", START))
    sites = tuple(
        SiteScores(name=name, r2=r2, nmae=0.1, nrmse=0.1, mbe=0.0, n=9)
        for name, r2 in (("a", 0.97), ("b", 0.91), ("c", None), ("d", 0.95))
    )
    scored = found.challenger.model_copy(update={"by_site": sites})
    hidden = tuple(
        HiddenScores(name=name, r2=r2, nmae=0.1, nrmse=0.1, mbe=0.0, n=9, coverage=0.8)
        for name, r2 in (("ghi", 0.6), (EVERY_IRRADIANCE, 0.51), ("temp_air", 0.98))
    )
    world.references.evaluated["run1"] = found.model_copy(
        update={"challenger": scored, "hidden": hidden}
    )
    chronicle(world).deployed("golden", InProgress(1, None, START), version, "evaluation")
    message = world.told(ModelDeployed)[-1]
    assert (message.r2, message.accuracy_threshold, message.reasons) == (0.99, 0.9, ("good",))
    assert list(message.worst_sites) == ["c", "b", "d"]
    assert (message.inputs, message.blind_r2) == ("measured", 0.51)


def test_a_version_without_an_evaluation_is_told_without_figures() -> None:
    world = World()
    chronicle(world).deployed("golden", InProgress(1, None, START), a_version(1), "plausible")
    assert world.told(ModelDeployed)[-1].r2 is None


def lived(world: World, previous: int | None) -> str:
    progress = replace(PROGRESS, previous=previous)
    chronicle(world).deployed("golden", progress, None, "evaluation")
    (fact,) = world.told(ModelDeployed)
    assert isinstance(fact, ModelDeployed)
    return fact.lived


def test_who_hears_that_a_version_serves_hears_how_the_one_before_did_live() -> None:
    world = World()
    sums = Sums(n=10, actual=5.0, actual_squared=5.0, absolute=0.2, squared=0.05)
    summary = Summary(world.now, (1,), date(2026, 4, 1), date(2026, 4, 30), sums, 3, 2)
    world.summaries["golden"] = summary
    assert lived(world, 1) == (
        "version 1 did this live: R2 0.980, error 2.0% of capacity "
        "(2026-04-01 to 2026-04-30, sites: 2)"
    )


@pytest.mark.parametrize("previous", [None, 3])
def test_of_a_version_that_was_not_scored_nothing_is_said(previous: int | None) -> None:
    world = World()
    world.summaries["golden"] = Summary(world.now, (1,))
    assert lived(world, previous) == ""
