"""How people write spans of time, hours of the day, and the issue of a forecast in a file's name."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_SPAN = re.compile(r"(\d+(?:\.\d+)?) ?(min|h|d)")
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
LONGEST = timedelta(days=366)  # no forecast reaches farther, not even of a season
# What a directive of strptime stands for in a file's name.
_DIRECTIVES = {
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%m": r"\d{2}",
    "%d": r"\d{2}",
    "%j": r"\d{3}",
    "%H": r"\d{2}",
    "%M": r"\d{2}",
    "%S": r"\d{2}",
    "%b": r"[A-Za-z]{3}",
    "%z": r"Z|[+-]\d{2}:?\d{2}",
}
_YEARS = ({"%Y"}, {"%y"})
_DAYS = ({"%m", "%d"}, {"%b", "%d"}, {"%j"})


def span(text: str) -> timedelta:
    """Return a span of time: 48h, 90min or 2d.

    Raises
    ------
    ValueError
        It is none, or none that a forecast can have.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        message = f"{text!r} is no span of time; write a number and its unit: 48h, 90min or 2d"
        raise ValueError(message)
    length = float(found[1]) * _UNITS[found[2]]
    if not timedelta(0) < length <= LONGEST:
        message = f"{text!r} is no span of a forecast; it is more than nothing and at most a year"
        raise ValueError(message)
    return length


def clock(text: str) -> timedelta:
    """Return an hour of the day as the time since midnight: 12:00.

    Raises
    ------
    ValueError
        It is none.
    """
    found = _CLOCK.fullmatch(text)
    if found is None:
        message = f'{text!r} is no hour of the day; write it with quotes, like "06:00"'
        raise ValueError(message)
    return timedelta(hours=int(found[1]), minutes=int(found[2]))


def has_hour(format_: str) -> bool:
    """Whether a format of strptime holds the hour."""
    return "%H" in format_ or "%I" in format_


def check_pattern(pattern: str) -> None:
    """Refuse a pattern of names that does not hold a day.

    Raises
    ------
    ValueError
        What it lacks, or which directive is not known in names.
    """
    found = _directives(pattern)
    unknown = [each for each in found if each not in _DIRECTIVES]
    if unknown:
        known = ", ".join(_DIRECTIVES)
        message = f"{unknown[0]} is not known in a pattern of names; use {known}"
        raise ValueError(message)
    named = set(found)
    if not any(each <= named for each in _YEARS) or not any(each <= named for each in _DAYS):
        message = f"{pattern!r} names no day; it needs year, month and day, like nwp_%Y%m%d%H.csv"
        raise ValueError(message)


def in_name(pattern: str, name: str) -> datetime | None:
    """Return the moment that a file's name holds; None where the pattern does not fit, or it is no moment.

    Parameters
    ----------
    pattern
        Of the whole name, with the directives of strptime; `*` stands for anything.
    """
    parts = re.split(r"(%.|\*|\?)", pattern)
    said = "".join(
        f"({_DIRECTIVES[each]})"
        if each in _DIRECTIVES
        else {"*": ".*?", "?": "."}.get(each, re.escape(each))
        for each in parts
    )
    found = re.fullmatch(said, name)
    if found is None:
        return None
    try:
        return datetime.strptime(" ".join(found.groups()), " ".join(_directives(pattern)))  # noqa: DTZ007 - the YAML's zone is applied later
    except ValueError:
        return None


def _directives(pattern: str) -> list[str]:
    return re.findall(r"%.", pattern)
