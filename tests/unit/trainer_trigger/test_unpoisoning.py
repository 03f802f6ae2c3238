"""An exclusion takes back the version that was trained on it, and a retrain without it follows."""

from __future__ import annotations

from datetime import timedelta

from services.trainer_trigger.domain.datasets import dataset_of
from services.trainer_trigger.domain.model_state import ApprovedVersion
from shared.messages import RollbackRequested
from tests.unit.trainer_trigger.fakes import (
    START,
    World,
    a_file,
    config_changed,
    end,
    excluded,
    in_flight,
)


def poisoned_world() -> World:
    """Version 1 was trained without the excluded range, version 2 with it."""
    world = World()
    world.upload(a_file(2), a_file(1))
    config, sites = world.configuration.config, world.configuration.sites("golden")
    dataset = dataset_of("golden", config, sites, (a_file(2),), ())
    with_it = dataset_of("golden", config, sites, (a_file(1),), ())
    world.bucket.freeze(dataset)
    world.bucket.freeze(with_it)
    world.registry.versions = [
        ApprovedVersion(2, "arn/2", "s3://bucket/2", START, with_it.dataset_id),
        ApprovedVersion(1, "arn/1", "s3://bucket/1", START, dataset.dataset_id),
    ]
    return world


def test_an_exclusion_takes_the_poisoned_version_back_and_retrains_without_it() -> None:
    world = poisoned_world()
    world.configuration.excluded = (excluded(),)
    for _ in range(2):
        world.service.noting.configuration(config_changed())
    (asked,) = world.told.of(RollbackRequested)
    assert isinstance(asked, RollbackRequested)
    assert asked.to_version == 1
    assert "version 2 was trained on data that is now excluded" in asked.reason
    assert "logger clock was wrong" in asked.reason
    world.clock.forward(minutes=11)
    world.service.evaluating.evaluate("golden")
    assert world.the_run.champion_version == 1, "the poisoned one is no champion to compare with"
    assert world.bucket.frozen[world.the_run.dataset_id].exclusions == (excluded(),)


def test_without_a_clean_version_the_poisoned_one_goes_on_and_is_replaced() -> None:
    world = poisoned_world()
    del world.registry.versions[1]
    world.configuration.excluded = (excluded(),)
    world.service.noting.configuration(config_changed())
    assert not world.told.of(RollbackRequested)
    assert "no clean version exists" in world.measures.warnings[0]


def test_an_exclusion_of_what_nobody_trained_on_changes_no_version() -> None:
    world = poisoned_world()
    late = excluded().model_copy(update={"start": START, "end": START + timedelta(days=1)})
    world.configuration.excluded = (late,)
    world.service.noting.configuration(config_changed())
    assert not world.told.of(RollbackRequested)


def test_changed_exclusions_are_worth_a_retrain_of_the_same_files() -> None:
    world = in_flight()
    first = world.the_run
    end(world, "reject")
    world.configuration.excluded = (excluded(),)
    world.service.noting.configuration(config_changed())
    assert world.the_run.dataset_id != first.dataset_id
    assert any("exclusions changed" in reason for reason in world.the_run.reasons)
