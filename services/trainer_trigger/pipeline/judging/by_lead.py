"""How forecasts do by lead and provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.judging import scoring
from services.trainer_trigger.pipeline.judging.scoring import ScoredRows
from shared.evaluation import ForecastScores, LeadScores, Reliability
from shared.solar import fleet, leads, metrics, skies
from shared.solar.position import Floats

LEVELS = tuple(round(level / 20, 2) for level in range(1, 20))  # 0.05 to 0.95
_P10, _P50, _P90 = (LEVELS.index(level) for level in (0.1, 0.5, 0.9))


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a model says of test rows.

    Attributes
    ----------
    test
        The rows, every issue of every interval.
    point
        Predicted power as a share of AC capacity. [unitless]
    quantiles
        Shape (rows, `LEVELS`): the same for each level. [unitless]
    """

    test: ScoredRows
    point: Floats
    quantiles: NDArray[np.float64]


def score(forecast: Forecast, judged: NDArray[np.intp], lead: timedelta) -> ForecastScores:
    """Score forecasts by lead and provider, in daylight.

    Parameters
    ----------
    judged
        Rows that stand for the lead that the model's owner named.
    """
    rows, lit = forecast.test.rows, forecast.test.daylight
    hours = rows.lead_hours
    bucket = np.searchsorted(leads.HOURS, hours, side="right")
    by_lead = ((name, lit & (bucket == number)) for number, name in enumerate(leads.BUCKETS))
    by_provider = (
        (name, lit & (rows.provider == number)) for number, name in enumerate(rows.providers)
    )
    return ForecastScores(
        floor_lead_hours=lead.total_seconds() / 3600.0,
        least_lead_hours=round(float(hours[judged].min()), 2),
        most_lead_hours=round(float(hours[judged].max()), 2),
        by_lead=tuple(_scored(forecast, by_lead)),
        by_provider=tuple(_scored(forecast, by_provider)) if len(rows.providers) > 1 else (),
        reliability=tuple(_reliability(forecast, judged[lit[judged]])),
        **_alike(forecast, judged[lit[judged]]),
    )


def _alike(forecast: Forecast, rows: NDArray[np.intp]) -> dict[str, float | None]:
    """Return how alike errors are, of sites and within a day, and how often the band of the fleet holds."""
    test = forecast.test
    low, high = forecast.quantiles[rows, _P10], forecast.quantiles[rows, _P90]
    point, actual = forecast.point[rows], test.share[rows]
    columns = np.stack([actual - point, point - low, high - point, (high - low) / 2])
    kw = columns * test.capacity[rows]
    site, times = test.rows.site[rows], test.rows.times[rows]
    day = test.day[rows] * len(test.rows.sites) + site
    error, _, _, width = _table(columns, times.astype(np.int64) % 86_400, day)
    found = {"day_dependence": _rounded(fleet.dependence(error, width))}
    if len(test.rows.sites) > 1:
        error, below, above, width = _table(kw, site, times.astype(np.int64))
        alike = fleet.dependence(error, width)
        found["dependence"] = _rounded(alike)
        whole = np.isfinite(error).all(axis=0)
        if alike is not None and whole.any():
            total = error[:, whole].sum(axis=0)
            inside = total >= -fleet.band(below[:, whole], alike)
            inside &= total <= fleet.band(above[:, whole], alike)
            found["fleet_coverage"] = _rounded(float(inside.mean()))
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _table(
    columns: NDArray[np.float64], row: NDArray[np.int64], column: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return each of some columns as a table of shape (rows, columns), NaN where there is no value."""
    rows, row_of = np.unique(row, return_inverse=True)
    heads, column_of = np.unique(column, return_inverse=True)
    table = np.full((len(columns), len(rows), len(heads)), np.nan)
    table[:, row_of, column_of] = columns
    return table


def _scored(
    forecast: Forecast, groups: Iterator[tuple[str, NDArray[np.bool_]]]
) -> Iterator[LeadScores]:
    inside = _inside(forecast)
    plain, clear = scoring.persistence(forecast.test)
    sky = scoring.sky_of(forecast.test)
    actual = forecast.test.share
    for name, within in groups:
        found = metrics.scores(actual[within], forecast.point[within])
        if found is None:
            continue
        yield LeadScores(
            name=name,
            **found.model_dump(),
            lead_hours=round(float(forecast.test.rows.lead_hours[within].mean()), 2),
            pinball=_pinball(actual[within], forecast.quantiles[within]),
            crps=_crps(actual[within], forecast.quantiles[within]),
            coverage=float(inside[within].mean()),
            coverage_by_sky={
                each: round(float(inside[within & (sky == number)].mean()), 4)
                for number, (each, _, _) in enumerate(skies.SKIES)
                if (within & (sky == number)).any()
            },
            skill_persistence_24h=_skill(forecast, within, plain),
            skill_clear_sky_persistence=_skill(forecast, within, clear),
        )


def _inside(forecast: Forecast) -> NDArray[np.bool_]:
    low, high = forecast.quantiles[:, _P10], forecast.quantiles[:, _P90]
    within: NDArray[np.bool_] = (forecast.test.share >= low) & (forecast.test.share <= high)
    return within


def _pinball(actual: Floats, quantiles: NDArray[np.float64]) -> float:
    """Return the mean pinball loss of P10, P50 and P90. [unitless]"""
    return float(
        np.mean(
            [
                metrics.pinball(actual, quantiles[:, place], LEVELS[place])
                for place in (_P10, _P50, _P90)
            ]
        )
    )


def _crps(actual: Floats, quantiles: NDArray[np.float64]) -> float:
    """Return twice the mean pinball loss over evenly spaced quantiles, which the CRPS is the limit of."""
    losses = [metrics.pinball(actual, quantiles[:, at], level) for at, level in enumerate(LEVELS)]
    return 2 * float(np.mean(losses))


def _skill(forecast: Forecast, within: NDArray[np.bool_], baseline: Floats) -> float | None:
    known = within & np.isfinite(baseline)
    actual = forecast.test.share[known]
    others = float(np.abs(baseline[known] - actual).sum())
    own = float(np.abs(forecast.point[known] - actual).sum())
    return 1 - own / others if others > 0 else None


def _reliability(forecast: Forecast, rows: NDArray[np.intp]) -> Iterator[Reliability]:
    if not len(rows):
        return
    actual = forecast.test.share[rows]
    for place, level in enumerate(LEVELS):
        below = float((actual <= forecast.quantiles[rows, place]).mean())
        yield Reliability(level=level, observed=round(below, 4))
