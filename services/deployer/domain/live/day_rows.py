"""What was predicted and measured on one local day of a site, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shared.solar.position import Floats, SolarPosition, Times
from shared.solar.site import FORECAST_PREFIX

_IRRADIANCES = ("ghi", "poa_global")  # in the order in which a recipe takes them


@dataclass(frozen=True, slots=True)
class DayRows:
    """Rows of one local day of one site, in the order of time, on the model's step.

    Attributes
    ----------
    times
        Start of each interval. [UTC]
    weather
        Canonical weather columns that the prediction was made from; NaN where unknown.
    sun
        Where the sun stands at the intervals' centres.
    predicted, p10, p90
        Predicted power of each interval and its range, NaN where none was predicted. [kW]
    power_ac
        Measured mean power of the interval, NaN where unknown or withdrawn. [kW]
    power_ac_24h_ago
        The same a day earlier, NaN where unknown. [kW]
    """

    times: Times
    weather: Mapping[str, Floats]
    sun: SolarPosition
    predicted: Floats
    p10: Floats
    p90: Floats
    power_ac: Floats
    power_ac_24h_ago: Floats

    @property
    def lit(self) -> NDArray[np.bool_]:
        """Rows whose interval's centre has the sun above the horizon."""
        return self.sun.up > 0

    def irradiance(self, *, forecast: bool) -> Floats | None:
        """Return what says how bright the sky was, or None where there is no such column. [W/m2]"""
        prefix = FORECAST_PREFIX if forecast else ""
        columns = [
            self.weather[prefix + name] for name in _IRRADIANCES if prefix + name in self.weather
        ]
        return next(
            (each for each in columns if np.isfinite(each).any()), next(iter(columns), None)
        )


def without_gaps(rows: DayRows, step_minutes: int) -> DayRows:
    """Return the rows with dark and empty ones where time has a gap, so that neighbours are neighbours.

    Raises
    ------
    ValueError
        Rows are not in the order of time, come twice, or are not on the step.
    """
    if not len(rows.times):
        return rows
    seconds = rows.times.astype("datetime64[s]").astype(np.int64)
    place, off = np.divmod(seconds - seconds[0], step_minutes * 60)
    if off.any() or (np.diff(place) <= 0).any():
        message = (
            f"rows of a day must be in the order of time, each once, every {step_minutes} minutes"
        )
        raise ValueError(message)
    count = int(place[-1]) + 1
    if count == len(place):
        return rows

    def spread(values: Floats, filling: float = np.nan) -> Floats:
        found = np.full(count, filling)
        found[place] = values
        return found

    sun = rows.sun
    return replace(
        rows,
        times=rows.times[0] + np.arange(count) * np.timedelta64(step_minutes * 60, "s"),
        weather={name: spread(values) for name, values in rows.weather.items()},
        sun=SolarPosition(
            east=spread(sun.east, 0.0),
            north=spread(sun.north, 0.0),
            up=spread(sun.up, -1.0),
            hour_angle=spread(sun.hour_angle, 0.0),
            year_phase=spread(sun.year_phase, 0.0),
        ),
        predicted=spread(rows.predicted),
        p10=spread(rows.p10),
        p90=spread(rows.p90),
        power_ac=spread(rows.power_ac),
        power_ac_24h_ago=spread(rows.power_ac_24h_ago),
    )
