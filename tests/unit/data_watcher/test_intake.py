"""New files are taken in together, with few calls; whatever is not simple is decided one by one."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from services.data_watcher.adapters import evidence
from services.data_watcher.domain import admission, transitions
from services.data_watcher.domain.records import KeyRecord
from services.data_watcher.domain.versions import Accepted, Fault, Pending, Upload
from shared.errors import ConflictError, RetryableError
from tests.unit.data_watcher.fakes import DiedError, World, dated, fake_reader, site
from tests.unit.data_watcher.test_onboarding import SITE

KEYS = tuple(f"raw/east/{number}.csv" for number in range(10))


@pytest.fixture
def world() -> World:
    world = World()
    world.configurations.put(site())
    return world


def put_all(world: World) -> None:
    for number, key in enumerate(KEYS):
        world.bucket.put(key, f"body {number}".encode())


def test_ten_new_files_are_accepted_and_settled_in_one_go(world: World) -> None:
    put_all(world)
    world.event(*KEYS)

    assert set(world.states().values()) == {"accepted"}
    assert all(each.settled for each in world.ledger.records.values())
    assert all(
        version.published_at
        for record in world.ledger.records.values()
        for version in record.versions.values()
    )
    assert world.publisher.kinds() == ["data_accepted"] * 10
    assert len(world.canonical.counting) == 10


def test_a_verdict_is_the_same_whichever_way_a_file_came_in(world: World) -> None:
    put_all(world)
    world.bucket.put("raw/east/bad.csv", b"bad")
    world.bucket.put("raw/east/empty.csv", b"")
    world.event(*KEYS, "raw/east/bad.csv", "raw/east/empty.csv")
    other = World()
    other.configurations.put(site())
    other.bucket.objects.update(world.bucket.objects)
    other.sweep()

    assert world.verdicts() == other.verdicts()
    assert {each.id for each in world.publisher.told} == {each.id for each in other.publisher.told}
    assert world.canonical.files == other.canonical.files


def test_a_message_that_was_refused_is_told_again_and_its_record_waits_for_it(
    world: World,
) -> None:
    put_all(world)
    world.publisher.refuses = 1
    world.event(*KEYS)

    assert len({each.id for each in world.publisher.told}) == 10
    assert all(each.settled for each in world.ledger.records.values())


def test_rows_that_a_dead_process_left_unwritten_are_written_before_they_are_told(
    world: World,
) -> None:
    world.bucket.put(KEYS[0], b"one")
    world.fuse.calls, world.fuse.dies_at = 0, 4  # the verdict is saved, the rows are not
    with pytest.raises(DiedError):
        world.event(KEYS[0])
    assert world.state(KEYS[0]) == ["accepted"]
    assert world.canonical.files == {}
    world.fuse.dies_at = None

    world.sweep("quick")

    assert world.publisher.kinds() == ["data_accepted"]
    assert len(world.canonical.counting) == 1


def test_the_same_bytes_among_new_files_are_still_one_file(world: World) -> None:
    for key in KEYS[:3]:
        world.bucket.put(key, b"the same")
    world.event(*reversed(KEYS[:3]))
    world.work_off()

    assert sorted(world.states().values()) == ["accepted", "duplicate", "duplicate"]
    assert world.state(KEYS[0]) == ["accepted"]


def test_large_files_are_read_one_after_the_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "SMALL", 3)
    world.bucket.put(KEYS[0], b"large")
    world.event(KEYS[0])

    current = world.ledger.records[KEYS[0]].current
    assert isinstance(current, Accepted)
    assert world.ledger.records[KEYS[0]].revision > 2  # it was claimed first


@pytest.mark.parametrize("dies_at", range(1, 24))
def test_rows_say_the_first_upload_of_their_bytes_wherever_a_process_died(
    world: World, dies_at: int
) -> None:
    first = world.bucket.put(KEYS[0], b"one")
    world.bucket.put(KEYS[0], b"one")
    world.event(KEYS[0])  # as if only the second upload existed
    uploaded_at = world.bucket.objects[KEYS[0]][1][0].uploaded_at
    world.fuse.calls, world.fuse.dies_at = 0, dies_at
    with contextlib.suppress(DiedError):
        world.event(KEYS[0], sequencer="")
    world.fuse.dies_at = None
    world.event(KEYS[0], sequencer="")

    (file,) = world.canonical.files.values()
    assert file.uploaded_at == uploaded_at
    assert world.ledger.records[KEYS[0]].versions[first].state == "superseded"
    assert world.publisher.told[-1].uploaded_at == uploaded_at


def test_a_key_whose_message_is_refused_comes_again(world: World) -> None:
    world.bucket.put(KEYS[0], b"one")
    world.publisher.refuses = 1

    with pytest.raises(RetryableError):
        world.intake.refresh(KEYS[0])
    assert not world.ledger.records[KEYS[0]].settled
    world.intake.refresh(KEYS[0])

    assert world.publisher.kinds() == ["data_accepted"]
    assert world.ledger.records[KEYS[0]].settled


def test_a_site_whose_yaml_was_not_heard_of_yet_is_onboarded_by_its_first_file() -> None:
    world = World()
    world.bucket.put("config/sites/east.yaml", SITE)
    world.upload(KEYS[0], b"one")

    assert world.state(KEYS[0]) == ["accepted"]


def test_a_site_that_is_known_and_a_key_outside_any_site_onboard_nobody(world: World) -> None:
    onboarded: list[str] = []
    object.__setattr__(world.intake, "onboard", onboarded.append)
    for key in (KEYS[0], "raw/power.csv"):
        world.bucket.put(key, b"one")
        world.intake.refresh(key)

    assert onboarded == []


def test_a_batch_that_somebody_else_disturbs_is_looked_at_file_by_file(world: World) -> None:
    put_all(world)

    def somebody_else_saves(records: Sequence[KeyRecord], now: datetime) -> None:
        raise ConflictError

    world.ledger.settle = somebody_else_saves

    assert world.intake.take(KEYS) == set()
    del world.ledger.settle
    world.sweep("quick")
    assert set(world.states().values()) == {"accepted"}
    assert all(each.settled for each in world.ledger.records.values())


# --- files that come alone ---------------------------------------------------------------------------


def calls_of(world: World, key: str) -> int:
    before = world.fuse.calls
    world.event(key)
    return world.fuse.calls - before


def test_a_file_that_comes_alone_is_not_looked_up_where_its_site_is_known(world: World) -> None:
    world.read_by(lambda data, key, *more: dated(fake_reader(data, key, *more), key))
    put_all(world)
    first, second, third = (calls_of(world, key) for key in KEYS[:3])

    assert first == second + 1 == third + 1
    assert set(world.states().values()) == {"accepted"}


def test_a_known_key_that_was_taken_for_a_new_one_goes_the_long_way(world: World) -> None:
    world.upload(KEYS[0], b"one")
    world.bucket.put(KEYS[0], b"two")
    world.intake.foresight._seen.clear()  # type: ignore[attr-defined]
    world.event(KEYS[0])
    world.work_off()

    assert world.state(KEYS[0]) == ["superseded", "accepted"]
    assert len(world.canonical.counting) == 1


def test_a_file_that_grows_is_looked_up_before_it_is_read(world: World) -> None:
    read = []
    world.read_by(lambda data, *more: (read.append(data), fake_reader(data, *more))[1])
    for body in (b"1", b"12", b"123"):
        world.upload(KEYS[0], body)

    assert read == [b"1", b"12", b"123"]


def test_a_file_read_by_a_yaml_that_was_just_replaced_is_read_again(world: World) -> None:
    config = "config/sites/east.yaml"
    world.bucket.put(config, SITE)
    world.event(config)
    world.work_off()
    world.upload(KEYS[0], b"one")
    world.bucket.put(config, SITE.replace(b"unit: kW", b"unit: W"))
    world.event(config)  # another process puts it in force; this one remembers the old one
    world.inbox.sent.clear()
    world.bucket.put(KEYS[1], b"another")
    world.event(KEYS[1])
    stale, fresh = (world.ledger.records[key].current for key in KEYS[:2])
    assert stale is not None
    assert fresh is not None
    assert stale.reading == fresh.reading

    world.work_off()

    site = world.configurations.sites["east"]
    for key in KEYS[:2]:
        current = world.ledger.records[key].current
        assert current is not None
        assert current.reading == admission.reading_of(site, key)
        assert current.reading != stale.reading


# --- files that kill --------------------------------------------------------------------------------


def deadly(data: bytes, key: str, described: object, *_: object) -> object:
    if data == b"deadly":
        raise DiedError
    return fake_reader(data, key, described)  # type: ignore[arg-type]


def redeliver(world: World, key: str) -> None:
    world.now += timedelta(minutes=12)
    world.event(key, sequencer="")


def test_a_file_that_kills_its_reader_is_refused_after_some_tries(world: World) -> None:
    world.read_by(deadly)
    world.bucket.put(KEYS[0], b"deadly")
    with pytest.raises(DiedError):
        world.event(KEYS[0])
    for _ in range(transitions.MOST_ATTEMPTS):
        with pytest.raises(DiedError):
            redeliver(world, KEYS[0])
        assert world.state(KEYS[0]) == ["pending"]
    redeliver(world, KEYS[0])

    assert world.state(KEYS[0]) == ["quarantined"]
    (told,) = world.publisher.told
    assert told.reason_code == "cannot_be_read"
    assert "split" in told.remedy


def test_processes_that_read_the_same_file_at_the_same_time_are_no_failed_tries(
    world: World,
) -> None:
    version = Pending(upload=Upload("v", world.now), reading="r")
    for _ in range(20):
        claimed = transitions.claim(version, world.clock())
        assert not isinstance(claimed, Fault)
        version = claimed

    assert version.attempts == 1


def test_a_verdict_forgets_the_tries_before_it(world: World) -> None:
    world.bucket.put(KEYS[0], b"one")
    for capacity in range(1, 10):
        world.configurations.put(site(ac_capacity_kw=capacity))
        redeliver(world, KEYS[0])

    assert world.state(KEYS[0]) == ["accepted"]


# --- the same bytes again ---------------------------------------------------------------------------


def test_the_same_bytes_again_do_not_win_anew_over_what_came_in_between(world: World) -> None:
    world.upload(KEYS[0], b"one")
    first = world.publisher.told[0]
    world.upload(KEYS[1], b"two")
    world.upload(KEYS[0], b"one")

    again = world.publisher.told[-1]
    assert (again.file_id, again.uploaded_at) == (first.file_id, first.uploaded_at)
    (file,) = (each for each in world.canonical.files.values() if each.raw_key == KEYS[0])
    assert file.uploaded_at == first.uploaded_at


def test_other_bytes_in_between_make_them_new(world: World) -> None:
    for body in (b"one", b"two", b"one"):
        world.upload(KEYS[0], body)

    told = [each for each in world.publisher.told if each.type == "solar.data_accepted"]
    assert told[0].file_id == told[2].file_id
    assert told[2].uploaded_at > told[1].uploaded_at > told[0].uploaded_at
