"""How far from a forecast the power may come: quantiles, corrected by rows that followed their fits.

Trees say for each row how far the quantiles lie from its median. Around the prediction they are stretched or
drawn together, each quantile and lead on its own: half-way from what public plants needed to what would have
held on this plant's rows after a fit, for few stretches of weather prove little.

References
----------
.. [1] Y. Romano, E. Patterson, E. Candes, "Conformalized quantile regression", NeurIPS 2019. arXiv:1905.03222
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from shared.errors import PermanentError
from shared.solar.leads import BUCKETS, HOURS
from shared.solar.position import Floats

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
_MIDDLE = LEVELS.index(0.5)
_LEAST_WIDTH = 1e-3  # share of AC capacity
_USUAL = 1.2  # what public plants needed
_BELIEVED = 0.5  # power of a plant's own factor beside the usual one; the rest may be the season
_SCALE = (0.3, 4.0)  # within which a correction is believed at all
_LEAST_ROWS = 50  # of weight, for any factor of its own
_HALF_TRUSTED = 1000.0  # rows of weight with which a lead counts as much as all leads together


class UnknownLevelError(PermanentError):
    """A quantile was asked for that the model cannot tell."""


class Spread(BaseModel):
    """How each quantile's distance from the prediction is stretched.

    Attributes
    ----------
    levels
        Quantiles that the model says; others between them are interpolated. [unitless]
    overall
        Factor of each level, whatever the lead. [unitless]
    by_lead
        The same for those leads that had rows enough, by the bucket's name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    levels: tuple[float, ...] = LEVELS
    overall: tuple[float, ...]
    by_lead: dict[str, tuple[float, ...]] = {}

    @cached_property
    def factors(self) -> Floats:
        """Factors of shape (lead buckets, levels). [unitless]"""
        return np.array([self.by_lead.get(name, self.overall) for name in BUCKETS])


def bucket_of(lead_hours: Floats) -> NDArray[np.int64]:
    """Return the place of each lead's bucket [h]."""
    return np.searchsorted(np.array(HOURS), lead_hours, side="right")


def calibrate(
    actual: Floats,
    predicted: Floats,
    heads: Floats,
    bucket: NDArray[np.int64],
    weight: Floats,
) -> Spread:
    """Learn by how much the quantiles must be stretched.

    Parameters
    ----------
    actual, predicted
        Daylight rows as shares of AC capacity, predicted by fits that ended before them. [unitless]
    heads
        What the same fits said of each level, of shape (rows, levels). [unitless]
    bucket
        Place of each row's lead bucket.
    weight
        How much each row counts. [unitless]
    """
    ratio = (actual - predicted)[:, None] / _offsets(heads)
    usual = np.full(len(LEVELS), _USUAL)
    usual[_MIDDLE] = 1.0
    overall = _scales(ratio, weight, usual)
    by_lead = {}
    for place, name in enumerate(BUCKETS):
        within = bucket == place
        if within.any():
            by_lead[name] = _rounded(_scales(ratio[within], weight[within], overall))
    return Spread(overall=_rounded(overall), by_lead=by_lead)


def _scales(ratio: Floats, weight: Floats, general: Floats) -> Floats:
    """Return the factors with which each level would have held, drawn towards general ones."""
    total = float(weight.sum())
    if total < _LEAST_ROWS:
        return general
    trust = total / (total + _HALF_TRUSTED)
    found = general.copy()
    for place, level in enumerate(LEVELS):
        if place == _MIDDLE:
            continue
        # Beyond the quantile lies what is further away than it, in its own direction.
        held = _quantile(ratio[:, place], weight, max(level, 1 - level))
        own = np.clip(held, *_SCALE) ** _BELIEVED * _USUAL ** (1 - _BELIEVED)
        found[place] = trust * own + (1 - trust) * general[place]
    return found


def _quantile(values: Floats, weight: Floats, level: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    place = np.searchsorted(reached, level * reached[-1])
    return float(values[order][min(int(place), len(values) - 1)])


def _rounded(factors: Floats) -> tuple[float, ...]:
    return tuple(round(float(each), 4) for each in factors)


def _offsets(heads: Floats) -> Floats:
    """Return how far each level lies from the median: below it negative, above it positive. [unitless]"""
    rising = np.sort(heads, axis=1)
    away = rising - rising[:, _MIDDLE : _MIDDLE + 1]
    away[:, :_MIDDLE] = np.minimum(away[:, :_MIDDLE], -_LEAST_WIDTH)
    away[:, _MIDDLE + 1 :] = np.maximum(away[:, _MIDDLE + 1 :], _LEAST_WIDTH)
    away[:, _MIDDLE] = _LEAST_WIDTH  # never used as a divisor's result, only kept from being zero
    return away


def apply(
    spread: Spread,
    predicted: Floats,
    heads: Floats,
    bucket: NDArray[np.int64],
    levels: Sequence[float],
) -> Floats:
    """Return quantiles around predictions, of shape (rows, levels asked for); the median is the prediction.

    Raises
    ------
    UnknownLevelError
        A level lies outside of those that the model says.
    """
    away = _offsets(heads) * spread.factors[bucket]
    away[:, _MIDDLE] = 0.0
    away = np.sort(away, axis=1)
    return predicted[:, None] + between(spread.levels, away, levels)


def between(known: Sequence[float], said: Floats, levels: Sequence[float]) -> Floats:
    """Return quantiles read between those that are known, of shape (rows, levels).

    Parameters
    ----------
    known, said
        Levels, rising, and what is said of them, of shape (rows, levels known).

    Raises
    ------
    UnknownLevelError
        A level lies outside of those that are known.
    """
    for level in levels:
        if not known[0] <= level <= known[-1]:
            message = (
                f"quantile {level} cannot be told; ask for one between {known[0]} and {known[-1]}"
            )
            raise UnknownLevelError(message)
    asked, steps = np.array(levels), np.array(known)
    place = np.clip(np.searchsorted(steps, asked, side="right") - 1, 0, len(steps) - 2)
    share = (asked - steps[place]) / (steps[place + 1] - steps[place])
    read: Floats = said[:, place] * (1 - share) + said[:, place + 1] * share
    return read
