"""How a model does on the test rows: by month, site and sky, against baselines and against the champion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shared.evaluation import (
    Baselines,
    Comparison,
    GroupScores,
    ModelScores,
    Scores,
    SiteScores,
    Skill,
)
from shared.solar import irradiance, metrics, skies
from shared.solar.issues import days_back
from shared.solar.position import Floats, SolarPosition
from shared.solar.recipe import Recipe, find, sun_of
from shared.solar.rows import Rows
from shared.solar.site import FORECAST_PREFIX

LEAST_DAYS = 14
_RESAMPLES = 2000
_LIMITS = (0.025, 0.975)  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """Test rows, with what scoring needs to know about each.

    Attributes
    ----------
    share
        Measured power as a share of AC capacity. [unitless]
    capacity
        AC capacity of each row's site. [kW]
    longitude
        Of each row's site. [degree]
    sun, sun_yesterday
        The sun's position at the intervals' centres, and at those that persistence repeats.
    """

    rows: Rows
    share: Floats
    capacity: Floats
    longitude: Floats
    sun: SolarPosition
    sun_yesterday: SolarPosition

    @property
    def daylight(self) -> NDArray[np.bool_]:
        """Rows whose interval's centre has the sun above the horizon."""
        return self.sun.up > 0

    @property
    def month(self) -> NDArray[np.str_]:
        """Calendar month of each row (yyyy-mm) in its site's mean solar time, so that evenings stay in it."""
        return self.day.astype("datetime64[D]").astype("datetime64[M]").astype(str)

    @property
    def day(self) -> NDArray[np.int64]:
        """Day of each row in its site's mean solar time, counted from 1970."""
        seconds = self.rows.times.astype(np.int64) + (self.longitude * 240).astype(np.int64)
        return seconds // 86_400


def describe(rows: Rows, recipe: Recipe) -> ScoredRows:
    """Return test rows with capacity, place and sun of each row.

    Parameters
    ----------
    recipe
        Of the challenger, whose dataset the rows are from.
    """
    plants = [find(recipe.plants, name) for name in rows.sites]
    capacity = np.array([plant.ac_capacity_kw for plant in plants])[rows.site]
    back = days_back(rows, recipe.step_minutes) * np.timedelta64(86_400, "s")
    yesterday = replace(rows, times=rows.times - back)
    return ScoredRows(
        rows=rows,
        share=rows.power_ac / capacity,
        capacity=capacity,
        longitude=np.array([plant.longitude for plant in plants])[rows.site],
        sun=sun_of(rows, recipe),
        sun_yesterday=sun_of(yesterday, recipe),
    )


def score_model(test: ScoredRows, predicted: Floats) -> ModelScores:
    """Score one model's predictions.

    Parameters
    ----------
    predicted
        Power as a share of AC capacity. [unitless]
    """
    daylight = test.daylight
    return ModelScores(
        all=_scores(test.share, predicted),
        daylight=_scores(test.share[daylight], predicted[daylight]),
        by_month=_by(test.month, test.share, predicted),
        by_site=_by_site(test, predicted),
        by_sky=_by_sky(test, predicted),
    )


def _scores(actual: Floats, predicted: Floats) -> Scores:
    found = metrics.scores(actual, predicted)
    return found or Scores(r2=None, nmae=0.0, nrmse=0.0, mbe=0.0, n=0)


def _by(names: NDArray[np.str_], actual: Floats, predicted: Floats) -> tuple[GroupScores, ...]:
    groups = []
    for name in np.unique(names):
        within = names == name
        found = _scores(actual[within], predicted[within])
        groups.append(GroupScores(name=str(name), **found.model_dump()))
    return tuple(groups)


def _by_site(test: ScoredRows, predicted: Floats) -> tuple[SiteScores, ...]:
    site = np.array(test.rows.sites)[test.rows.site]
    return tuple(
        SiteScores(
            **scored.model_dump(),
            energy_bias=_energy_bias(test.share[site == scored.name], scored),
        )
        for scored in _by(site, test.share, predicted)
    )


def _energy_bias(actual: Floats, scored: Scores) -> float | None:
    """Return how far the predicted energy of one site is off, as a share of the measured. [unitless]"""
    generated = float(actual.mean())
    return scored.mbe / generated if generated > 0 else None


def sky_of(test: ScoredRows) -> NDArray[np.int64]:
    """Return which of `skies.SKIES` each row has, measured or, of a forecast, as forecast; -1 if unknown."""
    ghi = test.rows.column(f"{FORECAST_PREFIX}ghi" if test.rows.are_forecast else "ghi")
    clearsky = irradiance.clearsky_ghi(test.sun.up)
    known = np.isfinite(ghi) & (clearsky > skies.FLOOR)
    index = irradiance.clearsky_index(np.where(known, ghi, 0.0), clearsky)
    sky = np.full(len(ghi), -1)
    for number, (_, low, high) in enumerate(skies.SKIES):
        sky[known & (index >= low) & (index < high)] = number
    return sky


