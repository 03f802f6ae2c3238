"""A site that stops sending is told of once, and once more when it sends again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.data_watcher.fakes import DiedError, World
from tests.unit.data_watcher.test_onboarding import KEY, SITE

HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    world = World()
    world.upload(KEY, SITE)
    world.upload("raw/east/a.csv", b"one")
    world.publisher.told.clear()
    return world


def later(world: World, hours: float) -> None:
    world.now += hours * HOUR
    world.sweep("quick")


def test_a_site_that_sends_in_time_is_not_silent(world: World) -> None:
    later(world, 47)

    assert world.publisher.told == []


def test_silence_is_told_once(world: World) -> None:
    for _ in range(3):
        later(world, 49)

    (told,) = world.publisher.told
    assert (told.type, told.site_id, told.recovered) == ("solar.site_silent", "east", False)
    assert 48 < told.silent_hours < 50


def test_the_site_that_sends_again_is_told_once_and_may_fall_silent_again(world: World) -> None:
    later(world, 49)
    world.bucket.made += 60 * 60  # the fake's clock of uploads, in minutes
    world.upload("raw/east/b.csv", b"two")
    for _ in range(2):
        later(world, 1)
    later(world, 200)

    silent = [each for each in world.publisher.told if each.type == "solar.site_silent"]
    assert [each.recovered for each in silent] == [False, True, False]
    assert len({each.id for each in silent}) == 3


def test_a_site_that_never_sent_is_new_and_not_silent(world: World) -> None:
    world.upload("config/sites/west.yaml", SITE.replace(b"east", b"west"))
    world.publisher.told.clear()
    later(world, 40)

    assert world.publisher.told == []


def test_a_folder_that_no_configuration_knows_is_not_silent(world: World) -> None:
    world.upload("raw/elsewhere/a.csv", b"one")
    world.publisher.told.clear()
    later(world, 49)

    assert [each.site_id for each in world.publisher.told] == ["east"]


def test_who_dies_after_telling_repeats_the_same_message(world: World) -> None:
    world.now += 49 * HOUR
    world.fuse.calls, world.fuse.dies_at = 0, 3  # told, not yet noted
    with pytest.raises(DiedError):
        world.sweep("quick")
    world.fuse.dies_at = None
    world.sweep("quick")

    first, second = world.publisher.told
    assert first.id == second.id
