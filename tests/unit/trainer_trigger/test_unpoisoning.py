"""An exclusion takes back the version that was trained on it, and a retrain without it follows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.trainer_trigger.domain.datasets import dataset_of
from services.trainer_trigger.domain.model_state import ApprovedVersion
from shared.messages import RollbackRequested
from tests.unit.trainer_trigger.samples import START, a_file, config_changed, excluded
from tests.unit.trainer_trigger.world import World, end, in_flight


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
    world.clock.forward(minutes=11)
    world.service.evaluating.evaluate("golden")
    assert world.the_run.champion_version == 2, "it serves, so its successor is compared with it"
    assert world.registry.lent == {world.the_run.run_id: 2}


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


def test_the_rollback_says_which_ranges_of_which_site_and_what_serves_until_then() -> None:
    world = poisoned_world()
    world.configuration.excluded = (excluded(),)
    world.service.noting.configuration(config_changed())
    (asked,) = world.told.of(RollbackRequested)
    assert isinstance(asked, RollbackRequested)
    assert asked.occurred_at == world.clock.now
    assert (asked.model_id, asked.requested_by) == ("golden", "an exclusion")
    assert asked.correlation_id == "exclusions of golden"
    assert "golden 2024-01-10 00:00 to 2024-01-15 00:00 (logger clock was wrong)" in asked.reason
    assert "version 1 is the last clean one and serves until then" in asked.reason


def test_without_exclusions_no_dataset_is_read() -> None:
    world = poisoned_world()
    world.bucket.frozen.clear()
    world.service.noting.configuration(config_changed())
    assert not world.told.of(RollbackRequested)
    assert not world.measures.warnings


@pytest.mark.parametrize("dataset_id", [None, "gone"])
def test_a_version_of_unknown_data_counts_as_clean(dataset_id: str | None) -> None:
    world = poisoned_world()
    unknown = ApprovedVersion(3, "arn/3", "s3://bucket/3", START, dataset_id)
    world.registry.versions.insert(0, unknown)
    world.configuration.excluded = (excluded(),)
    world.service.noting.configuration(config_changed())
    assert not world.told.of(RollbackRequested)


def test_a_range_that_was_out_when_the_version_was_trained_poisons_nothing() -> None:
    world = poisoned_world()
    config, sites = world.configuration.config, world.configuration.sites("golden")
    dataset = dataset_of("golden", config, sites, (a_file(1),), (excluded(days=9),))
    world.bucket.freeze(dataset)
    without = ApprovedVersion(3, "arn/3", "s3://bucket/3", START, dataset.dataset_id)
    world.registry.versions.insert(0, without)
    world.configuration.excluded = (excluded(),)
    world.service.noting.configuration(config_changed())
    assert not world.told.of(RollbackRequested)


def test_a_dataset_that_is_gone_compares_with_nothing_so_a_changed_exclusion_retrains() -> None:
    world = in_flight()
    first = end(world, "reject")
    gone = world.bucket.frozen.pop(first.dataset_id)
    world.bucket.file_ids = lambda model_id, dataset_id: frozenset(  # type: ignore[method-assign]
        file.file_id for file in gone.files
    )
    world.configuration.excluded = (excluded(),)
    world.service.noting.configuration(config_changed())
    assert any("exclusions changed" in reason for reason in world.the_run.reasons)
