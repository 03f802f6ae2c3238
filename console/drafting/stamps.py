"""Where a file keeps its time stamps, and in which form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any

from console.drafting.guess import Guess, NotUnderstoodError, moment_of, number_of

_FORMATS = (
    None,
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y%m%d %H%M",
    "%Y%m%d%H%M",
)
_DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d")


def is_data(row: Sequence[Any]) -> bool:
    """Whether a row holds a time and a number."""
    has_time = any(moment_of(cell, form) for cell in row for form in (*_FORMATS, *_DATES))
    return has_time and any(
        number_of(cell, ".") is not None or number_of(cell, ",") is not None for cell in row
    )


def stamps(
    columns: dict[str, list[Any]], file: str
) -> tuple[dict[str, Guess], list[datetime | None]]:
    """Return how a file writes its time stamps, and the stamps.

    Raises
    ------
    NotUnderstoodError
        No column holds any.
    """
    candidates: dict[str, tuple[str, str | None, list[Any]]] = {
        name: (name, None, cells) for name, cells in columns.items()
    }
    for (day, days), (hour, hours) in _pairs(columns):
        joined = [f"{_plain(a)} {_plain(b)}" for a, b in zip(days, hours, strict=True)]
        candidates[f"{day}+{hour}"] = (day, hour, joined)
    best: tuple[tuple[float, float], dict[str, Guess], list[datetime | None]] | None = None
    for name, hour_column, cells in candidates.values():
        for form in _FORMATS:
            if not any(moment_of(cell, form) for cell in cells[:50]):
                continue
            moments = [moment_of(cell, form) for cell in cells]
            share = sum(each is not None for each in moments) / max(len(moments), 1)
            rank = (round(share, 2), _regularity(moments))
            if share > 0.8 and (best is None or rank > best[0]):  # noqa: PLR2004 - most of them
                best = rank, _stamp_guesses(name, hour_column, form, moments), moments
    if best is None:
        message = f"{file}: no column holds time stamps in a form that is known here"
        raise NotUnderstoodError(message)
    return best[1], best[2]


def _pairs(columns: dict[str, list[Any]]) -> Iterator[tuple[tuple[str, list[Any]], ...]]:
    """Yield date columns with time-of-day columns."""
    for day, days in columns.items():
        is_day = isinstance(days[0], date) or any(moment_of(str(days[0]), form) for form in _DATES)
        for hour, hours in columns.items():
            is_hour = isinstance(hours[0], time) or re.match(r"\d{1,2}:\d\d", str(hours[0]))
            if day != hour and is_day and is_hour:
                yield (day, days), (hour, hours)


def _plain(cell: Any) -> str:
    return cell.date().isoformat() if isinstance(cell, datetime) else str(cell).strip()


def _regularity(moments: list[datetime | None]) -> float:
    """Return how often stamps follow each other at the most frequent distance: swapped days do not."""
    steps = Counter(_distances(moments))
    return max(steps.values()) / len(moments) if steps else 0.0


def _distances(moments: list[datetime | None]) -> Iterator[float]:
    known = [each.replace(tzinfo=None) for each in moments if each]
    return ((b - a).total_seconds() for a, b in pairwise(known) if b > a)


def _stamp_guesses(
    name: str, hour: str | None, form: str | None, moments: list[datetime | None]
) -> dict[str, Guess]:
    good = [each for each in moments if each]
    found = {"column": Guess(name, f"{len(good)} of {len(moments)} cells are times")}
    if hour:
        found["time_column"] = Guess(hour, "the time of day stands apart from the date")
    if form:
        found["format"] = Guess(form, "with it the stamps follow each other most regularly")
    step = Counter(_distances(moments)).most_common(1)
    if step and step[0][0] >= 60:  # noqa: PLR2004 - a minute
        share = step[0][1] / max(len(good) - 1, 1)
        found["step_minutes"] = Guess(int(step[0][0] // 60), f"{share:.0%} of distances")
    return found
