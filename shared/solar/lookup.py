"""Finds moments in ordered moments, and values at them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.solar.position import Floats, Times


def find(among: Times, wanted: Times) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the place of each moment in an ordered list of them, and whether it is there at all."""
    if not len(among):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=bool)
    place = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    return place, among[place] == wanted


def values_at(wanted: Times, known: Times, values: Floats) -> Floats:
    """Return values at moments, NaN where they are not known; `known` is in the order of time."""
    place, there = find(known, wanted)
    found = np.full(len(wanted), np.nan)
    found[there] = values[place[there]]
    return found
