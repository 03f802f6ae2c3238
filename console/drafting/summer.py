"""Whether the files' clock follows summer time: an hour is missing in spring, or there twice in autumn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from console.drafting.guess import Guess
from console.drafting.moments import Times

# Europe changes in all zones at once, at another hour of each clock; North America at 2:00 of each clock.
_CALENDARS = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Athens",
    "America/New_York",
    "Australia/Sydney",
    "Pacific/Auckland",
    "America/Santiago",
)
# Places that change on the same days, at the same hour of each clock; in autumn New Zealand does so, too.
_ALIKE = {
    "America/New_York": (
        "America/New_York",
        "America/Chicago",
        "America/Denver",
        "America/Los_Angeles",
        "America/Halifax",
        "America/Anchorage",
    ),
    "Australia/Sydney": ("Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland"),
}
_HOUR = np.timedelta64(1, "h")
_MOMENT = np.timedelta64(1, "us")  # a stamp that ends an interval lies in the hour before it
_MOST_YEARS = 30
_NEAR = 0.5  # h; a plant may face east


def seen(times: Times, *, of_begins: bool = False) -> Guess | None:
    """Return a zone whose changes of summer time the stamps show, and how; None where they show none.

    The zone stands for its calendar alone, which other places may have, see `by_longitude`.

    Parameters
    ----------
    of_begins
        Whether stamps of ends are those of the beginnings and a step, like 24:00: of hours nothing else tells
        which hour is missing.
    """
    known = times[~np.isnat(times)]
    if not len(known):
        return None
    ways = (known - _MOMENT, known) if of_begins else (known, known - _MOMENT)
    for stamps in ways:
        for zone in _CALENDARS:
            shown = _shown(stamps, zone)
            if shown:
                return Guess(zone, shown)
    return None


def by_longitude(zone: str, hours: float, longitude: float) -> str | None:
    """Return the zone of a calendar that fits the sun; None where none fits.

    Parameters
    ----------
    hours
        How far the files' clock is ahead of UTC by the sun, in winter, in summer or in the mean. [h]
    longitude
        Of the plant, which tells the zones of a calendar apart. [degrees east]
    """
    fitting = [
        each for each in _ALIKE.get(zone, (zone,)) if -_NEAR <= hours - standard(each) <= 1 + _NEAR
    ]
    return min(fitting, key=lambda each: abs(standard(each) - longitude / 15), default=None)


def standard(zone: str) -> float:
    """Return how far a zone's clock is ahead of UTC outside of its summer time. [h]"""
    months = (datetime(2024, month, 1, tzinfo=UTC) for month in (1, 7))
    return min(_offset(ZoneInfo(zone), each) / timedelta(hours=1) for each in months)


def _shown(stamps: Times, zone: str) -> str:
    """Say where the stamps show a zone's changes; '' where they show none, or contradict one."""
    said = []
    for begin, is_forward in _changes(stamps, zone):
        hours = (begin - _HOUR, begin, begin + _HOUR, begin + 2 * _HOUR)
        before, within, after = (
            int(((stamps >= one) & (stamps < other)).sum()) for one, other in pairwise(hours)
        )
        if not before or before != after:
            continue  # a gap, or nothing at night: it says nothing
        begins = begin.astype(datetime)
        hour = f"{begins:%H:%M} to {begins + timedelta(hours=1):%H:%M}"
        if is_forward and within:
            return ""
        if is_forward:
            said.append(f"{begins:%Y-%m-%d} has no {hour}")
        elif within == before + after:
            said.append(f"{begins:%Y-%m-%d} has {hour} twice")
    return ", ".join(said[:2])


def _changes(stamps: Times, zone: str) -> Iterator[tuple[np.datetime64, bool]]:
    """Yield the clock's hour that is skipped (True) or repeated (False), of each change in between."""
    info = ZoneInfo(zone)
    first, last = stamps.min().astype(datetime), stamps.max().astype(datetime)
    days = min((last - first).days + 2, 366 * _MOST_YEARS)
    noon = datetime(first.year, first.month, first.day, 12, tzinfo=UTC) - timedelta(days=1)
    for day in range(days):
        at = noon + timedelta(days=day)
        before, after = _offset(info, at), _offset(info, at + timedelta(days=1))
        if before == after:
            continue
        minutes = (at + timedelta(minutes=each) for each in range(0, 24 * 60, 30))
        change = next(each for each in minutes if _offset(info, each) == after)
        begin = change + min(before, after)
        yield np.datetime64(begin.replace(tzinfo=None), "us"), after > before


def _offset(info: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(info).utcoffset() or timedelta(0)
