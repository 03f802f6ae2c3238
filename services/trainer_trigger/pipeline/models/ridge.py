"""A physics-shaped ridge: power is nearly linear in irradiance, and its bends have names.

The terms are products of two features: irradiance on the array, with temperature (hotter cells give less),
with itself (inverters saturate), with the sun's place (orientation, reflection) and with the clear-sky index;
beside them stand the beam's components. A plant's nature is so few numbers that a month of data finds them.
Season is no term: one that was not seen would be extrapolated.

Of forecasts nearly every feature is a term, and the power under a clear sky times what the issue says of the
sky: a forecast is right on average only, and the penalty keeps each of its many features small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.models.base import Examples, Values

_PENALTY = 1e-3  # on standardised terms; .0001 to .01 were alike on the plants tried
_DRIVERS = (
    "pv_estimate",
    "ghi",
    "poa_global",
    "forecast_ghi",
    "forecast_poa_global",
    "clearsky_ghi",
)
_WITH_DRIVER = (
    "temp_air",
    "forecast_temp_air",
    "wind_speed",
    "sun_up",
    "sun_east",
    "solar_hour_sin",
    "solar_hour_cos",
)
_FORECAST_PENALTY = 0.03  # .01 to .1 were alike; more costs nMAE
_FORECAST_DRIVER = "pv_clear"
_SKY = ("sky_", "beam_share")
_TELL_THE_SEASON = (
    "forecast_temp_air",
    "forecast_temp_module",
    "forecast_wind_speed",
    "forecast_pressure",
)
_ALONE = (
    "ghi",
    "poa_global",
    "beam_east",
    "beam_north",
    "beam_up",
    "diffuse",
    "clearsky_ghi",
    "sun_up",
)


@dataclass(frozen=True, slots=True)
class Ridge:
    """A fitted ridge: share = intercept + features @ single + (features[left] * features[right]) @ double.

    Attributes
    ----------
    left, right
        Columns whose product is a term.
    single, double
        Weight of each feature, and of each product. [unitless]
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    single: NDArray[np.float64]
    double: NDArray[np.float64]
    intercept: float

    def predict(self, values: Values) -> NDArray[np.float64]:
        """Return the predicted share of capacity. [unitless]"""
        wide = values.astype(float)
        products = wide[:, self.left] * wide[:, self.right]
        share: NDArray[np.float64] = wide @ self.single + products @ self.double + self.intercept
        return share


def fit(examples: Examples) -> Ridge:
    """Solve for the weights; the same rows give the same weights."""
    return _solve(examples, *_terms(examples.names), _PENALTY)


def fit_of_forecasts(examples: Examples) -> Ridge:
    """Solve for the weights of a model of forecasts."""
    return _solve(examples, *_terms_of_forecasts(examples.names), _FORECAST_PENALTY)


def _solve(
    examples: Examples, alone: NDArray[np.int64], pairs: list[tuple[int, int]], penalty: float
) -> Ridge:
    names = examples.names
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    wide = examples.values.astype(float)
    terms = np.hstack([wide[:, alone], wide[:, left] * wide[:, right]])
    share = examples.share.astype(float)
    middle, usual = _mean(terms, examples.weight), float(_mean(share, examples.weight))
    spread = terms.std(axis=0)
    spread = np.where(spread > 0, spread, np.inf)  # a term that never changes gets no weight
    standard = (terms - middle) / spread
    counting = standard
    if examples.weight is not None:
        counting = standard * (examples.weight / examples.weight.mean())[:, None]
    gram = counting.T @ standard / len(standard) + penalty * np.eye(terms.shape[1])
    weights = np.linalg.solve(gram, counting.T @ (share - usual) / len(standard)) / spread
    single = np.zeros(len(names))
    single[alone] = weights[: len(alone)]
    return Ridge(left, right, single, weights[len(alone) :], float(usual - middle @ weights))


def _mean(values: NDArray[np.float64], weight: NDArray[Any] | None) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = (
        values.mean(axis=0) if weight is None else np.average(values, axis=0, weights=weight)
    )
    return mean


def _terms_of_forecasts(
    names: tuple[str, ...],
) -> tuple[NDArray[np.int64], list[tuple[int, int]]]:
    """Return single features and pairs.

    A lead is none, for it would be drawn out to leads never seen. Nor are temperature, wind and pressure,
    which tell the season; the power under a sky knows what they mean for it.
    """
    place = {name: column for column, name in enumerate(names)}
    sky = [name for name in names if name.startswith(_SKY)]
    sun = [name for name in _WITH_DRIVER if name in place and name not in _TELL_THE_SEASON]
    indices = [name for name in names if name.endswith("_clearsky_index")][:1]
    humidity = [name for name in ("forecast_relative_humidity",) if name in place]
    own = [name for name in names if name.startswith(("site_", "provider_"))]
    alone = [
        column for name, column in place.items() if name != "lead" and name not in _TELL_THE_SEASON
    ]
    driver = place[_FORECAST_DRIVER]
    partners = [*sky, *sun, *indices, *humidity, *own]
    return np.array(alone, dtype=np.int64), [(driver, place[name]) for name in partners]


def _terms(names: tuple[str, ...]) -> tuple[NDArray[np.int64], list[tuple[int, int]]]:
    """Return single features and pairs, as columns; what a plant does not have is left out."""
    place = {name: column for column, name in enumerate(names)}
    driver = next(name for name in _DRIVERS if name in place)
    indices = [name for name in names if name.endswith("_clearsky_index")]
    partners = [driver, *(name for name in _WITH_DRIVER if name in place), *indices[:1]]
    # With several sites each may have its own slope.
    partners += [name for name in names if name.startswith("site_")]
    alone = dict.fromkeys([driver, *(name for name in _ALONE if name in place)])
    return (
        np.array([place[name] for name in alone], dtype=np.int64),
        [(place[driver], place[name]) for name in partners],
    )
