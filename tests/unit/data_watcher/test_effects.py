"""Markers of withdrawal: repaired where a slower process left them wrong, and spared where there are none."""

from __future__ import annotations

import pytest

from services.data_watcher.domain.versions import canonical_key
from tests.unit.data_watcher.fakes import World, site

KEY = "raw/east/a.csv"


@pytest.fixture
def world() -> World:
    world = World()
    world.configurations.put(site())
    return world


def touched(world: World) -> set[str]:
    """Look at a key again; return the canonical objects whose markers were looked at."""
    found: set[str] = set()
    canonical = world.canonical
    withdraw, restore = canonical.withdraw, canonical.restore

    def note_withdraw(key: str, reason: str) -> None:
        found.add(f"withdrawn {key}")
        withdraw(key, reason)

    def note_restore(key: str) -> None:
        found.add(f"restored {key}")
        restore(key)

    canonical.withdraw, canonical.restore = note_withdraw, note_restore
    world.intake.refresh(KEY)
    return found


def keys(world: World) -> list[str | None]:
    return [canonical_key(each) for each in world.ledger.records[KEY].versions.values()]


def test_rows_that_a_slower_process_restored_are_withdrawn_again(world: World) -> None:
    world.upload(KEY, b"one")
    world.upload(KEY, b"other")
    old, new = keys(world)
    world.canonical.withdrawn.clear()

    assert touched(world) == {f"withdrawn {old}", f"restored {new}"}
    assert world.canonical.counting == {new}


def test_rows_of_a_deleted_file_are_withdrawn_again(world: World) -> None:
    world.upload(KEY, b"one")
    world.upload(KEY, b"other")
    world.bucket.delete(KEY)
    world.intake.refresh(KEY)
    world.canonical.withdrawn.clear()

    assert touched(world) == {f"withdrawn {key}" for key in keys(world)}
    assert world.canonical.counting == set()


def test_rows_of_a_version_that_vanished_are_withdrawn_again(world: World) -> None:
    world.bucket.forget(KEY, world.upload(KEY, b"one"))
    world.intake.refresh(KEY)
    world.canonical.withdrawn.clear()

    assert touched(world) == {f"withdrawn {keys(world)[0]}"}


def test_a_refused_version_has_no_rows_to_withdraw(world: World) -> None:
    world.upload(KEY, b"bad")
    world.upload(KEY, b"one")

    assert touched(world) == {f"restored {keys(world)[1]}"}


def test_the_marker_of_rows_that_count_again_is_taken_away(world: World) -> None:
    world.upload(KEY, b"one")
    world.configurations.put(site(ac_capacity_kw=7))
    world.intake.refresh(KEY)  # one version, judged twice
    (current,) = keys(world)
    world.canonical.withdrawn.add(str(current))

    assert touched(world) == {f"restored {current}"}
    assert current in world.canonical.counting


def test_a_file_that_was_judged_once_has_no_marker_to_look_for(world: World) -> None:
    world.upload(KEY, b"one")

    assert touched(world) == set()


def test_rows_with_one_version_that_never_changed_are_not_restored_when_they_are_accepted(
    world: World,
) -> None:
    world.bucket.put(KEY, b"one")

    assert touched(world) == set()
    assert world.state(KEY) == ["accepted"]
