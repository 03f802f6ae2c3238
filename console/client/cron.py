"""When a cron expression of EventBridge Scheduler is due: minutes hours day-of-month month day-of-week year.

What cannot be computed surely (L, W, #) is None, and so is whatever is no cron expression. A time that the
clocks skip in spring is skipped, and one that comes twice in autumn counts once, as AWS does it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (  # least, most, and the names of 1, 2, …
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (1, 7, _DAYS),
    (1970, 2199, ()),
)
_PART = re.compile(r"(\*|\d+(?:-\d+)?)(?:/(\d+))?")
_FAR = 366 * 5  # days; the 29th of February is found


@dataclass(frozen=True, slots=True)
class _Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]

    def has(self, day: date) -> bool:
        """Whether it is due on a day; AWS counts Sunday as the first of the week."""
        return (
            day.year in self.years
            and day.month in self.months
            and day.day in self.days
            and day.isoweekday() % 7 + 1 in self.weekdays
        )

    def times(self) -> list[time]:
        """Return when on such a day."""
        return [
            time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes)
        ]


def following(expression: str, zone: str, after: datetime) -> datetime | None:
    """Return the first time after a moment, in UTC; None where it is not known or never comes."""
    return next((at for at in _times(expression, zone, after, 1) if at > after), None)


def preceding(expression: str, zone: str, before: datetime, since: datetime) -> datetime | None:
    """Return the last time before a moment, in UTC; None where it is not known or lies before `since`."""
    found = next((at for at in _times(expression, zone, before, -1) if at <= before), None)
    return found if found and found >= since else None


def _times(expression: str, zone: str, start: datetime, step: int) -> Iterator[datetime]:
    """Yield the times from the day of a moment on, or backwards."""
    cron = _read(expression)
    if cron is None:
        return
    try:
        here = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return
    first = start.astimezone(here).date()
    times = cron.times()[::step]
    for ahead in range(-1, _FAR):
        day = first + timedelta(days=step * ahead)
        if not cron.has(day):
            continue
        for each in times:
            local = datetime.combine(day, each, here)
            at = local.astimezone(UTC)
            if at.astimezone(here).replace(tzinfo=None) == local.replace(tzinfo=None):
                yield at


def _read(expression: str) -> _Cron | None:
    found = re.fullmatch(r"cron\((.+)\)", expression.strip())
    fields = found[1].upper().split() if found else []
    if len(fields) != len(_FIELDS):
        return None
    values = []
    for field, (least, most, words) in zip(fields, _FIELDS, strict=True):
        numbers = field
        for number, word in enumerate(words, 1):
            numbers = numbers.replace(word, str(number))
        read = _values(numbers, least, most)
        if read is None:
            return None
        values.append(read)
    return _Cron(*values)


def _values(field: str, least: int, most: int) -> frozenset[int] | None:
    found: set[int] = set()
    for each in field.replace("?", "*").split(","):
        part = _PART.fullmatch(each)
        if part is None:
            return None
        first, _, last = part[1].partition("-")
        begin = least if first == "*" else int(first)
        end = most if first == "*" or (part[2] and not last) else int(last or first)
        if not least <= begin <= end <= most or part[2] == "0":
            return None
        found.update(range(begin, end + 1, int(part[2] or 1)))
    return frozenset(found)
