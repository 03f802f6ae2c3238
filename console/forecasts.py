"""The newest forecasts as the bucket holds them, cut to some hours, hour by hour, and added up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from shared.solar import fleet
from shared.solar.position import Floats

HOUR = timedelta(hours=1)
_Name = TypeVar("_Name")


@dataclass(frozen=True, slots=True)
class Series:
    """Power of equal intervals, in the order of time.

    Attributes
    ----------
    starts
        When each interval begins, in the zone of whoever asked.
    p10, p50, p90
        [kW]
    """

    starts: Sequence[datetime]
    step: timedelta
    p10: Floats
    p50: Floats
    p90: Floats

    def part(self, which: Sequence[int]) -> Series:
        """Return some of the intervals."""
        chosen = np.array(which, dtype=np.int64)
        starts = [self.starts[place] for place in which]
        return Series(starts, self.step, self.p10[chosen], self.p50[chosen], self.p90[chosen])


def rows_within(latest: Mapping[str, Any], hours: float, now: datetime) -> list[dict[str, Any]]:
    """Return the rows of so many hours from now on; of a forecast of another time, from its beginning."""
    rows: list[dict[str, Any]] = latest["rows"]
    step = timedelta(minutes=latest["step_minutes"])
    begins = [_moment(row["timestamp"]) for row in rows]
    is_of_now = begins[0] <= now < begins[-1] + step
    first = next(begin for begin in begins if begin + step > now) if is_of_now else begins[0]
    end = first + timedelta(hours=hours)
    return [row for row, begin in zip(rows, begins, strict=True) if first <= begin < end]


def starts_at(latest: Mapping[str, Any]) -> datetime:
    """Return when a forecast begins."""
    return _moment(latest["rows"][0]["timestamp"])


def ends_at(latest: Mapping[str, Any]) -> datetime:
    """Return when a forecast ends."""
    last = _moment(latest["rows"][-1]["timestamp"])
    return last + timedelta(minutes=latest["step_minutes"])


def series(rows: Sequence[Mapping[str, Any]], step_minutes: int, zone: tzinfo) -> Series:
    """Return the power that rows tell."""
    values = np.array([[row["p10"], row["p50"], row["p90"]] for row in rows], dtype=float)
    starts = [_moment(row["timestamp"]).astimezone(zone) for row in rows]
    return Series(starts, timedelta(minutes=step_minutes), *values.T)


def added(sites: Sequence[Series], dependence: float) -> Series:
    """Return the power of several sites together, of the times that all of them have.

    Parameters
    ----------
    dependence
        Correlation of the errors of two sites. [unitless]
    """
    common = sorted(set.intersection(*(set(each.starts) for each in sites)))
    places = [{start: place for place, start in enumerate(each.starts)} for each in sites]
    parts = [
        each.part([at[start] for start in common]) for each, at in zip(sites, places, strict=True)
    ]
    middle = np.sum([each.p50 for each in parts], axis=0)
    below = fleet.band(np.array([each.p50 - each.p10 for each in parts]), dependence)
    above = fleet.band(np.array([each.p90 - each.p50 for each in parts]), dependence)
    return Series(common, sites[0].step, np.maximum(middle - below, 0.0), middle, middle + above)


def missing_hours(found: Series) -> dict[date, float]:
    """Return how many hours between the first and the last interval have no forecast, by day. [h]"""
    lost: dict[date, float] = {}
    for before, after in pairwise(found.starts):
        absent = before.astimezone(UTC) + found.step
        while absent < after:
            day = absent.astimezone(before.tzinfo).date()
            lost[day] = lost.get(day, 0.0) + found.step / HOUR
            absent += found.step
    return lost


def hourly(found: Series) -> Series:
    """Return the mean power of whole hours, for a table that fits on a screen."""
    groups = _groups(found, lambda start: start.replace(minute=0, second=0, microsecond=0))
    means = [
        [values[places].mean() for places in groups.values()]
        for values in (found.p10, found.p50, found.p90)
    ]
    return Series(list(groups), HOUR, *(np.array(each) for each in means))


def energy_by_day(found: Series, dependence: float) -> dict[date, fleet.Energy]:
    """Return the energy of each day.

    Parameters
    ----------
    dependence
        Correlation of the errors of two intervals of a day. [unitless]
    """
    hours = found.step / HOUR
    return {
        day: fleet.energy(
            (found.p10[places], found.p50[places], found.p90[places]), hours, dependence
        )
        for day, places in _groups(found, lambda start: start.date()).items()
    }


def _groups(found: Series, name: Callable[[datetime], _Name]) -> dict[_Name, list[int]]:
    groups: dict[_Name, list[int]] = {}
    for place, start in enumerate(found.starts):
        groups.setdefault(name(start), []).append(place)
    return groups


def late(feeds: Iterable[Mapping[str, Any]], now: datetime) -> list[str]:
    """Say of which providers the next issue should have been here, and how far the one before reaches."""
    return [
        f"the next forecast of {each['provider']} is late: it was due by {_minute(each['due_at'])}; the one "
        f"of {_minute(each['issued_at'])} "
        + ("goes on until " if _moment(each["until"]) > now else "ended ")
        + _minute(each["until"])
        for each in feeds
        if each["late"]
    ]


def _minute(text: str) -> str:
    return minute(_moment(text))


def minute(at: datetime) -> str:
    """Return a moment as people are told it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
