"""Scores of what was predicted live: sums that add up over rows, days and sites, and what they say.

A score of a day is kept as sums, so that the scores of a month, of a site or of a fleet are those of all its
rows, not means of means. All sums but energies are over shares of AC capacity, as in an evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from operator import add, attrgetter
from typing import Literal, NamedTuple, Self, TypeVar

Number = TypeVar("Number", int, float)
Inputs = Literal["measured", "forecast"]
State = Literal["scored", "night_only", "no_power", "no_weather", "outage", "masked", "waiting"]
NO_LEAD = ""  # of measured weather, which is known afterwards
HINDSIGHT = (
    "hindsight"  # what was made from a forecast when its interval was over: nobody could use it
)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over the rows that were scored.

    Attributes
    ----------
    n
        Rows, nights included, as in an evaluation.
    actual, actual_squared
        Of the measured power, as a share of AC capacity. [unitless]
    error, absolute, squared
        Of predicted minus measured power, its size and its square, as shares of AC capacity. [unitless]
    daylight, inside
        Rows with the sun above the horizon, and those of them whose measured power lay within P10 and P90.
    compared, own, yesterday
        Rows whose power a day earlier is known, and the sums of absolute errors there: of the prediction, and
        of yesterday's power taken as the prediction. [unitless]
    predicted_kwh, measured_kwh
        Energy. [kWh]
    """

    n: int = 0
    actual: float = 0.0
    actual_squared: float = 0.0
    error: float = 0.0
    absolute: float = 0.0
    squared: float = 0.0
    daylight: int = 0
    inside: int = 0
    compared: int = 0
    own: float = 0.0
    yesterday: float = 0.0
    predicted_kwh: float = 0.0
    measured_kwh: float = 0.0

    def __add__(self, other: Sums) -> Sums:
        """Return the sums over the rows of both."""
        return Sums(*map(add, _values(self), _values(other)))

    @property
    def r2(self) -> float | None:
        """Coefficient of determination; None where the measured power never changed. [unitless]"""
        if not self.n:
            return None
        spread = self.actual_squared - self.actual**2 / self.n
        return None if spread <= 1e-12 * self.n else 1 - self.squared / spread

    @property
    def nmae(self) -> float | None:
        """Mean absolute error as a share of AC capacity; None without rows. [unitless]"""
        return self.absolute / self.n if self.n else None

    @property
    def nrmse(self) -> float | None:
        """Root mean square error as a share of AC capacity; None without rows. [unitless]"""
        return math.sqrt(self.squared / self.n) if self.n else None

    @property
    def mbe(self) -> float | None:
        """Mean of predicted minus measured, as a share of AC capacity; None without rows. [unitless]"""
        return self.error / self.n if self.n else None

    @property
    def energy_bias(self) -> float | None:
        """Predicted over measured energy, minus 1; None where nothing was generated. [unitless]"""
        return self.predicted_kwh / self.measured_kwh - 1 if self.measured_kwh > 0 else None

    @property
    def coverage(self) -> float | None:
        """Share of daylight rows within P10 and P90; None without daylight. [unitless]"""
        return self.inside / self.daylight if self.daylight else None

    @property
    def skill(self) -> float | None:
        """Share of the error of yesterday's power that is avoided; None where that is unknown. [unitless]"""
        return 1 - self.own / self.yesterday if self.yesterday > 0 else None


# A scorecard of a fleet adds up tens of thousands.
_values = attrgetter(*(each.name for each in fields(Sums)))


def total(parts: Iterable[Sums]) -> Sums:
    """Return the sums over the rows of all parts."""
    found = Sums()
    for each in parts:
        found += each
    return found


class HourSums(NamedTuple):
    """The sums of one hour of a day, as they are kept: of an hour without any daylight none are.

    What is compared with yesterday is not among them.
    """

    hour: int
    n: int
    actual: float
    actual_squared: float
    error: float
    absolute: float
    squared: float
    daylight: int
    inside: int
    predicted_kwh: float
    measured_kwh: float

    @classmethod
    def of(cls, hour: int, sums: Sums) -> Self:
        """Return an hour's sums to five digits: many are kept, and each says little."""
        kept = {name: getattr(sums, name) for name in cls._fields if name != "hour"}
        return cls(hour, **{name: _short(value) for name, value in kept.items()})

    @property
    def sums(self) -> Sums:
        """The sums as those of a day."""
        return Sums(**{name: value for name, value in self._asdict().items() if name != "hour"})


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a day by the clock of a time zone: that of the site's YAML."""

    zone: str
    parts: tuple[HourSums, ...]


@dataclass(frozen=True, slots=True)
class DayScore:
    """How one version did on one local day of one site, for one kind of input and one lead.

    Attributes
    ----------
    day
        Local day of the site.
    provider, lead
        Whose forecast, and how long before the day's rows it was issued; both empty for measured weather.
    hindsight
        Whether the prediction was made from a forecast only when its interval was over: nobody could use it.
    state
        `scored`, or why there is nothing to score.
    sky
        Mean clear-sky index of the daylight rows, None where irradiance is unknown. [unitless]
    lit
        Daylight rows of the day, whether scored or not, on the model's step.
    masked
        Daylight rows that are not scored although power is there, by reason.
    gain
        What the adjuster multiplied the prediction by; 1 without one. [unitless]
    unadjusted
        The sums as they would be without the adjuster; None where it changed nothing.
    level, scatter
        Median of measured over predicted power in the day's stronger rows, and how far single rows are
        from it (see `shared.solar.day_level`); None where too few rows tell. [unitless]
    hours
        The sums of its hours; None where they are not known or were not asked for.
    """

    site_id: str
    day: date
    version: int
    state: State
    inputs: Inputs = "measured"
    provider: str = ""
    lead: str = NO_LEAD
    hindsight: bool = False
    sums: Sums = field(default_factory=Sums)
    sky: float | None = None
    lit: int = 0
    masked: Mapping[str, int] = field(default_factory=dict)
    gain: float = 1.0
    unadjusted: Sums | None = None
    level: float | None = None
    scatter: float | None = None
    hours: Hours | None = None

    @property
    def kind(self) -> str:
        """What it is added up with: measured weather, forecasts, or what was made afterwards."""
        return HINDSIGHT if self.hindsight else self.inputs

    @property
    def share_scored(self) -> float:
        """Share of the day's daylight rows that were scored. [unitless]"""
        return min(self.sums.daylight / self.lit, 1.0) if self.lit else 0.0


def _short(value: Number) -> Number:
    return value if isinstance(value, int) else float(f"{value:.5g}")
