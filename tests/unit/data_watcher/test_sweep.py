"""A sweep of any size works in slices, and slicing changes nothing of what it finds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.data_watcher.app import sweeping as sweep
from services.data_watcher.domain.cursor import Cursor
from shared.messages import SweepDue
from tests.unit.data_watcher.fakes import START, World, site
from tests.unit.data_watcher.test_onboarding import KEY, SITE

SITES = ("east", "east-2", "west")
names = st.sampled_from(["a.csv", "b.csv", "m/n.csv", "z.csv", "~.csv", "bad.xlsx"])
folders = st.sampled_from(["east/", "east-2/", "west/", "nowhere/", "", "/"])
keys = st.builds(lambda folder, name: f"raw/{folder}{name}", folders, names)


def world_with(uploaded: list[str], heard: list[str], forgotten: list[str]) -> World:
    world = World()
    for each in SITES:
        world.configurations.put(site(each))
    for key in uploaded:
        world.bucket.put(key, key.encode())
    for key in heard:
        world.event(key)
    for key in forgotten:
        if world.bucket.objects.get(key):
            world.bucket.forget(key, world.bucket.objects[key][0][0].version_id)
    world.inbox.hints.clear()
    return world


def found(world: World, due: SweepDue) -> tuple[set[str], int]:
    """Let a sweep run to its end without following its hints; return those and how many slices it took."""
    slices, hints, waiting = 0, set(), [due]
    while waiting:
        world.watcher.handle(waiting.pop())
        waiting, world.inbox.sent = world.inbox.sent, []
        hints |= set(world.inbox.hints)
        world.inbox.hints.clear()
        slices += 1
    return hints, slices


def due(cursor: str | None = None) -> SweepDue:
    return SweepDue(
        id="sweep", occurred_at=START, correlation_id="sweep", scope="full", cursor=cursor
    )


@settings(max_examples=100, deadline=None)
@given(
    st.lists(keys, max_size=14),
    st.lists(keys, max_size=14),
    st.lists(keys, max_size=6),
    st.integers(1, 5),
    st.sampled_from([timedelta(0), sweep.SLICE]),
)
def test_slices_of_any_size_find_the_same(
    uploaded: list[str], heard: list[str], forgotten: list[str], chunk: int, slice_: timedelta
) -> None:
    world = world_with(uploaded, heard, forgotten)
    expected, _ = found(world, due())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "CHUNK", chunk)
        patch.setattr(sweep, "SLICE", slice_)
        assert found(world, due())[0] == expected


def test_no_slice_outlasts_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "CHUNK", 100)
    world = world_with([f"raw/east/{each:05}.csv" for each in range(2000)], [], [])
    listing, longest = world.bucket.listing, timedelta(0)

    def slow(prefix: str, after: str):  # type: ignore[no-untyped-def]
        for entry in listing(prefix, after):
            world.now += timedelta(milliseconds=100)  # ten seconds a chunk
            yield entry

    monkeypatch.setattr(world.bucket, "listing", slow)
    hints, waiting = set(), [due()]
    while waiting:
        began = world.now
        world.watcher.handle(waiting.pop())
        longest = max(longest, world.now - began)
        waiting, world.inbox.sent = world.inbox.sent, []
        hints |= set(world.inbox.hints)

    assert len(hints) == 2000
    assert longest <= timedelta(seconds=60)


def test_configuration_is_swept_in_slices_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    for each in ("east", "north", "west"):
        name = each.encode()
        world.bucket.put(f"config/sites/{each}.yaml", SITE.replace(b"east", name))
    monkeypatch.setattr(sweep, "SLICE", timedelta(0))

    _, slices = found(world, due())

    assert set(world.configurations.sites) == {"east", "north", "west"}
    assert slices >= 4


def test_a_sweep_of_one_site_looks_at_that_site_only() -> None:
    world = world_with(["raw/east/a.csv", "raw/west/a.csv", "raw/a.csv"], [], [])

    hints, _ = found(world, due(Cursor(prefix="raw/east/").text()))

    assert hints == {"raw/east/a.csv"}


def test_a_sweep_reads_files_that_came_before_their_site() -> None:
    world = World()
    world.bucket.put(KEY, SITE)
    world.bucket.put("raw/east/a.csv", b"one")

    world.sweep()

    assert world.state("raw/east/a.csv") == ["accepted"]


# --- what a sweep looks at ----------------------------------------------------------------------------


def three_sites(count: int = 2) -> World:
    """Return a world whose files are all known."""
    world = World()
    for each in SITES:
        world.configurations.put(site(each))
        for number in range(count):
            world.upload(f"raw/{each}/{number}.csv", f"{each} {number}".encode())
    return world


def partitions(world: World, cursor: Cursor) -> list[str]:
    """Let a sweep run; return the sites whose records it reads, in order."""
    read: list[str] = []
    between = world.ledger.between

    def note(site_id: str, after: str, until: str | None) -> object:
        read.append(site_id)
        return between(site_id, after, until)

    world.ledger.between = note
    found(world, due(cursor.text()))
    return read


def test_a_ledger_that_agrees_with_the_listing_has_no_suspects() -> None:
    hints, _ = found(three_sites(), due())

    assert hints == set()


def test_a_slice_reads_only_the_sites_whose_folders_it_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweep, "CHUNK", 2)
    read = partitions(three_sites(), Cursor(prefix="raw/"))

    # Three chunks, one site each, and what may lie after the last key; keys outside any folder lie anywhere.
    assert read.count("(unknown)") == 4
    assert {each for each in read if each != "(unknown)"} == set(SITES)
    assert len(read) - read.count("(unknown)") <= 2 * len(SITES)


def test_a_sweep_of_one_site_reads_no_other_and_compacts_nothing() -> None:
    world, compacted = three_sites(), []
    object.__setattr__(world.watcher.sweeping, "compact", lambda *said: compacted.append(said))

    assert set(partitions(world, Cursor(prefix="raw/west/"))) == {"west"}
    assert compacted == []


def test_a_full_sweep_goes_on_to_compact_the_months_of_every_site() -> None:
    world, compacted = three_sites(), []
    object.__setattr__(
        world.watcher.sweeping, "compact", lambda site_id, *_: compacted.append(site_id)
    )
    found(world, due())

    assert compacted == ["east-2", "east", "west"]  # in the order of their folders


def test_a_full_sweep_enters_every_site_into_the_index_once_though_slices_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweep, "SLICE", timedelta(0))
    world = three_sites()
    found(world, due())
    assert world.ledger.entered == ["east", "east-2", "west"]
    assert world.ledger.all_entered
    found(world, due())
    assert world.ledger.entered == ["east", "east-2", "west"]


def test_a_sweep_that_an_earlier_release_left_at_the_months_enters_nothing() -> None:
    world = three_sites()
    found(world, due(Cursor(prefix="canonical/").text()))
    assert not world.ledger.all_entered


def test_a_slice_ends_in_time_and_the_next_goes_on_after_its_last_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweep, "CHUNK", 1)
    world = three_sites()
    listed: list[str] = []
    listing = world.bucket.listing

    def slow(prefix: str, after: str) -> object:
        for key, versions in listing(prefix, after):
            world.now += timedelta(seconds=20)
            listed.append(key)
            yield key, versions

    world.bucket.listing = slow
    _, slices = found(world, due(Cursor(prefix="raw/").text()))

    assert sorted(set(listed)) == listed  # no key twice
    assert slices == 5  # two of three keys, the states, and the months


def test_a_quick_sweep_hints_at_what_waits_longer_than_a_file_takes_and_looks_for_silence() -> None:
    world, asked = three_sites(), []
    looked: list[bool] = []
    object.__setattr__(world.watcher.sweeping, "look_for_silence", lambda: looked.append(True))

    def unsettled(before: object) -> list[str]:
        asked.append(before)
        return ["raw/east/0.csv"]

    world.ledger.unsettled = unsettled
    now = world.now
    found_hints, _ = found(world, due().model_copy(update={"scope": "quick"}))

    assert found_hints == {"raw/east/0.csv"}
    assert timedelta(0) <= asked[0] - (now - timedelta(minutes=5)) < timedelta(seconds=1)
    assert looked == [True]
