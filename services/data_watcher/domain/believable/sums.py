"""Whether columns that are added up hold their own total: a plant's power would count twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shared.errors import UnreadableFileError
from shared.solar.site import ColumnFormat

Values = npt.NDArray[np.float64]

_CLOSE = 0.005  # of the total: columns are rounded
_MOSTLY = 0.95  # of the rows with power
_FEWEST = 3  # columns; of two alike nobody knows which is the other's total


def total(parts: Sequence[Values], column: ColumnFormat) -> Values:
    """Return the sum of some columns.

    Raises
    ------
    UnreadableFileError
        `total_among_columns`: one of them is in nearly every row the sum of the others.
    """
    summed = parts[0].copy()
    for each in parts[1:]:
        summed += each
    if len(parts) >= _FEWEST:
        _check(parts, summed, column)
    return summed


def _check(parts: Sequence[Values], summed: Values, column: ColumnFormat) -> None:
    known = np.isfinite(summed) & (np.abs(summed) > 0)
    if not known.any():
        return
    scale = np.abs(summed[known])
    for number, each in enumerate(parts, start=1):
        if np.abs(each[known]).mean() < scale.mean() / 4:
            continue  # far from half of the sum of all
        others = summed[known] - each[known]
        close = np.abs(each[known] - others) <= _CLOSE * scale + 1e-9
        if close.mean() >= _MOSTLY:
            globs = ", ".join(map(repr, column.columns))
            raise UnreadableFileError(
                "total_among_columns",
                f"of the {len(parts)} columns that {globs} names, number {number} is the sum of the others "
                f"in {close.mean():.0%} of the rows with power; added up, power would count twice",
                "name the column of the total alone (column: …), or name the inverters' columns without it",
            )
