"""Rows as masks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


def at(rows: Positions, length: int) -> Mask:
    """Return a mask of so many rows that is true at some of them."""
    mask = np.zeros(length, bool)
    mask[rows] = True
    return mask
