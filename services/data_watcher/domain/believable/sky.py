"""What a clear sky gives in the intervals of a file, and the most that any sky can."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.time_axis import Times
from shared.solar import irradiance, position
from shared.solar.site import Site

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_PARTS = 4  # moments that are looked at in an interval, and half as many before and after it
_MORE = 30.0  # W/m², of twilight and rounding
_TWILIGHT = -0.05  # sine of three degrees below the horizon


@dataclass(frozen=True, slots=True)
class Sky:
    """The sky over each interval.

    Attributes
    ----------
    clear
        Mean global horizontal irradiance under a clear sky. [W/m²]
    most
        What the mean cannot exceed, were the stamp half an interval off: what comes to a level plane above
        the atmosphere. At 4,000 m a clear sky gives nearly as much, more than the formula says. [W/m²]
    is_lit
        Whether the sun is up at its middle.
    is_night
        Whether twilight is over all the time, were the stamp half an interval off.
    hour_angle
        Solar time of the middle, 0 at noon. [rad]
    """

    clear: Values
    most: Values
    is_lit: Mask
    is_night: Mask
    hour_angle: Values

    @classmethod
    def over_each(cls, begins: Times, lengths: Values, site: Site) -> Self:
        """Return the sky over intervals that begin at some times, by the length of each. [s]"""
        different = np.unique(lengths).tolist()
        if len(different) == 1:
            return cls.over(begins, different[0], site)
        rows = [np.flatnonzero(lengths == length) for length in different]
        skies = [
            cls.over(begins[some], length, site)
            for some, length in zip(rows, different, strict=True)
        ]
        back = np.argsort(np.concatenate(rows))
        return cls(
            *(
                np.concatenate([getattr(sky, each.name) for sky in skies])[back]
                for each in fields(cls)
            )
        )

    @classmethod
    def over(cls, begins: Times, step: float, site: Site) -> Self:
        """Return the sky over intervals that begin at some times and are `step` long. [s]"""
        each, where = np.unique(begins, return_inverse=True)
        part = step / _PARTS
        clear = np.zeros(len(each))
        highest = np.full(len(each), -1.0)
        middle = _at(each, step / 2, site)
        outside = irradiance.extraterrestrial(middle.year_phase)
        for number in range(-_PARTS // 2, _PARTS + _PARTS // 2 + 1):
            up = _at(each, number * part, site).up
            highest = np.maximum(highest, up)
            if 0 <= number <= _PARTS:
                part_of = (0.5 if number in {0, _PARTS} else 1.0) / _PARTS
                clear += irradiance.clearsky_ghi(up) * part_of
        return cls(
            clear[where],
            (outside * np.maximum(highest, 0.0) + _MORE)[where],
            (middle.up > 0)[where],
            (highest < _TWILIGHT)[where],
            middle.hour_angle[where],
        )

    def take(self, rows: Mask) -> Sky:
        """Return the sky over some of the intervals."""
        return Sky(
            self.clear[rows],
            self.most[rows],
            self.is_lit[rows],
            self.is_night[rows],
            self.hour_angle[rows],
        )


def _at(begins: Times, later: float, site: Site) -> position.SolarPosition:
    """Return the sun some time after the beginnings. [s]"""
    moments = begins + np.timedelta64(round(later * 1e6), "us")
    return position.position(position.ephemeris(moments), site.latitude, site.longitude)
