"""A person takes a file out, or a refused one off the list; the ledger says who and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.data_watcher.domain.versions import Decision, Quarantined, Removed
from shared.messages import DismissRequested, FileSettled, ReleaseRequested, RemoveRequested
from tests.unit.data_watcher.fakes import START, DiedError, World, site
from tests.unit.data_watcher.test_suspecting import MONTHS, strict, suspect, upload

KEY = "raw/east/a.csv"
ASKED: dict[str, Any] = {
    "occurred_at": START,
    "correlation_id": "solar files",
    "site_id": "east",
    "reason": "another plant's",
    "requested_by": "ops",
}


@pytest.fixture
def world() -> World:
    world = World()
    world.configurations.put(site())
    return world


def remove(world: World, version_id: str, key: str = KEY, id_: str = "request") -> None:
    world.watcher.handle(RemoveRequested(id=id_, key=key, version_id=version_id, **ASKED))
    world.work_off()


def dismiss(world: World, version_id: str, key: str = KEY) -> None:
    world.watcher.handle(DismissRequested(id="request", key=key, version_id=version_id, **ASKED))
    world.work_off()


def release(world: World, key: str | None) -> None:
    world.watcher.handle(ReleaseRequested(id="release", key=key, **ASKED))
    world.work_off()


def counting(world: World) -> set[str]:
    return {
        each.raw_key
        for key, each in world.canonical.files.items()
        if key in world.canonical.counting
    }


# --- remove -------------------------------------------------------------------------------------------


def test_a_removed_file_no_longer_counts_and_its_bytes_stay(world: World) -> None:
    version_id = world.upload(KEY, b"one")
    remove(world, version_id)

    assert world.state(KEY) == ["removed"]
    assert counting(world) == set()
    assert world.bucket.read(KEY, version_id) == b"one"
    assert world.publisher.kinds() == ["data_accepted", "data_withdrawn"]
    assert world.publisher.told[-1].reason == "ops removed the file: another plant's"
    version = world.ledger.records[KEY].versions[version_id]
    assert isinstance(version, Removed)
    assert version.decision == Decision("request", "ops", "another plant's", START)


def test_nothing_brings_a_removed_file_back_by_itself(world: World) -> None:
    version_id = world.upload(KEY, b"one")
    remove(world, version_id)
    world.event(KEY)
    world.configurations.put(site(ac_capacity_kw=7))
    world.sweep("full")

    assert world.state(KEY) == ["removed"]
    assert counting(world) == set()


def test_removing_twice_changes_nothing(world: World) -> None:
    version_id = world.upload(KEY, b"one")
    remove(world, version_id)
    before = world.ledger.records[KEY]
    remove(world, version_id, id_="another request")

    assert world.ledger.records[KEY] == before
    assert world.publisher.kinds() == ["data_accepted", "data_withdrawn"]


@pytest.mark.parametrize("body", [b"bad", b"one"])
def test_a_new_upload_of_the_key_is_another_file(world: World, body: bytes) -> None:
    version_id = world.upload(KEY, b"one")
    remove(world, version_id)
    world.upload(KEY, body)

    assert world.state(KEY) == ["removed", "quarantined" if body == b"bad" else "accepted"]


def test_a_late_request_does_not_remove_what_was_uploaded_meanwhile(world: World) -> None:
    old = world.upload(KEY, b"one")
    world.upload(KEY, b"two")
    remove(world, old)

    assert world.state(KEY) == ["removed", "accepted"]
    assert counting(world) == {KEY}


def test_another_key_with_the_same_bytes_counts_now_unless_it_is_removed_too(world: World) -> None:
    first = world.upload(KEY, b"one")
    second = world.upload("raw/east/b.csv", b"one")
    remove(world, first)
    assert (world.state(KEY), world.state("raw/east/b.csv")) == (["removed"], ["accepted"])

    remove(world, second, "raw/east/b.csv", "another request")
    assert counting(world) == set()


def test_a_removed_file_that_is_deleted_from_s3_is_history(world: World) -> None:
    version_id = world.upload(KEY, b"one")
    remove(world, version_id)
    world.bucket.forget(KEY, version_id)
    world.event(KEY, sequencer="")

    version = world.ledger.records[KEY].versions[version_id]
    assert isinstance(version, Removed)
    assert not version.is_kept
    assert version.decision is not None


def test_a_removed_file_is_taken_in_again_when_it_is_released(world: World) -> None:
    version_id = world.upload(KEY, b"one")
    remove(world, version_id)
    release(world, None)
    assert world.state(KEY) == ["removed"], "a release of the whole site does not mean it"

    release(world, KEY)
    assert world.state(KEY) == ["accepted"]
    assert counting(world) == {KEY}


def test_a_key_that_nobody_knows_is_no_error_and_no_record(world: World) -> None:
    remove(world, "v9", "raw/east/never.csv")

    assert world.ledger.records == {}


@pytest.mark.parametrize("dies_at", range(1, 16))
def test_whoever_dies_while_a_file_is_removed_leaves_it_to_the_repeated_message(
    world: World, dies_at: int
) -> None:
    version_id = world.upload(KEY, b"one")
    world.upload("raw/east/b.csv", b"one")
    world.fuse.calls, world.fuse.dies_at = 0, dies_at
    try:
        remove(world, version_id)
    except DiedError:
        world.fuse.dies_at = None
        remove(world, version_id)
        world.sweep("quick")

    assert world.state(KEY) == ["removed"]
    assert counting(world) == {"raw/east/b.csv"}


# --- what is told of refused files --------------------------------------------------------------------


def settled(world: World) -> FileSettled:
    (fact,) = {
        each.id: each for each in world.publisher.told if isinstance(each, FileSettled)
    }.values()
    return fact


def test_the_removal_of_a_refused_file_is_a_fact(world: World) -> None:
    remove(world, world.upload(KEY, b"bad"))

    fact = settled(world)
    assert (fact.outcome, fact.requested_by, fact.reason) == ("removed", "ops", "another plant's")


def test_a_refused_file_that_is_deleted_from_s3_is_settled_by_nobody_known(world: World) -> None:
    world.upload(KEY, b"bad")
    world.bucket.delete(KEY)
    world.event(KEY)

    fact = settled(world)
    assert (fact.outcome, fact.requested_by) == ("deleted", "")


def test_a_newer_upload_does_not_settle_a_refused_file_but_its_verdict_does(world: World) -> None:
    world.upload(KEY, b"bad")
    world.upload(KEY, b"one")

    assert world.publisher.kinds() == ["file_quarantined", "data_accepted"]


def test_a_refused_file_whose_correction_counts_elsewhere_is_settled(world: World) -> None:
    world.upload("raw/east/0.csv", b"one")
    world.upload(KEY, b"bad")
    world.upload(KEY, b"one")

    fact = settled(world)
    assert (fact.outcome, fact.reason) == ("duplicate", "its bytes count at raw/east/0.csv")


def test_a_new_copy_of_a_file_settles_nothing(world: World) -> None:
    world.upload("raw/east/0.csv", b"one")
    world.upload(KEY, b"one")

    assert world.publisher.kinds() == ["data_accepted"]


@pytest.mark.parametrize("dies_at", range(1, 12))
@pytest.mark.parametrize("verb", [remove, dismiss])
def test_who_dies_while_a_refused_file_is_settled_tells_it_later_as_the_same_fact(
    world: World, verb: Callable[[World, str], None], dies_at: int
) -> None:
    version_id = world.upload(KEY, b"bad")
    world.fuse.calls, world.fuse.dies_at = 0, dies_at
    try:
        verb(world, version_id)
    except DiedError:
        world.fuse.dies_at = None
        verb(world, version_id)
        world.sweep("quick")

    assert settled(world).requested_by == "ops"


# --- dismiss ------------------------------------------------------------------------------------------


def test_a_dismissed_file_stays_refused_and_that_is_said_once(world: World) -> None:
    version_id = world.upload(KEY, b"bad")
    for _ in range(2):
        dismiss(world, version_id)
    world.sweep("full")

    current = world.ledger.records[KEY].current
    assert isinstance(current, Quarantined)
    assert current.dismissed == Decision("request", "ops", "another plant's", START)
    assert world.publisher.kinds() == ["file_quarantined", "file_settled"]
    fact = settled(world)
    assert (fact.outcome, fact.requested_by, fact.reason) == ("dismissed", "ops", "another plant's")


def test_only_a_refused_file_is_dismissed(world: World) -> None:
    version_id = world.upload(KEY, b"one")
    before = world.ledger.records[KEY]
    dismiss(world, version_id)
    dismiss(world, "an older version")

    assert world.ledger.records[KEY] == before


def test_a_dismissed_file_is_left_alone_when_its_site_is_released_but_not_when_it_is_named(
    world: World,
) -> None:
    version_id = world.upload(KEY, b"bad")
    dismiss(world, version_id)
    release(world, None)
    assert world.publisher.kinds() == ["file_quarantined", "file_settled"]

    release(world, KEY)
    current = world.ledger.records[KEY].current
    assert isinstance(current, Quarantined)
    assert current.dismissed is None
    assert world.publisher.kinds() == ["file_quarantined", "file_settled", "file_quarantined"]


def test_a_file_stays_dismissed_when_another_configuration_refuses_it_again(world: World) -> None:
    version_id = world.upload(KEY, b"bad")
    dismiss(world, version_id)
    world.configurations.put(site(ac_capacity_kw=7))
    world.sweep("full")

    current = world.ledger.records[KEY].current
    assert isinstance(current, Quarantined)
    assert current.dismissed is not None
    assert set(world.publisher.kinds()[1:]) == {"file_settled"}, "nobody is asked about it again"
    assert len({each.id for each in world.publisher.told[1:]}) == 1, "and it is one fact"


def test_dismissed_and_removed_files_no_longer_make_their_source_suspect(world: World) -> None:
    world.read_by(strict)
    upload(world, MONTHS)
    assert suspect(world) == ["power"]

    for number, key in enumerate(set(MONTHS) - {MONTHS[1]}):
        (version_id,) = world.ledger.records[key].versions
        (dismiss if number % 2 else remove)(world, version_id, key)

    assert suspect(world) == []


@pytest.mark.parametrize("key", ["raw/No Such Site/a.csv", "raw/a.csv"])
def test_a_file_of_no_known_site_is_dismissed_and_removed_like_any_other(
    world: World, key: str
) -> None:
    version_id = world.upload(key, b"one")
    record = world.ledger.records[key]
    asked = ASKED | {"site_id": record.site_id, "key": key, "version_id": version_id}
    world.watcher.handle(DismissRequested(id="dismiss", **asked))
    world.work_off()
    current = world.ledger.records[key].current
    assert isinstance(current, Quarantined)
    assert current.dismissed is not None

    world.watcher.handle(RemoveRequested(id="remove", **asked))
    world.work_off()
    assert world.state(key) == ["removed"]
    assert world.configurations.suspects == {}
