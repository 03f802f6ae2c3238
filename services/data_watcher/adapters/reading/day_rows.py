"""Files with a row for each day and a column for each of its intervals: 00:00, 00:30, … or H1 to H24."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from shared.errors import UnreadableFileError

LEAST = 24  # columns; the hours of a day
_MOST_LACKING = 4  # an hour that a clock skips, as quarters
_CLOCK = re.compile(r"(?:[01]?\d|2[0-4])[:.h]\d\d(?::\d\d)?(?:\s*[-\u2013]\s*\S{4,8})?")
_NUMBERED = re.compile(r"(?P<word>[^\W\d]*)[ ._-]*(?P<number>\d{1,2})")
_HOURS = {"", "h", "he", "hr", "hour", "hora", "heure", "ora", "stunde", "std", "uur", "q", "p"}
_INTERVALS = (24, 48, 96)  # of a day


def check(header: Sequence[str], columns: Mapping[str, Sequence[int]]) -> None:
    """Refuse a file of which a quantity would be one interval of each day, and stand for the whole day.

    Parameters
    ----------
    columns
        Positions of the columns that each quantity is made of, by canonical name.

    Raises
    ------
    UnreadableFileError
        `day_rows`
    """
    if len(header) <= LEAST:
        return  # as in nearly every file
    intervals = set(_by_clock(header)) or set(_by_number(header))
    for name, positions in columns.items():
        if intervals & set(positions) and not intervals <= set(positions):
            raise UnreadableFileError(
                "day_rows",
                f"each row is a day, and {len(intervals)} columns hold its intervals, like "
                f"{', '.join(repr(header[at]) for at in sorted(intervals)[:2])}; {name} would be one "
                "interval of the day for all of it",
                "write a row for each interval, with its date, its time of day and its value "
                "(spreadsheets unpivot columns), and name these in the site's YAML",
            )


def _by_clock(header: Sequence[str]) -> list[int]:
    found = [at for at, name in enumerate(header) if _CLOCK.fullmatch(name.strip())]
    return found if len(found) >= LEAST - _MOST_LACKING else []


def _by_number(header: Sequence[str]) -> list[int]:
    """Return the columns that count a day's intervals, from 0 or 1 on without a gap."""
    series: dict[str, dict[int, int]] = {}
    for at, name in enumerate(header):
        match = _NUMBERED.fullmatch(name.strip())
        if match and match["word"].lower() in _HOURS:
            series.setdefault(match["word"], {}).setdefault(int(match["number"]), at)
    for numbers in series.values():
        some = sorted(numbers)
        # In autumn a day has an hour more, which some files give a column of its own.
        count = len(some) - len(some) % LEAST
        if count in _INTERVALS and some[0] in {0, 1} and some[-1] - some[0] == len(some) - 1:
            return list(numbers.values())
    return []
