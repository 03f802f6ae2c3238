"""Which column holds the ends of intervals, by its name and by how much later it is."""

from __future__ import annotations

import numpy as np
import pytest

from console.drafting import ends
from console.drafting.ends import Beside

ROWS = 200
BEGINS = np.datetime64("2024-06-01", "us") + np.arange(ROWS) * np.timedelta64(15, "m")


def later(minutes: float, *, unlike: int = 0, by: int = 60) -> np.ndarray:
    """Ends so much later, but for the last rows that are off by more."""
    found = BEGINS + np.timedelta64(round(minutes), "m")
    found[ROWS - unlike :] += np.timedelta64(by, "m")
    return found


def said(*others: Beside, step: int | None = 15) -> tuple[str, str] | None:
    found = ends.find(BEGINS, others, step)
    if found is None:
        return None
    assert found.label.value == "left"
    return found.column, found.label.why


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("PeriodStart", 1),
        ("interval_begin", 1),
        ("Von", 1),
        ("from (UTC)", 1),
        ("PeriodEnd", -1),
        ("end_time", -1),
        ("bis", -1),
        ("Datum Ende", -1),
        ("time", 0),
        ("weekend", 0),
        ("restart", 0),
    ],
)
def test_a_name_says_start_or_end(name: str, rank: int) -> None:
    assert ends.rank(name) == rank


def test_a_column_that_is_a_step_later_in_all_rows_is_the_end() -> None:
    assert said(Beside("to", [later(15)])) == ("to", "'to' is the end, 15 min later in all rows")
    assert said(Beside("to", [later(-15)])) is None
    assert said(Beside("to", [later(0)])) is None
    assert said(Beside("to", [BEGINS - np.timedelta64("NaT", "m")])) is None
    assert said() is None


@pytest.mark.parametrize(
    ("unlike", "by", "share"), [(2, 60, None), (2, -60, None), (3, 60, "98%"), (2, 30, "99%")]
)
def test_the_hour_of_a_change_of_clocks_is_no_doubt(
    unlike: int, by: int, share: str | None
) -> None:
    column, why = said(Beside("to", [later(15, unlike=unlike, by=by)])) or ("", "")

    assert column == "to"
    assert why == (
        "'to' is the end, 15 min later in all rows"
        if share is None
        else f"GUESSED: 'to' is called the end, and is 15 min later in {share} of the rows"
    )


def test_one_row_of_an_hour_does_not_excuse_another() -> None:
    some = later(15, unlike=2)
    some[-1] += np.timedelta64(7, "m")

    assert "in 99% of the rows" in str(said(Beside("to", [some])))


def test_rows_without_an_end_count_as_other_ones() -> None:
    some = later(15)
    some[:50] = np.datetime64("NaT")

    assert "15 min later in 75% of the rows" in str(said(Beside("to", [some])))


def test_another_length_than_the_step_is_said() -> None:
    long = Beside("to", [later(30)])

    assert str(said(long)).endswith('in 100% of the rows, but the beginnings lie 15 min apart")')
    assert str(said(long, step=None)).endswith('in 100% of the rows")')
    assert str(said(long, step=30)).endswith('30 min later in all rows")')


def test_of_several_columns_the_one_that_most_rows_agree_on_is_the_end() -> None:
    some = Beside("a", [later(15, unlike=50), later(15, unlike=20)])

    assert str(said(some, Beside("b", [later(15, unlike=40)]))).startswith("('a', ")
    assert "90% of the rows" in str(said(some, Beside("b", [later(15, unlike=40)])))
    assert str(said(some, Beside("b", [later(15)]))).startswith("('b', ")


def test_times_of_day_end_after_midnight() -> None:
    clock = later(15)
    clock[clock.astype("M8[D]") != BEGINS.astype("M8[D]")] -= np.timedelta64(1, "D")

    assert said(Beside("to", [clock], same_date=True)) == (
        "to",
        "'to' is the end, 15 min later in all rows",
    )
    assert "GUESSED" in str(said(Beside("to", [clock])))


@pytest.mark.parametrize(
    ("first", "last", "is_so"),
    [
        ("2024-06-01T00:15", "2024-06-03T00:00", True),
        ("2024-06-01T00:00", "2024-06-02T23:45", False),
        ("2024-06-01T00:30", "2024-06-03T00:00", False),
        ("2024-06-01T00:15", "2024-06-02T23:45", False),
        ("2024-06-01T00:15", "2024-06-01T00:15", False),
    ],
)
def test_whole_days_may_show_that_stamps_are_ends(first: str, last: str, *, is_so: bool) -> None:
    times = np.array([first, "NaT", last], "M8[us]")

    assert ends.by_midnight(times, 15) == is_so
    assert not ends.by_midnight(times[1:2], 15)
    assert not ends.by_midnight(np.array(["2024-06-01T00:00"], "M8[us]"), 0)
