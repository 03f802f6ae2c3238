"""Finds the traits by which a file is compared with its siblings."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Self

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.clear_day import follows, rises_once
from services.data_watcher.domain.believable.power import NOISE, STANDARD
from services.data_watcher.domain.time_axis import DAY, TimeAxis, Times, by_day, ticks_of
from services.data_watcher.domain.traits import Level, Traits, band_of
from shared.solar.site import POWER, Site

MOST_DAYS = 20  # that are looked at, spread evenly over the file
LIGHTS = ("ghi", "poa_global")
MANY_DAYS = 7  # in some of them there is sun, so their best day says what the plant can
LEAST_ROWS = 8  # of a day with power: those of hourly files are compared, too, and never refused
LEAST_SUN = 0.2  # sine of the noon sun; below it the horizon decides
LEAST_ENERGY_PART = 0.02  # of the best day; less is no day with power
SUSTAINED = 1800.0  # s; a shorter peak may be a spike
FAINT = 2.0  # times below the best day
LEAST_FAINT, FAINT_PART = 2, 0.2  # of clear days
MOST_PRINTS = 4
_NOON = 720.0  # minutes
_STRIDE, _CIRCLE = 2_654_435_761, 2**32  # of Knuth's multiplicative hash
_EPOCH = date(1970, 1, 1).toordinal()
Positions = npt.NDArray[np.intp]
Values = npt.NDArray[np.float64]


def of_file(time: TimeAxis, columns: Mapping[str, Values], site: Site, parts: int = 1) -> Traits:
    """Return the traits of a file: of its power, or where it has none, of its first irradiance.

    Parameters
    ----------
    columns
        Values on the time axis by canonical name, NaN where unknown. [canonical unit]
    parts
        Of how many inverters power is the sum.
    """
    light = next((columns[name] for name in LIGHTS if name in columns), None)
    if POWER in columns or light is None:
        return traits(time, columns.get(POWER), site, parts)
    # Without prints: the plants of a neighbourhood may have the same weather.
    return replace(traits(time, light / STANDARD * site.ac_capacity_kw, site), prints=())


def traits(time: TimeAxis, power: Values | None, site: Site, parts: int = 1) -> Traits:
    """Return the traits of a file.

    Parameters
    ----------
    power
        On the time axis, NaN where unknown [kW]; None where the file has none.
    parts
        Of how many inverters it is the sum.
    """
    if power is None:
        return Traits(time.step)
    power = power if np.min(power) >= 0 else np.fmax(power, 0.0)  # no copy where none is needed
    late = sun.ahead(site) * 1_000_000 + round(time.step * 5e5)  # us
    starts, ends, number = by_day(time.utc, late)
    energy = np.add.reduceat(power, starts)
    telling = np.flatnonzero(
        energy > max(LEAST_ENERGY_PART * energy.max(), NOISE * site.ac_capacity_kw)
    )
    if not len(telling):
        return Traits(time.step)
    chosen = telling[:: -(-len(telling) // MOST_DAYS)]
    noons = sun.noon_elevation(number[chosen].astype("M8[D]"), site.latitude)
    days = [
        _Day.of(
            time.utc[starts[at] : ends[at]] + np.timedelta64(late, "us"),
            power[starts[at] : ends[at]],
            noon,
            time.step,
            site,
        )
        for at, noon in zip(chosen.tolist(), noons.tolist(), strict=True)
        if noon > LEAST_SUN
    ]
    return Traits(
        step=time.step,
        days=len(telling),
        first=f"{date.fromordinal(_EPOCH + int(number[telling[0]]))}",
        levels=_levels(days, site.ac_capacity_kw),
        middle=_middle(days),
        apart=_apart(days),
        prints=_prints(time.utc, power),
        parts=parts,
    )


@dataclass(frozen=True, slots=True)
class _Day:
    """One day's power.

    Attributes
    ----------
    noon
        Sine of the sun's elevation at noon. [unitless]
    peak
        What power reached for half an hour. [kW]
    energy
        Its sum. [kWh]
    middle
        How long after solar noon it is centred. [minutes]
    """

    noon: float
    peak: float
    energy: float
    middle: float
    is_clear: bool

    @classmethod
    def of(cls, local: Times, power: Values, noon: float, step: float, site: Site) -> Self:
        """Return what a day shows; its moments are the middles of the intervals in mean solar time."""
        minutes = (ticks_of(local) % DAY) / 6e7
        total = float(power.sum())
        middle = float(power @ minutes) / total - _NOON
        below = len(power) - 1 - min(max(round(SUSTAINED / step), 1), len(power) - 1)
        peak = float(np.partition(power, below)[below])
        centred = local - np.timedelta64(round(middle * 60e6), "us")
        return cls(noon, peak, total * step / 3600.0, middle, _is_clear(centred, power, site))


def _is_clear(centred: Times, power: Values, site: Site) -> bool:
    """Whether a day is clear, whatever its clock says: its times are moved to solar noon."""
    given = np.flatnonzero(power)
    day = power[given[0] : given[-1] + 1]
    if len(day) < LEAST_ROWS or not rises_once(day):
        return False
    up = np.maximum(sun.roughly_up(centred, site.latitude), 0.0)
    lit = (up > 0) | (power > 0)
    return follows(power[lit], up[lit])


def _levels(days: list[_Day], capacity: float) -> tuple[Level, ...]:
    """Return the best day of each height of the noon sun."""
    bands: dict[int, list[_Day]] = defaultdict(list)
    for each in days:
        if each.peak > 0:
            bands[band_of(each.noon)].append(each)
    levels = []
    for _, ones in sorted(bands.items()):
        best = max(ones, key=lambda each: each.peak)
        is_sure = len(ones) >= MANY_DAYS or any(each.is_clear for each in ones)
        levels.append(Level(_short(best.noon), _short(best.peak / capacity), is_sure))
    return tuple(levels)


def _apart(days: list[_Day]) -> float:
    """Return how far clear days under a like sun are apart, where several are faint: no snow, no outage."""
    bands: dict[int, list[float]] = defaultdict(list)
    for each in days:
        if each.is_clear:
            bands[band_of(each.noon)].append(each.peak)
    apart = 1.0
    for peaks in bands.values():
        faint = sorted(each for each in peaks if each * FAINT < max(peaks))
        if len(faint) >= max(LEAST_FAINT, FAINT_PART * len(peaks)):
            apart = max(apart, max(peaks) / faint[-1])
    return _short(apart)


def _middle(days: list[_Day]) -> float | None:
    """Return how long after solar noon clear days are centred, or many days of any weather."""
    clear = [each for each in days if each.is_clear]
    if not clear and len(days) < MANY_DAYS:
        return None
    # By energy: the centre of a dull day can be anywhere.
    ones = clear or days
    energy = sum(each.energy for each in ones)
    return round(sum(each.middle * each.energy for each in ones) / energy, 1)


def _prints(utc: Times, power: Values) -> tuple[str, ...]:
    """Return the names of a few days by their energy; another file with these days names the same ones.

    The energy counts with six digits; so much is left of it where a file was written in another unit.
    """
    starts, _, number = by_day(utc, 0)
    energy = np.add.reduceat(power, starts)
    generating = np.flatnonzero(energy > 0)
    drawn = (
        number[generating] * _STRIDE % _CIRCLE
    )  # as good as at random, and the same in all files
    chosen = generating[np.argsort(drawn)[:MOST_PRINTS]]
    days = zip(number[chosen].tolist(), energy[chosen].tolist(), strict=True)
    return tuple(f"{each[0]:x}.{zlib.crc32(b'%d %.5e' % each):08x}" for each in days)


def _short(value: float) -> float:
    return float(f"{value:.4g}")
