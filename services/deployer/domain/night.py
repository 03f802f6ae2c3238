"""When it is night at a model's sites, month by month: then fewer instances are enough.

Sunrise and sunset follow from the sun's declination, the equation of time and an elevation of -0.833 degrees,
which is that of the sun's upper edge with refraction [1]_. They are right to some minutes; an hour is left at
each end.

References
----------
.. [1] NOAA Global Monitoring Laboratory, General Solar Position Calculations.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

MARGIN = timedelta(hours=1)  # by which it is day before sunrise and after sunset
LEAST = timedelta(hours=2)  # of night that are worth it
_RISE = math.radians(90.833)
_DAY = timedelta(days=1)
_DAYS_LOOKED_AT = (1, 15, 28)  # of a month; between them the sun's times run evenly


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on earth. [degree]"""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Night:
    """A time of every day of a month [minutes of the day, UTC]; it may go over midnight."""

    month: int
    begins: int
    ends: int


def nights(spots: Iterable[Spot], year: int) -> list[Night]:
    """Return for each month when it is night at every place; a month without such a time is left out."""
    places = list(spots)
    found = (_night(places, year, month) for month in range(1, 13)) if places else ()
    return [each for each in found if each is not None]


def _night(places: list[Spot], year: int, month: int) -> Night | None:
    """Return the time at which no place has day on any day of a month."""
    first, days = places[0], [date(year, month, day) for day in _DAYS_LOOKED_AT]
    lit = [daylight(place, day) for place in places for day in days]
    if any(each is None for each in lit):
        return None  # the sun does not set, or does not rise: there is no hour to change at
    # Around the first place's noon, so that places beyond midnight join their own day.
    noon = _of_day(-4.0 * first.longitude + 720.0)
    spans = [_around(noon, *each) for each in lit if each is not None]
    begin, end = min(span[0] for span in spans), max(span[1] for span in spans)
    margin = MARGIN.total_seconds() / 60
    begin, end = begin - margin, end + margin
    if _DAY.total_seconds() / 60 - (end - begin) < LEAST.total_seconds() / 60:
        return None
    return Night(month, round(_of_day(end)), round(_of_day(begin)))


def daylight(place: Spot, day: date) -> tuple[float, float] | None:
    """Return sunrise and sunset of a day [minutes after its midnight, UTC], before and after it too.

    Returns
    -------
    tuple or None
        None where the sun does not rise, or does not set.
    """
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    angle = 2.0 * math.pi * (noon.timetuple().tm_yday - 1) / 365.0
    late = 229.18 * (  # by which the sun is before the clock: the equation of time [min]
        0.000075
        + 0.001868 * math.cos(angle)
        - 0.032077 * math.sin(angle)
        - 0.014615 * math.cos(2 * angle)
        - 0.040849 * math.sin(2 * angle)
    )
    declination = (
        0.006918
        - 0.399912 * math.cos(angle)
        + 0.070257 * math.sin(angle)
        - 0.006758 * math.cos(2 * angle)
        + 0.000907 * math.sin(2 * angle)
        - 0.002697 * math.cos(3 * angle)
        + 0.00148 * math.sin(3 * angle)
    )
    latitude = math.radians(place.latitude)
    half = math.cos(_RISE) / (math.cos(latitude) * math.cos(declination))
    half -= math.tan(latitude) * math.tan(declination)
    if not -1.0 < half < 1.0:
        return None
    width = 4.0 * math.degrees(math.acos(half))
    middle = 720.0 - 4.0 * place.longitude - late
    return middle - width, middle + width


def _around(noon: float, rise: float, set_: float) -> tuple[float, float]:
    """Return a span moved by whole days so that its middle is nearest to a noon."""
    days = round((noon - (rise + set_) / 2) / 1440.0)
    return rise + 1440.0 * days, set_ + 1440.0 * days


def _of_day(minutes: float) -> float:
    return minutes % 1440.0
