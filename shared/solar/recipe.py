"""How rows become features: chosen from training rows, stored with the model, the same for ever after.

An input that a plant does not have is left out; one that is missing in single rows is filled, so that a gap
is no error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from shared.errors import NotFoundError
from shared.messages import Name
from shared.model_config import Inputs
from shared.solar import irradiance
from shared.solar.position import Floats, SolarPosition, Times, ephemeris, position
from shared.solar.rows import Rows
from shared.solar.site import CANONICAL_UNITS, FORECAST_PREFIX, Site

IRRADIANCES = ("ghi", "dni", "dhi", "poa_global")
_WEATHER = tuple(name for name in CANONICAL_UNITS if name != "power_ac")
INPUTS = (*_WEATHER, *(FORECAST_PREFIX + name for name in _WEATHER))

_LEAST_COVERAGE = 0.5  # share of rows; a rarer input teaches mostly its own filling
_WHOLE = 0.999  # share of rows from which on gaps are too few to be learnt from
_SUNLIT = 50.0  # W/m2 of clear-sky irradiance
_OWN_LEADS = 3.0  # h; leads of one hour of the day that differ less only tell the hour again


def unit(column: str) -> str:
    """Return the canonical unit of an input."""
    return CANONICAL_UNITS[column.removeprefix(FORECAST_PREFIX)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Plant(_Frozen):
    """What features and predictions need to know of a site."""

    site_id: Name
    latitude: float
    longitude: float
    surface_tilt: float | None = None
    surface_azimuth: float | None = None
    ac_capacity_kw: Annotated[float, Field(gt=0)]

    @classmethod
    def of(cls, site: Site) -> Plant:
        """Return the part of a site's configuration that a model carries with it."""
        return cls(**site.model_dump(include=set(cls.model_fields)))


class Input(_Frozen):
    """A weather column the model uses, and what stands in for a gap.

    `filling` is a clear-sky index for an irradiance, otherwise a value in the canonical unit.
    """

    name: str
    filling: float
    flagged: bool


class Recipe(_Frozen):
    """How rows become features: stored with the model, so that serving cannot differ from training.

    Attributes
    ----------
    version
        What the features mean; raised with every change of their names or values, for a name alone does not
        tell a changed formula. 1 had the season, 2 has not.
    earlier_sky
        Whether the sky of the hour before is a feature, see `neighbours`.
    inputs_kind
        What the model is asked with. A model of forecasts sees the whole block of a row, see `blocks`.
    providers
        Those whose forecasts a model of forecasts was trained with.
    leads
        The shortest and the longest lead that a model of forecasts has learnt from, None where the lead is no
        feature: of one issue a day it only repeats the hour. [h]
    """

    version: Literal[2] = 2
    step_minutes: int
    plants: tuple[Plant, ...]
    inputs: tuple[Input, ...]
    earlier_sky: bool = False
    inputs_kind: Annotated[Inputs, Field(exclude_if=lambda kind: kind == "measured")] = "measured"
    providers: Annotated[tuple[str, ...], Field(exclude_if=lambda names: not names)] = ()
    leads: Annotated[tuple[float, float] | None, Field(exclude_if=lambda leads: leads is None)] = (
        None
    )

    @property
    def is_for_forecasts(self) -> bool:
        """Whether the model is asked with forecasts, each with its issue."""
        return self.inputs_kind == "forecast"

    @property
    def irradiance(self) -> str | None:
        """The input that tells how bright the sky is, measured before forecast, or None."""
        names = {each.name for each in self.inputs}
        wanted = ("ghi", "poa_global", f"{FORECAST_PREFIX}ghi", f"{FORECAST_PREFIX}poa_global")
        return next((name for name in wanted if name in names), None)


