"""Division of the training time into parts that take turns in saying when to stop.

Rows are never shuffled: neighbours in time are so alike that a fit would be tested on what it knows. A part
is made of whole stretches of days, spread over the seasons, so that every season is both learnt and tested.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
