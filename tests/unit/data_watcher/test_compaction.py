"""Many small canonical objects of a month that is over become few, whatever dies, is late or is withdrawn."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading.compact import join
from services.data_watcher.app.compacting import Compacting
from services.data_watcher.domain.tiers import FEWEST
from services.data_watcher.ports import Part, Stored
from shared import layout
from shared.canonical import CanonicalFile
from shared.compaction import MEMBER_LIST, MEMBERS, Compact, CompactIndex, cover
from shared.errors import NotFoundError
from shared.ids import content_id
from tests.unit.data_watcher.fakes import DiedError, FakeMeter, Fuse

MAY = datetime(2024, 5, 1, tzinfo=UTC)
NOW = datetime(2024, 7, 15, tzinfo=UTC)


def canonical(start: datetime, name: str, column: str = "power_ac") -> tuple[str, Part]:
    """Return key and content of a small canonical object; later names are later uploads."""
    index = pd.date_range(start, periods=3, freq="15min", tz="UTC", name="timestamp")
    body = pd.DataFrame({column: [1.0, 2.0, float(len(name))]}, index=index).reset_index()
    file = CanonicalFile(
        file_id=name,
        site_id="east",
        rows=3,
        rows_masked=0,
        columns=(column,),
        window_start=index[0],
        window_end=index[-1],
        uploaded_at=NOW,
    )
    sink = io.BytesIO()
    body.to_parquet(sink)
    return layout.canonical("east", start, name), Part(sink.getvalue(), file)


@dataclass
class FakeObjects:
    """A bucket's canonical part."""

    fuse: Fuse = field(default_factory=Fuse)
    parts: dict[str, Part] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    indices: dict[str, CompactIndex] = field(default_factory=dict)
    reads: Counter[str] = field(default_factory=Counter)

    def upload(self, start: datetime, count: int, prefix: str = "f") -> list[str]:
        made = dict(canonical(start, f"{prefix}{number:04}") for number in range(count))
        self.parts |= made
        return list(made)

    def listing(self, site_id: str, after: str) -> Iterator[Stored]:
        self.fuse.burn()
        markers = {layout.withdrawn(key) for key in self.withdrawn}
        for key in sorted(self.parts.keys() | markers):
            if key.startswith(layout.canonical_site(site_id)) and key > after:
                yield Stored(key, len(self.parts[key].parquet) if key in self.parts else 0)

    def read(self, key: str) -> Part:
        self.fuse.burn()
        self.reads[key] += 1
        if key not in self.parts:
            raise NotFoundError(key)
        return self.parts[key]

    def index(self, site_id: str) -> CompactIndex:
        return self.indices.get(site_id, CompactIndex(site_id=site_id))

    def put_index(self, index: CompactIndex) -> None:
        self.fuse.burn()
        self.indices[index.site_id] = index
        self.fuse.burn()

    def create(self, key: str, parquet: bytes) -> None:
        self.fuse.burn()
        known = self.parts.setdefault(key, Part(parquet, None))
        assert known.parquet == parquet, "the same members gave other bytes"
        self.fuse.burn()

    def standing(self, month: str) -> set[str]:
        """Return the ids of a month's files that count."""
        keys = (each.key for each in self.listing("east", ""))
        return {
            layout.canonical_file_id(key)
            for key in layout.standing(keys)
            if layout.month_of(key) == month
        }

    def entries(self, month: str) -> int:
        """Return how many objects a manifest would name for a month's files."""
        chosen, rest = cover(self.standing(month), self.index("east").compacts)
        return len(chosen) + len(rest)


@pytest.fixture
def objects() -> FakeObjects:
    return FakeObjects()


def compacting(objects: FakeObjects, meter: FakeMeter | None = None) -> Compacting:
    return Compacting(objects, join, map, meter or FakeMeter(), lambda: NOW)


def sweep(objects: FakeObjects, meter: FakeMeter | None = None) -> None:
    far = NOW + timedelta(days=1)
    assert compacting(objects, meter).run("east", layout.canonical_site("east"), far) is None


def made(objects: FakeObjects) -> list[Compact]:
    return list(objects.index("east").compacts)


def test_a_month_of_daily_files_becomes_one_object(objects):
    objects.upload(MAY, 31)
    sweep(objects)
    assert objects.entries("2024-05") == 1
    (compact,) = made(objects)
    file = pq.ParquetFile(io.BytesIO(objects.parts[compact.key].parquet))
    members = MEMBER_LIST.validate_json(file.metadata.metadata[MEMBERS])
    assert [each.file_id for each in members] == [f"f{number:04}" for number in range(31)]
    assert file.num_row_groups == 31


def test_few_files_and_a_month_that_is_not_over_stay_as_they_are(objects):
    objects.upload(MAY, FEWEST)
    objects.upload(NOW, 40)
    sweep(objects)
    assert not made(objects)
    assert not objects.reads


def test_sweeping_again_reads_and_writes_nothing(objects):
    objects.upload(MAY, 31)
    sweep(objects)
    before = dict(objects.parts)
    objects.reads.clear()
    sweep(objects)
    assert objects.parts == before
    assert not objects.reads


