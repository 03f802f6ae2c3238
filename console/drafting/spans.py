"""Cells that name the beginning and the end of an interval: 01.01.2020 00:00 - 01.01.2020 00:15."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from console.drafting import moments
from console.drafting.moments import Form
from shared.solar.stamp_format import halves

_BETWEEN = re.compile(r"\s+(?:to|bis|à|a|al|tot|até)\s+|\s*(?:--|[-\u2013\u2014/])\s*")
_ZONE = re.compile(r"(\d)( ?\(?)(Z|[-+]\d\d:\d\d|[A-Z]{3,5}(?:/[A-Z]{3,5})?)(\)?)$")
_CLOCK = re.compile(r"(.*\d)(T|,? +)(\d{1,2}[:.]\d\d.*)")
_CLOCK_ALONE = re.compile(r"\d{1,2}[:.]\d\d([:.]\d\d(\.\d+)?)?( ?[AaPp][Mm])?")
_DATES = re.compile("%[YymdbB]")
_SECONDS = re.compile(r"\d[:.]\d\d[:.]\d\d")
_NO_OFFSET = re.compile(r"-(?:\d\d:(?!00|30|45)\d\d|12:(?!00)\d\d|1[3-9]:\d\d|2\d:\d\d)")
_DAY, _MINUTE = np.timedelta64(1, "D"), np.timedelta64(1, "m")
_HALVES = 2
_OFFSETS_OF_A_YEAR = 2
# begin, what is between, end, the zones behind both
Cut = tuple[str, str, str, str, str]


def is_moment(cell: Any) -> bool:
    """Whether a cell holds a date, or an interval that begins with one."""
    if moments.is_moment(cell):
        return True
    return isinstance(cell, str) and bool(_intervals([cell]))


def is_clock(cell: Any) -> bool:
    """Whether a cell holds a time of day without a date, or two of them."""
    if moments.is_clock(cell):
        return True
    halves = _BETWEEN.split(cell.strip()) if isinstance(cell, str) else []
    return len(halves) == _HALVES and all(map(moments.is_clock, halves))


def forms(cells: Sequence[Any]) -> list[Form]:
    """Return every way in which a column may be read, as moments or as intervals."""
    found = moments.forms(cells)
    # The end of 00:00-00:15 looks like an offset, but no clock has as many, or such ones.
    zones = {zone for each in found for zone in each.zones}
    if len(zones) > _OFFSETS_OF_A_YEAR or any(map(_NO_OFFSET.fullmatch, zones)):
        return _intervals(cells) or found
    return found or _intervals(cells)


def _intervals(cells: Sequence[Any]) -> list[Form]:
    cuts = [_cut(each.strip()) if isinstance(each, str) else None for each in cells]
    first = next(filter(None, cuts), None)
    if first is None:
        return []
    begins = moments.forms([cut[0] if cut else None for cut in cuts])
    by_clock = _CLOCK_ALONE.fullmatch(first[2]) is not None
    ends = moments.forms([_end(cut, by_clock=by_clock) if cut else None for cut in cuts])
    zones = [{cut[at] for cut in cuts if cut} for at in (3, 4)]
    found = []
    for begin in begins:
        end = next((each for each in ends if each.order == begin.order), None)
        if end is None or not (begin.has_clock and end.has_clock):
            continue
        lengths = end.times - begin.times
        if by_clock:
            lengths = np.where(lengths <= np.timedelta64(0), lengths + _DAY, lengths)
        known = lengths[~np.isnat(lengths)]
        if not len(known):
            continue
        values, counts = np.unique(known, return_counts=True)
        form = _format(begin, end, first, zones, by_clock=by_clock)
        if not _is_interval(form):
            continue
        found.append(
            replace(
                begin,
                format=form,
                times=np.where(np.isnat(lengths), np.datetime64("NaT", "us"), begin.times),
                zones=frozenset(map(_name, zones[0] | zones[1]))
                - ({""} if zones != [{""}, {""}] else set()),
                ends_at_24=False,
                length=float(values[counts.argmax()] / _MINUTE),
            )
        )
    return found


def _cut(text: str) -> Cut | None:
    """Return what may be the halves of an interval, each with a time of day; None where a text has none."""
    if not 11 <= len(text) <= 80:  # noqa: PLR2004 - 1.1.20 0:00-1:00
        return None
    for between in _BETWEEN.finditer(text):
        begin, zone = _without_zone(text[: between.start()])
        end, other = _without_zone(text[between.end() :])
        if _CLOCK.fullmatch(begin) and (_CLOCK_ALONE.fullmatch(end) or _CLOCK.fullmatch(end)):
            return begin, between[0], end, zone, other
    return None


def _without_zone(text: str) -> tuple[str, str]:
    """Return a half without the zone behind it, and the zone as it is written there."""
    found = _ZONE.search(text)
    return (text[: found.start(2)], found[2] + found[3] + found[4]) if found else (text, "")


def _end(cut: Cut, *, by_clock: bool) -> str:
    date = _CLOCK.fullmatch(cut[0])
    return f"{date[1]}{date[2]}{cut[2]}" if by_clock and date else cut[2]


def _format(
    begin: Form, end: Form, first: Cut, zones: Sequence[set[str]], *, by_clock: bool
) -> str:
    """Return the format of both halves, like %d.%m.%Y %H:%M - %d.%m.%Y %H:%M."""
    one = begin.format or _iso(first[0])
    other = end.format or _iso(_end(first, by_clock=by_clock))
    if by_clock:
        other = other[min(at for at in map(other.find, ("%H", "%I")) if at >= 0) :]
    elif _DATES.findall(other) != _DATES.findall(one):  # the first cell is written like no other
        other = one
    behind = [_directive(each) for each in zones]
    return f"{one}{behind[0]}{first[1]}{other}{behind[1]}"


def _is_interval(form: str) -> bool:
    try:
        return halves(form) is not None
    except ValueError:  # cells that are written like no others
        return False


def _iso(text: str) -> str:
    """Return the format of a time in ISO 8601."""
    seconds = "" if not _SECONDS.search(text) else ":%S.%f" if "." in text else ":%S"
    return f"%Y-%m-%d{text[10]}%H:%M{seconds}"


def _directive(zones: set[str]) -> str:
    said = next((each for each in sorted(zones, reverse=True) if each), "")
    name = _name(said)
    if not name:
        return ""
    return said.replace(name, "%z" if name[0] in "+-Z" else "%Z")


def _name(said: str) -> str:
    return said.strip(" ()")
