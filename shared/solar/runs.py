"""Runs: rows beside each other that have something in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.intp]


def where(mask: NDArray[np.bool_]) -> tuple[Positions, Positions]:
    """Return where each run of true rows begins, and the row after its last."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return edges[::2], edges[1::2]


def starts(values: NDArray[Any]) -> Positions:
    """Return where each run of equal values begins; NaN is equal to nothing."""
    return np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])
