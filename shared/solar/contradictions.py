"""When two values of the same time and quantity contradict each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.solar.position import Floats

_APART = 0.01  # of the larger value; less is how an export rounds
# Of means over intervals of another length: moments that a logger reads are not quite the mean between them.
OF_OTHER_STEPS = 0.25
_FLOOR = 0.001  # of the column's largest value; below it, values are about zero


def floor(*values: Floats) -> float:
    """Return below which size values of a column are about zero: nights agree with everything."""
    known = np.concatenate([each[np.isfinite(each)] for each in values])
    return _FLOOR * float(np.abs(known).max()) if known.size else 0.0


def apart(
    one: Floats, other: Floats, about_zero: float, share: float = _APART
) -> NDArray[np.bool_]:
    """Return which pairs of values contradict each other; one that is unknown (NaN) contradicts nothing.

    Parameters
    ----------
    about_zero
        What `floor` says of the column.
    share
        Of the larger value, by which they may differ. [unitless]
    """
    larger = np.maximum(np.abs(one), np.abs(other))
    return np.abs(one - other) > np.maximum(share * larger, about_zero)
