"""The file ledger: every object version is accounted for, whatever comes when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.data_watcher.domain import admission
from services.data_watcher.domain.versions import Duplicate, Fault, Superseded, canonical_key
from shared.errors import ConflictError
from tests.unit.data_watcher.fakes import World, fake_reader, site


@pytest.fixture
def world() -> World:
    world = World()
    world.configurations.put(site())
    return world


def test_an_upload_is_accepted_and_told(world: World) -> None:
    version_id = world.upload("raw/east/a.csv", b"one")

    (accepted,) = world.publisher.told
    assert accepted.type == "solar.data_accepted"
    assert (accepted.key, accepted.version_id) == ("raw/east/a.csv", version_id)
    assert (accepted.site_id, accepted.model_id, accepted.rows) == ("east", "fleet", 3)
    assert world.canonical.counting == {accepted.canonical_uri.removeprefix("s3://bucket/")}
    assert world.meter.figures == {
        "FilesAccepted": 1,
        "FilesQuarantined": 0,
        "RowsAccepted": 3,
        "RowsMasked": 1,
    }


def test_a_repeated_event_changes_nothing(world: World) -> None:
    world.upload("raw/east/a.csv", b"one")
    before, told = dict(world.ledger.records), list(world.publisher.told)

    for _ in range(3):
        world.event("raw/east/a.csv")

    assert world.ledger.records == before
    assert world.publisher.told == told


def test_an_event_of_what_never_was_leaves_no_trace(world: World) -> None:
    world.event("raw/east/a.csv")

    assert world.ledger.records == {}


def test_a_bad_file_is_quarantined_with_reason_and_remedy(world: World) -> None:
    world.upload("raw/east/a.csv", b"bad")

    (told,) = world.publisher.told
    assert told.type == "solar.file_quarantined"
    assert (told.reason_code, told.remedy) == ("unreadable", "upload something good")
    assert world.canonical.files == {}
    assert world.meter.figures["FilesQuarantined"] == 1


@pytest.mark.parametrize(
    ("key", "body", "code"),
    [
        ("raw/nowhere/a.csv", b"x", "unknown_site"),
        ("raw/East/a.csv", b"x", "unknown_site"),
        ("raw/a.csv", b"x", "bad_key"),
        ("raw//a.csv", b"x", "bad_key"),
        ("raw/east/../west/a.csv", b"x", "bad_key"),
        ("raw/east/a.xlsx", b"x", "no_source"),
        ("raw/east/a.csv", b"", "empty"),
    ],
)
def test_what_need_not_be_read_is_refused_unread(
    world: World, key: str, body: bytes, code: str
) -> None:
    world.upload(key, body)

    (told,) = world.publisher.told
    assert (told.type, told.reason_code) == ("solar.file_quarantined", code)
    assert told.remedy


def test_a_file_larger_than_the_function_is_refused_unread(world: World) -> None:
    fault = admission.admit(site(), "raw/east/a.csv", admission.LARGEST_FILE + 1)

    assert isinstance(fault, Fault)
    assert fault.code == "too_large"
    assert "split" in fault.remedy


def test_a_folder_is_accounted_for_but_nobody_is_told(world: World) -> None:
    world.upload("raw/east/", b"")

    assert world.state("raw/east/") == ["quarantined"]
    assert world.publisher.told == []


def test_a_new_version_supersedes_the_older(world: World) -> None:
    first = world.upload("raw/east/a.csv", b"one")
    second = world.upload("raw/east/a.csv", b"other")

    record = world.ledger.records["raw/east/a.csv"]
    old, new = record.versions[first], record.versions[second]
    assert isinstance(old, Superseded)
    assert old.by == second
    assert world.publisher.kinds() == ["data_accepted", "data_withdrawn", "data_accepted"]
    assert world.canonical.counting == {canonical_key(new)}


def test_the_same_bytes_again_bring_no_new_data_and_withdraw_none(world: World) -> None:
    world.upload("raw/east/a.csv", b"one")
    world.upload("raw/east/a.csv", b"one")

    assert world.state("raw/east/a.csv") == ["superseded", "accepted"]
    first, second = world.publisher.told
    assert first.file_id == second.file_id
    assert first.id != second.id
    assert len(world.canonical.counting) == 1


def test_versions_that_come_to_a_state_are_counted_once_by_it(world: World) -> None:
    world.upload("raw/east/a.csv", b"one")
    world.upload("raw/east/b.csv", b"one")
    world.upload("raw/east/a.csv", b"bad")
    for _ in range(2):  # a repeat is no news
        world.event("raw/east/a.csv")
        world.event("raw/east/b.csv")

    figures = world.meter.figures
    states = {
        name: figures.get(name)
        for name in ("FilesAccepted", "FilesQuarantined", "FilesDuplicate", "FilesSuperseded")
    }
    # b.csv was a duplicate of a.csv, and counts in its place once a.csv has other bytes.
    assert states == {
        "FilesAccepted": 2,
        "FilesQuarantined": 1,
        "FilesDuplicate": 1,
        "FilesSuperseded": 1,
    }


def test_a_bad_new_version_withdraws_the_rows_of_the_older(world: World) -> None:
    world.upload("raw/east/a.csv", b"one")
    world.upload("raw/east/a.csv", b"bad")

    assert world.state("raw/east/a.csv") == ["superseded", "quarantined"]
    assert world.canonical.counting == set()


def test_a_deleted_file_is_withdrawn_and_a_restored_one_counts_again(world: World) -> None:
    world.upload("raw/east/a.csv", b"one")
    marker = world.bucket.delete("raw/east/a.csv")
    world.event("raw/east/a.csv")

    assert world.state("raw/east/a.csv") == ["superseded"]
    assert world.canonical.counting == set()

    world.bucket.forget("raw/east/a.csv", marker)
    world.event("raw/east/a.csv")

    assert world.state("raw/east/a.csv") == ["accepted"]
    assert len(world.canonical.counting) == 1
    accepted = [each for each in world.publisher.told if each.type == "solar.data_accepted"]
    assert len({each.id for each in accepted}) == 2


def test_a_version_that_vanishes_is_history(world: World) -> None:
    version_id = world.upload("raw/east/a.csv", b"one")
    world.bucket.forget("raw/east/a.csv", version_id)
    world.event("raw/east/a.csv")

    assert world.state("raw/east/a.csv") == ["removed"]
    assert world.canonical.counting == set()


def test_the_smallest_key_owns_bytes_that_came_twice(world: World) -> None:
    for name in "cba":
        world.upload(f"raw/east/{name}.csv", b"one")

    owners = {
        key: record.current.of if isinstance(record.current, Duplicate) else None
        for key, record in world.ledger.records.items()
        if record.current
    }
    assert owners == {
        "raw/east/a.csv": None,
        "raw/east/b.csv": "raw/east/a.csv",
        "raw/east/c.csv": "raw/east/a.csv",
    }
    assert len(world.canonical.counting) == 1


def test_a_duplicate_is_promoted_when_its_owner_goes(world: World) -> None:
    for name in "abc":
        world.upload(f"raw/east/{name}.csv", b"one")
    world.bucket.delete("raw/east/a.csv")
    world.event("raw/east/a.csv")
    world.work_off()

    assert world.state("raw/east/b.csv") == ["accepted"]
    assert world.ledger.records["raw/east/c.csv"].current.of == "raw/east/b.csv"
    assert len(world.canonical.counting) == 1


def test_the_same_bytes_at_two_sites_count_twice(world: World) -> None:
    world.configurations.put(site("west"))
    world.upload("raw/east/a.csv", b"one")
    world.upload("raw/west/a.csv", b"one")

    assert world.state("raw/east/a.csv") == world.state("raw/west/a.csv") == ["accepted"]


def test_a_change_of_reading_reads_the_sites_files_again(world: World) -> None:
    world.upload("raw/east/a.csv", b"one")
    (before,) = world.canonical.counting
    world.configurations.put(site(ac_capacity_kw=7))
    world.event("raw/east/a.csv")

    (after,) = world.canonical.counting
    assert after != before
    assert world.publisher.kinds() == ["data_accepted", "data_withdrawn", "data_accepted"]


def test_a_release_that_finds_the_same_rows_again_brings_no_new_data(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model would be trained anew, and days that were scored would have no predictions any more."""
    world.upload("raw/east/a.csv", b"one")
    before = set(world.canonical.counting)
    monkeypatch.setattr(admission, "READER_VERSION", admission.READER_VERSION + 1)
    read = []
    world.read_by(lambda data, *more: (read.append(data), fake_reader(data, *more))[1])
    world.event("raw/east/a.csv", sequencer="")

    assert read == [b"one"]
    assert set(world.canonical.counting) == before
    assert "data_withdrawn" not in world.publisher.kinds()
    assert {
        each.file_id for each in world.publisher.told if each.type == "solar.data_accepted"
    } == {key.rpartition("/")[2].removesuffix(".parquet") for key in before}


