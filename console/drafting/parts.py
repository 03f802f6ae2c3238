"""Stamps whose parts are columns of numbers: year, month, day, hour, minute; year, day of the year, hhmm."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from console.drafting.moments import Form, is_day
from console.drafting.moments import forms as forms_of_days
from services.data_watcher.adapters.reading import counted
from shared.solar.site import TimestampFormat

_NAMES = {
    "%Y": r"year|yyyy|yr|jahr|ann[eé]e|a[nñ]o|anno|jaar",
    "%m": r"month|mo|mm|monat|mois|m[eê]s|mese|maand",
    "%d": r"day|dd|dy|tag|jour|d[ií]a|giorno|dag|day of month",
    "%j": r"doy|jday|julian( day)?|day ?of ?(the )?year|jour julien",
    "%H": r"hour|hours|delivery ?hour|hr|hh|he|hour ending|stunde|heure|hora|ora|uur",
    "%M": r"minute|minutes|min|mins|mi|minuto|minuut",
    "%S": r"second|seconds|sec|ss|sekunde|seconde|segundo",
    "%H%M": r"hhmm|hour ?min(ute)?|time|zeit|heure|hora",
}
_RANGES = {
    "%Y": (1990, 2100),
    "%m": (1, 12),
    "%d": (1, 31),
    "%j": (1, 366),
    "%H": (0, 24),
    "%M": (0, 59),
    "%S": (0, 59),
    "%H%M": (0, 2400),
}
_DAYS = (("%Y", "%m", "%d"), ("%Y", "%j"))
_CLOCKS = (("%H", "%M", "%S"), ("%H", "%M"), ("%H%M",), ("%H",))
_HOUR_ENDING = re.compile(r"\s*(HE ?)\d{1,2}\s*")
_LOOKED_AT = 50  # rows that show what a column holds


@dataclass(frozen=True, slots=True)
class Parts:
    """Which columns make up a stamp, and the format of all, joined by a blank."""

    days: tuple[str, ...]
    clocks: tuple[str, ...]
    format: str


def _prefix(cells: Sequence[Any]) -> str:
    """Return the word before each hour that ends, like HE 07; '' where there is none."""
    found = {m[1] for each in cells[:_LOOKED_AT] if (m := _HOUR_ENDING.fullmatch(str(each)))}
    return found.pop() if len(found) == 1 else ""


def named(row: Sequence[Any]) -> dict[str, int]:
    """Return where a row names the parts of a stamp, by their directive; empty where it names no date."""
    said = [re.sub(r"[_\W]+", " ", str(cell)).strip().lower() for cell in row]
    found: dict[str, int] = {}
    for part, names in _NAMES.items():
        at = next((n for n, cell in enumerate(said) if re.fullmatch(names, cell)), None)
        if at is not None:
            found[part] = at
    return found if any(set(each) <= found.keys() for each in _DAYS) else {}


def are_parts(row: Sequence[Any], where: Mapping[str, int]) -> bool:
    """Whether a row holds a date in the columns that a header names."""
    days = next(each for each in _DAYS if set(each) <= where.keys())
    return all(where[part] < len(row) and _is(row[where[part]], part) for part in days)


def find(columns: Mapping[str, Sequence[Any]]) -> Iterator[Parts]:
    """Yield the columns that may make up a stamp: numbers, or a date and an hour that is a number."""
    where = _where(columns)
    clock: tuple[str, ...] = next((each for each in _CLOCKS if set(each) <= where.keys()), ())
    clocks = tuple(where[part] for part in clock)
    day = next((each for each in _DAYS if set(each) <= where.keys()), ())
    days = tuple(where[part] for part in day)
    if "%H" in where and (prefix := _prefix(columns[where["%H"]])):
        clock = tuple(f"{prefix}{part}" if part == "%H" else part for part in clock)
    if days and not set(days) & set(clocks):
        yield Parts(days, clocks, " ".join((*day, *clock)))
    for name, cells in columns.items() if clocks else ():
        some = [each for each in cells[:_LOOKED_AT] if each not in {None, ""}]
        if some and all(map(is_day, some)):
            for each in forms_of_days(cells):
                yield Parts((name,), clocks, " ".join((each.format or "%Y-%m-%d", *clock)))


def _where(columns: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """Return which columns are parts of a stamp, by their names and what they hold."""
    found: dict[str, str] = {}
    for part, pattern in _NAMES.items():
        for name, cells in columns.items():
            plain = re.sub(r"[_\W]+", " ", name).strip().lower()
            if re.fullmatch(pattern, plain) and _holds(cells, part) and not _are_hours(cells, part):
                found.setdefault(part, name)
    return found


def form(columns: Mapping[str, Sequence[Any]], parts: Parts) -> Form | None:
    """Return the stamps of a file; None where its format is not one of numbers."""
    how = TimestampFormat(
        column=parts.days, time_column=parts.clocks or None, format=parts.format, label="right"
    )
    if not how.is_counted:
        return None
    cells = zip(*(map(_text, columns[name]) for name in how.names), strict=True)
    texts = [None if None in row else " ".join(filter(None, row)) for row in cells]
    times = counted.parse(pa.array(texts, pa.string()), how)
    hours = next((columns[name] for name in parts.clocks), ())
    order = "".join(each[1] for each in re.findall("%[Ymdy]", parts.format.partition(" ")[0]))
    return Form(
        parts.format,
        times,
        order=order.lower() if len(parts.days) == 1 and order[:1] not in {"Y", "y"} else "",
        has_clock=bool(parts.clocks),
        ends_at_24="HE" in parts.format or any(_text(each) in {"24", "2400"} for each in hours),
    )


def _holds(cells: Sequence[Any], part: str) -> bool:
    some = [each for each in cells[:_LOOKED_AT] if each is not None and each != ""]
    return bool(some) and all(_is(each, part) for each in some)


def _are_hours(cells: Sequence[Any], part: str) -> bool:
    """Whether what may be 830 for 8:30 by its name counts the hours of a day: 0 to 24."""
    return part == "%H%M" and _holds(cells, "%H")


def _is(cell: Any, part: str) -> bool:
    """Whether a cell is a number that a part of a stamp can be."""
    text = _text(cell)
    if part == "%H" and text is not None and (found := _HOUR_ENDING.fullmatch(text)):
        text = text.strip().removeprefix(found[1])
    if text is None or not text.isdigit():
        return False
    low, high = _RANGES[part]
    return low <= int(text) <= high and (part != "%H%M" or int(text) % 100 < 60)  # noqa: PLR2004


def _text(cell: Any) -> str | None:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if np.isfinite(cell) and cell == int(cell) else str(cell)
    said = "" if cell is None else str(cell).strip()
    return re.sub(r"(?<=\d)\.0+$", "", said) or None
