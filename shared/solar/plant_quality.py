"""Checks that compare power with irradiance and with itself: how a plant was run, and what was pasted.

`masks` takes rows out, as `quality` does. `suspicions` are counted and said, but their rows stay: they may be
weather, or the way a plant is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from shared.solar import runs
from shared.solar.irradiance import clearsky_ghi, extraterrestrial
from shared.solar.position import Floats
from shared.solar.quality import COMMON, NIGHT_BELOW, Mask, Measurements

_BRIGHT = 200.0  # W/m2 from which on power over irradiance says something
_HIGH_SUN = 400.0  # W/m2
_STOPPED = 0.05  # share of the usual power over irradiance
_HALVED = 0.6  # share of the usual power over irradiance of a day
_A_THIRD = 0.35  # share of it; no satellite overlooks so many clouds for so many days
_SPELL = 3  # days
_DAYS_AROUND = 45
_LEAST_ROWS = 4
_FLAT = 0.002  # share of AC capacity
_FLATTER = 5.0  # times less change than the sun would have made
_HELD_BACK = 1.15  # expected over measured power
_AT_THE_TOP = 0.97  # share of the plant's own peak
_SNOW_BELOW = 3.0  # C
_COLLAPSED = 0.15  # share of clear sky that a day's brightest moment reaches
_COLLAPSED_DAYS = 10
_TYPICAL_PEAK = 0.3  # share of the plant's own peak
_ENHANCED = 1.3  # share of extraterrestrial irradiance that no cloud's edge exceeds
_COPY_LAGS_DAYS = (*range(1, 32), 182, 183, 364, 365, 366)
_COPY_SPREAD = 1e-3  # of a ratio between two days
_COPY_ROWS = 20
_OFFSET = 5.0  # W/m2
_CENSORED = 5.0  # times the usual share of missing rows


def masks(measured: Measurements, *, on_site: bool) -> dict[str, Mask]:
    """Return which rows each check takes out.

    Parameters
    ----------
    on_site
        Whether the irradiance is measured at the plant. A satellite that misses a day's clouds must not turn
        the model's error into the plant's curtailment; days on end of a third of the usual power are none.
    """
    irradiance = sky_of(measured)
    found = {"copied_power": copied_power(measured)}
    if irradiance is None:
        return found
    expected = _expected(measured, irradiance)
    return found | {
        "above_any_sky": above_clearsky(measured, irradiance),
        "collapsed_irradiance": collapsed_irradiance(measured, irradiance),
        "outage": outage(measured, irradiance, expected) & ~_cold(measured),
        "curtailed": plateaus(measured, expected)
        | (low_days if on_site else low_spells)(measured, irradiance, expected),
    }


def suspicions(measured: Measurements) -> dict[str, Mask]:
    """Return rows that look strange and stay."""
    irradiance = sky_of(measured)
    if irradiance is None:
        return {}
    expected = _expected(measured, irradiance)
    return {
        "night_offset": night_offset(measured, irradiance),
        "snow_or_soiling": outage(measured, irradiance, expected) & _cold(measured),
        "clipped": _plateaus(measured, expected) & _at_the_top(measured),
        "censored_peaks": censored_peaks(measured, irradiance),
    }


def sky_of(measured: Measurements) -> Floats | None:
    """Return the irradiance that power is compared with, or None. [W/m2]"""
    for name in ("ghi", "poa_global"):
        values = measured.weather.get(name)
        if values is not None and np.isfinite(values).any():
            return values
    return None


def _cold(measured: Measurements) -> Mask:
    """Return rows on which snow can lie; without a temperature it is never taken for snow."""
    values = measured.weather.get("temp_air")
    if values is None:
        return np.zeros(len(measured.share), dtype=bool)
    return np.nan_to_num(values, nan=np.inf) < _SNOW_BELOW


def _expected(measured: Measurements, irradiance: Floats) -> Floats:
    """Return irradiance times the usual power over irradiance of the weeks around; NaN where unknown.

    [share of AC capacity]
    """
    bright = (irradiance > _BRIGHT) & np.isfinite(measured.share)
    day = measured.day
    days = int(day[-1]) + 1
    power = np.bincount(day[bright], measured.share[bright], days)
    sun = np.bincount(day[bright], irradiance[bright], days)
    ratio = np.where(sun > 0, power / np.maximum(sun, 1.0), np.nan)
    usual = np.full(days, np.nan)
    for each in range(days):
        near = ratio[max(each - _DAYS_AROUND, 0) : each + _DAYS_AROUND + 1]
        near = near[np.isfinite(near)]
        if len(near):
            # The upper half: a month of curtailment must not become what is usual.
            usual[each] = np.quantile(near, 0.75)
    expected: Floats = irradiance * usual[day]
    return expected


def outage(measured: Measurements, irradiance: Floats, expected: Floats) -> Mask:
    """Return runs of at least an hour's rows at high sun in which the plant gives next to nothing."""
    still = (irradiance > _HIGH_SUN) & (measured.share < _STOPPED * expected)
    found = np.zeros(len(still), dtype=bool)
    for start, end in _runs(still):
        found[start:end] = True
    return found


