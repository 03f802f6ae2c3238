"""The forecast of several sites together: their errors are alike in part, so that bands do not add up.

Each side of a site's band is taken for the spread of its errors. With the correlation rho between the errors
of any two sites, the band of the sum is sqrt((1 - rho) * sum(w^2) + rho * sum(w)^2): the root of the sum of
squares where sites err for themselves, the plain sum where all err together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.solar.position import Floats

_LEAST_TIMES = 30


def band(widths: Floats, dependence: float) -> Floats:
    """Return the width of the sum's band, of one side.

    Parameters
    ----------
    widths
        Shape (sites, times): distance of a quantile from the median, not below zero. [kW]
    dependence
        Correlation of the errors of two sites, from 0 to 1. [unitless]
    """
    alone, plain = np.square(widths).sum(axis=0), np.square(widths.sum(axis=0))
    together: Floats = np.sqrt((1 - dependence) * alone + dependence * plain)
    return together


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy and the range that holds it in eight of ten cases. [kWh]"""

    p10: float
    p50: float
    p90: float


def energy(quantiles: tuple[Floats, Floats, Floats], hours: float, dependence: float) -> Energy:
    """Return the energy of some intervals.

    Parameters
    ----------
    quantiles
        P10, P50 and P90 of the power of each interval. [kW]
    hours
        Length of an interval. [h]
    dependence
        Correlation of the errors of two intervals. [unitless]
    """
    low, middle, high = (each[:, None] for each in quantiles)
    total = float(middle.sum())
    below, above = (float(band(each, dependence)[0]) for each in (middle - low, high - middle))
    return Energy(max(total - below, 0.0) * hours, total * hours, (total + above) * hours)


def added(energies: Sequence[Energy], dependence: float) -> Energy:
    """Return the energy of several sites together.

    Parameters
    ----------
    dependence
        Correlation of the errors of two sites. [unitless]
    """
    low, middle, high = (
        np.array([[getattr(each, name)] for each in energies]) for name in ("p10", "p50", "p90")
    )
    total = float(middle.sum())
    below, above = (float(band(each, dependence)[0]) for each in (middle - low, high - middle))
    return Energy(max(total - below, 0.0), total, total + above)


def dependence(errors: Floats, widths: Floats) -> float | None:
    """Return the correlation of the errors of two sites, from 0 to 1; None where too few times tell.

    It is the one with which the errors of the sum have the spread that they have.

    Parameters
    ----------
    errors, widths
        Shape (sites, times): measured minus predicted power, and half of the distance from P10 to P90; NaN
        where a site has none. [kW]
    """
    known = np.isfinite(errors) & np.isfinite(widths) & (widths > 0)
    several = known.sum(axis=0) > 1
    if several.sum() < _LEAST_TIMES:
        return None
    error = np.where(known, errors, 0.0)[:, several]
    width = np.where(known, widths, 0.0)[:, several]
    between = _pairs(
        error
    )  # of the errors that came, and of those that would if all erred together
    scale = float(np.square(error).sum() / np.square(width).sum())
    most = scale * float(_pairs(width).sum())
    return float(np.clip(between.sum() / most, 0.0, 1.0)) if most > 0 else None


def _pairs(values: NDArray[np.float64]) -> Floats:
    """Return the sum of the products of all pairs of sites, time by time."""
    products: Floats = np.square(values.sum(axis=0)) - np.square(values).sum(axis=0)
    return products