def _by_sky(test: ScoredRows, predicted: Floats) -> tuple[GroupScores, ...]:
    sky = sky_of(test)
    groups = []
    for number, (name, _, _) in enumerate(skies.SKIES):
        within = sky == number
        if within.any():
            found = _scores(test.share[within], predicted[within])
            groups.append(GroupScores(name=name, **found.model_dump()))
    return tuple(groups)


@dataclass(frozen=True, slots=True)
class Against:
    """Baselines that cost nothing, and how much better the challenger is."""

    baselines: Baselines
    skill: Skill


def score_baselines(test: ScoredRows, predicted: Floats, seed: int) -> Against:
    """Score yesterday's power, and yesterday's share of clear sky, on rows where yesterday is known."""
    yesterday, scaled = persistence(test)
    known = np.isfinite(yesterday)
    actual, day = test.share[known], test.day[known]
    own = np.abs(predicted[known] - actual)
    plain, clear = np.abs(yesterday[known] - actual), np.abs(scaled[known] - actual)
    return Against(
        Baselines(
            persistence_24h=metrics.scores(actual, yesterday[known]),
            clear_sky_persistence=metrics.scores(actual, scaled[known]),
        ),
        Skill(
            persistence_24h=_skill(own, plain),
            clear_sky_persistence=_skill(own, clear),
            persistence_24h_ci=_skill_interval(own, plain, day, seed),
            clear_sky_persistence_ci=_skill_interval(own, clear, day, seed),
        ),
    )


def persistence(test: ScoredRows) -> tuple[Floats, Floats]:
    """Return an earlier day's power, and its share of clear sky times that of now. [share of AC capacity]

    It is yesterday's, and of a forecast that of the last day that was over when it was issued; NaN where
    that is unknown.
    """
    yesterday = test.rows.power_ac_24h_ago / test.capacity
    now = irradiance.clearsky_ghi(test.sun.up)
    then = irradiance.clearsky_ghi(test.sun_yesterday.up)
    ratio = np.where(then > skies.FLOOR, now / np.maximum(then, skies.FLOOR), 1.0)
    return yesterday, np.clip(yesterday * ratio, 0.0, 1.0)


def _skill(own: Floats, baseline: Floats) -> float | None:
    """Return the share of the baseline's absolute error that is avoided. [unitless]"""
    return None if baseline.sum() <= 0 else float(1 - own.sum() / baseline.sum())


def _skill_interval(
    own: Floats, baseline: Floats, day: NDArray[np.int64], seed: int
) -> tuple[float, float] | None:
    if len(np.unique(day)) < LEAST_DAYS:
        return None
    mine, others = _drawn_by_day((own, baseline), day, seed)
    if (others <= 0).any():
        return None
    low, high = np.quantile(1 - mine / others, _LIMITS)
    return float(low), float(high)


def compare(
    test: ScoredRows, challenger: Floats, champion: Floats, rows: NDArray[np.bool_], seed: int
) -> Compared | None:
    """Compare two models on the same rows by a paired bootstrap of whole days.

    Days are drawn, not rows: the errors of neighbouring rows are one error.

    Parameters
    ----------
    challenger, champion
        Predicted power as a share of AC capacity. [unitless]
    rows
        Which rows both models can be judged on.

    Returns
    -------
    compared
        None where the rows span fewer than `LEAST_DAYS` days.
    """
    if not rows.any():
        return None
    worse = np.abs(challenger - test.share) - np.abs(champion - test.share)
    overall = _bootstrap(worse[rows], test.day[rows], seed)
    if overall.days < LEAST_DAYS:
        return None
    sites = {
        name: _bootstrap(worse[within], test.day[within], seed)
        for place, name in enumerate(test.rows.sites)
        if (within := rows & (test.rows.site == place)).any()
    }
    comparison = Comparison(
        delta_nmae=overall.delta,
        ci_low=overall.low,
        ci_high=overall.high,
        days=overall.days,
        by_site={name: found.delta for name, found in sites.items()},
        by_site_ci={name: (found.low, found.high) for name, found in sites.items()},
    )
    return Compared(comparison, {name: found.low for name, found in sites.items()})


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison, and per site the lower end of its interval. [unitless]"""

    comparison: Comparison
    site_ci_low: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Interval:
    delta: float
    low: float
    high: float
    days: int


def _bootstrap(worse: Floats, day: NDArray[np.int64], seed: int) -> _Interval:
    total, count = _drawn_by_day((worse, np.ones(len(worse))), day, seed)
    low, high = np.quantile(total / count, _LIMITS)
    return _Interval(float(worse.mean()), float(low), float(high), len(np.unique(day)))


def _drawn_by_day(columns: Sequence[Floats], day: NDArray[np.int64], seed: int) -> list[Floats]:
    """Return sums of each column over whole days drawn again and again, the same days for all columns."""
    days, which = np.unique(day, return_inverse=True)
    draws = np.random.default_rng(seed).integers(0, len(days), (_RESAMPLES, len(days)))
    return [np.bincount(which, column)[draws].sum(axis=1) for column in columns]
