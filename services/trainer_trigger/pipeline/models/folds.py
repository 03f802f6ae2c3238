"""Division of the training time: parts that take turns in ending a fit, and origins to look ahead from.

Rows are never shuffled: neighbours in time are so alike that a fit would be tested on what it knows. A part
is made of whole stretches of days, spread over the seasons, so that every season is both learnt and tested.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from services.trainer_trigger.pipeline.models.base import Examples, Predict

PARTS = 4
_STRETCH_SECONDS = 10 * 86_400


def folds(seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the part, from 0 to `PARTS` - 1, of each row.

    Parameters
    ----------
    seconds
        Start of each row's interval since 1970. [s]
    """
    first, span = seconds.min(), seconds.max() - seconds.min() + 1
    stretches = max(PARTS * 3, int(np.ceil(span / _STRETCH_SECONDS)))
    parts: NDArray[np.int64] = (seconds - first) * stretches // span % PARTS
    return parts


ORIGINS = (0.4, 0.55, 0.7, 0.85)
_AHEAD = 0.15


def origins(seconds: NDArray[np.int64]) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Return for each origin the rows before it, to be fitted, and those that follow, to be predicted.

    Parameters
    ----------
    seconds
        Start of each row's interval since 1970. [s]
    """
    first, span = seconds.min(), seconds.max() - seconds.min() + 1
    place = (seconds - first) / span
    found = [(place < at, (place >= at) & (place < at + _AHEAD)) for at in ORIGINS]
    return [(before, after) for before, after in found if before.any() and after.any()]


def origin_of(seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of the origin that looks ahead at each row; -1 before the first one.

    Parameters
    ----------
    seconds
        Start of each row's interval since 1970. [s]
    """
    numbers = np.full(len(seconds), -1)
    for number, (_, after) in enumerate(origins(seconds)):
        numbers[after] = number
    return numbers


def predict_later(
    examples: Examples, fit: Callable[[Examples], Predict], skip: int = 0
) -> NDArray[np.float64]:
    """Return what fits on earlier rows say of later ones; NaN before the first origin. [unitless]

    Parameters
    ----------
    skip
        How many of the first origins leave too little to fit.
    """
    later = np.full(len(examples.values), np.nan)
    for before, after in origins(examples.seconds)[skip:]:
        later[after] = fit(examples.take(before))(examples.values[after])
    return later
