"""Rows of one site and local day become a score, or a state that says why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime

import numpy as np

from services.deployer.domain.live.day_rows import DayRows, without_gaps
from services.deployer.domain.live.doubts import OUTAGE, doubts
from services.deployer.domain.live.scores import (
    NO_LEAD,
    DayScore,
    Hours,
    HourSums,
    Inputs,
    State,
    Sums,
)
from shared.solar import day_level, skies
from shared.solar.position import Floats
from shared.solar.quality import Mask
from shared.solar.zones import tzinfo_of

_MOST_OF_THE_DAY = 0.5  # share of the predicted energy
_LEAST_LEFT = 0.1  # share of the day's energy; dusk alone is no score


def score_day(
    site_id: str,
    day: date,
    version: int,
    rows: DayRows,
    *,
    capacity_kw: float,
    step_minutes: int,
    inputs: Inputs = "measured",
    provider: str = "",
    lead: str = NO_LEAD,
    gain: float = 1.0,
    timezone: str = "UTC",
) -> DayScore:
    """Score what one version predicted for one local day of a site.

    Parameters
    ----------
    day
        Local day of the site.
    rows
        All rows there are of that day, in the order of time; what is missing may be left out or be NaN.
    capacity_kw
        AC capacity of the site. [kW]
    step_minutes
        The model's step. [min]
    gain
        What the adjuster multiplied the prediction by. [unitless]
    timezone
        By whose clock the day is divided into hours: that of the site's YAML.

    Returns
    -------
    score
        The same rows give the same score. Sums are empty unless the day is `scored`. Negative power, which an
        inverter draws at night, counts as none, as in training.

    Raises
    ------
    ValueError
        Rows are not in the order of time, come twice, or are not on the step.
    """
    rows = without_gaps(rows, step_minutes)
    score = DayScore(site_id, day, version, "night_only", inputs, provider, lead, gain=gain)
    lit = rows.lit
    if not lit.any():
        return score
    irradiance = rows.irradiance(forecast=inputs == "forecast")
    sky = None if irradiance is None else skies.of_day(irradiance, rows.sun.up)
    found = doubts(rows, irradiance, capacity_kw=capacity_kw, step_minutes=step_minutes)
    chosen = np.isfinite(rows.power_ac) & np.isfinite(rows.predicted)
    for mask in found.values():
        chosen &= ~mask
    state = _state(rows, found, chosen)
    score = replace(
        score,
        state=state,
        sky=sky,
        lit=int(lit.sum()),
        masked=_counted(rows, found),
    )
    if state != "scored":
        return score
    level = day_level.of_day(
        rows.power_ac[chosen] / capacity_kw, rows.predicted[chosen] / capacity_kw, step_minutes
    )
    return replace(
        score,
        sums=_sums(rows, chosen, capacity_kw, step_minutes),
        hours=Hours(timezone, tuple(_hours(rows, chosen, capacity_kw, step_minutes, timezone))),
        level=level.level if level else None,
        scatter=level.scatter if level else None,
    )


def _state(rows: DayRows, found: Mapping[str, Mask], chosen: Mask) -> State:
    lit, predicted = rows.lit, np.isfinite(rows.predicted)
    both = lit & predicted & np.isfinite(rows.power_ac)
    if not np.isfinite(rows.power_ac[lit]).any():
        return "no_power"
    if not predicted[lit].any():
        return "no_weather"
    if not both.any():
        return "no_power"  # nothing was measured where something was predicted
    expected = rows.predicted[both].sum()
    if expected > 0 and rows.predicted[found[OUTAGE]].sum() > _MOST_OF_THE_DAY * expected:
        return "outage"
    energy = np.maximum(rows.predicted, rows.power_ac)  # dead irradiance predicts none
    left = energy[chosen & lit].sum() > _LEAST_LEFT * energy[both].sum()
    return "scored" if left or (chosen >= both).all() else "masked"


def _counted(rows: DayRows, found: Mapping[str, Mask]) -> dict[str, int]:
    """Return how many daylight rows with power each reason takes; without a prediction it is the weather."""
    measured = rows.lit & np.isfinite(rows.power_ac)
    every = {"no_weather": ~np.isfinite(rows.predicted), **found}
    counts = {reason: int((mask & measured).sum()) for reason, mask in every.items()}
    return {reason: count for reason, count in counts.items() if count}


def _sums(rows: DayRows, chosen: Mask, capacity_kw: float, step_minutes: int) -> Sums:
    measured, predicted = np.maximum(rows.power_ac[chosen], 0.0), rows.predicted[chosen]
    actual = measured / capacity_kw
    error = (predicted - measured) / capacity_kw
    lit = rows.lit[chosen]
    inside = (measured >= rows.p10[chosen]) & (measured <= rows.p90[chosen])
    yesterday = np.maximum(rows.power_ac_24h_ago[chosen], 0.0) / capacity_kw
    known = np.isfinite(yesterday)
    hours = step_minutes / 60
    return Sums(
        n=len(actual),
        actual=_total(actual),
        actual_squared=_total(actual**2),
        error=_total(error),
        absolute=_total(np.abs(error)),
        squared=_total(error**2),
        daylight=int(lit.sum()),
        inside=int((inside & lit).sum()),
        compared=int(known.sum()),
        own=_total(np.abs(error[known])),
        yesterday=_total(np.abs(yesterday - actual)[known]),
        predicted_kwh=_total(predicted) * hours,
        measured_kwh=_total(measured) * hours,
    )


def _hours(
    rows: DayRows, chosen: Mask, capacity_kw: float, step_minutes: int, timezone: str
) -> Iterator[HourSums]:
    """Yield the sums of each local hour in which a scored row has daylight."""
    zone = tzinfo_of(timezone)
    seconds = rows.times.astype("datetime64[s]").astype(np.int64).tolist()
    hours = np.array([datetime.fromtimestamp(each, zone).hour for each in seconds])
    for hour in np.unique(hours[chosen & rows.lit]).tolist():
        of_hour = chosen & (hours == hour)
        yield HourSums.of(hour, _sums(rows, of_hour, capacity_kw, step_minutes))


def _total(values: Floats) -> float:
    return float(values.sum())
