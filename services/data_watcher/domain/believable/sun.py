"""The sun's position at the rows of a file."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.time_axis import DAY, Times, by_day, days_of, ticks_of
from shared.solar import position
from shared.solar.site import Site

SOLAR_CONSTANT = 1361.0  # W/m²
_HALF_DAY = 12 * 3600.0  # s
_SECONDS_PER_DEGREE = 240.0  # of longitude
# The sun's declination on the days of a year [rad], by P. I. Cooper, "The absorption of radiation in solar
# stills", Solar Energy 12 (3), 333-346, 1969. doi:10.1016/0038-092X(69)90047-4
Positions = npt.NDArray[np.intp]
_DECLINATION = np.radians(23.45 * np.sin(2 * np.pi * (285.0 + np.arange(366)) / 365))


def over(times: Times, step: float, site: Site) -> position.SolarPosition:
    """Return the sun at the middle of intervals.

    Parameters
    ----------
    times
        Starts of the intervals in UTC.
    step
        Length of an interval. [s]
    """
    centres = times + np.timedelta64(round(step * 5e5), "us")
    return position.position(position.ephemeris(centres), site.latitude, site.longitude)


def mean_solar_time(times: Times, site: Site) -> Times:
    """Return the mean solar time of moments in UTC: the sun is highest within 16 minutes of its noon."""
    return times + np.timedelta64(ahead(site), "s")


def ahead(site: Site) -> int:
    """Return how far mean solar time is ahead of UTC. [s]"""
    return round(site.longitude * _SECONDS_PER_DEGREE)


def days(utc: Times, site: Site) -> tuple[Positions, Positions, Times]:
    """Return the rows where each day of mean solar time begins and ends, and the day; the times ascend."""
    starts, ends, number = by_day(utc, ahead(site) * 1_000_000)
    return starts, ends, number.view("M8[D]")


def noon_elevation(days: Times, latitude: float) -> npt.NDArray[np.float64]:
    """Return the sine of the sun's elevation at noon of some days. [unitless]"""
    elevation: npt.NDArray[np.float64] = np.cos(np.radians(latitude) - _declination(days))
    return elevation


def mean_outside(days: Times, latitude: float) -> npt.NDArray[np.float64]:
    """Return the mean of days' irradiance on a level plane above the atmosphere. [W/m²]"""
    north, declination = np.radians(latitude), _declination(days)
    sunset = np.arccos(np.clip(-np.tan(north) * np.tan(declination), -1.0, 1.0))
    level = sunset * np.sin(north) * np.sin(declination)
    mean: npt.NDArray[np.float64] = (
        SOLAR_CONSTANT / np.pi * (level + np.cos(north) * np.cos(declination) * np.sin(sunset))
    )
    return mean


def roughly_up(local: Times, latitude: float) -> npt.NDArray[np.float64]:
    """Return the sine of the sun's elevation to within about four degrees: many times as fast as `over`.

    Parameters
    ----------
    local
        Mean solar times.
    """
    days = days_of(local)
    first = days.min() if len(days) else np.datetime64(0, "D")
    every = np.arange(first, (days.max() if len(days) else first) + np.timedelta64(1, "D"))
    declination = _declination(every)
    at = (days - first).astype(np.intp)
    angle = (local - days).astype("m8[s]").astype(float) * (np.pi / _HALF_DAY) - np.pi
    turning = np.cos(np.radians(latitude)) * np.cos(declination)
    up: npt.NDArray[np.float64] = turning[at] * np.cos(angle)
    up += (np.sin(np.radians(latitude)) * np.sin(declination))[at]
    return up


def roughly_below(local: Times, latitude: float, sine: float) -> npt.NDArray[np.bool_]:
    """Return when `roughly_up` is less than some sine: of a long file each day is asked, and not each row.

    Parameters
    ----------
    local
        Mean solar times in microseconds, ascending.
    """
    if not len(local):
        return np.zeros(0, bool)
    moments = ticks_of(local)
    day = np.arange(moments[0] // DAY, moments[-1] // DAY + 1)
    north, declination = np.radians(latitude), _declination(day.view("M8[D]"))
    at_equinox = np.cos(north) * np.cos(declination)
    turned = (sine - np.sin(north) * np.sin(declination)) / np.maximum(at_equinox, 1e-9)
    half = (np.arccos(np.clip(turned, -1.0, 1.0)) / (2 * np.pi) * DAY).astype(np.int64)
    noon = day * DAY + DAY // 2
    edges = moments.searchsorted(np.column_stack([noon - half, noon + half]).ravel())
    lengths = np.diff(edges, prepend=0, append=len(moments))
    return np.repeat(np.arange(len(lengths)) % 2 == 0, lengths)


def lowest(local: Times, latitude: float) -> float:
    """Return the least of `roughly_up` at moments of a day or two: a fraction of its time.

    Parameters
    ----------
    local
        Mean solar times in microseconds; at least one.
    """
    since_midnight = ticks_of(local) % DAY
    off_noon = float(np.abs(since_midnight - DAY // 2).max()) / DAY * 2 * math.pi
    north = math.radians(latitude)
    declination = float(_DECLINATION[local[0].item().timetuple().tm_yday - 1])
    return math.sin(north) * math.sin(declination) + math.cos(north) * math.cos(
        declination
    ) * math.cos(off_noon)


def _declination(days: Times) -> npt.NDArray[np.float64]:
    """Return the sun's declination. [rad]"""
    since_new_year = (days - days.astype("M8[Y]")).astype(np.intp)
    declination: npt.NDArray[np.float64] = _DECLINATION[since_new_year]
    return declination
