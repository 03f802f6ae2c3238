"""Cells as times: the forms that a column of stamps may have, and the times by each of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from console.drafting import said_whole, worded
from services.data_watcher.adapters.reading import stamp_text, zone_names

Times = npt.NDArray[np.datetime64]
Whole = npt.NDArray[np.int64]

_DATE = r"(\d{1,4})([-/. ])(\d{1,2}|[A-Za-z]{3,9})\2(\d{1,4})"
_CLOCK = r"(\d{1,2})(:|\.|h)(\d\d)(?:\7(\d\d)(\.\d+)?)?( ?)([AaPp][Mm])?"
_OFFSET = r"\s*(Z|[-+]\d\d:?\d\d)?"
_AT = r"(?:klo|kl\.?|um|at|à|às|ore|o)"  # the word before a time of day
_STAMP = re.compile(rf"{_DATE}(?:(T|[.,]? +(?:{_AT} +)?){_CLOCK}{_OFFSET})?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)([T _:-]?)(?:(\d\d)(:?)(\d\d)(?:\6(\d\d))?)?")
_SHORT = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")
_CLOCK_ALONE = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[AaPp][Mm])?")
_SINCE_1970 = re.compile(r"\d{9,10}(\.\d+)?|\d{12,13}|\d{16}|\d{19}")
_HALF = re.compile(r"(?<=[\d\s])([AaPp])\.?[ \u00a0\u202f]?[Mm]\b\.?$")
# ISO 8601 as databases and services write it, and as most others do.
_ISO = {
    re.compile(r"(\d{8}[ T_:-])(\d:\d\d(?::\d\d)?)"): r"\g<1>0\2",
    re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d),(\d+)"): r"\1.\2",
    re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?[-+]\d\d)"): r"\1:00",
    re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z"): r"\1-\2-\3T\4:\5:\6Z",
}
_WEEKDAY = re.compile(
    r"((?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?)([.,]? +)(?=\d|[A-Z][a-z]{2,} \d)"
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_YEARS = (1990, 2100)
_EPOCH = (631_152_000, 2_051_222_400)  # 1990 to 2035, in seconds; 2403050630 is 2024-03-05 06:30
_NAT = np.datetime64("NaT", "us")


@dataclass(frozen=True, slots=True)
class Form:
    """One way to read a column of stamps.

    Attributes
    ----------
    format
        As the site's YAML says it; None for ISO 8601, for times that are stored as such, and since 1970.
    times
        By the file's own clock; NaT where a cell is no time in this form.
    zones
        Offsets and names of zones behind the stamps, "" for stamps without.
    order
        Which of day, month and year comes first, like "dmy"; "" where it cannot be mistaken.
    has_clock
        Whether the stamps hold a time of day.
    ends_at_24
        Whether some stamp says 24:00.
    length
        How long most intervals are, where stamps name their end as well. [min]
    """

    format: str | None
    times: Times
    zones: frozenset[str] = frozenset()
    order: str = ""
    has_clock: bool = True
    ends_at_24: bool = False
    length: float | None = None


def is_moment(cell: Any) -> bool:
    """Whether a cell holds a date, with or without a time of day."""
    if isinstance(cell, date):
        return True
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _epoch(cell) is not None
    if not isinstance(cell, str) or not 6 <= len(_usual(cell)) <= 40:  # noqa: PLR2004 - 1/1/22; with a zone
        return False
    return any(bool((~np.isnat(form.times)).any()) for form in forms([cell]))


def is_clock(cell: Any) -> bool:
    """Whether a cell holds a time of day without a date."""
    if isinstance(cell, time | timedelta):
        return True
    return isinstance(cell, str) and bool(_CLOCK_ALONE.fullmatch(cell.strip()))


def is_day(cell: Any) -> bool:
    """Whether a cell holds a date without a time of day, or midnight."""
    if isinstance(cell, datetime):
        return cell.time() == time()
    return (
        isinstance(cell, date)
        or (
            isinstance(cell, str)
            and is_moment(cell)
            and ":" not in cell
            and not cell.strip().isdigit()
        )
        or (isinstance(cell, str) and bool(re.fullmatch(r"(19|20)\d{6}", cell.strip())))
    )


def joined(days: Sequence[Any], clocks: Sequence[Any]) -> list[str | None]:
    """Return stamps of date and time of day, joined as the reader joins them."""
    return [
        None if day is None or clock is None else f"{_day_text(day)} {_clock_text(clock)}"
        for day, clock in zip(days, clocks, strict=True)
    ]


def forms(cells: Sequence[Any]) -> list[Form]:
    """Return every way in which a column may be read; those that fit no cell are left out."""
    some = [each for each in cells if each is not None and each != ""]
    if not some:
        return []
    if isinstance(some[0], date):
        return [_stored(cells)]
    if isinstance(some[0], int | float):
        return _since_1970(
            [f"{each:.0f}" if isinstance(each, int | float) else None for each in cells]
        )
    texts = [_usual(each) if isinstance(each, str) else None for each in cells]
    found = _whole(texts) or _of_weekdays(texts) or _worded(texts) or _spelled(texts)
    found = found or _compact(texts) or _short(texts) or _since_1970(texts)
    if zone_names.has_offset_behind(some[0]):
        found = [_naming_its_zone(form) for form in found]
    return [form for form in found if not np.isnat(form.times).all()]


def _naming_its_zone(form: Form) -> Form:
    """Return a form whose offset has the name of the zone before it, as the reader knows it."""
    if form.format is None or not form.format.endswith("%z"):
        return form
    return replace(form, format=f"{form.format.removesuffix('%z').rstrip()} %Z%z")


def _whole(texts: Sequence[str | None]) -> list[Form]:
    found = said_whole.find(texts)
    return [Form(found.format, np.array(found.times, "M8[us]"))] if found else []


def _usual(cell: str) -> str:
    """Return a stamp as most others are written."""
    cell = stamp_text.without_pass(zone_names.without_name_of_offset(cell.strip()))
    text = _HALF.sub(r"\1M", re.sub("[\u00a0\u202f]", " ", cell.strip()))
    for pattern, usual in _ISO.items():
        if pattern.fullmatch(text):
            return pattern.sub(usual, text)
    return text


def _of_weekdays(texts: Sequence[str | None]) -> list[Form]:
    """Return the forms of stamps that begin with the day of the week."""
    found = next((match for each in texts if each and (match := _WEEKDAY.match(each))), None)
    if found is None:
        return []
    rest = [_WEEKDAY.sub("", each, count=1) if each else None for each in texts]
    before = ("%A" if found[1].endswith("day") else "%a") + found[2]
    return [
        replace(form, format=f"{before}{form.format}")
        for form in _worded(rest) or _spelled(rest)
        if form.format is not None
    ]


def _stored(cells: Sequence[Any]) -> Form:
    aware = {
        f"{each:%z}" for each in cells if isinstance(each, datetime) and each.tzinfo is not None
    }
    plain = [
        (each.replace(tzinfo=None) if isinstance(each, datetime) else each)
        if isinstance(each, date)
        else None
        for each in cells
    ]
    return Form(None, np.array(plain, dtype="M8[us]"), frozenset(map(_offset, aware)))


def _epoch(value: float) -> float | None:
    """Return seconds since 1970 that a number is, whether it counts seconds or parts of them."""
    parts = (1.0, 1e3, 1e6, 1e9)
    return next((value / each for each in parts if _EPOCH[0] <= value / each < _EPOCH[1]), None)


def _since_1970(texts: Sequence[str | None]) -> list[Form]:
    counted = [
        _epoch(float(each)) if each and _SINCE_1970.fullmatch(each) else None for each in texts
    ]
    if not any(counted):
        return []
    times = [_NAT if each is None else np.datetime64(round(each * 1e6), "us") for each in counted]
    return [Form(None, np.array(times, "M8[us]"), frozenset({"since 1970"}))]


def _worded(texts: Sequence[str | None]) -> list[Form]:
    """Return the form of dates with their month in words."""
    words = worded.find(texts)
    if words is None:
        return []
    return [
        replace(form, format=form.format.replace(worded.NUMBERED, words.format))
        for form in _spelled(words.numbered)
        if form.format is not None
    ]


# --- written out ------------------------------------------------------------------------------------


def _spelled(texts: Sequence[str | None]) -> list[Form]:
    """Return the forms of stamps whose parts are set apart: 2024-07-01 12:00, 1/7/24, 1-Jul-2024 12:00 PM."""
    matches, zones, late = [], set(), np.zeros(len(texts), bool)
    summer = np.zeros(len(texts), bool)  # ahead of the clock by an hour, as the stamp says
    words = set()
    for at, text in enumerate(texts):
        plain, name = zone_names.apart(text) if text else ("", None)
        if name and name.upper() in {"AM", "PM", "Z"}:
            plain, name = text or "", None
        words.add((text or "")[len(plain) :] if name and not zone_names.is_known(name) else "")
        name = name if name and zone_names.is_known(name) else None
        summer[at] = name == zone_names.SUMMER
        plain, late[at] = stamp_text.without_hour_24(plain)
        match = _STAMP.fullmatch(plain)
        matches.append(match)
        if match:
            zones.add(name or _offset(match[13]) if name or match[13] else "")
    seen = [match for match in matches if match]
    if not seen:
        return []
    first = seen[0]
    word = words.pop() if len(words) == 1 else ""  # that all have, like Uhr
    alike = [match if match and match[2] == first[2] else None for match in matches]
    clock = np.array([_clock(match) for match in alike], "m8[us]") + late * np.timedelta64(1, "D")
    clock -= summer * np.timedelta64(1, "h")
    found = []
    for order in _orders([match for match in alike if match]):
        times = _dates(alike, order) + clock
        found.append(
            Form(
                _format(first, order, seen, word),
                times,
                frozenset(zones),
                order if order[0] != "y" else "",
                has_clock=first[5] is not None,
                ends_at_24=bool(late.any()),
            )
        )
    return found


def _orders(matches: Sequence[re.Match[str]]) -> list[str]:
    """Return the orders of day, month and year that stamps may have."""
    if any(len(match[1]) > 2 for match in matches):  # noqa: PLR2004 - a year
        return ["ymd"]
    if any(match[3].isalpha() for match in matches):
        return ["dmy"]
    short = all(len(match[4]) <= 2 for match in matches)  # noqa: PLR2004 - a year of two digits
    return ["dmy", "mdy", *(["ymd"] if short else [])]


def _dates(matches: Sequence[re.Match[str] | None], order: str) -> Times:
    """Return the dates of stamps whose parts come in some order; NaT where that is no date."""
    parts = np.array(
        [[_number(each) for each in (m[1], m[3], m[4])] if m else [0, 0, 0] for m in matches],
        np.int64,
    )
    year, month, day = (parts[:, order.index(each)].copy() for each in "ymd")
    short = (year < 100) & (month > 0)  # noqa: PLR2004 - two digits
    year[short] += np.where(year[short] < 69, 2000, 1900)  # noqa: PLR2004 - as strptime does
    good = (year >= _YEARS[0]) & (year < _YEARS[1]) & (month >= 1) & (month <= 12) & (day >= 1)  # noqa: PLR2004
    months = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    dates = months.astype("M8[D]") + (day - 1)
    good &= dates.astype("M8[M]") == months
    found = dates.astype("M8[us]")
    found[~good] = _NAT
    return found


def _number(part: str) -> int:
    if part.isdigit():
        return int(part)
    short = part[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0


def _clock(match: re.Match[str] | None) -> np.timedelta64:
    if match is None or match[6] is None:
        return np.timedelta64(0, "us")
    hour, half = int(match[6]), (match[12] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    seconds = hour * 3600 + int(match[8]) * 60 + int(match[9] or 0)
    return np.timedelta64(seconds * 1_000_000 + round(float(match[10] or 0) * 1e6), "us")


def _format(
    first: re.Match[str], order: str, seen: Sequence[re.Match[str]], word: str
) -> str | None:
    """Return the format of the site's YAML for stamps that are written like the first one.

    Parameters
    ----------
    word
        Behind each stamp; it names no zone.
    """
    year = "%Y" if len(first[order.index("y") + 1 + (order.index("y") > 0)]) > 2 else "%y"  # noqa: PLR2004
    month = "%m" if not first[3].isalpha() else ("%b" if len(first[3]) == 3 else "%B")  # noqa: PLR2004
    codes: dict[str, str] = {"y": year, "m": month, "d": "%d"}
    day = first[2].join(codes[each] for each in order)
    if first[5] is None:
        is_iso = not word and day == "%Y-%m-%d" and all(len(m[3]) == len(m[4]) == 2 for m in seen)  # noqa: PLR2004
        return None if is_iso else day + word
    padded = all(len(m[3]) == len(m[4]) == len(m[6] or "00") == 2 for m in seen)  # noqa: PLR2004
    is_iso = day == "%Y-%m-%d" and padded and first[5] in {" ", "T"}
    if is_iso and not word and not first[12] and first[7] == ":":
        return None  # ISO 8601
    clock = f"%H{first[7]}%M" if not first[12] else f"%I{first[7]}%M"
    if first[9] is not None:
        clock += f"{first[7]}%S" + (".%f" if any(m[10] for m in seen) else "")
    if first[12]:
        clock += f"{first[11]}%p"
    return f"{day}{first[5]}{clock}" + ("%z" if first[13] else "") + word


def _compact(texts: Sequence[str | None]) -> list[Form]:
    """Return the form of stamps without signs between their parts: 20240701 1200."""
    matches = [_COMPACT.fullmatch(each) if each else None for each in texts]
    seen = [match for match in matches if match]
    if not seen:
        return []
    first = seen[0]
    times = np.array([_compact_time(each) for each in matches], "M8[us]")
    if np.isnat(times).mean() > 0.2:  # noqa: PLR2004 - they count from 1970
        return []
    clock = f"%H{first[6]}%M" + (f"{first[6]}%S" if first[8] else "") if first[5] else ""
    return [Form(f"%Y%m%d{first[4]}{clock}", times, has_clock=first[5] is not None)]


def _short(texts: Sequence[str | None]) -> list[Form]:
    """Return the form of stamps with a year of two digits and no sign: 2407011200; all are, or none is."""
    matches = [_SHORT.fullmatch(each) if each else None for each in texts]
    times = [_short_time(each) for each in matches if each]
    if not times or not all(times) or len(times) < sum(map(bool, texts)):
        return []
    found = [_short_time(each) if each else None for each in matches]
    return [Form("%y%m%d%H%M", np.array(found, "M8[us]"))]


def _short_time(match: re.Match[str]) -> datetime | None:
    try:
        return datetime.strptime(match[0], "%y%m%d%H%M")  # noqa: DTZ007 - the file's own clock
    except ValueError:
        return None


def is_compact(cell: Any) -> bool:
    """Whether a cell is a date with its time of day in one number: 202407011200."""
    match = _COMPACT.fullmatch(str(cell).strip()) if isinstance(cell, str) else None
    return match is not None and bool(match[5]) and _compact_time(match) is not None


def _compact_time(match: re.Match[str] | None) -> datetime | None:
    if match is None or not _YEARS[0] <= int(match[1]) < _YEARS[1]:
        return None
    try:
        return datetime(  # noqa: DTZ001 - the file's own clock
            *(int(match[at] or 0) for at in (1, 2, 3, 5, 7, 8))  # type: ignore[arg-type]
        )
    except ValueError:
        return None


def _offset(said: str) -> str:
    """Return an offset as a site's YAML writes it."""
    return "+00:00" if said in {"Z", ""} else f"{said[:3]}:{said[-2:]}"


def _day_text(day: Any) -> str:
    if isinstance(day, datetime):
        return day.date().isoformat()
    return day.isoformat() if isinstance(day, date) else str(day).strip()


def _clock_text(clock: Any) -> str:
    if isinstance(clock, datetime):
        return clock.time().isoformat()
    if isinstance(clock, timedelta):
        seconds = round(clock.total_seconds())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    said = clock.isoformat() if isinstance(clock, time) else str(clock).strip()
    return f"0{said}" if re.match(r"\d:", said) else said
