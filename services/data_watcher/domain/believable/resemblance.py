"""Finds the traits by which a file is compared with its siblings."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import NOISE
from services.data_watcher.domain.time_axis import TimeAxis, Times
from services.data_watcher.domain.traits import Level, Traits
from shared.solar.site import Site, tzinfo_of

MOST_DAYS = 40  # that are looked at, spread evenly over the file
MANY_DAYS = 7  # in some of them there is sun, so their best day says what the plant can
LEAST_ROWS = 8  # of a day in daylight, before its shape is known
LEAST_SUN = 0.2  # sine of the noon sun; below it the horizon decides
LEAST_ENERGY_PART = 0.02  # of the best day; less is no day with power
SUSTAINED = 1800.0  # s; a shorter peak may be a spike
SMOOTH = 1.05  # as in unit_by_clear_day: way up and down over twice the peak
LIKE_SUN = 0.9
MOST_PRINTS = 4
_MINUTES = 1440.0
Values = npt.NDArray[np.float64]


def traits(time: TimeAxis, power: Values | None, site: Site) -> Traits:
    """Return the traits of a file.

    Parameters
    ----------
    power
        On the time axis, NaN where unknown [kW]; None where the file has none.
    """
    if power is None:
        return Traits(time.step)
    share = np.nan_to_num(np.maximum(power, 0.0) / site.ac_capacity_kw)
    local = sun.mean_solar_time(time.utc, site) + np.timedelta64(round(time.step * 5e5), "us")
    day = local.astype("M8[D]")
    starts = np.flatnonzero(np.append(True, day[1:] != day[:-1]))
    energy = np.add.reduceat(share, starts)
    telling = np.flatnonzero(energy > max(LEAST_ENERGY_PART * energy.max(), NOISE))
    if not len(telling):
        return Traits(time.step)
    ends = np.append(starts[1:], len(share))
    chosen = telling[:: -(-len(telling) // MOST_DAYS)]
    days = [
        _Day.of(local[starts[at] : ends[at]], share[starts[at] : ends[at]], time.step, site)
        for at in chosen
    ]
    return Traits(
        step=time.step,
        days=len(telling),
        first=_first(time.utc[starts[telling[0]]], site),
        levels=_levels(days),
        middle=_middle(days),
        prints=_prints(time.utc, power),
    )


@dataclass(frozen=True, slots=True)
class _Day:
    """One day's power.

    Attributes
    ----------
    noon
        Sine of the sun's elevation at noon. [unitless]
    peak
        What power reached for half an hour, of AC capacity. [unitless]
    energy
        In hours of full AC capacity. [h]
    middle
        How long after solar noon it is centred. [minutes]
    """

    noon: float
    peak: float
    energy: float
    middle: float
    is_clear: bool

    @classmethod
    def of(cls, local: Times, share: Values, step: float, site: Site) -> Self:
        """Return what a day shows; its moments are the middles of the intervals in mean solar time."""
        minutes = (local - local[0].astype("M8[D]")).astype("m8[s]").astype(float) / 60.0
        total = float(share.sum())
        middle = float(share @ minutes) / total - _MINUTES / 2
        below = min(max(round(SUSTAINED / step), 1), len(share) - 1)
        peak = float(np.partition(share, -below - 1)[-below - 1])
        noon = float(sun.noon_elevation(local[:1].astype("M8[D]"), site.latitude)[0])
        clear = _is_clear(local - np.timedelta64(round(middle * 60), "s"), share, site)
        return cls(noon, peak, total * step / 3600.0, middle, clear)


def _is_clear(centred: Times, share: Values, site: Site) -> bool:
    """Whether power rises and falls once, as the sun does, whatever the clock says."""
    up = np.maximum(sun.roughly_up(centred, site.latitude), 0.0)
    lit = np.flatnonzero((up > 0) | (share > 0))
    day, highest = share[lit], share.max()
    if len(lit) < LEAST_ROWS or day[[0, -1]].max() > highest / 4:
        return False
    way = np.abs(np.diff(np.concatenate([[0.0], day, [0.0]]))).sum() / (2 * highest)
    return bool(way < SMOOTH and np.corrcoef(day, up[lit])[0, 1] > LIKE_SUN)


def _levels(days: list[_Day]) -> tuple[Level, ...]:
    """Return the best day of each height of the noon sun."""
    bands: dict[int, list[_Day]] = defaultdict(list)
    for each in days:
        if each.noon > LEAST_SUN and each.peak > 0:
            bands[Level(each.noon, each.peak, is_sure=False).band].append(each)
    levels = []
    for _, ones in sorted(bands.items()):
        best = max(ones, key=lambda each: each.peak)
        is_sure = len(ones) >= MANY_DAYS or any(each.is_clear for each in ones)
        levels.append(Level(_short(best.noon), _short(best.peak), is_sure))
    return tuple(levels)


def _middle(days: list[_Day]) -> float | None:
    """Return how long after solar noon clear days are centred, or many days of any weather."""
    telling = [each for each in days if each.noon > LEAST_SUN]
    clear = [each for each in telling if each.is_clear]
    if not clear and len(telling) < MANY_DAYS:
        return None
    # By energy: the centre of a dull day can be anywhere.
    ones = clear or telling
    energy = sum(each.energy for each in ones)
    return round(sum(each.middle * each.energy for each in ones) / energy, 1)


def _first(start: np.datetime64, site: Site) -> str:
    moment: datetime = start.astype("M8[s]").item()
    return f"{moment.replace(tzinfo=UTC).astimezone(tzinfo_of(site.timezone)):%Y-%m-%d}"


def _prints(utc: Times, power: Values) -> tuple[str, ...]:
    """Return the least of the names that the days have by their energy: other files choose the same days."""
    day = utc.astype("M8[D]")
    starts = np.flatnonzero(np.append(True, day[1:] != day[:-1]))
    energy = np.add.reduceat(np.nan_to_num(power), starts)
    said = (
        f"{day[start]} {total:.6g}"
        for start, total in zip(starts, energy, strict=True)
        if total > 0
    )
    names = (hashlib.sha256(each.encode()).hexdigest()[:12] for each in said)
    return tuple(sorted(names)[:MOST_PRINTS])


def _short(value: float) -> float:
    return float(f"{value:.4g}")
