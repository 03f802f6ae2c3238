"""A physics-shaped ridge: power is nearly linear in irradiance, and its bends have names.

The terms are products of two features: irradiance on the array, with temperature (hotter cells give less),
with itself (inverters saturate), with the sun's place (orientation, reflection) and with the clear-sky index;
beside them stand the beam's components. A plant's nature is so few numbers that a month of data finds them.
Season is no term: one that was not seen would be extrapolated.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    names = examples.names
    alone, pairs = _terms(names)
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    wide = examples.values.astype(float)
    terms = np.hstack([wide[:, alone], wide[:, left] * wide[:, right]])
    middle, spread = terms.mean(axis=0), terms.std(axis=0)
    spread = np.where(spread > 0, spread, np.inf)  # a term that never changes gets no weight
    standard = (terms - middle) / spread
    share = examples.share.astype(float)
    gram = standard.T @ standard / len(standard) + _PENALTY * np.eye(terms.shape[1])
    weights = np.linalg.solve(gram, standard.T @ (share - share.mean()) / len(standard)) / spread
    single = np.zeros(len(names))
    single[alone] = weights[: len(alone)]
    return Ridge(left, right, single, weights[len(alone) :], float(share.mean() - middle @ weights))


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