def test_late_files_stay_single_until_they_are_many_and_nothing_is_rewritten_for_them(objects):
    first = objects.upload(MAY, 31)
    sweep(objects)
    objects.reads.clear()
    objects.upload(MAY, FEWEST, "late")
    sweep(objects)
    assert objects.entries("2024-05") == 1 + FEWEST
    objects.upload(MAY, 1, "later")
    sweep(objects)
    assert objects.entries("2024-05") == 2
    assert not objects.reads.keys() & {*first, *(each.key for each in made(objects))}


def test_files_that_trickle_in_for_ever_are_rewritten_a_few_times_only(objects):
    for number in range(350):
        objects.upload(MAY, 1, f"n{number:04}-")
        sweep(objects)
    assert objects.entries("2024-05") <= 3 * FEWEST
    levels = max(count for key, count in objects.reads.items() if "_compacts" not in key)
    assert levels == 1  # a single file is read once, and then only as part of a compact
    rewritten = sum(
        count * len(each.members)
        for key, count in objects.reads.items()
        for each in [Compact(key=key, size=0, members=_members(objects, key))]
    )
    assert rewritten <= 2 * 350


def _members(objects: FakeObjects, key: str) -> tuple[str, ...]:
    part = objects.parts[key]
    if part.file is not None:
        return (part.file.file_id,)
    found = pq.ParquetFile(io.BytesIO(part.parquet)).metadata.metadata[MEMBERS]
    return tuple(each.file_id for each in MEMBER_LIST.validate_json(found))


def test_a_compact_with_a_withdrawn_member_is_not_used_and_the_rest_is_compacted_anew(objects):
    keys = objects.upload(MAY, 31)
    sweep(objects)
    objects.withdrawn.add(keys[3])
    assert objects.entries("2024-05") == 30
    (spoilt,) = made(objects)
    sweep(objects)
    (compact,) = made(objects)
    assert layout.canonical_file_id(keys[3]) not in compact.members
    assert objects.entries("2024-05") == 1
    assert spoilt.key in objects.parts, "a frozen manifest may still name it"


def test_a_death_at_any_call_loses_nothing_and_the_next_sweep_ends_the_same(objects):
    objects.upload(MAY, 40)
    sweep(objects)
    expected, calls = made(objects), objects.fuse.calls
    for number in range(1, calls + 1):
        again = FakeObjects(Fuse(dies_at=number))
        again.parts = {key: each for key, each in objects.parts.items() if "_compacts" not in key}
        with pytest.raises(DiedError):
            sweep(again)
        cover_before = again.entries("2024-05")
        sweep(again)
        assert cover_before in {1, 40}
        assert made(again) == expected


def test_two_sweeps_at_once_make_the_same_objects_and_the_next_one_mends_the_index(objects):
    for month in (4, 5):
        objects.upload(datetime(2024, month, 1, tzinfo=UTC), 31, f"m{month}-")
    again = FakeObjects(parts=dict(objects.parts))
    sweep(again)
    written = []

    def put_index(index: CompactIndex) -> None:
        if not written:
            written.append(index)
            sweep(objects)  # another one, from beginning to end, before this one's first index
        objects.indices["east"] = index

    objects.put_index = put_index
    sweep(objects)
    sweep(objects)

    assert made(objects) == made(again)
    assert objects.parts == again.parts


def test_a_lost_index_is_written_anew_for_the_same_objects(objects):
    objects.upload(MAY, 31)
    sweep(objects)
    before, compacts = dict(objects.parts), made(objects)
    objects.indices.clear()
    sweep(objects)
    assert (objects.parts, made(objects)) == (before, compacts)


def test_a_sweep_that_has_no_more_time_goes_on_where_it_stopped(objects, monkeypatch):
    monkeypatch.setattr("services.data_watcher.domain.tiers.MOST_PIECES", 20)
    for month in (3, 4, 5):
        objects.upload(datetime(2024, month, 1, tzinfo=UTC), 60, f"m{month}-")
    after, slices = layout.canonical_site("east"), 0
    while after is not None:
        after = compacting(objects).run("east", after, NOW)
        slices += 1
    assert slices > 3  # each made one compact at most
    assert [objects.entries(f"2024-0{month}") for month in (3, 4, 5)] == [3, 3, 3]


def test_a_month_that_cannot_be_read_is_counted_and_keeps_no_other_from_its_turn(objects):
    keys = objects.upload(MAY, 31)
    objects.parts[keys[0]] = Part(b"no table", objects.parts[keys[0]].file)
    objects.upload(datetime(2024, 6, 1, tzinfo=UTC), 31, "june")
    meter = FakeMeter()
    sweep(objects, meter)
    assert meter.figures == {"CompactionFaults": 1}
    assert (objects.entries("2024-05"), objects.entries("2024-06")) == (31, 1)


def test_a_table_that_is_large_stays_by_itself(objects, monkeypatch):
    monkeypatch.setattr("services.data_watcher.domain.tiers.LARGEST_PIECE", 100)
    objects.upload(MAY, 31)
    sweep(objects)
    assert not made(objects)


def test_a_broken_index_is_as_good_as_none():
    assert CompactIndex.read("east", b"{").compacts == ()
    assert CompactIndex.read("east", content_id("x").encode()).compacts == ()
