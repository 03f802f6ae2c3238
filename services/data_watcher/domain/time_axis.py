"""Where the rows of a file lie in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.datetime64]
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The place of each kept row in time.

    Attributes
    ----------
    utc
        Starts of the intervals, ascending and unique [us].
    rows
        Row of the table that each start comes from.
    step
        Length of an interval [s].
    counts
        What was done to rows, by reason.
    is_whole
        Whether every row of the table has its place, in the order of the table.
    """

    utc: Times
    rows: npt.NDArray[np.intp]
    step: float
    counts: dict[str, int]
    is_whole: bool = False

    def pick(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        """Return a column of the table on the axis; the column itself where nothing is left out or moved."""
        return values if self.is_whole else values[self.rows]
