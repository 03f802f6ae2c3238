"""What a model sees of a row: one computation for training, evaluation and serving.

Only place, time and weather go in, of the row itself and, where the recipe says so, of the hour before it in
the same block of rows, or of the whole issue of a forecast; never power, neither now nor earlier.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.errors import NotFoundError, PermanentError
from shared.solar import blocks, irradiance, neighbours
from shared.solar.intervals import Conditions
from shared.solar.position import Floats, SolarPosition
from shared.solar.recipe import IRRADIANCES, Recipe, find, sun_of
from shared.solar.rows import Rows
from shared.solar.site import FORECAST_PREFIX

# Brings every input to the order of one: (offset, scale) in the canonical unit.
_SCALES = {
    "temp_air": (15.0, 15.0),
    "temp_module": (25.0, 20.0),
    "wind_speed": (3.0, 3.0),
    "relative_humidity": (50.0, 30.0),
    "pressure": (1000.0, 30.0),
}
_FULL_SUN = 1000.0  # W/m2
_DEFAULT_TEMPERATURE = 15.0  # C
_DEFAULT_WIND = 1.0  # m/s


class MissingIssueError(PermanentError):
    """A model of forecasts was asked about rows that do not say when their forecast was issued."""


def compute(
    rows: Rows, recipe: Recipe, alone: NDArray[np.bool_] | None = None
) -> tuple[tuple[str, ...], NDArray[np.float32], SolarPosition]:
    """Return names, values and the sun's position for rows.

    Parameters
    ----------
    alone
        Rows to be seen as if each had been sent without any other; none by default.

    Returns
    -------
    names, values, sun
        Feature names; float32 of shape (rows, features) [unitless]; the sun at the intervals' centres.

    Raises
    ------
    MissingIssueError
        The model is one of forecasts, and rows have no issue.
    NotFoundError
        A row is of a site or a provider that the model was not trained for.
    """
    provider = _provider(rows, recipe)
    sun = sun_of(rows, recipe)
    clearsky = irradiance.clearsky_ghi(sun.up)
    columns = _geometry(sun, clearsky)
    filled: dict[str, Floats] = {}
    for each in recipe.inputs:
        raw = rows.column(each.name)
        gap = ~np.isfinite(raw)
        is_irradiance = each.name.removeprefix(FORECAST_PREFIX) in IRRADIANCES
        stand_in = each.filling * clearsky if is_irradiance else each.filling
        values = np.where(gap, stand_in, raw)
        filled[each.name] = values
        if is_irradiance:
            columns[each.name] = values / _FULL_SUN
            columns[f"{each.name}_clearsky_index"] = irradiance.clearsky_index(values, clearsky)
        else:
            offset, scale = _SCALES[each.name.removeprefix(FORECAST_PREFIX)]
            columns[each.name] = (values - offset) / scale
        if each.flagged:
            columns[f"{each.name}_missing"] = gap.astype(float)
    columns |= _physics(filled, rows, recipe, sun)
    sky = recipe.irradiance
    if recipe.earlier_sky and sky is not None:
        index, measured = columns[f"{sky}_clearsky_index"], np.isfinite(rows.column(sky))
        columns |= neighbours.earlier_sky(rows, index, measured, recipe.step_minutes, alone)
    if recipe.is_for_forecasts:
        columns |= _of_the_issue(filled, rows, recipe, sun, alone)
        if len(recipe.providers) > 1:
            columns |= {
                f"provider_{name}": (provider == number).astype(float)
                for number, name in enumerate(recipe.providers)
            }
    names = tuple(columns)
    sites = tuple(plant.site_id for plant in recipe.plants) if len(recipe.plants) > 1 else ()
    matrix = np.zeros((len(rows), len(names) + len(sites)), dtype=np.float32)
    for number, column in enumerate(columns.values()):
        matrix[:, number] = column
    if sites:
        place = len(names) + np.array([sites.index(name) for name in rows.sites])
        matrix[np.arange(len(rows)), place[rows.site]] = 1.0
    return (*names, *(f"site_{name}" for name in sites)), matrix, sun


def _provider(rows: Rows, recipe: Recipe) -> NDArray[np.int64]:
    """Return each row's place among the providers that the model knows; of measured weather nothing."""
    if not recipe.is_for_forecasts:
        return np.empty(0, dtype=np.int64)
    if not rows.are_forecast:
        message = "the model is one of forecasts: every row needs `issued_at`, when its forecast was issued"
        raise MissingIssueError(message)
    used = [rows.providers[each] for each in np.unique(rows.provider).tolist()]
    for name in used:
        if name not in recipe.providers:
            known = ", ".join(recipe.providers)
            message = f"the model does not know provider {name!r}; it was trained with {known}"
            raise NotFoundError(message)
    numbers = [
        recipe.providers.index(name) if name in recipe.providers else -1 for name in rows.providers
    ]
    found: NDArray[np.int64] = np.array(numbers, dtype=np.int64)[rows.provider]
    return found


