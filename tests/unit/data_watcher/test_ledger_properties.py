"""What holds for every sequence of uploads and every way in which events are told, lost or repeated."""

from __future__ import annotations

import os
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from services.data_watcher.domain.versions import Accepted
from tests.unit.data_watcher.fakes import DiedError, World, site

# Of the same bytes, two names bring measurements and two the forecasts in them.
KEYS = tuple(f"raw/east/{name}.csv" for name in ("a", "b", "nwp_a", "nwp_b"))
FORECAST = {
    "name": "nwp",
    "kind": "forecast",
    "files": "nwp_*.csv",
    "issued": {"lead": "24h"},
    "timestamp": {"column": "t"},
    "columns": {"ghi": {"column": "g", "unit": "W/m2"}},
}
MANY = int(os.environ.get("SOLAR_EXAMPLES", "200"))
BODIES = (b"one", b"two", b"bad", b"")

uploads = st.tuples(st.just("put"), st.sampled_from(KEYS), st.sampled_from(BODIES))
deletions = st.tuples(st.just("delete"), st.sampled_from(KEYS), st.just(b""))
removals = st.tuples(st.just("forget newest"), st.sampled_from(KEYS), st.just(b""))
events = st.tuples(st.just("event"), st.sampled_from(KEYS), st.just(b""))
hints = st.tuples(st.just("work off"), st.just(""), st.just(b""))
batches = st.tuples(st.just("batch"), st.just(""), st.just(b""))
refusals = st.tuples(st.just("refuse"), st.just(""), st.just(b""))
steps = st.lists(uploads | deletions | removals | events | batches | hints | refusals, max_size=14)


def new_world() -> World:
    world = World()
    plain = site()
    measured = plain.sources[0].model_dump(mode="json", exclude_defaults=True)
    world.configurations.put(site(sources=[FORECAST, measured]))
    return world


def do(world: World, step: tuple[str, str, bytes]) -> None:
    name, key, body = step
    match name:
        case "put":
            world.bucket.put(key, body)
        case "delete" if world.bucket.objects.get(key):
            world.bucket.delete(key)
        case "forget newest" if world.bucket.objects.get(key):
            world.bucket.forget(key, world.bucket.objects[key][0][0].version_id)
        case "event":
            world.event(key)
        case "batch":
            world.event(*KEYS)
        case "refuse":
            world.publisher.refuses = 1
        case "work off":
            world.work_off()


def assert_is_what_the_bucket_says(world: World) -> None:
    """Compare with a ledger that saw nothing but the final bucket."""
    fresh = new_world()
    fresh.bucket = world.bucket
    fresh.intake.evidence.raw.objects.update(world.bucket.objects)  # type: ignore[attr-defined]
    for key in reversed(KEYS):
        fresh.event(key)
    fresh.work_off()
    fresh.sweep()
    assert world.verdicts() == fresh.verdicts()
    accepted = {
        version.canonical.key
        for record in world.ledger.records.values()
        for version in record.versions.values()
        if isinstance(version, Accepted)
    }
    assert world.canonical.counting == accepted == fresh.canonical.counting
    for each in accepted:  # also which of two overlapping files is the later
        assert world.canonical.files[each].uploaded_at == fresh.canonical.files[each].uploaded_at
    listed = {
        (key, each.version_id)
        for key, versions in world.bucket.objects.items()
        for each, _ in versions
        if not each.is_marker
    }
    assert world.verdicts().keys() == listed
    assert all(record.settled for record in world.ledger.records.values())


@settings(max_examples=MANY, deadline=None)
@given(steps)
def test_the_ledger_ends_as_what_s3_lists_however_events_came(
    taken: list[tuple[str, str, bytes]],
) -> None:
    world = new_world()
    for step in taken:
        do(world, step)
    world.sweep()

    assert_is_what_the_bucket_says(world)


@settings(max_examples=MANY, deadline=None)
@given(steps, st.lists(st.integers(1, 40), max_size=4))
def test_a_death_after_any_call_and_a_redelivery_change_nothing(
    taken: list[tuple[str, str, bytes]], deaths: list[int]
) -> None:
    world = new_world()

    def survive(work: Callable[[], None]) -> None:
        if deaths:
            world.fuse.calls, world.fuse.dies_at = 0, deaths[-1]
        try:
            work()
        except DiedError:
            deaths.pop()
            world.fuse.dies_at = None
            work()
        world.fuse.dies_at = None

    for step in taken:
        survive(lambda step=step: do(world, step))  # type: ignore[misc]
    survive(world.sweep)
    world.sweep()
    world.sweep("quick")

    assert_is_what_the_bucket_says(world)


@settings(max_examples=MANY, deadline=None)
@given(steps)
def test_whoever_only_reads_messages_and_objects_sees_the_same_rows(
    taken: list[tuple[str, str, bytes]],
) -> None:
    world = new_world()
    for step in taken:
        do(world, step)
    world.sweep()

    told: set[str] = set()
    for message in world.publisher.told:
        if message.type == "solar.data_accepted":
            told.add(message.canonical_uri.removeprefix("s3://bucket/"))
        if message.type == "solar.data_withdrawn":
            told.discard(message.canonical_uri.removeprefix("s3://bucket/"))
    assert told == world.canonical.counting


@settings(max_examples=MANY, deadline=None)
@given(steps, st.lists(uploads | deletions | removals | events | st.none(), max_size=20))
def test_processes_that_interleave_agree(
    taken: list[tuple[str, str, bytes]], meanwhile: list[tuple[str, str, bytes] | None]
) -> None:
    world = new_world()
    world.ledger.before_save = [
        (lambda step=step: do(world, step) if step else None) for step in meanwhile
    ]
    for step in taken:
        do(world, step)
    world.ledger.before_save = []
    world.work_off()
    world.sweep()

    assert_is_what_the_bucket_says(world)
