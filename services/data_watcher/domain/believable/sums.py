"""Whether one of the columns that are added up is their total: the plant's power would count twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from shared.errors import UnreadableFileError

Values = npt.NDArray[np.float64]

_CLOSE = 0.005  # of the total: columns are rounded
_MOSTLY = 0.95  # of the rows with power
_FEWEST = 3  # columns; of two alike nobody knows which is the other's total


def total(parts: Sequence[Values], which: Callable[[int], str], remedy: str) -> Values:
    """Return the sum of some columns.

    Parameters
    ----------
    which
        Says in words which of them a number, counted from 0, is.
    remedy
        What to do where one of them is the total of the others.

    Raises
    ------
    UnreadableFileError
        `total_among_columns`: one of them is in nearly every row the sum of the others.
    """
    summed = parts[0].copy()
    for each in parts[1:]:
        summed += each
    if len(parts) >= _FEWEST:
        _check(parts, summed, which, remedy)
    return summed


def _check(
    parts: Sequence[Values], summed: Values, which: Callable[[int], str], remedy: str
) -> None:
    known = np.isfinite(summed) & (np.abs(summed) > 0)
    if not known.any():
        return
    scale = np.abs(summed[known])
    for number, each in enumerate(parts):
        if np.abs(each[known]).mean() < scale.mean() / 4:
            continue  # far from half of the sum of all
        others = summed[known] - each[known]
        close = np.abs(each[known] - others) <= _CLOSE * scale + 1e-9
        if close.mean() >= _MOSTLY:
            raise UnreadableFileError(
                "total_among_columns",
                f"{which(number)} is the sum of the others in {close.mean():.0%} of the rows with power; "
                "added up, power would count twice",
                remedy,
            )