def test_a_release_that_finds_other_rows_withdraws_the_former_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.upload("raw/east/a.csv", b"one")
    before = set(world.canonical.counting)
    monkeypatch.setattr(admission, "READER_VERSION", admission.READER_VERSION + 1)
    world.read_by(lambda data, *more: replace(fake_reader(data, *more), parquet=b"other"))
    world.event("raw/east/a.csv", sequencer="")

    assert before.isdisjoint(world.canonical.counting)
    assert world.publisher.kinds() == ["data_accepted", "data_withdrawn", "data_accepted"]


def test_a_change_that_does_not_touch_reading_reads_nothing_again(world: World) -> None:
    world.upload("raw/east/a.csv", b"one")
    world.configurations.put(site(surface_tilt=30, model_id="other"))
    world.event("raw/east/a.csv")

    assert world.publisher.kinds() == ["data_accepted"]


def test_old_rows_count_until_the_new_version_is_read(world: World) -> None:
    world.upload("raw/east/a.csv", b"one")
    counted = []
    world.bucket.put("raw/east/a.csv", b"other")
    world.ledger.before_save = [
        lambda: counted.append(len(world.canonical.counting)) for _ in range(3)
    ]

    world.event("raw/east/a.csv")

    assert all(counted)


def test_a_slower_process_with_an_older_listing_loses(world: World) -> None:
    world.bucket.put("raw/east/a.csv", b"one")

    def meanwhile() -> None:
        world.ledger.before_save = []
        world.bucket.put("raw/east/a.csv", b"other")
        world.event("raw/east/a.csv")

    world.ledger.before_save = [meanwhile]
    world.event("raw/east/a.csv")

    assert world.state("raw/east/a.csv") == ["superseded", "accepted"]
    assert len(world.canonical.counting) == 1


