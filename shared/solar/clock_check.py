"""Does a plant's clock follow the sun? The day's centre of energy tells.

In true time the centre of energy stays within minutes of solar noon, apart from a constant that the array's
azimuth makes. A clock that is moved with summer time shows as a step of an hour at the changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from shared.solar.position import Floats, SolarPosition, Times

_COMPLETE = 0.95  # share of a day's sunlit rows that must be measured
_AROUND_CHANGE_DAYS = 35
_LEAST_DAYS = 8
_TELLING_DAYS = 3
_TILTED = 10.0  # degrees; a flatter array hardly has a direction
_SIDEWAYS = 0.25  # sine of the angle from due south or north
_MOST_BY_PLANE = 240.0  # minutes; a wall that faces east
_HOUR_STEP = (40.0, 80.0)  # minutes
# Whose summer time a clock may follow unsaid: North America's, Europe's, southern Australia's.
_CALENDARS = ("America/New_York", "Europe/Berlin", "Australia/Sydney")


@dataclass(frozen=True, slots=True)
class DailyShift:
    """How much later than solar noon a day's energy comes.

    Attributes
    ----------
    days
        Day counted from 1970 in mean solar time.
    minutes
        Minutes after solar noon. [min]
    """

    days: np.ndarray
    minutes: Floats


def daily_shift(times: Times, power: Floats, sun: SolarPosition, longitude: float) -> DailyShift:
    """Return the shift of the brighter half of all complete days.

    Parameters
    ----------
    times
        Left labels in UTC.
    power
        In any unit; NaN where unknown.
    longitude
        Of the plant. [degree]
    """
    solar_seconds = times.astype("datetime64[s]").astype(np.int64) + int(longitude * 240)
    day, where = np.unique(solar_seconds // 86_400, return_inverse=True)
    lit = sun.up > 0
    known = np.isfinite(power)
    energy = np.where(known, np.maximum(np.nan_to_num(power), 0.0), 0.0)
    minutes = np.degrees(sun.hour_angle) * 4.0
    total = np.bincount(where, energy)
    moment = np.bincount(where, energy * minutes)
    measured = np.bincount(where, lit & known)
    expected = np.bincount(where, lit)
    complete = (measured >= _COMPLETE * np.maximum(expected, 1)) & (total > 0)
    bright = np.zeros(len(day), dtype=bool)
    for place in np.flatnonzero(complete):
        near = complete & (np.abs(day - day[place]) <= 10)  # noqa: PLR2004  three weeks share a season
        bright[place] = total[place] >= np.median(total[near])
    return DailyShift(day[bright], moment[bright] / total[bright])


def usual(shift: DailyShift) -> float | None:
    """Return the median shift, or None where fewer than three clear days tell. [min]"""
    return round(float(np.median(shift.minutes)), 1) if len(shift.days) >= _TELLING_DAYS else None


def explained_by_plane(shift: float, tilt: float | None, azimuth: float | None) -> bool:
    """Return whether a stated plane explains that power is centred off solar noon.

    An array that faces east has its best hours before noon, one that faces west after.

    Parameters
    ----------
    shift
        As `usual` returns it. [min]
    tilt, azimuth
        Of the array, azimuth clockwise from north; None where not stated. [degree]
    """
    if tilt is None or azimuth is None or tilt < _TILTED or abs(shift) > _MOST_BY_PLANE:
        return False
    east = float(np.sin(np.radians(azimuth)))
    return abs(east) > _SIDEWAYS and (east > 0) == (shift < 0)


def by_month(shift: DailyShift) -> dict[str, float]:
    """Return the median shift of each calendar month. [min]"""
    months = shift.days.astype("datetime64[D]").astype("datetime64[M]")
    return {
        str(month): round(float(np.median(shift.minutes[months == month])), 1)
        for month in np.unique(months)
    }


def summer_step(shift: DailyShift, zone: str) -> float | None:
    """Return how much later the stamps are in summer time than in winter time, seen at the changes.

    None where the zone has no summer time or too few days lie around its changes. [min]
    """
    steps = []
    for change, direction in _changes(zone, shift):
        before = shift.minutes[(shift.days < change) & (shift.days >= change - _AROUND_CHANGE_DAYS)]
        after = shift.minutes[(shift.days > change) & (shift.days <= change + _AROUND_CHANGE_DAYS)]
        if len(before) >= _LEAST_DAYS and len(after) >= _LEAST_DAYS:
            steps.append(direction * float(np.median(after) - np.median(before)))
    return round(float(np.median(steps)), 1) if steps else None


def follows_summer_time(step: float | None) -> bool:
    """Return whether a step at the changes of summer time is the clock's hour."""
    return step is not None and _HOUR_STEP[0] <= step <= _HOUR_STEP[1]


def unsaid_summer_zone(shift: DailyShift, zone: str) -> str | None:
    """Return a zone whose summer time the clock seems to follow although the plant's zone has none.

    None where the zone has summer time of its own, or where no calendar fits.
    """
    if _changes(zone, shift):
        return None
    steps = {each: summer_step(shift, each) for each in _CALENDARS}
    fitting = {each: step for each, step in steps.items() if follows_summer_time(step)}
    return max(fitting, key=lambda zone: fitting[zone] or 0.0, default=None)


def _changes(zone: str, shift: DailyShift) -> list[tuple[int, int]]:
    """Return the days on which a zone's offset changes, and whether forward (1) or back (-1)."""
    if not len(shift.days) or "/" not in zone:
        return []
    info = ZoneInfo(zone)
    noon = datetime(1970, 1, 1, 12, tzinfo=UTC)
    found = []
    for day in range(int(shift.days[0]), int(shift.days[-1])):
        moved = _offset(info, noon + timedelta(days=day + 1)) - _offset(
            info, noon + timedelta(days=day)
        )
        if moved:
            found.append((day + 1, 1 if moved > timedelta(0) else -1))
    return found


def _offset(info: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(info).utcoffset() or timedelta(0)


def true_times(times: Times, zone: str) -> Times:
    """Return stamps of a clock that follows summer time, though labelled with the winter offset, in UTC.

    Parameters
    ----------
    times
        The stamps as stated, converted to UTC with the zone's winter offset.
    zone
        IANA name of the zone whose summer time the clock follows.
    """
    info = ZoneInfo(zone)
    hours = times.astype("datetime64[h]")
    distinct, which = np.unique(hours, return_inverse=True)
    summer = np.array([_is_summer(info, moment) for moment in distinct.astype(object)])
    return times - np.where(summer[which], np.timedelta64(3600, "s"), np.timedelta64(0, "s"))


def _is_summer(info: ZoneInfo, stated: datetime) -> bool:
    """Return whether a clock that shows `stated` (in winter offset as UTC) had been moved forward."""
    moment = stated.replace(tzinfo=UTC)
    winter = moment.astimezone(info).utcoffset() or timedelta(0)
    winter -= moment.astimezone(info).dst() or timedelta(0)
    wall = (moment + winter).replace(tzinfo=info, fold=1)
    return bool(wall.dst())
