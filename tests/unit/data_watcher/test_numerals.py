"""A column of numbers is read in one way: by its cells, by its neighbours, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from services.data_watcher.adapters.reading import numerals
from shared.errors import UnreadableFileError

STEADY = [f"1,{number}" for number in range(200, 260)]  # 1.2 or 1200, and so on


def read(cells: list[str], decimal: str | None = None, thousands: str | None = None) -> list[float]:
    text = pa.chunked_array([pa.array(cells)])
    return numerals.numbers(text, decimal, thousands, "power")[0].tolist()


def among(cells: list[str], whole: list[str]) -> list[str]:
    """Put whole numbers between cells, each apart from the next."""
    found = list(cells)
    for number, each in enumerate(whole):
        found.insert(3 + 4 * number, each)
    return found


def as_decimals(cells: list[str]) -> list[float]:
    return [float(each.replace(",", ".")) for each in cells]


def as_thousands(cells: list[str]) -> list[float]:
    return [float(each.replace(",", "")) for each in cells]


@pytest.mark.parametrize(
    ("whole", "expected"),
    [(["1", "2", "3"], as_thousands), (["1", "2", "1"], as_decimals)],
    ids=["three different ones", "two different ones"],
)
def test_whole_numbers_beside_those_with_three_digits_tell_that_the_mark_groups(
    whole: list[str], expected: Callable[[list[str]], list[float]]
) -> None:
    cells = among(STEADY, whole)

    assert read(cells) == expected(cells)


@pytest.mark.parametrize(("marked", "expected"), [(120, as_thousands), (180, as_decimals)])
def test_whole_numbers_tell_where_they_are_two_in_a_hundred(
    marked: int, expected: Callable[[list[str]], list[float]]
) -> None:
    cells = among((STEADY * 3)[:marked], ["1", "2", "3"])

    assert read(cells) == expected(cells)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([*STEADY, "11", *STEADY], as_decimals),
        (["990", *STEADY, "991"], as_thousands),
    ],
    ids=["thousands would jump twice", "decimals would jump twice"],
)
def test_a_reading_that_jumps_twice_more_than_the_other_is_not_meant(
    cells: list[str], expected: Callable[[list[str]], list[float]]
) -> None:
    assert read(cells) == expected(cells)


@pytest.mark.parametrize(
    "cells",
    [STEADY, [*STEADY, "11"], [*STEADY, "13", *STEADY]],
    ids=["steady", "one jump", "less than a hundred times"],
)
def test_where_nothing_tells_the_column_is_refused_with_both_readings(cells: list[str]) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read(cells)

    fault = caught.value
    assert fault.code == "number_format"
    assert "'1,200' is 1.200 or 1200" in fault.reason
    assert "decimal: ',' for 1.200, or thousands: ',' for 1200" in fault.remedy
    assert read(cells, decimal=",") == as_decimals(cells)
    assert read(cells, thousands=",") == as_thousands(cells)


def test_a_decimal_sign_of_the_yaml_that_does_not_fit_is_refused_with_the_one_that_does() -> None:
    cells = ["990", *STEADY, "991"]
    with pytest.raises(UnreadableFileError) as caught:
        read(cells, decimal=",")

    assert "jumps 2 times: '1,200' would be 1.200, and only as 1200" in caught.value.reason
    assert "say decimal: '.' and thousands: ','" in caught.value.remedy
    assert read(cells, decimal=".", thousands=",") == as_thousands(cells)


def test_no_group_of_thousands_begins_with_a_zero() -> None:
    cells = [*STEADY, "0,950"]

    assert read(cells) == as_decimals(cells)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("\u22125", -5.0),
        ("\u2013 5.5", -5.5),
        ("1,250.5-", -1250.5),
        ('="5"', 5.0),
        ('="-7.5"', -7.5),
    ],
)
def test_signs_are_read_as_people_and_programs_write_them(written: str, meant: float) -> None:
    text = numerals.as_signed(pa.chunked_array([pa.array(["1,000.5", written])]))

    found, good = numerals.numbers(text, None, None, "power")
    np.testing.assert_allclose(found, [1000.5, meant])
    assert good.all()
    assert numerals.signed(written) == text[1].as_py()
