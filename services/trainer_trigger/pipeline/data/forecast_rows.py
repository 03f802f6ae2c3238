"""Rows of a model of forecasts: every issue of every interval beside the power that came.

Power is checked as for any other model, with the measured weather where there is some. The forecasts are
taken as they were issued: what was issued after an interval had begun is no forecast of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from services.trainer_trigger.pipeline.data.dataset_files import DatasetFiles
from services.trainer_trigger.pipeline.data.site_validation import ForecastFinding
from shared.dataset import DatasetFile
from shared.solar import irradiance, issues
from shared.solar.lookup import find, values_at
from shared.solar.position import Floats, SolarPosition, Times
from shared.solar.rows import Rows
from shared.solar.site import FORECAST_PREFIX, Site

_LEAST_HOURS = 50
_BRIGHT = 100.0  # W/m2 of clear sky; below, an index is mostly noise


@dataclass(frozen=True, slots=True)
class Forecasts:
    """A site's forecasts on the model's step; those that were issued too late are left out and counted."""

    rows: Rows
    issued_later: int


def read_forecasts(
    files: Sequence[DatasetFile], site: Site, folder: Path, step_minutes: int
) -> Forecasts | None:
    """Read a site's forecasts; None where its files hold none.

    Parameters
    ----------
    files
        The site's files of the dataset, the later uploads last.
    folder
        Where the canonical files lie below their keys.
    """
    canonical = DatasetFiles(folder)
    tables = (canonical.read(file) for file in files if file.provider)
    place = (site.latitude, site.longitude)
    found = issues.rows_of(tables, site.site_id, place, step_minutes)
    if found is None:
        return None
    in_time = found.times >= found.issued_at
    return Forecasts(found.take(in_time), int((~in_time).sum()))


def with_power(forecasts: Rows, measured: Rows, known: Rows, step_minutes: int) -> Rows:
    """Return the forecasts of those intervals whose power is told, each with that power.

    Parameters
    ----------
    measured
        One row per interval, in the order of time; its power becomes that of the forecasts.
    known
        Rows whose power may serve as that of an earlier day. [kW]
    """
    place, found = find(measured.times, forecasts.times)
    rows = forecasts.take(found)
    back = issues.days_back(rows, step_minutes) * np.timedelta64(86_400, "s")
    return replace(
        rows,
        power_ac=measured.power_ac[place[found]],
        power_ac_24h_ago=values_at(rows.times - back, known.times, known.power_ac),
        weight=_once(rows.times),
    )


def _once(times: Times) -> Floats:
    """Return weights with which all forecasts of one interval together count once. [unitless]"""
    _, which, counts = np.unique(times, return_inverse=True, return_counts=True)
    return 1.0 / counts[which]


def finding(
    forecasts: Forecasts, believed: Rows, sun: SolarPosition, times: Times
) -> ForecastFinding:
    """Return what was found in a site's forecasts.

    Parameters
    ----------
    believed
        Measured rows that passed the checks, one per interval.
    sun, times
        Where the sun stands in the intervals of the gapless grid that all rows are of.
    """
    rows = forecasts.rows
    leads = rows.lead_hours if len(rows) else np.zeros(1)
    within = (
        (believed.times >= rows.times.min()) & (believed.times <= rows.times.max())
        if len(rows)
        else np.zeros(len(believed), dtype=bool)
    )
    covered = np.isin(believed.times[within], rows.times)
    return ForecastFinding(
        providers=rows.providers,
        issues=len(np.unique(rows.issued_at.astype(np.int64) * 64 + rows.provider)),
        least_lead_hours=round(float(leads.min()), 2),
        most_lead_hours=round(float(leads.max()), 2),
        issued_later=forecasts.issued_later,
        covered=round(float(covered.mean()), 4) if len(covered) else 0.0,
        agreement=_agreement(rows, believed, sun, times),
    )


def _agreement(rows: Rows, believed: Rows, sun: SolarPosition, times: Times) -> dict[str, float]:
    """Return how well each provider's irradiance follows what was measured: correlation by day. [unitless]

    It is that of hourly clear-sky indices, so that neither the sun's own course counts nor what lies
    within a provider's step.
    """
    measured = believed.column("ghi")
    said = rows.column(f"{FORECAST_PREFIX}ghi")
    clear = irradiance.clearsky_ghi(sun.up)
    place, found = find(believed.times, rows.times)
    at, on_grid = find(times, rows.times)
    bright = found & on_grid & (clear[at] > _BRIGHT) & np.isfinite(said)
    bright &= np.isfinite(measured[place]) if len(measured) else False
    agreement = {}
    for number, name in enumerate(rows.providers):
        own = bright & (rows.provider == number)
        hours, which = np.unique(rows.times[own].astype("datetime64[h]"), return_inverse=True)
        if len(hours) < _LEAST_HOURS:
            continue
        clearest = np.bincount(which, clear[at[own]])
        one = np.bincount(which, said[own]) / clearest
        other = np.bincount(which, measured[place[own]]) / clearest
        if np.ptp(one) > 0 and np.ptp(other) > 0:
            agreement[name] = round(float(np.corrcoef(one, other)[0, 1]), 5)
    return agreement