def recipe_of(
    parts: Iterable[Rows],
    plants: tuple[Plant, ...],
    step_minutes: int,
    *,
    earlier_sky: bool = False,
    inputs_kind: Inputs = "measured",
) -> Recipe:
    """Choose inputs and their fillings from training rows that come in parts.

    Parameters
    ----------
    parts
        Training rows only.
    step_minutes
        The model's step. [min]
    earlier_sky
        Whether the sky of the hour before is a feature, see `neighbours`.
    inputs_kind
        What the rows are, and the model will be asked with.
    """
    issued = _Issued()
    total, seen = 0, {name: _Seen() for name in INPUTS}
    for rows in parts:
        total += len(rows)
        issued.look(rows)
        sites = tuple(find(plants, name) for name in rows.sites)
        clearsky = irradiance.clearsky_ghi(_sun(rows.times, rows.site, sites, step_minutes).up)
        for name, values in rows.weather.items():
            if name in seen:
                seen[name].look(name, values, clearsky)
    inputs = [
        Input(name=name, filling=each.filling, flagged=each.count < _WHOLE * total)
        for name, each in seen.items()
        if each.is_seen_by_day and each.count >= _LEAST_COVERAGE * total
    ]
    return Recipe(
        step_minutes=step_minutes,
        plants=plants,
        inputs=tuple(inputs),
        earlier_sky=earlier_sky,
        inputs_kind=inputs_kind,
        providers=tuple(sorted(issued.providers)),
        leads=issued.leads,
    )


@dataclass(slots=True)
class _Issued:
    """What the training rows say of the issues of their forecasts.

    Attributes
    ----------
    shortest, longest
        Lead of each hour of the day. [h]
    """

    providers: set[str] = field(default_factory=set)
    shortest: Floats = field(default_factory=lambda: np.full(24, np.inf))
    longest: Floats = field(default_factory=lambda: np.full(24, -np.inf))

    def look(self, rows: Rows) -> None:
        """Take in the issues of some rows."""
        if not rows.are_forecast:
            return
        self.providers |= {rows.providers[each] for each in np.unique(rows.provider).tolist()}
        hour = rows.times.astype(np.int64) // 3600 % 24
        np.minimum.at(self.shortest, hour, rows.lead_hours)
        np.maximum.at(self.longest, hour, rows.lead_hours)

    @property
    def leads(self) -> tuple[float, float] | None:
        """The shortest and the longest lead, None where an hour of the day has always the same one. [h]"""
        known = np.isfinite(self.shortest)
        if not known.any():
            return None
        if np.median((self.longest - self.shortest)[known]) < _OWN_LEADS:
            return None
        return float(self.shortest[known].min()), float(self.longest[known].max())


@dataclass(slots=True)
class _Seen:
    """What the training rows say of an input: how often it is there, and what would fill a gap."""

    count: int = 0
    is_seen_by_day: bool = False
    fillings: list[Floats] = field(default_factory=list)

    def look(self, name: str, values: Floats, clearsky: Floats) -> None:
        """Take in the values of some rows."""
        known = np.isfinite(values)
        by_day = known & (clearsky > _SUNLIT)
        self.count += int(known.sum())
        self.is_seen_by_day |= bool(by_day.any())
        if name.removeprefix(FORECAST_PREFIX) in IRRADIANCES:
            self.fillings.append(values[by_day] / clearsky[by_day])
        else:
            self.fillings.append(values[known])

    @property
    def filling(self) -> float:
        """The median of what was seen."""
        return round(float(np.median(np.concatenate(self.fillings))), 4)


def find(plants: tuple[Plant, ...], site_id: str) -> Plant:
    """Return a plant by its site's name.

    Raises
    ------
    NotFoundError
        The model was not trained for that site.
    """
    for plant in plants:
        if plant.site_id == site_id:
            return plant
    known = ", ".join(plant.site_id for plant in plants)
    message = f"the model does not know site {site_id!r}; it was trained for {known}"
    raise NotFoundError(message)


def sun_of(rows: Rows, recipe: Recipe) -> SolarPosition:
    """Return where the sun stands at the centre of every row's interval."""
    plants = tuple(find(recipe.plants, name) for name in rows.sites)
    return _sun(rows.times, rows.site, plants, recipe.step_minutes)


def _sun(
    times: Times, site: NDArray[np.int64], plants: tuple[Plant, ...], step_minutes: int
) -> SolarPosition:
    centres = times + np.timedelta64(step_minutes * 30, "s")
    if len(plants) == 1:
        return position(ephemeris(centres), plants[0].latitude, plants[0].longitude)
    stamps, which = np.unique(centres, return_inverse=True)  # sites share their stamps
    shared = ephemeris(stamps)
    latitude = np.array([plant.latitude for plant in plants])[site]
    longitude = np.array([plant.longitude for plant in plants])[site]
    spread = type(shared)(
        shared.sin_declination[which],
        shared.hour_angle_at_greenwich[which],
        shared.year_phase[which],
    )
    return position(spread, latitude, longitude)