def plateaus(measured: Measurements, expected: Floats) -> Mask:
    """Return plateaus below the plant's own top, where the sun would have given more."""
    return _plateaus(measured, expected) & ~_at_the_top(measured)


def low_days(measured: Measurements, irradiance: Floats, expected: Floats) -> Mask:
    """Return the bright rows of days on which the plant gave far less than usual, and not for snow."""
    bright, low, _ = _low(measured, irradiance, expected, _HALVED)
    return low[measured.day] & bright & (measured.share < _HALVED * expected)


def low_spells(measured: Measurements, irradiance: Floats, expected: Floats) -> Mask:
    """Return the bright rows of days on end on which the plant gave a third of the usual, and not for snow.

    Most of its inverters were off, or its power was written down in another unit.
    """
    bright, low, telling = _low(measured, irradiance, expected, _A_THIRD)
    days = np.flatnonzero(telling)  # a dull day neither ends a spell nor counts
    spells = np.zeros(len(low), bool)
    for start, end in zip(*runs.where(low[days]), strict=True):
        if end - start >= _SPELL:
            spells[days[start:end]] = True
    return spells[measured.day] & bright


def _low(
    measured: Measurements, irradiance: Floats, expected: Floats, part: float
) -> tuple[Mask, Mask, Mask]:
    """Return bright rows, the days on which power was below a part of the usual, and those that tell."""
    bright = (irradiance > _BRIGHT) & np.isfinite(measured.share) & np.isfinite(expected)
    days = int(measured.day[-1]) + 1
    power = np.bincount(measured.day[bright], measured.share[bright], days)
    could = np.bincount(measured.day[bright], expected[bright], days)
    count = np.bincount(measured.day[bright], minlength=days)
    cold = np.bincount(measured.day[bright], _cold(measured)[bright], days) > count / 2
    telling = (count >= 2 * _LEAST_ROWS) & ~cold
    return bright, telling & (power < part * could), telling


def _plateaus(measured: Measurements, expected: Floats) -> Mask:
    """Return runs of flat power while the sun would have given more."""
    share = measured.share
    step = np.abs(np.diff(share, prepend=np.nan))
    flat = (np.nan_to_num(step, nan=1.0) < _FLAT) & (share > 0.05)  # noqa: PLR2004  of capacity: a plateau is no dusk
    flat |= np.append(flat[1:], False)  # the first row of a run belongs to it
    held = np.zeros(len(share), dtype=bool)
    for start, end in _runs(flat & (expected > _HELD_BACK * share)):
        # Power that follows a steady sun is no plateau.
        held[start:end] = np.ptp(expected[start:end]) > _FLATTER * np.ptp(share[start:end])
    return held


def _at_the_top(measured: Measurements) -> Mask:
    share = np.nan_to_num(measured.share)
    lit = share[share > 0]
    top = np.quantile(lit, 0.995) if len(lit) else 1.0
    return share >= _AT_THE_TOP * top


def _runs(mask: Mask) -> Iterator[tuple[int, int]]:
    """Yield start and end of each run that is long enough."""
    for start, end in zip(*runs.where(mask), strict=True):
        if end - start >= _LEAST_ROWS:
            yield start, end


def above_clearsky(measured: Measurements, irradiance: Floats) -> Mask:
    """Return rare rows brighter than the sun outside the atmosphere; common ones are a wrong clock."""
    above = exceeds_clearsky(measured, irradiance)
    lit = (measured.sun.up > 0).sum()
    return np.zeros_like(above) if above.sum() > COMMON * max(lit, 1) else above


def exceeds_clearsky(measured: Measurements, irradiance: Floats) -> Mask:
    """Return all rows brighter than a cloud's edge can make them."""
    outside = extraterrestrial(measured.sun.year_phase) * np.maximum(measured.sun.up, 0.0)
    return np.nan_to_num(irradiance) > _ENHANCED * outside + 100.0


