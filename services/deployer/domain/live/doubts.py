"""Which rows of a day say nothing about the model: the plant or a sensor had a fault.

The prediction knows how the plant works, its clipping too. Held against it, an outage and a curtailment
show on a single day, where the checks of a dataset need weeks of neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from services.deployer.domain.live.day_rows import DayRows
from shared.solar import quality, runs
from shared.solar.irradiance import clearsky_ghi
from shared.solar.position import Floats
from shared.solar.quality import Mask, Measurements

OUTAGE, SNOW, CURTAILED, CLOCK = "outage", "snow", "curtailed", "clock"
NO_IRRADIANCE, STUCK, DEAD = "no_irradiance", "stuck_irradiance", "dead_irradiance"

_RUN_MINUTES = 60  # of an outage or a plateau
_STUCK_MINUTES = 90
_STUCK_ABOVE = 20.0  # W/m2; in the dark an unchanged value is right
_SUN_MOVED = 1.1  # highest over lowest clear-sky irradiance of a run that should have changed
_DIM = 0.03  # share of AC capacity; less may be an inverter that has not started
_EXPECTED = 0.05  # share of AC capacity that an outage must have kept from the grid
_STOPPED = 0.05  # share of the predicted power
_HALVED = 0.5  # share of the predicted power
_SNOW_BELOW = 3.0  # C
_FLAT = 0.002  # share of AC capacity
_FLATTER = 5.0  # times less change than was predicted
_HELD_BACK = 1.15  # predicted over measured power
_SPIKES = 0.05  # share of generating rows; more above capacity is how the plant is
_GENERATING = 0.01  # share of AC capacity
_DARK = 0.03  # share of clear-sky irradiance that the densest cloud still lets through
_COLLAPSED = 0.15  # share of clear sky that a day's brightest moment reaches
_BUSY = 0.3  # share of AC capacity that no collapsed irradiance explains
_SHIFTS_MINUTES = (30, 60, 90, 120)
_SHIFTED_ERROR = 0.5  # share of the error that remains when the clock is moved
_WORTH_SHIFTING = 0.05  # mean error in daylight as a share of AC capacity


def doubts(
    rows: DayRows, irradiance: Floats | None, *, capacity_kw: float, step_minutes: int
) -> dict[str, Mask]:
    """Return which rows with power and prediction are not scored, each under the first reason.

    Parameters
    ----------
    rows
        Without gaps in time.
    irradiance
        What the prediction knew of the sky; None where no such column exists. [W/m2]
    """
    day = _Day(rows, irradiance, capacity_kw, step_minutes)
    both = np.isfinite(rows.power_ac) & np.isfinite(rows.predicted)
    physics = quality.checks(Measurements(day.share, rows.weather, rows.sun))
    sensors = {
        "frozen_record": physics["frozen_record"],
        NO_IRRADIANCE: day.lit & ~np.isfinite(irradiance) if irradiance is not None else day.none,
        STUCK: _stuck(day),
        DEAD: _dead(day, physics["dead_irradiance"]),
    }
    seen = both & ~np.logical_or.reduce(list(sensors.values()))
    plant = {
        # A clock that is off makes mornings look like outages, so it comes before them.
        CLOCK: seen if _clock_is_off(day, seen) else day.none,
        "negative_power": physics["negative_power"],
        "night_power": physics["night_power"],
        "above_capacity": _spikes(day),
        SNOW: _low(day, _HALVED) & day.cold,
        OUTAGE: _low(day, _STOPPED),
        CURTAILED: _held_back(day),
    }
    return quality.claim(sensors | plant, both)


class _Day:
    """A day's rows as shares of AC capacity, with what several checks need."""

    def __init__(
        self, rows: DayRows, irradiance: Floats | None, capacity_kw: float, step_minutes: int
    ) -> None:
        self.rows = rows
        self.share = rows.power_ac / capacity_kw
        self.predicted = rows.predicted / capacity_kw
        self.irradiance = irradiance
        self.clearsky = clearsky_ghi(rows.sun.up)
        self.lit = rows.lit
        self.step_minutes = step_minutes
        self.none = np.zeros(len(rows.times), dtype=bool)

    @property
    def cold(self) -> Mask:
        """Rows on which snow can lie; without a temperature nothing is taken for snow."""
        values = self.rows.weather.get("temp_air")
        if values is None:
            return self.none
        return np.nan_to_num(values, nan=np.inf) < _SNOW_BELOW

    def runs(self, mask: Mask, minutes: int) -> Iterator[slice]:
        """Yield each run of rows that lasts at least so long, and is of two rows or more."""
        least = max(2, -(-minutes // self.step_minutes))
        for start, end in zip(*runs.where(mask), strict=True):
            if end - start >= least:
                yield slice(start, end)


def _stuck(day: _Day) -> Mask:
    """Return runs of one value of irradiance while the sun moved."""
    found = day.none.copy()
    if day.irradiance is None:
        return found
    same = np.append(np.diff(day.irradiance) == 0, False)
    same |= np.concatenate([[False], same[:-1]])  # the last row of a run belongs to it
    still = same & day.lit & (day.irradiance > _STUCK_ABOVE)
    for run in day.runs(still, _STUCK_MINUTES):
        sky = day.clearsky[run]
        if np.ptp(day.irradiance[run]) == 0 and sky.max() > _SUN_MOVED * sky.min():
            found[run] = True
    return found


def _dead(day: _Day, surely: Mask) -> Mask:
    """Return the dark rows of a day on which irradiance is dark, or collapsed, while the plant generates."""
    if day.irradiance is None:
        return day.none
    known = np.isfinite(day.irradiance) & day.lit
    if not known.any():
        return day.none
    brightest, sky = day.irradiance[known].max(), day.clearsky[known].max()
    if brightest < _COLLAPSED * sky and np.nan_to_num(day.share[known]).max() > _BUSY:
        return day.lit
    if not surely.any():
        return day.none
    mask: Mask = known & (day.irradiance < _DARK * day.clearsky)
    return mask


def _spikes(day: _Day) -> Mask:
    """Return rare rows above capacity that were not predicted; common ones are how the plant is."""
    share = np.nan_to_num(day.share)
    above = (share > quality.ABOVE_CAPACITY) & (share > _HELD_BACK * np.nan_to_num(day.predicted))
    return above if above.sum() <= _SPIKES * (share > _GENERATING).sum() else day.none


def _low(day: _Day, part: float) -> Mask:
    """Return runs in which the plant gives less than a part of what was predicted."""
    found = day.none.copy()
    low = (day.predicted > _DIM) & (day.share < part * day.predicted)
    for run in day.runs(low, _RUN_MINUTES):
        if day.predicted[run].max() > _EXPECTED:
            found[run] = True
    return found


def _held_back(day: _Day) -> Mask:
    """Return runs of flat power while more, and less flat power was predicted."""
    step = np.abs(np.diff(day.share, prepend=np.nan))
    flat = (np.nan_to_num(step, nan=1.0) < _FLAT) & (day.share > _EXPECTED)
    flat |= np.append(flat[1:], False)  # the first row of a run belongs to it
    found = day.none.copy()
    for run in day.runs(flat & (day.predicted > _HELD_BACK * day.share), _RUN_MINUTES):
        found[run] = np.ptp(day.predicted[run]) > _FLATTER * np.ptp(day.share[run])
    return found


def _clock_is_off(day: _Day, seen: Mask) -> bool:
    """Return whether the day fits the prediction far better when one of the clocks is moved."""
    share, predicted = day.share, day.predicted
    lit = seen & day.lit
    error = _error(share, predicted, lit, 0)
    if error is None or error < _WORTH_SHIFTING:
        return False
    shifts = {
        sign * -(-minutes // day.step_minutes) for minutes in _SHIFTS_MINUTES for sign in (-1, 1)
    }
    moved = [_error(share, predicted, lit, shift) for shift in shifts]
    return any(each is not None and each < _SHIFTED_ERROR * error for each in moved)


def _error(share: Floats, predicted: Floats, rows: NDArray[np.bool_], shift: int) -> float | None:
    """Return the mean error in daylight if power came so many rows too late; None without rows."""
    moved = np.roll(share, -shift)
    if shift > 0:
        moved[-shift:] = np.nan
    elif shift < 0:
        moved[:-shift] = np.nan
    known = rows & np.isfinite(moved)
    if known.sum() < 0.7 * max(rows.sum(), 1):
        return None
    return float(np.abs(moved - predicted)[known].mean())
