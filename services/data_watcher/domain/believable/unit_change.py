"""Whether the unit of power changes inside a file, and in which row."""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain.believable.power import (
    DAYS_FOR_PEAK,
    LEAST_PEAK,
    NOISE,
    OVER_CAPACITY,
    Power,
    Values,
)
from services.data_watcher.domain.time_axis import TimeAxis, Times, days_of, minute_of
from shared.errors import UnreadableFileError
from shared.solar import runs

JUMP = 100.0  # between the levels before and after a change of unit, which is a factor of 1000
APART = 10.0  # between the lowest day on one side and the highest on the other
MOSTLY = 0.85  # of a day's rows with power, a little under the tenth that its peak leaves out
HOURS_OF_A_DAY = 3  # with power, for a day's peak to say something


def check(power: Power) -> None:
    """Refuse a file whose power changes its unit between two days: by a factor of about 1000."""
    share, time = power.share, power.time
    if not _may_change(power):
        return
    days, levels = _daily_peaks(share, time)
    if len(levels) < 2:  # noqa: PLR2004 - a change needs a before and an after
        return
    at = _farthest_apart(np.log10(levels))
    before, after = levels[:at], levels[at:]
    if not _is_change(before, after):
        return
    row = _first_row(share, time, days[at], rises=bool(after.max() > before.max()))
    stamp = minute_of(time.utc[row])
    raise UnreadableFileError(
        "wrong_unit",
        f"the unit of power changes inside the file at row {power.place(int(time.rows[row]))} "
        f"({stamp} UTC): the days before peak at {before.max():.3g} times the AC capacity, those after "
        f"at {after.max():.3g} times; the YAML says {power.unit} for all",
        "split the file there and upload both parts in one unit, or correct the values",
    )


def _may_change(power: Power) -> bool:
    """Whether a change of unit is possible at all: some value is far too high, or some days far too low.

    Spares the sorting of every day's values for nearly every file.
    """
    share, time = power.share, power.time
    if power.highest > OVER_CAPACITY:
        return True
    if time.days < DAYS_FOR_PEAK:
        return False
    days = days_of(time.utc).view(np.int64)
    starts = runs.starts(days)
    generating = np.add.reduceat(share > NOISE, starts, dtype=np.int64)
    low = generating - np.add.reduceat(share >= LEAST_PEAK, starts, dtype=np.int64)
    return bool(((generating > 0) & (low >= MOSTLY * generating)).sum() >= DAYS_FOR_PEAK)


def _farthest_apart(logs: Values) -> int:
    """Return where to cut so that the days before and those after are farthest apart."""
    falls = np.minimum.accumulate(logs)[:-1] - np.maximum.accumulate(logs[::-1])[::-1][1:]
    rises = np.minimum.accumulate(logs[::-1])[::-1][1:] - np.maximum.accumulate(logs)[:-1]
    return int(np.maximum(falls, rises).argmax()) + 1


def _is_change(before: Values, after: Values) -> bool:
    """Whether every day on one side is far from every day on the other, and one side is impossible.

    A cloudy day is not far; a plant that is switched off is low, but not for days at a steady thousandth.
    """
    low, high = sorted((before, after), key=np.max)
    if high.min() < low.max() * APART or np.median(high) < np.median(low) * JUMP:
        return False
    too_high = high.max() > OVER_CAPACITY >= low.max()
    too_low = low.max() < LEAST_PEAK and len(low) >= DAYS_FOR_PEAK
    return bool(too_high or too_low)


def _daily_peaks(share: Values, time: TimeAxis) -> tuple[Times, Values]:
    """Return the days with power for some hours, and how high it was in a tenth of that time.

    The tenth keeps a single spike from looking like a day in another unit.
    """
    generating = share > NOISE
    power = share[generating]
    days, starts, counts = np.unique(
        days_of(time.utc[generating]), return_index=True, return_counts=True
    )
    by_day = np.lexsort((power, np.repeat(np.arange(len(days)), counts)))
    levels = power[by_day][starts + ((counts - 1) * 0.9).astype(np.intp)]
    whole = counts * time.step >= HOURS_OF_A_DAY * 3600
    return days[whole], levels[whole]


def _first_row(share: Values, time: TimeAxis, day: np.datetime64, *, rises: bool) -> int:
    """Return the first row after the change, looking from the day before it [position on the axis]."""
    window = np.flatnonzero(
        (time.utc >= day - np.timedelta64(1, "D")) & (time.utc < day + np.timedelta64(1, "D"))
    )
    high = window[share[window] > OVER_CAPACITY]
    if len(high):
        return int(high[0]) if rises else int(min(high[-1] + 1, window[-1]))
    return int(window[np.searchsorted(time.utc[window], day)])
