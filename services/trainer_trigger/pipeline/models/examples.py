"""From rows, site by site, to what a fit learns from: only features of lit rows are ever all there at once.

Where these are more than the job may hold in memory they lie in a file, which the operating system pages in.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.models.base import Examples, Values
from services.trainer_trigger.pipeline.models.folds import folds
from services.trainer_trigger.pipeline.models.site_days import Days, days_of, joined
from shared.model_config import FLOOR_LEAD
from shared.solar import blocks, features, issues, neighbours, spread
from shared.solar.position import Floats, SolarPosition, Times
from shared.solar.recipe import Plant, Recipe, find, sun_of
from shared.solar.rows import Rows

_HIDDEN = 0.25  # share of days that learn to do without the sky of the hour before
_CUT = 0.25  # share of issues that are seen in two parts, as one of a short horizon is
_GENERATING = 0.01  # share of AC capacity
_LOWEST_NIGHT = -12.0  # degree
_DARKEST_GENERATING = 0.001  # share of generating rows that night may cut off
_CAP_QUANTILE = 0.999


@dataclass(frozen=True, slots=True)
class Survey:
    """What must be known of all rows before the first is learnt from.

    Attributes
    ----------
    rows
        How many there are.
    cap
        Largest prediction as a share of AC capacity. [unitless]
    night_below
        Elevation below which nothing was generated. [degree]
    """

    rows: int
    cap: float
    night_below: float


@dataclass(frozen=True, slots=True)
class Gathered:
    """Lit rows to learn from, and what is said of them afterwards.

    Attributes
    ----------
    target, dark
        Power of these rows, and of those that are dark, as a share of AC capacity. [unitless]
    cell
        Cell of each row's conditions, see `intervals`.
    sunlit
        Rows with the sun above the horizon.
    days
        Which rows make up which day.
    bucket
        Place of each row's lead bucket, see `spread`; of measured weather all are zero.
    provider
        Place of each row's provider in the recipe; of measured weather all are zero.
    judged
        Rows of which an evaluation would speak: all, or of forecasts one for each interval.
    """

    examples: Examples
    target: Floats
    cell: NDArray[np.int64]
    bucket: NDArray[np.int64]
    provider: NDArray[np.int64]
    judged: NDArray[np.bool_]
    sunlit: NDArray[np.bool_]
    dark: Floats
    days: Days


@dataclass(frozen=True, slots=True)
class FeatureRoom:
    """How much a fit may hold.

    Attributes
    ----------
    most_bytes
        Of features in memory; more lie in a file.
    folder
        Where that file is, None for the system's folder of temporary files.
    """

    most_bytes: int = 512 * 1024 * 1024
    folder: Path | None = None

    def matrix(self, rows: int, width: int) -> Values:
        """Return room for features; a file has no name, so that none stays whatever happens."""
        if rows * width * np.dtype(np.float32).itemsize <= self.most_bytes:
            return np.empty((rows, width), np.float32)
        with tempfile.TemporaryFile(dir=self.folder) as file:
            return np.memmap(file, np.float32, "w+", shape=(rows, width))


def survey(parts: Collection[Rows], recipe: Recipe) -> Survey:
    """Look at the power of all rows."""
    shares, elevations = [], []
    for rows in parts:
        share = _share(rows, recipe.plants)
        shares.append(share)
        elevations.append(sun_of(rows, recipe).elevation[share > _GENERATING])
    share = np.concatenate(shares)
    return Survey(
        rows=len(share),
        cap=max(1.0, float(np.quantile(share, _CAP_QUANTILE))),
        night_below=_night_below(np.concatenate(elevations)),
    )


def gather(
    parts: Collection[Rows],
    recipe: Recipe,
    found: Survey,
    memory: FeatureRoom,
    most: int | None,
    *,
    lead: timedelta = FLOOR_LEAD,
) -> Gathered:
    """Compute the features of the lit rows.

    Night is not learnt: the predictor knows it, and half of all rows would teach nothing else.

    Parameters
    ----------
    most
        How many rows are enough to learn from; of more every second, third … is taken, None takes all.
    lead
        At which forecasts are judged.
    """
    every = 1 if most is None else -(-found.rows // most)
    values: Values | None = None
    names: tuple[str, ...] = ()
    count, pieces = 0, []
    for rows in parts:
        names, matrix, sun = _features(rows, recipe)
        lit = sun.elevation >= found.night_below
        chosen = np.flatnonzero(lit)[::every]
        if values is None:
            values = memory.matrix(found.rows // every + len(parts), len(names))
        values[count : count + len(chosen)] = matrix[chosen]
        count += len(chosen)
        target = np.minimum(_share(rows, recipe.plants), found.cap)
        conditions = features.conditions(names, matrix, recipe, sun)
        days = _days(rows.take(chosen), recipe, sun.up[chosen])
        pieces.append(
            _Piece(
                times=rows.times,
                target=target,
                cell=conditions.cell,
                bucket=_bucket(rows),
                provider=_provider(rows, recipe),
                judged=_judged(rows, lead),
                weight=rows.weight,
                sunlit=sun.up > 0,
                lit=lit,
                chosen=chosen,
                days=days,
            )
        )
    assert values is not None  # noqa: S101  Preprocess leaves no dataset without rows
    return _joined(pieces, values[:count], names)


def _features(
    rows: Rows, recipe: Recipe
) -> tuple[tuple[str, ...], NDArray[np.float32], SolarPosition]:
    """Return what `features.compute` does, with some days or issues seen only in part."""
    if not recipe.is_for_forecasts:
        hidden = neighbours.hidden_days(rows, _HIDDEN) if recipe.earlier_sky else None
        return features.compute(rows, recipe, hidden)
    names, matrix, sun = features.compute(rows, recipe)
    behind = blocks.cut_off(rows, _CUT)
    for part in (behind, blocks.before_a_cut(rows, behind)):
        if part.any():
            matrix[part] = features.compute(rows.take(part), recipe)[1]
    return names, matrix, sun


def _bucket(rows: Rows) -> NDArray[np.int64]:
    if not rows.are_forecast:
        return np.zeros(len(rows), dtype=np.int64)
    return spread.bucket_of(rows.lead_hours)


def _provider(rows: Rows, recipe: Recipe) -> NDArray[np.int64]:
    if not rows.are_forecast:
        return np.zeros(len(rows), dtype=np.int64)
    places = np.array([recipe.providers.index(name) for name in rows.providers], dtype=np.int64)
    return places[rows.provider]


def _judged(rows: Rows, lead: timedelta) -> NDArray[np.bool_]:
    judged = np.ones(len(rows), dtype=bool)
    if rows.are_forecast:
        judged[:] = False
        judged[issues.nearest(rows, lead)] = True
    return judged


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is kept of a site's rows beside the features of those that are learnt from."""

    times: Times
    target: Floats
    cell: NDArray[np.int64]
    bucket: NDArray[np.int64]
    provider: NDArray[np.int64]
    judged: NDArray[np.bool_]
    weight: Floats
    sunlit: NDArray[np.bool_]
    lit: NDArray[np.bool_]
    chosen: NDArray[np.int64]
    days: Days


