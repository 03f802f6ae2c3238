"""Cells that name the beginning and the end of an interval."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from console.drafting import spans
from console.drafting.moments import Form

JUNE = datetime(2024, 6, 13, 22)  # noqa: DTZ001 - a plant's clock
ROWS = 12


def cells(begin: str, between: str, end: str, minutes: int = 15) -> list[str | None]:
    moments = [JUNE + timedelta(minutes=minutes * row) for row in range(ROWS)]
    return [f"{at:{begin}}{between}{at + timedelta(minutes=minutes):{end}}" for at in moments]


def only(found: list[Form]) -> Form:
    (form,) = found
    return form


def times(minutes: int = 15) -> list[datetime]:
    return [JUNE + timedelta(minutes=minutes * row) for row in range(ROWS)]


DAY, CLOCK = "%d.%m.%Y %H:%M", "%H:%M"
ISO = "%Y-%m-%dT%H:%M:%S"


@pytest.mark.parametrize(
    ("begin", "between", "end"),
    [
        (DAY, " - ", DAY),
        (DAY, " bis ", DAY),
        (DAY, "-", CLOCK),
        (DAY, " \u2013 ", CLOCK),
        (ISO, "/", ISO),
        ("%Y-%m-%d %H:%M", " -- ", "%Y-%m-%d %H:%M"),
        ("%d.%m.%Y, %H.%M", " - ", "%H.%M"),
    ],
)
def test_an_interval_is_read_from_its_beginning_and_is_as_long_as_most_are(
    begin: str, between: str, end: str
) -> None:
    minutes = 15
    form = only(spans.forms(cells(begin, between, end, minutes)))

    assert form.format == f"{begin}{between}{end}"
    assert form.times.astype("M8[us]").tolist() == times(minutes)
    assert (form.length, form.zones, form.ends_at_24) == (minutes, frozenset({""}), False)


def test_fractions_of_seconds_are_part_of_the_format() -> None:
    some = [
        f"{at:%Y-%m-%dT%H:%M:%S}.0/{at + timedelta(minutes=15):%Y-%m-%dT%H:%M:%S}.0"
        for at in times()
    ]

    assert only(spans.forms(some)).format == "%Y-%m-%dT%H:%M:%S.%f/%Y-%m-%dT%H:%M:%S.%f"


@pytest.mark.parametrize(
    ("first", "second", "format_", "zones"),
    [
        (" (UTC)", " (UTC)", f"{DAY} (%Z) - {DAY} (%Z)", {"UTC"}),
        ("", " (CET/CEST)", f"{DAY} - {DAY} (%Z)", {"CET/CEST"}),
        ("+02:00", "+02:00", f"{DAY}%z - {DAY}%z", {"+02:00"}),
    ],
)
def test_zones_behind_both_halves_are_named(
    first: str, second: str, format_: str, zones: set[str]
) -> None:
    some = [f"{at:{DAY}}{first} - {at + timedelta(minutes=15):{DAY}}{second}" for at in times()]
    form = only(spans.forms(some))

    assert form.format == format_
    assert form.zones == zones


def test_an_end_that_looks_like_an_offset_is_an_end_where_no_clock_has_such() -> None:
    quarters = only(spans.forms(cells("%Y-%m-%d %H:%M", "-", CLOCK)))
    hours = only(spans.forms(cells("%Y-%m-%d %H:%M", "-", CLOCK, 60)))
    offsets = spans.forms([f"{at:%Y-%m-%d %H:%M}-03:00" for at in times()])

    assert (quarters.format, quarters.length) == ("%Y-%m-%d %H:%M-%H:%M", 15)
    assert (hours.format, hours.length) == ("%Y-%m-%d %H:%M-%H:%M", 60)
    assert [form.length for form in offsets] == [None]
    assert offsets[0].zones == {"-03:00"}


def test_cells_that_are_no_interval_have_no_time() -> None:
    some: list[Any] = cells(DAY, " - ", DAY)
    some[2], some[5], some[7] = "Summe", None, 3.0
    form = only(spans.forms(some))

    assert np.flatnonzero(np.isnat(form.times)).tolist() == [2, 5, 7]
    assert form.length == 15


def test_one_longer_interval_does_not_decide_the_length() -> None:
    some = cells(DAY, " - ", DAY)
    some[3] = f"{JUNE:{DAY}} - {JUNE + timedelta(hours=2):{DAY}}"

    assert only(spans.forms(some)).length == 15


@pytest.mark.parametrize(
    ("cell", "is_moment", "is_clock"),
    [
        ("13.06.2024 00:00 - 13.06.2024 00:15", True, False),
        ("1.6.24 0:00-0:15", True, False),
        ("13.06.2024", True, False),
        ("00:00", False, True),
        ("00:00 - 00:15", False, True),
        (" 00:00-00:15 ", False, True),
        ("00:00 - 00:15 - 00:30", False, False),
        ("00:00 - late", False, False),
        ("power - energy", False, False),
        ("13.06.2024 - 14.06.2024", False, False),
        (None, False, False),
        (f"13.06.2024 00:00 - 13.06.2024 00:15{' ' * 60}x", False, False),
    ],
)
def test_an_interval_is_a_moment_or_a_clock(cell: Any, *, is_moment: bool, is_clock: bool) -> None:
    assert (spans.is_moment(cell), spans.is_clock(cell)) == (is_moment, is_clock)


def test_no_cells_are_no_stamps() -> None:
    assert spans.forms([]) == []
    assert spans.forms(["power", "energy"]) == []


def stamped(*ends: str) -> list[Form]:
    return spans.forms([f"2024-06-13 {row:02}:00{end}" for row, end in enumerate(ends)])


@pytest.mark.parametrize(
    ("ends", "length"),
    [
        (["-01:00", "-02:00"], None),
        (["-01:00", "-02:00", "-03:00"], 60),
        (["-00:15", "-01:30"], 15),
        (["+01:00", "+02:00", "+03:00"], None),
    ],
    ids=["two offsets of a year", "three are too many", "a quarter is none", "no end has a plus"],
)
def test_a_year_has_two_offsets_at_most(ends: list[str], length: float | None) -> None:
    found = stamped(*ends)

    assert [form.length for form in found] == [length]
    assert length is not None or found[0].zones == set(ends)


def test_a_whole_day_ends_at_the_hour_at_which_it_begins() -> None:
    form = only(spans.forms([f"{day}.06.2024 00:00 - 00:00" for day in range(13, 17)]))

    assert form.length == 1440


def test_both_halves_have_one_order_of_day_and_month() -> None:
    form = only(spans.forms(["12.06.2024 12:00 - 13.06.2024 12:00"]))

    assert (form.order, form.length) == ("dmy", 1440)
    assert {each.order for each in spans.forms(["11.06.2024 12:00 - 12.06.2024 12:00"])} == {
        "dmy",
        "mdy",
    }
