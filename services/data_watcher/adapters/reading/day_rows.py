"""Files with a row for each day or hour, and a column for each of its intervals: H1 to H24, or 00 to 45."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from shared.errors import UnreadableFileError

_SPANS = {"hour": 60, "day": 1440}  # min
_QUARTERS = ("00", "15", "30", "45")
_QUARTER = re.compile(
    r"(?P<word>q|qh|qtr|quarter|viertel(?:stunde)?)[ _-]*[1-4]"
    r"|:?(?:00?|15|30|45)(?:\s*[-\u2013]\s*(?:15|30|45|60|00))?",
    re.IGNORECASE,
)
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
    found, span = intervals(header)
    if not found:
        return  # as in nearly every file
    several = set(found)
    for name, positions in columns.items():
        if several & set(positions) and not several <= set(positions):
            minutes = _SPANS[span] // len(several)
            shown = [repr(header[at]) for at in sorted(several)]
            raise UnreadableFileError(
                "day_rows",
                f"each row is one {span}, and {len(several)} columns hold its intervals, like "
                f"{', '.join(shown[:2])}; {name} would be one interval of the {span} for all of it",
                f"name all of them in the site's YAML (columns: [{', '.join(shown)}], or globs of them) "
                f"with combine: in_turn and step_minutes: {minutes}; or write a row for each interval, "
                "with its stamp and its value (spreadsheets unpivot columns)",
            )


def intervals(header: Sequence[str]) -> tuple[list[int], str]:
    """Return the columns that hold the intervals of a row, and whether that is an hour or a day."""
    if len(header) <= len(_QUARTERS):
        return [], ""
    if quarters := _by_quarter(header):
        return quarters, "hour"
    if len(header) <= LEAST:
        return [], ""
    return sorted(_by_clock(header) or _by_number(header)), "day"


def _by_quarter(header: Sequence[str]) -> list[int]:
    """Return the columns of an hour's quarters, called by their minute or by Q1 to Q4."""
    found: dict[str, list[int]] = {}
    for at, name in enumerate(header):
        match = _QUARTER.fullmatch(name.strip())
        if match:
            found.setdefault(match["word"] or "", []).append(at)
    return next((some for some in found.values() if len(some) == len(_QUARTERS)), [])


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