def test_who_never_gets_a_word_in_comes_again(world: World) -> None:
    world.bucket.put("raw/east/a.csv", b"one")

    def somebody_else_saves() -> None:
        record = world.ledger.load("east", "raw/east/a.csv")
        world.ledger.records["raw/east/a.csv"] = replace(record, revision=record.revision + 1)

    world.ledger.before_save = [somebody_else_saves] * 20

    with pytest.raises(ConflictError):
        world.event("raw/east/a.csv")


def test_a_marker_left_behind_by_a_dead_process_is_taken_away(world: World) -> None:
    world.upload("raw/east/a.csv", b"one")
    world.upload("raw/east/a.csv", b"one")
    world.canonical.withdrawn |= world.canonical.files.keys()

    world.event("raw/east/a.csv")

    assert len(world.canonical.counting) == 1


def test_a_key_that_never_heard_of_a_smaller_owner_is_found_by_the_sweep(world: World) -> None:
    world.upload("raw/east/b.csv", b"one")
    world.bucket.put("raw/east/a.csv", b"one")
    world.event("raw/east/a.csv")
    world.inbox.hints.clear()
    assert len(world.canonical.counting) == 2

    world.sweep()

    assert world.state("raw/east/b.csv") == ["duplicate"]
    assert len(world.canonical.counting) == 1
