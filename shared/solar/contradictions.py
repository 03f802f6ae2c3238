"""When two values of the same time and quantity contradict each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.solar.position import Floats

_APART = 0.01  # of the larger value; less is how an export rounds
_FLOOR = 0.001  # of the column's largest value; below it, values are about zero


def floor(*values: Floats) -> float:
    """Return below which size values of a column are about zero: nights agree with everything."""
    known = np.concatenate([each[np.isfinite(each)] for each in values])
    return _FLOOR * float(np.abs(known).max()) if known.size else 0.0


def apart(one: Floats, other: Floats, about_zero: float) -> NDArray[np.bool_]:
    """Return which pairs of known values contradict each other.

    Parameters
    ----------
    about_zero
        What `floor` says of the column.
    """
    larger = np.maximum(np.abs(one), np.abs(other))
    return np.abs(one - other) > np.maximum(_APART * larger, about_zero)
