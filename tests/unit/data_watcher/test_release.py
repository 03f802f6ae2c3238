"""A refused file is read again on request, without a new upload, and never accepted unread."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from services.data_watcher.app import releasing as release
from services.data_watcher.domain.versions import Released
from shared.messages import ReleaseRequested
from tests.unit.data_watcher.fakes import START, World, fake_reader, site


@pytest.fixture
def world() -> World:
    world = World()
    world.configurations.put(site())
    for name in "abc":
        world.upload(f"raw/east/{name}.csv", f"bad {name}".encode())
    world.publisher.told.clear()
    return world


def request_for(key: str | None, id_: str = "request") -> ReleaseRequested:
    return ReleaseRequested(
        id=id_,
        occurred_at=START,
        correlation_id="solar files release",
        site_id="east",
        key=key,
        reason="the reader was mended",
        requested_by="ops",
    )


def asked(world: World, key: str | None, id_: str = "request") -> None:
    world.watcher.handle(request_for(key, id_))
    world.work_off()


def mended(data: bytes, key: str, described: Any, *_: Any) -> Any:
    return fake_reader(data.removeprefix(b"bad "), key, described)


def mend(world: World) -> None:
    world.read_by(mended)


def test_a_released_file_is_read_again_and_the_ledger_says_who_asked_why(world: World) -> None:
    mend(world)
    asked(world, "raw/east/a.csv")

    assert world.state("raw/east/a.csv") == ["accepted"]
    assert world.state("raw/east/b.csv") == ["quarantined"]
    current = world.ledger.records["raw/east/a.csv"].current
    assert current is not None
    assert current.released == Released("request", "the reader was mended (ops)")


def test_all_refused_files_of_a_site_are_released_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "CHUNK", 1)
    monkeypatch.setattr(release, "SLICE", timedelta(0))
    mend(world)
    asked(world, None)

    assert {world.state(f"raw/east/{name}.csv")[0] for name in "abc"} == {"accepted"}


def test_a_file_that_is_still_bad_is_refused_again_and_told_again(world: World) -> None:
    asked(world, "raw/east/a.csv")

    assert world.state("raw/east/a.csv") == ["quarantined"]
    assert world.publisher.kinds() == ["file_quarantined"]


def test_a_repeated_request_changes_nothing_and_a_new_one_reads_again(world: World) -> None:
    for _ in range(3):
        asked(world, "raw/east/a.csv")
    assert world.publisher.kinds() == ["file_quarantined"]

    asked(world, "raw/east/a.csv", "another request")
    assert world.publisher.kinds() == ["file_quarantined"] * 2
    assert len({each.id for each in world.publisher.told}) == 2


def test_what_is_not_refused_is_not_released(world: World) -> None:
    world.upload("raw/east/d.csv", b"one")
    before = dict(world.ledger.records)
    asked(world, "raw/east/d.csv")
    asked(world, "raw/east/never.csv")

    assert world.ledger.records == before


@pytest.mark.parametrize(("seconds", "after"), [(44, None), (46, "raw/east/2.csv")])
def test_a_release_of_a_site_goes_on_in_another_slice_after_45_seconds(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: int, after: str | None
) -> None:
    monkeypatch.setattr(release, "CHUNK", 2)

    def quarantined(site_id: str, start: str) -> Iterator[str]:
        for number in range(1, 4):
            if number == 2:
                world.now += timedelta(seconds=seconds)
            yield f"raw/{site_id}/{number}.csv"

    world.ledger.quarantined = quarantined
    world.watcher.handle(request_for(None))

    requests = [each for each in world.inbox.sent if each.key is not None]
    goes_on = [each.after for each in world.inbox.sent if each.key is None]
    assert goes_on == ([after] if after else [])
    assert len(requests) == (2 if after else 3)
    assert len({each.id for each in requests}) == len(requests)


def test_two_requests_for_a_site_are_two_requests_for_each_of_its_files(world: World) -> None:
    for id_ in ("request", "another request"):
        world.watcher.handle(request_for(None, id_))

    assert len({each.id for each in world.inbox.sent}) == 2 * len("abc")


def test_a_slice_ends_when_its_45_seconds_are_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "CHUNK", 1)

    def quarantined(site_id: str, start: str) -> Iterator[str]:
        yield f"raw/{site_id}/1.csv"
        world.now += release.SLICE
        yield f"raw/{site_id}/2.csv"
        yield f"raw/{site_id}/3.csv"

    world.ledger.quarantined = quarantined
    world.watcher.handle(request_for(None))

    assert [each.after for each in world.inbox.sent if each.key is None] == ["raw/east/2.csv"]