def collapsed_irradiance(measured: Measurements, irradiance: Floats) -> Mask:
    """Return the daylight of spells in which irradiance stays near nothing while the plant goes on."""
    days = int(measured.day[-1]) + 1
    peak, brightest, sky = (np.zeros(days) for _ in range(3))
    np.maximum.at(peak, measured.day, np.nan_to_num(measured.share))
    np.maximum.at(brightest, measured.day, np.nan_to_num(irradiance, nan=np.inf))
    np.maximum.at(sky, measured.day, clearsky_ghi(measured.sun.up))
    busy = peak > _TYPICAL_PEAK * np.quantile(peak, 0.95)
    dark = (brightest < _COLLAPSED * sky) & busy
    spell = np.zeros(days, dtype=bool)
    for start in np.flatnonzero(dark):
        within = dark[start : start + _COLLAPSED_DAYS]
        if within.sum() >= 0.7 * _COLLAPSED_DAYS:
            spell[start : start + _COLLAPSED_DAYS] |= (
                brightest[start : start + _COLLAPSED_DAYS]
                < _COLLAPSED * sky[start : start + _COLLAPSED_DAYS]
            )
    return spell[measured.day] & (measured.sun.up > 0)


def copied_power(measured: Measurements) -> Mask:
    """Return days whose power is another day's, up to a factor; the copy is what fits its weather less."""
    share = measured.share
    copied = np.zeros(len(share), dtype=bool)
    per_day = _rows_per_day(measured)
    irradiance = sky_of(measured)
    for lag in _COPY_LAGS_DAYS:
        back = lag * per_day
        if back >= len(share):
            break
        for rows in _same_up_to_a_factor(share, measured.day, back):
            earlier = rows - back
            copied[
                rows
                if _fit(share, irradiance, rows) <= _fit(share, irradiance, earlier)
                else earlier
            ] = True
    return copied


def _rows_per_day(measured: Measurements) -> int:
    return max(int(np.bincount(measured.day).max()), 1)


def _same_up_to_a_factor(
    share: Floats, day: NDArray[np.int64], back: int
) -> Iterator[NDArray[np.int64]]:
    now, then = share[back:], share[:-back]
    both = (now > 0.05) & (then > 0.05)  # noqa: PLR2004  of capacity
    ratio = np.where(both, now / np.where(both, then, 1.0), np.nan)
    days = day[back:]
    count = np.bincount(days[both], minlength=int(day[-1]) + 1)
    mean = np.bincount(days[both], ratio[both], len(count)) / np.maximum(count, 1)
    square = np.bincount(days[both], ratio[both] ** 2, len(count)) / np.maximum(count, 1)
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    level = np.bincount(days[both], now[both], len(count)) / np.maximum(count, 1)
    moving = np.bincount(days[both], (now[both] - level[days[both]]) ** 2, len(count))
    same = (count >= _COPY_ROWS) & (spread < _COPY_SPREAD * mean) & (moving > 0.0004 * count)
    for each in np.flatnonzero(same):
        yield np.flatnonzero(day == each)


def _fit(share: Floats, irradiance: Floats | None, rows: NDArray[np.int64]) -> float:
    """Return how well power follows irradiance; equal without irradiance."""
    if irradiance is None:
        return 0.0
    power, sun = share[rows], irradiance[rows]
    known = np.isfinite(power) & np.isfinite(sun)
    if known.sum() < _COPY_ROWS or np.ptp(sun[known]) == 0 or np.ptp(power[known]) == 0:
        return 0.0
    return float(np.corrcoef(power[known], sun[known])[0, 1])


def night_offset(measured: Measurements, irradiance: Floats) -> Mask:
    """Return the nights of a pyranometer that does not go back to zero."""
    night = (measured.sun.elevation < NIGHT_BELOW) & np.isfinite(irradiance)
    days = int(measured.day[-1]) + 1
    shifted = night & (np.abs(np.nan_to_num(irradiance)) > _OFFSET)
    count = np.bincount(measured.day[night], minlength=days)
    often = np.bincount(measured.day[shifted], minlength=days) > count / 2
    return shifted & often[measured.day]


def censored_peaks(measured: Measurements, irradiance: Floats) -> Mask:
    """Return bright rows without power where power is missing there far more often than elsewhere."""
    missing = ~np.isfinite(measured.share)
    lit = (measured.sun.up > 0) & np.isfinite(irradiance)
    if not lit.any():
        return lit
    bright = lit & (irradiance > np.quantile(irradiance[lit], 0.95))
    if not bright.any():
        return bright
    usual = missing[lit & ~bright].mean() if (lit & ~bright).any() else 0.0
    often = missing[bright].mean() > max(_CENSORED * usual, 0.1)
    return bright & missing if often else np.zeros_like(bright)