def _of_the_issue(
    filled: dict[str, Floats],
    rows: Rows,
    recipe: Recipe,
    sun: SolarPosition,
    alone: NDArray[np.bool_] | None,
) -> dict[str, Floats]:
    """Return what the whole issue of each row says, and how long before it was made.

    The power of the weather around a row is given as such, for a plant's power is nearly linear in it.
    """
    clearsky = irradiance.clearsky_ghi(sun.up)
    columns = {"pv_clear": _pv(clearsky, filled, rows, recipe, sun)}
    if recipe.leads is not None:
        columns["lead"] = np.clip(rows.lead_hours, *recipe.leads) / 24.0
    sky = recipe.irradiance
    if sky is None:
        return columns
    beam = _beam(filled, sky, sun)
    if beam is not None:
        columns["beam_share"] = _share_of(beam, filled[sky])
    known = blocks.is_told(rows.column(sky), sun)
    grouped = blocks.Blocks.of(rows, recipe, alone)
    for name, window in grouped.windows(known, filled[sky], clearsky, beam).items():
        columns[f"sky_{name}"] = window.index
        columns[f"pv_{name}"] = _pv(window.index * clearsky, filled, rows, recipe, sun)
        if name == "hour":
            continue  # too few rows for more than a mean
        columns[f"sky_{name}_deviation"] = window.deviation
        if window.beam_share is not None:
            columns[f"beam_share_{name}"] = window.beam_share
    return columns


def _beam(filled: dict[str, Floats], sky: str, sun: SolarPosition) -> Floats | None:
    """Return the direct irradiance on the horizontal that a provider tells, or None. [W/m2]"""
    if sky.removeprefix(FORECAST_PREFIX) != "ghi":
        return None
    dhi, dni = (filled.get(FORECAST_PREFIX + name) for name in ("dhi", "dni"))
    if dhi is not None:
        return np.clip(filled[sky] - dhi, 0.0, np.maximum(filled[sky], 0.0))
    if dni is not None:
        return np.clip(dni * np.maximum(sun.up, 0.0), 0.0, np.maximum(filled[sky], 0.0))
    return None


def _share_of(part: Floats, whole: Floats) -> Floats:
    share: Floats = np.where(whole > 1.0, part / np.maximum(whole, 1.0), 0.0)
    return share


def _pv(
    ghi: Floats, filled: dict[str, Floats], rows: Rows, recipe: Recipe, sun: SolarPosition
) -> Floats:
    """Return the relative power under an irradiance that nobody told, at the temperature and wind told."""
    kept = ("temp_air", "wind_speed")
    weather = {
        name: values
        for name, values in filled.items()
        if name.removeprefix(FORECAST_PREFIX) in kept
    }
    found = _physics(weather | {f"{FORECAST_PREFIX}ghi": ghi}, rows, recipe, sun)
    return found["pv_estimate"]


