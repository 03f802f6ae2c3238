"""Whether the files' clock follows summer time: an hour is missing in spring, or there twice in autumn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from console.drafting import quantities
from console.drafting.guess import Changes
from console.drafting.moments import Times
from shared.solar.zones import CALENDARS

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
Days = npt.NDArray[np.bool_]
_HOUR = np.timedelta64(1, "h")
_MOMENT = np.timedelta64(1, "us")  # a stamp that ends an interval lies in the hour before it
_HALF_MINUTE = np.timedelta64(30, "s")  # spreadsheets drift by parts of a second
_MOST_YEARS = 30
_AROUND, _LEAST_DAYS = np.timedelta64(20, "D"), 7  # of days on either side of a change
_LIKE_AN_HOUR = 0.4  # h: clouds move the middle of some weeks by a quarter of an hour
_ALIKE_BY_SUN = 0.05  # h: calendars of the same day
_NEAR = 0.8  # h; a plant may face east


def seen(times: Times) -> tuple[Changes, ...]:
    """Return the zones whose changes of summer time the stamps show; of ends they may show two.

    A zone stands for its calendar alone, which other places may have, see `by_longitude`.
    """
    known = (times[~np.isnat(times)] + _HALF_MINUTE).astype("M8[m]").astype(times.dtype)
    if not len(known):
        return ()
    found: list[Changes] = []
    for stamps in (known, known - _MOMENT):
        for zone in CALENDARS:
            shown = _shown(stamps, zone)
            if shown and all(each.zone != zone for each in found):
                found.append(Changes(zone, shown, _share(stamps, zone)))
                break
    return tuple(found)


def by_the_sun(times: Times, values: npt.NDArray[np.float64]) -> tuple[Changes, ...]:
    """Return the zones in whose summer time the sun is an hour later, where no stamps of a night show that.

    Portals leave out the rows of the night, and samples may be of January and July. Where the night of a
    change is there, its stamps decide.

    Parameters
    ----------
    values
        Power or irradiance of each stamp.
    """
    known = np.isfinite(values) & (values > 0) & ~np.isnat(times)
    if not known.any():
        return ()
    lit, values = times[known], values[known]
    dates = lit.astype("M8[D]")
    days, which = np.unique(dates, return_inverse=True)
    hours = (lit - dates) / _HOUR
    energy = np.bincount(which, values)
    # How far the middle of each day is behind solar noon does not change with the season by itself.
    moment = np.bincount(which, values * hours) - energy * quantities.late_on(days)
    off: dict[str, tuple[float, str]] = {}
    for zone in CALENDARS:
        changes = list(_changes(lit, zone))
        if any((np.abs(times - begin) <= 2 * _HOUR).any() for begin, _ in changes):
            continue
        moved = [
            moment[summer].sum() / energy[summer].sum()
            - moment[winter].sum() / energy[winter].sum()
            for winter, summer in _winter_and_summer(days, zone, changes)
        ]
        if moved and all(abs(hour - 1) < _LIKE_AN_HOUR for hour in moved):
            off[zone] = abs(moved[0] - 1), f"the sun is {moved[0]:.1f} h later in summer by it"
    best = min(off.values(), default=(0.0, ""))[0]
    return tuple(
        Changes(zone, why, _share(lit, zone))
        for zone, (apart, why) in off.items()
        if apart < best + _ALIKE_BY_SUN
    )


def _winter_and_summer(
    days: Times, zone: str, changes: Sequence[tuple[np.datetime64, bool]]
) -> list[tuple[Days, Days]]:
    """Return the days around each change, those of winter first; without any of them, all days."""
    found = []
    for begin, forward in changes:
        day = begin.astype("M8[D]")
        before, after = (
            (days < day) & (days >= day - _AROUND),
            (days > day) & (days <= day + _AROUND),
        )
        found.append((before, after) if forward else (after, before))
    found = [each for each in found if _are_enough(each)]
    if found:
        return found
    is_summer = _in_summer(days, zone)
    return [each for each in [(~is_summer, is_summer)] if _are_enough(each)]


def _are_enough(groups: tuple[Days, Days]) -> bool:
    return all(np.count_nonzero(each) >= _LEAST_DAYS for each in groups)


def by_length(hours: dict[np.datetime64, float]) -> tuple[Changes, ...]:
    """Return the zones whose clocks are changed on the days that have 23 hours or 25; all days have some.

    The first and the last one may be cut.
    """
    days = np.array(sorted(hours), "M8[us]")
    odd = {each: hours[each] for each in sorted(hours)[1:-1] if hours[each] in {23.0, 25.0}}
    if not odd:
        return ()
    why = ", ".join(f"{day} has {each:.0f} hours" for day, each in odd.items())
    found = []
    for zone in CALENDARS:
        lengths = {
            begin.astype("M8[D]"): 23.0 if is_forward else 25.0
            for begin, is_forward in _changes(days, zone)
        }
        if all(lengths.get(day) == each for day, each in odd.items()):
            found.append(Changes(zone, why, _share(days, zone)))
    return tuple(found)


def by_longitude(
    found: Sequence[Changes], hours: float, longitude: float
) -> tuple[str, str] | None:
    """Return the zone that fits the sun, and how its changes show; None where none fits.

    Parameters
    ----------
    hours
        How far the files' clock is ahead of UTC by the sun, in their mean. [h]
    longitude
        Of the plant, which tells zones apart that fit alike. [degrees east]
    """
    off = {
        (
            abs(round(hours - standard(zone) - each.share, 1)),
            abs(standard(zone) - longitude / 15),
        ): (
            zone,
            each.why,
        )
        for each in found
        for zone in _ALIKE.get(each.zone, (each.zone,))
    }
    nearest = min(off, default=None)
    return off[nearest] if nearest and nearest[0] <= _NEAR else None


def _share(stamps: Times, zone: str) -> float:
    """Return which share of some stamps lies in a zone's summer time. [unitless]"""
    return float(_in_summer(np.unique(stamps.astype("M8[D]")), zone).mean())


def _in_summer(days: Times, zone: str) -> Days:
    """Return which of some days lie in a zone's summer time."""
    info, usual = ZoneInfo(zone), standard(zone)
    noons = (datetime(each.year, each.month, each.day, 12, tzinfo=UTC) for each in days.tolist())
    return np.array([_offset(info, each) / timedelta(hours=1) > usual for each in noons], bool)


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
