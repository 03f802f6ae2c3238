"""The sky of the last hour, where a block of rows shows it: moving clouds look different from standing ones.

Earlier weather is looked up among the rows that are computed together: training has whole months, a request
only what it sends. Where an earlier row is missing the sky is taken to have stood still, in training as in
serving, so that a single row is no error; training hides the earlier rows of some days so that a model learns
both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.solar.position import Floats
from shared.solar.rows import Rows

EARLIER_ROWS = 4
_NAMED = 3  # how many of them are features of their own; mean and deviation speak for all


def earlier_sky(
    rows: Rows,
    index: Floats,
    measured: NDArray[np.bool_],
    step_minutes: int,
    alone: NDArray[np.bool_] | None = None,
) -> dict[str, Floats]:
    """Return the clear-sky index of the rows before each row, with mean and deviation. [unitless]

    Parameters
    ----------
    index
        Clear-sky index of each row. [unitless]
    measured
        Rows whose irradiance was measured; others are no neighbours.
    step_minutes
        The model's step. [min]
    alone
        Rows to be seen as if they had been sent without any other.
    """
    earlier = np.repeat(index[:, None], EARLIER_ROWS + 1, axis=1)
    if len(rows) > 1:
        seconds = rows.times.astype(np.int64)
        span = int(seconds.max() - seconds.min()) + 8 * 86_400  # no site reaches into another
        key = rows.site * 2 * span + (seconds - seconds.min())
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        for back in range(1, EARLIER_ROWS + 1):
            wanted = key - back * step_minutes * 60
            place = np.minimum(np.searchsorted(ordered, wanted), len(key) - 1)
            found = order[place]
            known = (ordered[place] == wanted) & measured[found]
            if alone is not None:
                known &= ~alone
            earlier[:, back] = np.where(known, index[found], index)
    named = {f"sky_{back}_earlier": earlier[:, back] for back in range(1, _NAMED + 1)}
    return named | {"sky_mean": earlier.mean(axis=1), "sky_deviation": earlier.std(axis=1)}


def hidden_days(rows: Rows, share: float) -> NDArray[np.bool_]:
    """Return the rows of a fixed share of days, spread evenly and the same for the same days. [unitless]"""
    day = rows.times.astype(np.int64) // 86_400
    return (day * 2_654_435_761 % 1000) < share * 1000
