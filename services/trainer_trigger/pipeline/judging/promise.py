"""What the days of a model will look like if nothing changes: by month and sky, on rows its fit had not seen.

The test is the last part of time and knows few months. Training knows the others: there each row was
predicted by a fit that was stopped by its stretch of days (or, of a blend, that ended before it).
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.judging.scoring import ScoredRows
from services.trainer_trigger.pipeline.models.site_days import (
    DAYS_FILE,
    SiteDays,
    days_of,
    joined,
    summarise,
)
from shared.evaluation import Promise, PromisedDays
from shared.solar import runs, skies
from shared.solar.position import Floats
from shared.solar.recipe import Recipe

_LEAST_DAYS = 5  # of a month and sky; fewer say nothing of the next ones
_LEAST_OF_SITE = 8
_STEADY = 0.15  # scatter of a day whose level is worth its name
_NORMAL = 1.4826  # standard deviation over median absolute deviation of a normal distribution
_MONTHS = (*range(1, 13), None)
_SKIES = (*(name for name, _, _ in skies.SKIES), None)


def days_of_test(test: ScoredRows, predicted: Floats, recipe: Recipe) -> SiteDays:
    """Return the days of the test rows.

    Parameters
    ----------
    predicted
        Power as a share of AC capacity. [unitless]
    """
    lit = np.flatnonzero(test.daylight)
    order = lit[np.lexsort((test.rows.times[lit], test.rows.site[lit]))]
    site = test.rows.site[order]
    irradiance = test.rows.column(recipe.irradiance) if recipe.irradiance else None
    parts, lengths = [], []
    for rows in np.split(order, np.flatnonzero(np.diff(site)) + 1):
        if len(rows):
            name, longitude = test.rows.sites[test.rows.site[rows[0]]], test.longitude[rows[0]]
            known = None if irradiance is None else irradiance[rows]
            parts.append(days_of(name, test.rows.times[rows], longitude, known, test.sun.up[rows]))
            lengths.append(len(rows))
    if not parts:
        return SiteDays.none()
    days = joined(parts, lengths)
    return summarise(days, test.share[order], predicted[order], recipe.step_minutes)


def days_of_training(archive: Path) -> SiteDays:
    """Return the days that training left in its archive; none where it had no room to look ahead."""
    with tarfile.open(archive, "r:gz") as packed:
        for member in packed:
            content = packed.extractfile(member)
            if member.name.removeprefix("./") == DAYS_FILE and content is not None:
                return SiteDays.read(io.BytesIO(content.read()))
    return SiteDays.none()


def promise(days: SiteDays) -> Promise | None:
    """Return what days will look like; None where too few are known."""
    days = days.take(np.isfinite(days.energy_ratio))
    site_level = _site_levels(days)
    own = np.array([site_level.get(name, 1.0) for name in days.site.tolist()])
    cells = tuple(_cells(days, np.log(days.level / own)))
    return Promise(cells=cells, site_level=site_level) if cells else None


def _site_levels(days: SiteDays) -> dict[str, float]:
    """Return each site's level over the model's in the same months; nothing for a single site."""
    sites = np.unique(days.site)
    if len(sites) < 2:  # noqa: PLR2004  one site is its model
        return {}
    steady = _steady(days)
    level = np.log(days.level)
    usual = np.full(len(level), np.nan)
    for month in np.unique(days.month):
        within = steady & (days.month == month)
        if within.any():
            usual[days.month == month] = np.median(level[within])
    order = np.argsort(days.site, kind="stable")
    found = {}
    for name, rows in _groups(days.site[order], order):
        own = (level - usual)[rows][steady[rows]]
        if len(own) >= _LEAST_OF_SITE:
            found[name] = round(float(np.exp(np.median(own))), 4)
    return found


def _groups(
    names: NDArray[np.str_], rows: NDArray[np.intp]
) -> Iterator[tuple[str, NDArray[np.intp]]]:
    starts = runs.starts(names)
    for start, part in zip(starts, np.split(rows, starts[1:]), strict=True):
        yield str(names[start]), part


def _steady(days: SiteDays) -> NDArray[np.bool_]:
    return np.isfinite(days.level) & (days.scatter < _STEADY)


def _cells(days: SiteDays, level: Floats) -> Iterator[PromisedDays]:
    sky = np.array([skies.name(each) if np.isfinite(each) else "" for each in days.sky.tolist()])
    for month in _MONTHS:
        for name in _SKIES:
            within = np.ones(len(sky), dtype=bool)
            if month is not None:
                within &= days.month == month
            if name is not None:
                within &= sky == name
            if within.sum() >= _LEAST_DAYS:
                yield _cell(days.take(within), level[within], month, name)


def _cell(days: SiteDays, level: Floats, month: int | None, sky: str | None) -> PromisedDays:
    energy = _middle(np.log(days.energy_ratio))
    nmae = _middle(days.nmae)
    steady = level[_steady(days)]
    found = _middle(steady) if len(steady) >= _LEAST_DAYS else None
    return PromisedDays(
        month=month,
        sky=sky,
        days=len(level),
        energy_ratio=round(float(np.exp(energy.value)), 4),
        energy_spread=round(energy.spread, 4),
        nmae=round(nmae.value, 5),
        nmae_spread=round(nmae.spread, 5),
        level=round(float(np.exp(found.value)), 4) if found else None,
        level_spread=round(found.spread, 4) if found else None,
    )


@dataclass(frozen=True, slots=True)
class _Middle:
    value: float
    spread: float


def _middle(values: Floats) -> _Middle:
    """Return median and robust standard deviation: single days of snow or outage must not be promised."""
    middle = float(np.median(values))
    return _Middle(middle, _NORMAL * float(np.median(np.abs(values - middle))))
