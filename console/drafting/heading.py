"""Which rows above the data hold the names of the columns, and which hold units."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np

from console.drafting import parts, serials, worded
from console.drafting.cells import is_number, is_quantity
from console.drafting.guess import NotUnderstoodError
from console.drafting.moments import is_compact
from console.drafting.spans import forms, is_clock, is_moment
from console.drafting.unit_words import is_unit
from services.data_watcher.adapters.reading import faults, header

# A pattern of a date stands in the row of units of some exports.
_PATTERN = re.compile(r"[dmyhs]{1,4}([-./: ,][dmyhs]{1,4})+", re.IGNORECASE)

_COUNTED = re.compile(r"\s*\d+(\.\d+)?\s*")
_OF_COLUMN = re.compile(r"#\s*\d+\.\s*([^.]+)\..*\(([^()]+)\)\s*")
_BLANKS = re.compile(r"\S\s{2,}\S|\d\s+\S+\s+[-+]?\d")
_SHORTEST, _LONGEST_INTERVAL = np.timedelta64(1, "m"), np.timedelta64(1, "D")
_LAST = 60  # rows that show how wide the table is
_LONGEST = 30  # characters of a cell that are shown
_UNIVERSAL = re.compile(r"#\s*Time reference\s*:\s*Universal time", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heading:
    """What is above the data.

    Attributes
    ----------
    names
        Of the columns, as the reader will know them.
    units
        By the column's name.
    start
        Where the data begin. [row]
    zone
        Of the stamps, where a line above names it; None where none does.
    service
        Who made the file, where a line above says it.
    has_unit_row
        Whether a row of units stands below the names; the reader leaves it out as a row without a time.
    """

    names: list[str]
    units: dict[str, str]
    start: int
    zone: str | None = None
    service: str | None = None
    has_unit_row: bool = False


def find(file: str, cells: Sequence[Sequence[Any]]) -> Heading:
    """Return what is above the data.

    Raises
    ------
    NotUnderstoodError
        No row holds a time and a number, or none above it names the columns.
    """
    looked_at = cells[: 2 * faults.MOST_HEADER_LINES]
    start = _start(looked_at, _usual_width(cells))
    if start is None:
        found = _of_parts(looked_at)
        if found is not None:
            return found
        start = serials.start(looked_at)
    if start is None:
        raise NotUnderstoodError(_no_data(file, cells))
    start = _first(cells, start)
    width = len(cells[start])
    above = [
        (n, [str(cell).strip() for cell in row])
        for n, row in enumerate(cells[:start])
        if width - 1 <= len(row) <= width
    ]
    named = [(n, row) for n, row in above if _names(row)]
    if not named:
        unlike = next(
            (row for row in cells[:start] if len(row) > 1 and _names([*map(str, row)])), None
        )
        if unlike is not None:
            message = (
                f"{file}: the header {_shown(unlike)} has {len(unlike)} fields and the rows {width}, like "
                f"{_shown(cells[start])}: where numbers have a decimal comma, export them with another "
                "delimiter (;), or give each column a name"
            )
            raise NotUnderstoodError(message)
        message = (
            f"{file}: no row above the first measurement (row {start + 1}) names the columns; files are read "
            "by the names of their columns, so write a header row, like time,power"
        )
        raise NotUnderstoodError(message)
    # Of several rows the one with the most different names is the header: others repeat a kind or a device.
    at, names = max(named, key=lambda each: (len(set(_names(each[1]))), each[0]))
    at, names = _stacked(dict(above), named[-1][0]) or (at, names)
    unit_row, units = max(above, key=lambda each: sum(map(is_unit, each[1])))
    said = dict(zip(names, units, strict=False)) if units is not names else {}
    comments = [" ".join(map(str, row)) for row in cells[:start] if str(row[0]).startswith("#")]
    described = _described(comments, names) | said
    zone = "UTC" if any(map(_UNIVERSAL.search, comments)) else None
    known = {name: unit for name, unit in described.items() if is_unit(unit)}
    return Heading(
        names, known, start, zone, has_unit_row=unit_row > at and any(map(is_unit, units))
    )


def _stacked(above: dict[int, list[str]], lowest: int) -> tuple[int, list[str]] | None:
    """Return the names of two rows together, as below merged cells; None where one row has as many."""
    upper, lower = above.get(lowest - 1), above[lowest]
    if upper is None or len(upper) != len(lower) or not _names(upper):
        return None
    most = max(len(set(_names(each))) for each in above.values())
    return next(
        ((lowest, each) for each in header.together(upper, lower) if len(set(_names(each))) > most),
        None,
    )


def _usual_width(cells: Sequence[Sequence[Any]]) -> int:
    """Return how many fields most of the last rows have."""
    return Counter(map(len, cells[-_LAST:])).most_common(1)[0][0] if cells else 0


def _start(looked_at: Sequence[Sequence[Any]], width: int) -> int | None:
    """Return the first row with a time and a number; a line of meta data above the names may hold both."""
    found = (n for n, row in enumerate(looked_at) if _is_data(row))
    first = next(found, None)
    if first is None:
        return None
    return next((n for n in chain([first], found) if abs(len(looked_at[n]) - width) <= 1), first)


def _first(cells: Sequence[Sequence[Any]], start: int) -> int:
    """Return the first of the rows with a time above one that holds a number as well: a night of words."""
    row = cells[start]
    times = [at for at, cell in enumerate(row) if is_moment(cell)]
    while (
        start > 0
        and len(cells[start - 1]) == len(row)
        and any(is_moment(cells[start - 1][at]) for at in times)
    ):
        start -= 1
    return start


def _of_parts(cells: Sequence[Sequence[Any]]) -> Heading | None:
    """Return what is above data whose stamps are year, month and day in columns; None where there is none."""
    for at, row in enumerate(cells):
        where = parts.named(row)
        start = next(
            (n for n in range(at + 1, len(cells)) if where and parts.are_parts(cells[n], where)),
            None,
        )
        if start is not None:
            names = [str(cell).strip() for cell in row]
            units = [[str(cell).strip() for cell in each] for each in cells[at + 1 : start]]
            said = {
                name: unit
                for each in units
                for name, unit in zip(names, each, strict=False)
                if is_unit(unit)
            }
            zone, service = _meta(cells[:at])
            return Heading(names, said, start, zone, service)
    return None


def _meta(above: Sequence[Sequence[Any]]) -> tuple[str | None, str | None]:
    """Return the zone and the service that rows above the header name, as those of NSRDB do."""
    said: dict[str, str] = {}
    for names, values in pairwise(above):
        pairs = zip(map(str, names), map(str, values), strict=False)
        said |= {name.strip(): value.strip() for name, value in pairs}
    offset = said.get("Time Zone", "")
    zone = f"{int(offset):+03}:00" if re.fullmatch(r"[-+]?\d{1,2}", offset) else None
    return ("UTC" if zone == "+00:00" else zone), said.get("Source")


def _described(comments: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Return the units that comments say of columns, like `# 7. GHI. Global irradiation … (Wh/m2)`."""
    found = (match for match in map(_OF_COLUMN.fullmatch, comments) if match)
    return {match[1]: match[2] for match in found if match[1] in names}


