"""Which small objects are joined, and what the index says after that."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.data_watcher.domain import tiers
from shared import layout
from shared.compaction import Compact, CompactIndex

MONTH = "2024-07"
MIB = 1024**2


def piece(number: int, members: int = 1, size: int = 1000) -> Compact:
    names = tuple(f"{number}-{each}" for each in range(members))
    return Compact(
        key=f"canonical/_compacts/east/{MONTH}/{number}.parquet", size=size, members=names
    )


def due(pieces: Sequence[Compact]) -> list[int]:
    return [len(each) for each in tiers.due(pieces)]


@pytest.mark.parametrize(("count", "joined"), [(16, []), (17, [17]), (256, [256]), (257, [256])])
def test_more_than_sixteen_alike_are_joined_and_no_more_than_256_at_a_time(
    count: int, joined: list[int]
) -> None:
    assert due([piece(number) for number in range(count)]) == joined


@pytest.mark.parametrize(("size", "joined"), [(4 * MIB, [16]), (4 * MIB + 1, [])])
def test_what_is_larger_than_four_mib_is_no_small_object_and_64_mib_no_small_compact(
    size: int, joined: list[int]
) -> None:
    assert due([piece(number, size=size) for number in range(20)]) == joined


@pytest.mark.parametrize(
    ("members", "joined"),
    [(1, [17]), (15, [17]), (16, []), (255, [])],
)
def test_pieces_of_other_tiers_do_not_count_with_single_files(
    members: int, joined: list[int]
) -> None:
    singles = [piece(number) for number in range(16)]

    assert due([*singles, piece(99, members)]) == joined


def test_a_tier_holds_from_16_to_255_files() -> None:
    pieces = [piece(number, 16 if number % 2 else 255) for number in range(17)]

    assert due(pieces) == [17]
    assert due([*pieces[:16], piece(99, 256)]) == []


def test_a_month_is_held_by_compacts_whose_files_all_count_and_by_the_rest_alone() -> None:
    keys = {name: f"canonical/east/{MONTH}/{name}.parquet" for name in "abcd"}
    whole, broken = (
        Compact(key=f"canonical/_compacts/east/{MONTH}/{name}.parquet", size=9, members=members)
        for name, members in (("whole", ("a", "b")), ("broken", ("c", "d")))
    )
    index = CompactIndex(site_id="east", compacts=(broken, whole))
    sizes = dict.fromkeys(keys.values(), 5) | {layout.withdrawn(keys["d"]): 1}

    found = tiers.pieces(index, MONTH, sizes)

    assert found == [whole, Compact(key=keys["c"], size=5, members=("c",))]


def test_the_index_names_compacts_of_two_files_or_more_and_keeps_the_other_months() -> None:
    other = Compact(key="canonical/_compacts/east/2024-06/x.parquet", size=9, members=("x", "y"))
    index = CompactIndex(site_id="east", compacts=(other, piece(1, 3)))

    found = tiers.with_month(index, MONTH, [piece(3, 2), piece(2), piece(0, 5)])

    assert found.compacts == (other, piece(0, 5), piece(3, 2))
