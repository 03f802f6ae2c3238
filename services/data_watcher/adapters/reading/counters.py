"""Counters of energy: the growth within an interval is that interval's energy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain import masks
from services.data_watcher.domain.believable import ranges
from services.data_watcher.domain.time_axis import TimeAxis
from shared.errors import UnreadableFileError
from shared.solar.site import POWER, Site

_LEAST_HOURS = 0.25  # power is averaged over quarters of an hour for training
_COARSE = 0.05  # of AC capacity
_LONGER = (0.5, 1.0)  # h; an interval that is longer says too little of a day
_CLOSE = 0.02  # of a digit
_FEWEST = 12  # times that it grew
FALLS_SELDOM = 12  # rows for each fall; a counter of the day in hours has 24
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


def energies(
    readings: Values, time: TimeAxis, name: str, site: Site, *, at_end: bool
) -> tuple[Values, dict[str, Mask]]:
    """Return the energy of each interval, and which readings give none by reason.

    An interval without a reading at both of its ends has no energy: the growth over a gap is known, but
    not when it happened. A counter that falls began anew. If it stood still before, nothing was lost, and
    the new reading is all there was since; otherwise the interval's energy is not known.

    Parameters
    ----------
    readings
        Counter on the time axis, NaN where there is none. [canonical unit times h]
    name
        The quantity's canonical name.
    at_end
        Whether a reading is taken at the end of its interval, or at the beginning.

    Raises
    ------
    UnreadableFileError
        `no_counter`: it falls again and again, or `coarse_counter`: it has too few digits for its step.
    """
    hours = time.step / 3600.0
    most = ranges.limits_of(name, site)[1] * hours
    known = np.flatnonzero(np.isfinite(readings))
    _check(readings[known], name)
    slept = _dropouts(readings[known], most)
    reasons = {"counter_dropout": masks.at(known[slept], len(readings))}
    known = known[~slept]
    growth, found = np.diff(readings[known]), np.full(len(readings), np.nan)
    step = np.broadcast_to(time.lengths(), readings.shape)[known][:-1]
    apart = np.diff(time.utc[known]) / np.timedelta64(1, "s") > step + 1
    fell = growth < 0
    stood = np.append(False, growth[:-1] == 0)[: len(growth)]
    energy = np.where(fell, readings[known][1:], growth)
    if name == POWER:
        _check_digits(growth[growth > 0], max(hours, _LEAST_HOURS), site)
    here, edge = (known[1:], known[:1]) if at_end else (known[:-1], known[-1:])
    lost = fell & ~stood
    apart |= _caught_up(growth, most)
    found[here] = np.where(apart | lost, np.nan, energy)
    reasons["counter_gap"] = masks.at(np.append(here[apart], edge), len(readings))
    reasons["counter_reset"] = masks.at(here[lost & ~apart], len(readings))
    return found, {reason: mask for reason, mask in reasons.items() if mask.any()}


def _check(readings: Values, name: str) -> None:
    falls = np.flatnonzero(np.diff(readings) < 0)
    if len(falls) * FALLS_SELDOM <= len(readings):
        return
    before, after = readings[falls[0]], readings[falls[0] + 1]
    raise UnreadableFileError(
        "no_counter",
        f"the site's YAML says that {name} is a counter, but it falls {len(falls)} times in {len(readings)} "
        f"rows, for example from {before:.6g} to {after:.6g}",
        "remove `kind: counter` in the site's YAML where the column is the energy of each interval; where it "
        "is power, say a unit of power (kW, W) as well",
    )


def _check_digits(growth: Values, hours: float, site: Site) -> None:
    """Refuse a counter that stands still and jumps where power is steady, because it has too few digits.

    Parameters
    ----------
    growth
        What it grew by, where it did. [kWh]
    hours
        Length of an interval, or that over which power is averaged later.
    """
    if len(growth) < _FEWEST:
        return
    digit = float(growth.min())
    coarse = digit / hours > _COARSE * site.ac_capacity_kw
    multiples = growth / digit
    if not coarse or (np.abs(multiples - np.round(multiples)) > _CLOSE).any():
        return
    raise UnreadableFileError(
        "coarse_counter",
        f"the counter grows by {digit:.3g} kWh or multiples of it, which is {digit / hours:.3g} kW over "
        f"{hours * 60:.0f} min: too coarse for a plant of {site.ac_capacity_kw:g} kW",
        _finer(digit, hours, _COARSE * site.ac_capacity_kw),
    )


def _finer(digit: float, hours: float, most: float) -> str:
    """Return how to export a counter so that a digit is no more than some power. [kWh, h, kW]"""
    enough = 10.0 ** np.floor(np.log10(most * hours))
    longer = [each for each in _LONGER if each > hours and digit / each <= most]
    every = f", or every {longer[0] * 60:.0f} min" if longer else ""
    return f"export the counter with more digits ({enough:g} kWh){every}, or export power"


def _dropouts(readings: Values, most: float) -> Mask:
    """Return the readings below a counter that come back to it at once: 0 while the inverter sleeps."""
    slept = np.zeros(len(readings), bool)
    growth = np.diff(readings)
    for fall in np.flatnonzero(growth < 0):
        if slept[fall]:
            continue
        back = np.flatnonzero(readings[fall + 1 :] >= readings[fall])
        if not len(back):
            continue
        after = fall + 1 + back[0]
        below = readings[fall + 1 : after]
        if growth[after - 1] > most or (below == below[0]).all():
            slept[fall + 1 : after] = True
    return slept


def _caught_up(growth: Values, most: float) -> Mask:
    """Return the intervals in which a counter stood still before it grew by more than a plant can give."""
    caught = np.zeros(len(growth), bool)
    still = np.append(False, growth[:-1] == 0)
    for end in np.flatnonzero((growth > most) & still[: len(growth)]):
        moving = np.flatnonzero(growth[:end] != 0)
        caught[(moving[-1] + 1 if len(moving) else 0) : end + 1] = True
    return caught