def _joined(pieces: Sequence[_Piece], values: Values, names: tuple[str, ...]) -> Gathered:
    seconds = np.concatenate([piece.times for piece in pieces]).astype(np.int64)
    starts = np.cumsum([0, *(len(piece.times) for piece in pieces)])
    chosen = np.concatenate(
        [piece.chosen + start for piece, start in zip(pieces, starts, strict=False)]
    )
    target = np.concatenate([piece.target[piece.chosen] for piece in pieces])
    weights = [piece.weight[piece.chosen] for piece in pieces if len(piece.weight)]
    return Gathered(
        examples=Examples(
            values,
            target.astype(np.float32),
            folds(seconds)[chosen],
            seconds[chosen],
            names,
            np.concatenate(weights).astype(np.float32) if weights else None,
        ),
        target=target,
        cell=np.concatenate([piece.cell[piece.chosen] for piece in pieces]),
        bucket=np.concatenate([piece.bucket[piece.chosen] for piece in pieces]),
        provider=np.concatenate([piece.provider[piece.chosen] for piece in pieces]),
        judged=np.concatenate([piece.judged[piece.chosen] for piece in pieces]),
        sunlit=np.concatenate([piece.sunlit[piece.chosen] for piece in pieces]),
        dark=np.concatenate([piece.target[~piece.lit] for piece in pieces]),
        days=joined([piece.days for piece in pieces], [len(piece.chosen) for piece in pieces]),
    )


def _days(rows: Rows, recipe: Recipe, up: Floats) -> Days:
    """Return which rows make up which day; the rows are of one site."""
    name = rows.sites[0]
    irradiance = rows.column(recipe.irradiance) if recipe.irradiance else None
    return days_of(name, rows.times, find(recipe.plants, name).longitude, irradiance, up)


def _share(rows: Rows, plants: tuple[Plant, ...]) -> Floats:
    capacity = np.array([find(plants, name).ac_capacity_kw for name in rows.sites])
    share: Floats = rows.power_ac / capacity[rows.site]
    return share


def _night_below(elevation: Floats) -> float:
    """Return the elevation below which nothing was generated; low where a clock runs wrong. [degree]

    Parameters
    ----------
    elevation
        Of the rows that generated. [degree]
    """
    if not len(elevation):
        return 0.0
    darkest = float(np.quantile(elevation, _DARKEST_GENERATING))
    return round(float(np.clip(darkest - 1.0, _LOWEST_NIGHT, 0.0)), 2)
