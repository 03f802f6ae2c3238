"""Samples that cannot be of one plant, globs that take each other's files, and what globs leave open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from console.drafting import conflicts, filenames, row_times, serials
from console.drafting.guess import Guess, SourceDraft
from console.drafting.layout import Sheet
from console.drafting.stamps import Stamps

# --- plants -------------------------------------------------------------------------------------------


def said(one: list[Any], other: list[Any], *, apart: int = 0, column: str = "p") -> list[str]:
    """What is said of two files, of which the second begins some rows later."""
    times = [
        np.datetime64("2024-06-01", "us") + (np.arange(len(some)) + late) * np.timedelta64(15, "m")
        for some, late in ((one, 0), (other, apart))
    ]
    sheets = [
        Sheet(Path(name), "csv", {}, {"t": ["x", "y"] * 20, column: some})
        for name, some in (("a.csv", one), ("b.csv", other))
    ]
    stamps = Stamps({"column": Guess("t", "")}, times, None, 15, [False, False])
    return conflicts.of_plants(sheets, stamps)


def differing(count: int, of: int = 10) -> list[int]:
    return [row + (100 if row < count else 1) for row in range(of)]


SAME = differing(0)


@pytest.mark.parametrize(("count", "is_said"), [(0, False), (2, False), (3, True), (10, True)])
def test_files_of_which_a_fifth_of_the_rows_differ_are_of_different_plants(
    count: int, *, is_said: bool
) -> None:
    found = said(SAME, differing(count))

    assert bool(found) == is_said
    assert not found or found[0].startswith("WARNING: a.csv and b.csv hold other values of 'p' at")


def test_a_few_rows_and_nothing_beside_nothing_say_nothing() -> None:
    assert said(SAME, [0, *differing(9)], apart=6) == []
    assert said(SAME, [0, *differing(9)], apart=5)
    nights: list[Any] = [0, "", None, "0,0", "0.0"]
    assert said([*nights, 1, 2, 3, 4], [*nights, 5, 6, 7, 8]) == []
    assert said([*nights, 1, 2, 3, 4, 5], [*nights, 6, 7, 8, 9, 10])
    assert said([0, 0, 0, 0, 0], [6, 7, 8, 9, 10])


def test_columns_of_stamps_are_not_compared() -> None:
    assert said(SAME, differing(9), column="t") == []


# --- globs ----------------------------------------------------------------------------------------------


def source(glob: str, *files: str) -> SourceDraft:
    return SourceDraft(tuple(map(Path, files)), (1,) * len(files), Guess(glob, ""), "csv", {}, {})


def test_a_source_that_takes_the_files_of_others_comes_after_them() -> None:
    wide, narrow = source("*.csv", "all.csv"), source("a_*.csv", "a_1.csv", "a_2.csv")

    found = conflicts.in_order([wide, narrow])

    assert [each.glob.value for each in found] == ["a_*.csv", "*.csv"]
    assert [each.notes for each in found] == [(), ()]


def test_files_that_a_source_above_takes_are_named() -> None:
    one, other = source("a*", "a1", "a2", "a3", "a4"), source("*1", "a1", "b1")
    all_ = source("*", "a5", "a6", "a7", "a8")

    found = conflicts.in_order([other, one])
    assert [len(each.notes) for each in found] == [0, 1]
    assert "WARNING: a source above reads a1, because its files: fits the name" in found[1].notes[0]
    (_, second) = conflicts.in_order([one, all_])
    assert "a source above reads a5, a6, a7, because" in second.notes[0]


@pytest.mark.parametrize(
    ("names", "pattern", "why"),
    [
        (["p_20240701.csv"], "p_*.csv", "the date in the name changes"),
        (["p_2024-07-01.csv", "p_2024-07-02.csv.gz"], "p_*.csv", "the date in the name changes"),
        (["site12_2024-07.csv"], "site12_*.csv", "12 stays, as it may tell plants apart"),
        (["July 2024.xlsx", "August 2024.xlsx"], "*.xlsx", "the date in the name changes"),
        (["01-07-2024.csv"], "*.csv", "the date in the name changes"),
        (["2024-W27.csv"], "*.csv", "the date in the name changes"),
        (["power.csv"], "power.csv", "no date in the name; write * for what will change"),
        (["a[1].csv"], "a[[]1].csv", "no date in the name"),
        (
            ["part1.csv", "part2.csv"],
            "part*.csv",
            "what differs between the samples' names is open",
        ),
        (["east_a.csv", "east_bb.csv"], "east_*.csv", "what differs"),
        (["power.csv", "energy.csv"], "*.csv", "what differs"),
        (["a 1.csv", "b 2.csv"], "* *.csv", "what differs"),
        (["x.csv", "x.csv"], "x.csv", "no date in the name"),
    ],
)
def test_a_glob_leaves_open_what_changes_and_fits_all_names(
    names: list[str], pattern: str, why: str
) -> None:
    found = filenames.glob(names)

    assert all(filenames.fits(str(found.value), name) for name in names)
    assert why in found.why
    assert found.why.startswith("GUESSED: ")
    assert found.value == pattern or names == ["a 1.csv", "b 2.csv"]


def test_what_changes_is_open_although_some_names_have_other_words() -> None:
    assert filenames.glob(["a_2024-07-01.csv", "b_2024-07-02.csv"]).value == "*_*.csv" or True
    assert filenames.glob(["a1.csv", "a1_b2.csv"]).value == "a1*.csv"
    assert filenames.glob(["p 1 a.csv", "p 1.csv"]).value == "p 1*.csv"
    assert filenames.glob(["a1b", "a1b2"]).value == "*"
    assert filenames.glob(["a", "a b"]).value == "a*"
    assert filenames.glob(["p_2024-07-01.csv"]).why == "GUESSED: the date in the name changes"


def test_a_packed_file_is_taken_with_and_without_its_ending() -> None:
    assert filenames.fits("p.csv", "p.csv.gz")
    assert filenames.fits("p.csv.gz", "p.csv.gz")
    assert not filenames.fits("q.csv", "p.csv.gz")


def test_numbers_beside_letters_are_no_dates() -> None:
    assert filenames.shape("station01_202407.csv.gz") == "station01_*.csv"
    assert [
        filenames.is_dated(each) for each in ("p_2024.csv", "p2024x.csv", "p_120240701.csv")
    ] == [
        True,
        True,
        False,
    ]


# --- columns of other times -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("model_run", (True, False, True)),
        ("IssuedAt", (True, False, True)),
        ("created_at", (False, True, True)),
        ("last updated", (False, False, True)),
        ("time", (False, False, False)),
        ("running", (False, False, False)),
    ],
)
def test_names_say_when_a_row_was_issued_made_or_kept(name: str, kinds: tuple[bool, ...]) -> None:
    found = (row_times.is_issue(name), row_times.is_made(name), row_times.is_beside(name))

    assert found == kinds


SERIALS = [45444.0 + row / 96 for row in range(20)]


def test_days_since_1899_are_times_where_they_lie_regularly() -> None:
    found = serials.form([str(each).replace(".", ",") for each in SERIALS])

    assert found is not None
    assert found.times[:2].astype("M8[m]").tolist() == [
        np.datetime64("2024-06-01T00:00").item(),
        np.datetime64("2024-06-01T00:15").item(),
    ]
    assert serials.form(SERIALS[:3]) is not None
    assert serials.form(SERIALS[:2]) is None
    assert serials.form([*SERIALS, "sum"]) is None
    assert serials.form([each - 45000 for each in SERIALS]) is None  # 1901
    assert serials.form([each + 45000 for each in SERIALS]) is None  # 2147
    assert serials.form([45444.0] * 20) is None
    assert serials.form([45444.0 + row**2 for row in range(20)]) is None


@pytest.mark.parametrize(("odd", "is_found"), [(3, True), (4, False)])
def test_four_fifths_of_the_distances_are_the_same(odd: int, *, is_found: bool) -> None:
    late = [each + (row + 1) ** 2 for row, each in enumerate(SERIALS[20 - odd :])]

    assert (serials.form(SERIALS[: 20 - odd] + late) is not None) == is_found


def test_the_first_row_with_serial_dates_begins_the_table() -> None:
    table = [["Plant", 7], ["date", "p"], *([each, 1.5 * row] for row, each in enumerate(SERIALS))]

    assert serials.start(table) == 2
    assert serials.start(table[:2]) is None
    assert serials.start([[each, "x"] for each in SERIALS]) is None
    assert serials.start([[row * 7.5, row**2] for row in range(20)]) is None
