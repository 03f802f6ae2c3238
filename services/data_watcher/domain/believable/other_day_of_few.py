"""Whether the irradiance beside power is that of the day before or after, in files of a few days.

`other_day` compares days with each other. In few of them clouds tell: from row to row power and irradiance
change alike under each of them, and not so on two days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import other_day, sun
from services.data_watcher.domain.believable.power import Power, Values
from services.data_watcher.domain.time_axis import DAY, Ticks, Times, ticks_of

Mask = npt.NDArray[np.bool_]

LEAST, LONGEST = 28 * 3600.0, 1800.0  # s, of a file and of an interval
UP = 0.2  # sine of the sun's elevation
MOST_DAYS = 7  # of UTC
FEWEST = 12  # rows in which both change
# Of what the sun gives, from row to row; the days are compared by their clouds.
VARIES, SMOOTH = 0.05, 0.0125
# How alike these changes are. On real plants those of one day were so by 0.75 to 0.93 at the median; of 683
# cloudy days one was like the power of the day before by more than 0.6.
OWN, FURTHER = 0.6, 0.5
PEAK = 2.5  # times the mean change
ALONE = 0.75  # of a day that is the only one to tell


def check(name: str, light: Values, power: Power) -> None:
    """Refuse a file whose irradiance changes like the power of the day before or after. [W/m²]

    Parameters
    ----------
    name
        Canonical name of the irradiance.

    Raises
    ------
    UnreadableFileError
        `wrong_clock`
    """
    time = power.time
    if time.days > MOST_DAYS or len(light) * time.step < LEAST or time.step > LONGEST:
        return
    changes = _Changes.of(light, power)
    same = changes.alike(0)
    if not (same < 1.0 - FURTHER).any():
        return  # as in nearly every file
    before, after = (_telling(changes.alike(each), same) for each in (-1, 1))
    found = before if before.sum() >= after.sum() else after
    if found.any():
        first = changes.days[int(found.argmax())]
        raise other_day.fault(name, first, int(found.sum()), is_before=found is before)


def _telling(moved: Values, same: Values) -> Mask:
    """Return which days fit the other day alone; none where that is not sure, or a later one fits its own."""
    telling = (moved >= OWN) & (same < moved - FURTHER)
    own = np.flatnonzero(same >= OWN)
    is_last = not len(own) or bool(own[-1] < telling.argmax())
    is_sure = np.count_nonzero(telling) > 1 or bool((moved[telling] >= ALONE).any())
    return telling & (is_last and is_sure)


@dataclass(frozen=True, slots=True)
class _Changes:
    """How power and irradiance change from row to row, as a share of what the sun usually gives.

    Attributes
    ----------
    days
        By the sun.
    starts
        The first row of each, and the row after the last.
    """

    days: Times
    starts: list[int]
    moments: Ticks
    own: Values
    light: Values

    @classmethod
    def of(cls, light: Values, power: Power) -> Self:
        up = np.asarray(sun.over(power.time.utc, power.time.step, power.site).up)
        moments = ticks_of(power.time.utc)
        starts, _, days = sun.days(power.time.utc, power.site)
        is_next = np.diff(moments, prepend=0) == round(power.time.step * 1e6)
        found = []
        for values in (power.share, light):
            of_sun = np.where(up > UP, values / np.maximum(up, UP), np.nan)
            usual = float(np.nanmean(of_sun)) if np.isfinite(of_sun).any() else 0.0
            change = np.where(is_next, np.diff(of_sun, prepend=np.nan), np.nan)
            found.append(change / (usual or 1.0))
        return cls(days, [*starts.tolist(), len(moments)], moments, *found)

    def alike(self, apart: int) -> Values:
        """Return how alike each day's irradiance and the power so many days later are; NaN where unknown."""
        wanted = self.moments + apart * DAY
        at = np.minimum(self.moments.searchsorted(wanted), len(wanted) - 1)
        own = np.where(self.moments[at] == wanted, self.own[at], np.nan)
        known = np.isfinite(own) & np.isfinite(self.light)
        found = np.full(len(self.days), np.nan)
        for day, (start, end) in enumerate(zip(self.starts, self.starts[1:], strict=False)):
            some = np.flatnonzero(known[start:end]) + start
            if len(some) < FEWEST:
                continue
            one, other = own[some], self.light[some]
            if other.std() <= VARIES:
                continue
            found[day] = 0.0
            if one.std() > SMOOTH:
                both = _cosine(one, other), _cosine(_without_peaks(one), _without_peaks(other))
                # In doubt it is its own day: one row, as where half of a plant trips, decides nothing.
                found[day] = max(both) if not apart else min(both)
        return found


def _cosine(one: Values, other: Values) -> float:
    return float(np.dot(one, other) / np.sqrt(np.dot(one, one) * np.dot(other, other)))


def _without_peaks(changes: Values) -> Values:
    most = PEAK * float(np.abs(changes).mean())
    return np.clip(changes, -most, most)
