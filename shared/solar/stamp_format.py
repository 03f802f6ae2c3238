"""Formats of time stamps as a site's YAML says them: strptime's, of a moment or of an interval."""

from __future__ import annotations

import re
from dataclasses import dataclass

EXCEL = "excel"  # serial dates of spreadsheets, days since 1899-12-30
LOCAL_SINCE_1970 = "local_since_1970"  # seconds, or parts of them, by a clock of the YAML's zone
_TOKEN = re.compile(r"%.|[^%]+|%$")
_ZONES = {"%z", "%Z"}
_DATES = {"%Y", "%y", "%m", "%b", "%B", "%d", "%j"}
_KNOWN = _DATES | {"%H", "%I", "%M", "%S", "%f", "%p"}
_COUNTED = {"%Y", "%y", "%m", "%d", "%j", "%H", "%M", "%S"}
# The half of a day repeats in 10:00 AM - 10:15 AM without a second hour being named by it.
_NOT_TELLING = _ZONES | {"%p", "%%"}


def tokens(format_: str) -> list[str]:
    """Return the directives of a format and what is between them, in their order."""
    return _TOKEN.findall(format_)


def directives(format_: str) -> list[str]:
    """Return the directives of a format in their order."""
    return [each for each in tokens(format_) if each.startswith("%")]


def is_counted(format_: str) -> bool:
    """Whether all that a format names are numbers, at least the year and the day."""
    named = set(directives(format_))
    years, days = {"%Y", "%y"} & named, {"%j"} & named or {"%m", "%d"} <= named
    return bool(years and days) and named <= _COUNTED


@dataclass(frozen=True, slots=True)
class Halves:
    """A format of an interval's beginning and end, in tokens: directives and what is between them.

    Attributes
    ----------
    date
        Of the beginning, up to its time of day; its end lies on the same day where `end` has none.
    """

    begin: tuple[str, ...]
    between: tuple[str, ...]
    end: tuple[str, ...]
    behind: tuple[str, ...]
    date: tuple[str, ...]

    @property
    def ends_by_clock(self) -> bool:
        """Whether the end is a time of day alone."""
        return not _DATES & set(self.end)


def halves(format_: str | None) -> Halves | None:
    """Return the beginning and the end that a format names; None for a format of one moment.

    Raises
    ------
    ValueError
        It names something twice, and is no interval that can be read.
    """
    each = tokens(format_) if format_ else []
    start = _second(each)
    if start is None:
        return None
    begin, between = _cut_behind(each[:start])
    end, behind = _cut_behind(each[start:])
    clock = next((at for at, each in enumerate(begin) if each in {"%H", "%I"}), len(begin))
    found = Halves(begin, between, end, behind, begin[:clock])
    fault = _fault(found)
    if fault:
        message = (
            f"{format_!r} names something twice, like an interval's beginning and end; {fault}"
        )
        raise ValueError(message)
    return found


def _second(said: list[str]) -> int | None:
    """Return where the first directive comes that was there before."""
    seen = set()
    for at, each in enumerate(said):
        if each.startswith("%") and each not in _NOT_TELLING:
            if each in seen:
                return at
            seen.add(each)
    return None


def _cut_behind(said: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return tokens up to the last directive that is no zone, and those behind it."""
    last = max(at for at, each in enumerate(said) if each.startswith("%") and each not in _ZONES)
    return tuple(said[: last + 1]), tuple(said[last + 1 :])


def _fault(found: Halves) -> str | None:
    """Return why an interval cannot be read; None where it can."""
    begin, end = (
        {each for each in half if each.startswith("%")} for half in (found.begin, found.end)
    )
    unknown = sorted((begin | end) - _KNOWN)
    if unknown:
        return f"{unknown[0]} is not known there; use {', '.join(sorted(_KNOWN | _ZONES))}"
    clocks = {"%H", "%I"}
    if not begin & clocks or not end & clocks or not begin & _DATES:
        return "write both with their time of day, and the beginning with its date"
    if end & _DATES and end & _DATES != begin & _DATES:
        return "write the end with the same parts of the date as the beginning, or with none"
    if _DATES & set(found.begin[len(found.date) :]):
        return "write the date before the time of day"
    return None