def _is_data(row: Sequence[Any]) -> bool:
    """Whether a row holds a time and, in another cell, a number.

    One long number may count from 1970; several of them are serial numbers.
    """
    times = [at for at, cell in enumerate(row) if is_moment(cell)]
    counted = [at for at in times if not isinstance(row[at], str) or _COUNTED.fullmatch(row[at])]
    # And 02.11.24 is a date, as is 202407011200.
    counted = [at for at in counted if is_number(row[at]) and not is_compact(row[at])]
    if not times:
        return False
    if counted == times and len(counted) > 1:
        is_valued = any(is_number(cell) for at, cell in enumerate(row) if at not in times)
        return is_valued and _are_an_interval([*map(row.__getitem__, times)])
    return any(
        (is_number(cell) and times != [at]) or is_quantity(cell) for at, cell in enumerate(row)
    )


def _are_an_interval(cells: Sequence[Any]) -> bool:
    """Whether two numbers count the beginning and the end of one interval, and are no serial numbers."""
    times = [each[0].times[0] for cell in cells if (each := forms([cell]))]
    if len(times) != len(cells) or len(times) != 2:  # noqa: PLR2004 - a beginning and an end
        return False
    return bool(_SHORTEST <= abs(times[1] - times[0]) <= _LONGEST_INTERVAL)


def _names(row: Sequence[str]) -> list[str]:
    return [
        cell
        for cell in row
        if cell
        and not is_unit(cell)
        and not is_number(cell)
        and not is_moment(cell)
        and not _PATTERN.fullmatch(cell)
    ]


def _no_data(file: str, cells: Sequence[Sequence[Any]]) -> str:
    some = (*cells[:200], *cells[200:][-200:])
    rows = [row for row in some if any(str(cell).strip() for cell in row)]
    if len(rows) == 1:
        return (
            f"{file}: it has one row, {_shown(rows[0])}, and no line below it holds a time stamp; give a "
            "sample with measurements"
        )
    said = f"; its last row is {_shown(rows[-1])}" if rows else ""
    words = (worded.unknown(str(cell).strip()) for cell in (rows[-1] if rows else []))
    word = next(filter(None, words), None)
    if word is not None:
        return (
            f"{file}: {word!r} is no month in a language that is read (English, German, French, Spanish, "
            f"Italian, Dutch, Portuguese){said}; export the file with months as numbers"
        )
    lacking = _lacking(rows)
    if lacking is not None:
        return f"{file}: {lacking}{said}"
    return (
        f"{file}: no line below a header holds a time stamp and a number{said}. Known are stamps like "
        "2024-07-01 12:00, 01.07.2024 12:00, 7/1/24 12:00 PM, date and time in two columns, and seconds "
        "since 1970, intervals like 01.07.2024 12:00 - 01.07.2024 12:15, and year, month, day and hour in "
        "columns that are called so"
    )


def _lacking(rows: Sequence[Sequence[Any]]) -> str | None:
    """Return what rows lack that are like those of exports otherwise, and what to do; None for others."""
    last = [str(cell).strip() for cell in rows[-1]] if rows else []
    names = {str(cell).strip().casefold() for row in rows[:-1][:200] for cell in row}
    if len(last) == 1 and len(last[0].split()) > 2 and _BLANKS.search(last[0]):  # noqa: PLR2004
        return (
            "its fields are set apart by blanks, which are no delimiter that is read; save it with commas, "
            "semicolons or tabs between them"
        )
    if any(map(is_clock, last)) and not any(map(is_moment, last)):
        return (
            "its rows have a time of day and no date, which may be in the name of the file or above the "
            "table; write the date beside each time of day"
        )
    if {"month", "day"} <= names and "year" not in names:
        return "its rows have a month and a day and no year; write a column year beside them"
    return None


def _cut(cell: str) -> str:
    return cell if len(cell) <= _LONGEST else f"{cell[:_LONGEST]}…"


def _shown(row: Sequence[Any]) -> str:
    said = ", ".join(repr(_cut(str(cell))) for cell in row[:6])
    return said + (", …" if len(row) > 6 else "")  # noqa: PLR2004 - shown