def conditions(
    names: tuple[str, ...], values: NDArray[np.float32], recipe: Recipe, sun: SolarPosition
) -> Conditions:
    """Return what a prediction's error depends on, from what `compute` returned."""
    column = f"{recipe.irradiance}_clearsky_index"
    index = values[:, names.index(column)].astype(float) if column in names else None
    return Conditions(index, sun.hour_angle * 12 / np.pi)


def _geometry(sun: SolarPosition, clearsky: Floats) -> dict[str, Floats]:
    """Return where the sun stands. Season, and what tells it at any hour, is left out.

    The test, and what comes after it, is of a season that the last months of training had not: trees and
    networks would carry what they learnt of the last weeks into it.
    """
    return {
        "sun_up": sun.up,
        "sun_east": sun.east,
        "solar_hour_sin": np.sin(sun.hour_angle),
        "solar_hour_cos": np.cos(sun.hour_angle),
        "clearsky_ghi": clearsky / _FULL_SUN,
    }


def _physics(
    filled: dict[str, Floats], rows: Rows, recipe: Recipe, sun: SolarPosition
) -> dict[str, Floats]:
    """Return what the weather means for an array.

    A plane's beam irradiance is linear in the beam's three direction components, so these let a model find
    a plant's unknown orientation; with a known one the plane of array is computed.
    """
    prefix = "" if "ghi" in filled else FORECAST_PREFIX
    columns: dict[str, Floats] = {}
    poa = filled.get("poa_global")
    ghi = filled.get(f"{prefix}ghi")
    if ghi is not None:
        ghi = np.maximum(ghi, 0.0)
        parts = irradiance.erbs(ghi, sun)
        dni = filled.get(f"{prefix}dni", parts.dni)
        dhi = filled.get(f"{prefix}dhi", parts.dhi)
        parts = irradiance.Components(dni=np.maximum(dni, 0.0), dhi=np.maximum(dhi, 0.0))
        columns["beam_east"] = parts.dni * sun.east / _FULL_SUN
        columns["beam_north"] = parts.dni * sun.north / _FULL_SUN
        columns["beam_up"] = parts.dni * np.maximum(sun.up, 0.0) / _FULL_SUN
        columns["diffuse"] = parts.dhi / _FULL_SUN
        if poa is None:
            poa = _poa(ghi, parts, rows, recipe, sun)
            columns["poa_estimate"] = poa / _FULL_SUN
    if poa is not None:
        cell = filled.get("temp_module")
        if cell is None:
            air = filled.get("temp_air", filled.get(f"{FORECAST_PREFIX}temp_air"))
            wind = filled.get("wind_speed", filled.get(f"{FORECAST_PREFIX}wind_speed"))
            cell = irradiance.cell_temperature(
                poa,
                _DEFAULT_TEMPERATURE if air is None else air,
                _DEFAULT_WIND if wind is None else wind,
            )
        columns["pv_estimate"] = poa / _FULL_SUN * (1 - 0.004 * (cell - 25.0))
    return columns


def _poa(
    ghi: Floats, parts: irradiance.Components, rows: Rows, recipe: Recipe, sun: SolarPosition
) -> Floats:
    """Return the plane-of-array irradiance, or the global one for a plant of unknown orientation. [W/m2]"""
    plants = [find(recipe.plants, name) for name in rows.sites]
    known = np.array([plant.surface_tilt is not None for plant in plants])[rows.site]
    if not known.any():
        return ghi
    tilt = np.array([plant.surface_tilt or 0.0 for plant in plants])[rows.site]
    towards_equator = [180.0 if plant.latitude >= 0 else 0.0 for plant in plants]
    facing = [
        plant.surface_azimuth if plant.surface_azimuth is not None else default
        for plant, default in zip(plants, towards_equator, strict=True)
    ]
    poa = irradiance.plane_of_array(ghi, parts, sun, tilt, np.array(facing)[rows.site])
    return np.where(known, poa, ghi)
