"""Stamps in several columns of numbers, with their month in words, or written as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest

from console.drafting import parts, said_whole, worded
from console.drafting.parts import Parts

ROWS = 4
JUNE = {"Year": [2024] * ROWS, "Month": [6] * ROWS, "Day": [1, 1, 1, 2]}


def found(columns: Mapping[str, Sequence[Any]]) -> list[Parts]:
    return list(parts.find(columns))


# --- parts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "where"),
    [
        (["Year", "Month", "Day", "HR"], {"%Y": 0, "%m": 1, "%d": 2, "%H": 3}),
        (["p", "Jahr", "DOY", "hhmm"], {"%Y": 1, "%j": 2, "%H%M": 3}),
        (
            ["YYYY", "MM", "DD", "HH", "mi", "SS"],
            {"%Y": 0, "%m": 1, "%d": 2, "%H": 3, "%M": 4, "%S": 5},
        ),
        (["Year", "Month", "Hour"], {}),
        (["Month", "Day"], {}),
        ([2024, 6, 1], {}),
    ],
)
def test_a_row_that_names_a_date_is_a_header(row: list[Any], where: dict[str, int]) -> None:
    assert parts.named(row) == where


def test_a_row_below_it_holds_a_date_there() -> None:
    where = {"%Y": 0, "%m": 2, "%d": 1}

    assert parts.are_parts([2024, "31", 6.0], where)
    assert not parts.are_parts([2024, 32, 6], where)
    assert not parts.are_parts([2024, 1], where)
    assert parts.are_parts([2024, 366], {"%Y": 0, "%j": 1})


@pytest.mark.parametrize(
    ("clock", "names", "format_"),
    [
        ({"Hour": [0, 6, 12, 0]}, ("Hour",), "%Y %m %d %H"),
        ({"Hour": [0] * ROWS, "Minute": [0, 15, 30, 45]}, ("Hour", "Minute"), "%Y %m %d %H %M"),
        (
            {"HH": [0] * ROWS, "MI": [0] * ROWS, "SS": [0, 59, 1, 2]},
            ("HH", "MI", "SS"),
            "%Y %m %d %H %M %S",
        ),
        ({"hhmm": [0, 830, 1245, 2400]}, ("hhmm",), "%Y %m %d %H%M"),
        ({"p": [0, 1, 2, 3]}, (), "%Y %m %d"),
    ],
)
def test_columns_of_numbers_make_up_a_stamp(
    clock: dict[str, list[int]], names: tuple[str, ...], format_: str
) -> None:
    assert found(JUNE | clock) == [Parts(("Year", "Month", "Day"), names, format_)]


def test_a_day_of_the_year_will_do() -> None:
    days = {"year": [2024.0] * ROWS, "Julian Day": [1, 2, 365, 366], "heure": [0, 130, 230, 2359]}

    assert found(days) == [Parts(("year", "Julian Day"), ("heure",), "%Y %j %H%M")]


def test_a_date_beside_an_hour_that_is_a_number_is_a_stamp() -> None:
    days = {
        "Date": ["01.06.2024", "", "01.06.2024", "13.06.2024"],
        "Hour": [1, 2, 24, 1],
        "p": [1] * ROWS,
    }

    assert Parts(("Date",), ("Hour",), "%d.%m.%Y %H") in found(days)
    assert found({"Date": ["2024-06-01"] * ROWS, "Hour": [1] * ROWS}) == [
        Parts(("Date",), ("Hour",), "%Y-%m-%d %H")
    ]
    assert found({"Date": ["2024-06-01"] * ROWS}) == []
    assert found({"Date": ["2024-06-01", "sum"] * 2, "Hour": [1] * ROWS}) == []


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("Year", 1990, 2100), ("Month", 1, 12), ("Day", 1, 31), ("DOY", 1, 366), ("Hour", 0, 24)],
)
def test_a_part_of_a_date_lies_in_its_range(name: str, low: int, high: int) -> None:
    base = {"Year": [2024] * ROWS, "DOY": [9] * ROWS, "Hour": [1] * ROWS}
    if name in {"Month", "Day"}:
        base = JUNE | {"Hour": [1] * ROWS}

    def names(*values: int) -> set[str]:
        return {
            each
            for one in found(base | {name: [*values, low, high]})
            for each in (*one.days, *one.clocks)
        }

    assert name in names(low, high)
    assert name not in names(low - 1, high)
    assert name not in names(low, high + 1)


def test_minutes_end_at_59_and_a_column_of_time_may_count_hours() -> None:
    assert found(JUNE | {"Time": [0, 1, 23, 24]})[0].clocks == ()
    assert found(JUNE | {"Time": [0, 1, 23, 25]})[0].clocks == ("Time",)
    assert found(JUNE | {"Time": [0, 1, 23, 60]})[0].clocks == ()
    assert found(JUNE | {"Time": [0, 1, 23, 2401]})[0].clocks == ()
    clock = {"Hour": [0] * ROWS, "Minute": [0] * ROWS, "Second": [0, 60, 0, 0]}
    assert found(JUNE | clock)[0].clocks == ("Hour", "Minute")
    assert found(JUNE | clock | {"Minute": [0, 60, 0, 0]})[0].clocks == ("Hour",)


def test_what_is_no_number_is_no_part() -> None:
    for odd in ("six", None, 6.5, -6):
        assert found(JUNE | {"Month": [6, 6, odd, 6]}) == [] or odd is None
    assert found(JUNE | {"Month": [None] * ROWS}) == []
    assert found(JUNE | {"Month": ["06.0", " 6 ", None, ""]}) != []


def test_the_times_are_those_of_all_columns_together() -> None:
    columns = JUNE | {"Hour": [1, 2, None, 24]}
    (one,) = found(columns)
    form = parts.form(columns, one)

    assert form is not None
    assert form.times.astype("M8[m]").tolist() == [
        datetime(2024, 6, 1, 1),  # noqa: DTZ001 - the file's own clock
        datetime(2024, 6, 1, 2),  # noqa: DTZ001
        None,
        datetime(2024, 6, 3),  # noqa: DTZ001
    ]
    assert (form.format, form.order, form.has_clock, form.ends_at_24) == (
        "%Y %m %d %H",
        "",
        True,
        True,
    )


def test_dates_alone_and_years_first_are_not_mistaken() -> None:
    days = parts.form(JUNE, Parts(("Year", "Month", "Day"), (), "%Y %m %d"))
    iso = {"Date": ["2024-06-01"] * ROWS, "Hour": [0, 1, 2, 3]}
    (year_first,) = (parts.form(iso, each) for each in found(iso))

    assert days is not None
    assert (days.has_clock, days.ends_at_24) == (False, False)
    assert year_first is not None
    assert year_first.order == ""
    assert parts.form({"Date": ["a"]}, Parts(("Date",), (), "%d.%m.%Y %H:%M")) is None


def test_fifty_rows_show_what_a_column_holds() -> None:
    def is_found(odd_row: int) -> bool:
        months: list[Any] = [6] * 60
        months[odd_row] = "six"
        return bool(found({"Year": [2024] * 60, "Month": months, "Day": [1] * 60}))

    assert [is_found(row) for row in (30, 49, 50)] == [False, False, True]


def test_a_date_without_cells_is_none() -> None:
    assert found({"Date": ["", None], "Hour": [1, 2]}) == []


def test_a_date_in_words_of_numbers_may_be_mistaken_and_says_its_order() -> None:
    columns = {"Date": ["01.06.2024"] * ROWS, "Hour": [0, 1, 2, 3]}
    forms = {each.format: parts.form(columns, each) for each in found(columns)}

    assert {key: each.order for key, each in forms.items() if each} == {
        "%d.%m.%Y %H": "dmy",
        "%m.%d.%Y %H": "mdy",
    }
    assert not any(each.ends_at_24 for each in forms.values() if each)


# --- months in words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbered", "format_"),
    [
        ("15. Mai 2020 12:00", "2020/05/15 12:00", "%d. %b %Y"),
        ("15/ene/2020", "2020/01/15", "%d/%b/%Y"),
        ("1-Sep-24 00:15", "2024/09/01 00:15", "%d-%b-%y"),
        ("1-Sep-68", "2068/09/01", "%d-%b-%y"),
        ("1-Sep-69", "1969/09/01", "%d-%b-%y"),
        ("1 de junio de 2024", "2024/06/01", "%d de %B de %Y"),
        ("June 1, 2024 00:15", "2024/06/01 00:15", "%B %d, %Y"),
        ("Jun. 1, 2024", "2024/06/01", None),
        ("5juillet2024", "2024/07/05", "%d%B%Y"),
    ],
)
def test_a_month_may_be_written_in_words(text: str, numbered: str, format_: str | None) -> None:
    one = worded.find([None, text])

    if format_ is None:
        assert one is None or one.numbered == [None, numbered]
    else:
        assert one is not None
        assert (one.numbered, one.format) == ([None, numbered], format_)


def test_cells_that_are_written_otherwise_have_no_date_and_may_is_short_and_long() -> None:
    one = worded.find(["1 May 2024", "1 June 2024", "1/June/2024", "total", "1 Smarch 2024"])

    assert one is not None
    assert one.numbered == ["2024/05/01", "2024/06/01", None, None, None]
    assert worded.find(["2024-06-01", None]) is None
    assert worded.find(["2024-06-01"] * 100 + ["1 May 2024"]) is None
    assert worded.find(["2024-06-01"] * 99 + ["1 May 2024"]) is not None
    assert worded.find(["", None]) is None
    assert worded.find(["15.Sept.2024"]) == worded.Worded(["2024/09/15"], "%d.%b.%Y")


def test_a_word_that_is_no_month_is_named() -> None:
    assert worded.unknown("1 Smarch 2024") == "Smarch"
    assert worded.unknown("1 March 2024") is None
    assert worded.unknown("2024-06-01") is None


# --- as a whole -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        ("Sat Jun  1 00:15:00 2024", "%a %b %d %H:%M:%S %Y"),
        ("2024年6月1日 0時15分", "%Y年%m月%d日 %H時%M分"),
        ("2024年6月1日 0:15", "%Y年%m月%d日 %H:%M"),
        ("2024년 6월 1일 0시 15분 00초", "%Y년 %m월 %d일 %H시 %M분 %S초"),
    ],
)
def test_a_stamp_may_be_written_as_a_whole(text: str, format_: str) -> None:
    one = said_whole.find(["", text, "total", None])

    assert one is not None
    assert one.format == format_
    assert one.times == [None, datetime(2024, 6, 1, 0, 15), None, None]  # noqa: DTZ001


def test_other_stamps_are_not() -> None:
    assert said_whole.find(["2024-06-01 00:15", None]) is None
    assert said_whole.find(["x"] * 100 + ["Sat Jun  1 00:15:00 2024"]) is None
    assert said_whole.find(["x"] * 99 + ["Sat Jun  1 00:15:00 2024"]) is not None
