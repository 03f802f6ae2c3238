"""Cells as numbers, by the rules of the product's own reader."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from console.drafting.unit_words import KNOWN, is_unit, plain
from services.data_watcher.adapters.reading import numerals
from services.data_watcher.domain import units
from shared.errors import UnreadableFileError
from shared.solar.site import CANONICAL_UNITS

Values = npt.NDArray[np.float64]

_NUMBER = re.compile(r"[-+]?(\d[\d.,'\u2019\u00a0\u202f ]*|[.,]\d+)([eE][-+]?\d+)?")
_WITH_UNIT = re.compile(
    r"([-+]?\d(?:[\d.,'\u2019\u00a0\u202f\u2009 ]*\d)?[.,]?)\s*([A-Za-z°%][A-Za-z0-9/²%]*)"
)
_DECIMAL_COMMA = re.compile(
    r"[-+]?[\d.'\u00a0\u202f ]*,(\d{1,2}|\d{4,})([eE][-+]?\d+)?|[-+]?0,\d+([eE][-+]?\d+)?"
)
_POINT = re.compile(r"[-+]?\d*\.\d+")
_GROUPS = re.compile(r"[-+]?(\d{1,3})([,.'\u2019\u00a0\u202f ])\d{3}(?![\deE])")
_DIGIT = re.compile(r"\d")
_MOSTLY = 0.5  # of the cells that hold something
_FEW_WORDS, _LEAST = 3, 0.1  # like Standby through the night, beside that share of numbers


def is_number(cell: Any) -> bool:
    """Whether a cell holds a number in one of the ways that are read."""
    if isinstance(cell, int | float):
        return not isinstance(cell, bool) and bool(np.isfinite(cell))
    return isinstance(cell, str) and bool(_NUMBER.fullmatch(numerals.signed(cell.strip())))


def is_quantity(cell: Any) -> bool:
    """Whether a cell holds a number with its unit behind it."""
    found = _WITH_UNIT.fullmatch(cell.strip()) if isinstance(cell, str) else None
    return found is not None and is_unit(found[2])


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers.

    Attributes
    ----------
    values
        NaN where a cell holds none.
    decimal, thousands
        What the cells show beyond doubt; None where they show nothing.
    unit
        The unit behind most of the numbers; None where there is none.
    tie
        Why the numbers can be read in two ways; None where they cannot.
    """

    values: Values
    decimal: str | None = None
    thousands: str | None = None
    unit: str | None = None
    tie: str | None = None


def numbers(cells: Sequence[Any], name: str) -> Numbers | None:
    """Return a column's numbers; None where most of its cells hold something else."""
    if all(each is None or isinstance(each, int | float) for each in cells):
        values = np.array([np.nan if each is None else float(each) for each in cells], float)
        values[~np.isfinite(values)] = np.nan
        return Numbers(values) if np.isfinite(values).any() else None
    texts = [_text(each) for each in cells]
    said = sum(each is not None for each in texts)
    with_unit = [found for each in texts[:1000] if each and (found := _WITH_UNIT.fullmatch(each))]
    unit, times = None, np.ones(len(texts))
    behind: list[str | None] = [None] * len(texts)
    if said and len(with_unit) > _MOSTLY * min(said, 1000):
        unit = with_unit[-1][2]
        for at, each in enumerate(texts):
            if each and (found := _WITH_UNIT.fullmatch(each)):
                texts[at], behind[at], times[at] = found[1], found[2], _in_unit(found[2], unit)
    fitting = sum(bool(_NUMBER.fullmatch(each)) for each in texts if each)
    words = {each for each in texts if each and not _NUMBER.fullmatch(each)}
    is_state = len(words) <= _FEW_WORDS and not any(map(_DIGIT.search, words))
    if not said or fitting <= (_LEAST if is_state else _MOSTLY) * said:
        return None
    values, tie = np.full(len(texts), np.nan), None
    for written in set(behind):  # the cells of one unit are written in one way
        rows = np.array([each == written for each in behind])
        some = [text for text, own in zip(texts, rows, strict=True) if own]
        values[rows], doubt = _read(some, name)
        tie = tie or doubt
    if not np.isfinite(values).any():
        return None
    decimal, thousands = (",", None) if tie else _signs(texts, values)
    return Numbers(values * times, decimal, thousands, unit, tie)


def _read(texts: Sequence[str | None], name: str) -> tuple[Values, str | None]:
    """Return texts as numbers, and why they can be read in two ways; None where they cannot."""
    column = pa.chunked_array([pa.array(texts, pa.string())])
    tie = None
    try:
        values, good = numerals.numbers(column, None, None, name)
    except (
        UnreadableFileError
    ) as error:  # a comma is taken for a decimal sign, until a person decides
        tie = f"{error.reason}; {error.remedy}"
        values, good = numerals.numbers(column, ",", ".", name)
    values[~good | ~np.isfinite(values)] = np.nan
    return values, tie


def _in_unit(written: str, unit: str) -> float:
    """Return what one unit is in another; 1 where they are of different kinds."""
    if written == unit:
        return 1.0
    one, other = (KNOWN.get(plain(each), "") for each in (written, unit))
    for canonical in CANONICAL_UNITS.values():
        if units.is_known(canonical, one) and units.is_known(canonical, other):
            return (
                units.conversion(canonical, one).factor / units.conversion(canonical, other).factor
            )
    return 1.0


_SILENT = {"", "-", "--", "nan", "null", "none", "n/a", "na"}


def _text(cell: Any) -> str | None:
    said = "" if cell is None else numerals.signed(str(cell).strip(" \t\r\n\u00a0\u202f"))
    return None if said.lower() in _SILENT else said


def _signs(texts: Iterable[str | None], values: Values) -> tuple[str | None, str | None]:
    """Return the decimal sign and the separator of thousands that cells show."""
    decimal = thousands = None
    for text, value in zip(texts, values, strict=True):
        if text is None or np.isnan(value):
            continue
        if decimal is None:
            if _DECIMAL_COMMA.fullmatch(text):
                decimal = ","
            elif _POINT.fullmatch(text) and float(text) == value:
                decimal = "."
        groups = _GROUPS.match(text) if thousands is None else None
        if groups and len(str(int(abs(value)))) > len(groups[1]):  # else it is the decimal sign
            thousands = " " if groups[2] in numerals.SPACES else groups[2].replace("\u2019", "'")
        if decimal and thousands:
            break
    return decimal, thousands


# What loggers write where they have no value; beyond all others, or it may be a measurement.
_SENTINELS = (
    -99.0,
    -99.9,
    -999.0,
    -999.9,
    -9999.0,
    -99999.0,
    -3276.8,
    -3276.7,
    6553.5,
    32767.0,
    65535.0,
    9999.0,
    -32768.0,
    2147483647.0,
    -2147483648.0,
    4294967295.0,
    4286578687.0,  # a number that is none, as a register holds it
)
_FAR = 2.0  # times the range of all other values


def sentinels(values: Values) -> list[float]:
    """Return the values of a column that seem to mean 'no measurement'."""
    known = values[np.isfinite(values)]
    there = [each for each in _SENTINELS if (known == each).any()]
    rest = known[~np.isin(known, there)]
    if not there or not len(rest):
        return []
    low, high = float(rest.min()), float(rest.max())
    width = max(high - low, 1.0)
    return [each for each in there if not low - _FAR * width <= each <= high + _FAR * width]
