"""Physics checks of measured rows: what cannot be, with a reason. Nothing is dropped silently.

A mask takes a row out of training and test alike. Dawn and dusk stay: a check speaks only where physics
leaves no doubt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.solar.irradiance import clearsky_ghi
from shared.solar.position import Floats, SolarPosition
from shared.solar.site import FORECAST_PREFIX

Mask = NDArray[np.bool_]

NIGHT_BELOW = -6.0  # degree; civil twilight is over
TOLERANCE = 0.02  # share of AC capacity: inverter draw, meter offset
ABOVE_CAPACITY = 1.05  # share of AC capacity
COMMON = 0.005  # share of generating rows above which "too much" is how the plant is, not a fault
FROZEN_ROWS = 4
_GENERATING = 0.01  # share of AC capacity
_SURELY_GENERATING = 0.15  # share of AC capacity
_HIGH_SUN = 200.0  # W/m2 of clear-sky irradiance
_DARK = 0.03  # share of clear-sky irradiance that the densest cloud still lets through


@dataclass(frozen=True, slots=True)
class Measurements:
    """One site's rows on the model's step, without gaps in time.

    Attributes
    ----------
    share
        Power as a share of AC capacity, NaN where unknown. [unitless]
    weather
        Canonical weather columns.
    sun
        Where the sun stands at the intervals' centres.
    """

    share: Floats
    weather: Mapping[str, Floats]
    sun: SolarPosition

    @property
    def day(self) -> NDArray[np.int64]:
        """Day of each row in solar time, counted from the first row."""
        midnight = np.diff(self.sun.hour_angle, prepend=self.sun.hour_angle[:1]) < 0
        return np.cumsum(midnight)


def checks(measured: Measurements) -> dict[str, Mask]:
    """Return which rows each check takes out; a row belongs to the first check that names it."""
    found = {
        "frozen_record": frozen_record(measured),
        "night_power": night_power(measured),
        "negative_power": np.nan_to_num(measured.share) < -TOLERANCE,
        "above_capacity": above_capacity(measured),
        "dead_irradiance": dead_irradiance(measured),
    }
    known = np.isfinite(measured.share)
    return claim(found, known)


def claim(found: Mapping[str, Mask], rows: Mask) -> dict[str, Mask]:
    """Give each of the rows to the first reason that names it."""
    free = rows.copy()
    claimed = {}
    for reason, mask in found.items():
        claimed[reason] = mask & free
        free &= ~mask
    return claimed


def frozen_record(measured: Measurements) -> Mask:
    """Return runs of unchanged power through the night, or while all that is measured stood still.

    A forecast comes from elsewhere: it goes on while the plant's logger stands still.
    """
    generating = np.nan_to_num(measured.share) > _GENERATING
    same_power = _same_as_before(measured.share) & generating
    run, length = _runs(same_power)
    dark = measured.sun.elevation < 0
    through_night = np.zeros(len(length), dtype=bool)
    np.logical_or.at(through_night, run, dark & generating)
    same_weather = same_power.copy()
    carried = [
        values
        for name, values in measured.weather.items()
        if not name.startswith(FORECAST_PREFIX) and np.isfinite(values).any()
    ]
    for values in carried:
        same_weather &= _same_as_before(values)
    weather_run, weather_length = _runs(same_weather)
    frozen = (length >= FROZEN_ROWS)[run] & through_night[run] & generating
    if carried:
        frozen |= (weather_length >= FROZEN_ROWS)[weather_run] & generating
    return frozen


def night_power(measured: Measurements) -> Mask:
    """Return rows that generate although the sun is well below the horizon."""
    return (measured.sun.elevation < NIGHT_BELOW) & (np.nan_to_num(measured.share) > TOLERANCE)


def above_capacity(measured: Measurements) -> Mask:
    """Return rare rows above capacity; where they are common, the stated capacity is what is wrong."""
    share = np.nan_to_num(measured.share)
    above = share > ABOVE_CAPACITY
    return np.zeros_like(above) if exceeds_capacity_often(measured) else above


def exceeds_capacity_often(measured: Measurements) -> bool:
    """Return whether the plant is above its stated capacity too often for a fault."""
    share = np.nan_to_num(measured.share)
    generating = share > _GENERATING
    return bool((share > ABOVE_CAPACITY).sum() > COMMON * max(generating.sum(), 1))


def dead_irradiance(measured: Measurements) -> Mask:
    """Return rows whose irradiance is dark at high sun while the plant surely generates."""
    clearsky = clearsky_ghi(measured.sun.up)
    bright = (clearsky > _HIGH_SUN) & (np.nan_to_num(measured.share) > _SURELY_GENERATING)
    dead = np.zeros(len(measured.share), dtype=bool)
    for name in ("ghi", "poa_global"):
        values = measured.weather.get(name)
        if values is not None:
            dead |= np.nan_to_num(values, nan=np.inf) < _DARK * clearsky
    return dead & bright


def _same_as_before(values: Floats) -> Mask:
    return np.concatenate([[False], values[1:] == values[:-1]])


def _runs(same: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each row's run of equal values, and the length of each run."""
    run = np.cumsum(~same) - 1
    return run, np.bincount(run)
