"""Whether the scale of power, or of the irradiance beside it, changes from one row to the next of a few days.

Where days are few, `scale_change` has none to compare. But power per irradiance is steady for hours, and the
same at one hour of two days. Where it becomes several times another at once and then stays so, and power goes
on following the irradiance, the unit of one of them has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable.power import STANDARD, Power, Values
from services.data_watcher.domain.believable.scale_change import (
    BRIGHT,
    CHANGE,
    FOLLOWS,
    LEAST_DAYS,
    SPREAD,
    of_units,
)
from services.data_watcher.domain.time_axis import DAY, HOUR, Ticks, Times, minute_of, ticks_of

SUDDEN = 2.5  # times as much as in the row before
LEAST_PER_HOUR = 4  # rows; half of a plant, or a third of it, may be off
LEAST_HOURS = 2  # with sun on either side, or at the same time of two days
RANGE = 1.5  # times the least irradiance of these: power can only follow what changes
NEIGHBOURS = 3  # rows on either side of a jump; they have the same sky
# By how much energies of an interval are less than a power, as measured. Three of four inverters that are off
# look the same, and should be asked for, too.
NEAR = 1.12
NEAR_IN_SNOW = 1.04  # below snow a day had 4.2 times less, as steadily
MUCH = 5.0  # times; it never came to that
LARGE = 10.0  # times; nothing but another unit is so far away and steady
OVER_A_DAY = (
    2.0  # between the rows of six hours: in winter the sun changes so much how a steep plane is lit
)
STEADY = 1.3  # between the rows of a day, as SPREAD between days
NEARLY_ALL = 0.9  # of the rows of a side are nearer to its own level
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Bright:
    """The bright rows of some days.

    Attributes
    ----------
    rows
        On the time axis.
    ratio
        Logarithm of power per irradiance.
    least
        How many rows are enough.
    interval
        Logarithm of how many intervals an hour has, by which energies of each are less than a power.
    """

    rows: Rows
    moments: Ticks
    own: Values
    light: Values
    ratio: Values
    least: int
    interval: float

    @classmethod
    def of(cls, light: Values, power: Power, days: slice) -> Self:
        own, beside = power.share[days], light[days] / STANDARD
        # A percentage of megawatts that is read as W is less than any noise, but follows the sun.
        rows = np.flatnonzero((own > 0) & (beside > 0) & ((own > BRIGHT) | (beside > BRIGHT)))
        own, beside = own[rows], beside[rows]
        least = round(LEAST_HOURS * 3600 / power.time.step)
        moments = ticks_of(power.time.utc[days])[rows]
        interval = float(np.log(3600 / power.time.step))
        return cls(rows + days.start, moments, own, beside, np.log(own / beside), least, interval)

    def candidates(self) -> list[int]:
        """Return the rows that may be the first ones after a change."""
        jumps = np.abs(np.diff(self.ratio)) > np.log(SUDDEN)
        nights = np.diff(self.moments) > HOUR
        return (np.flatnonzero(jumps | nights) + 1).tolist()

    def change(self, at: int) -> float:
        """Return by how much the ratio changes before a row, and stays changed; 0 where that is not sure."""
        return self._within_a_day(at) or self._between_days(at)

    def _within_a_day(self, at: int) -> float:
        """Return by how much it changes from a row to the next, if that is how it stays for hours."""
        if self.moments[at] - self.moments[at - 1] > HOUR:
            return 0.0
        some = 3 * self.least
        before, after = slice(max(at - some, 0), at), slice(at, at + some)
        if abs(self._from_to(before, after, OVER_A_DAY)) < np.log(SUDDEN):
            return 0.0
        given, lit = (self._step(values, at) for values in (self.own, self.light))
        jump = given - lit
        # A sensor that falls into the shade loses any part; of power only units take so much at once.
        if not self._is_of_units(jump, NEAR if abs(given) > abs(lit) else 1.0):
            return 0.0
        middle = np.median(self.ratio[before]) + jump / 2
        is_new = (self.ratio > middle) == (jump > 0)
        lasts = min((~is_new[:at]).mean(), is_new[at:].mean()) >= NEARLY_ALL
        return jump if lasts else 0.0

    @staticmethod
    def _step(values: Values, at: int) -> float:
        """Return the logarithm of how many times more there is in the rows from one on than before it."""
        before, after = values[max(at - NEIGHBOURS, 0) : at], values[at : at + NEIGHBOURS]
        return float(np.log(np.median(after) / np.median(before)))

    def _between_days(self, at: int) -> float:
        """Return by how much it changes from the same hours of the day before, where that is steady else."""
        same = self.moments.searchsorted(self.moments - DAY)
        pairs = np.flatnonzero(self.moments[same] == self.moments - DAY)
        since = self.moments[pairs] - self.moments[at]
        within = (since >= 0) & (since < DAY)
        over = pairs[within]
        change = self._from_to(same[over], over, STEADY)
        if not self._is_of_units(change, NEAR_IN_SNOW if abs(change) < np.log(MUCH) else NEAR):
            return 0.0
        others = pairs[~within]
        apart = np.abs(self.ratio[others] - self.ratio[same[others]])
        is_steady = np.count_nonzero(apart < np.log(SPREAD)) >= NEARLY_ALL * len(apart)
        return change if is_steady else 0.0

    def _is_of_units(self, change: float, near: float) -> bool:
        return abs(change) > np.log(LARGE) or bool(abs(abs(change) - self.interval) < np.log(near))

    def _from_to(self, before: slice | Rows, after: slice | Rows, spread: float) -> float:
        """Return the change from some rows to others; 0 where either are not steady."""
        levels = []
        for rows in (before, after):
            own, light, ratio = self.own[rows], self.light[rows], self.ratio[rows]
            if len(ratio) < self.least or light.max() < RANGE * light.min():
                return 0.0
            low, middle, high = np.quantile(ratio, [0.1, 0.5, 0.9])
            if high - low > np.log(spread) or np.corrcoef(own, light)[0, 1] < FOLLOWS:
                return 0.0
            levels.append(float(middle))
        return levels[1] - levels[0]


def check(name: str, light: Values, power: Power) -> None:
    """Refuse a file near whose beginning or end power per irradiance becomes several times another. [W/m²]

    Parameters
    ----------
    name
        Canonical name of the irradiance.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the row from which on it is so.
    """
    time = power.time
    if time.step * LEAST_PER_HOUR > 3600:  # noqa: PLR2004 - seconds of an hour
        return
    for days in _edges(time.utc):
        bright = _Bright.of(light, power, days)
        if len(bright.rows) < 2 * bright.least or np.ptp(bright.ratio) < np.log(CHANGE):
            continue  # as in many files of a day
        for at in bright.candidates():
            change = bright.change(at)
            if change and not _ends_as_usual(bright, at, light, power):
                row = int(bright.rows[at])
                raise of_units(name, change, power, row, f"{minute_of(time.utc[row])} UTC")


def _ends_as_usual(bright: _Bright, at: int, light: Values, power: Power) -> bool:
    """Whether it is not the edge of a long file that is unlike the rest of it: an outage ends or begins."""
    whole = _Bright.of(light, power, slice(0, len(light)))
    if len(whole.rows) == len(bright.rows):
        return False  # of few days nobody knows which are usual
    usual = np.median(whole.ratio)
    early, late = (abs(np.median(each) - usual) for each in (bright.ratio[:at], bright.ratio[at:]))
    is_first = bright.rows[0] == whole.rows[0]
    return bool(late > early if is_first else early > late)


def _edges(utc: Times) -> list[slice]:
    """Return the rows of a file's first days and of its last ones, or of all where they are few."""
    moments = ticks_of(utc)
    edge = (LEAST_DAYS + 1) * DAY
    if moments[-1] - moments[0] < 2 * edge:
        return [slice(0, len(utc))]
    first, last = (
        moments.searchsorted(moments[0] + edge),
        moments.searchsorted(moments[-1] - edge),
    )
    return [slice(0, int(first)), slice(int(last), len(utc))]
