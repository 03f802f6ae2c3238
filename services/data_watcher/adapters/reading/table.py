"""What a file holds, before anything is understood of it."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.data_watcher.adapters.reading.header import Columns


@dataclass(frozen=True, slots=True)
class Raw:
    """The named columns of a file by their position, as some format holds them."""

    cells: dict[int, pa.ChunkedArray]
    columns: Columns
    skipped: dict[str, int]
    first_row: int
    header: Sequence[str] = ()

    def forget_but_for(self, names: AbstractSet[str]) -> None:
        """Let go of the cells that none of some quantities still needs: a file is large, and so are they."""
        needed = {at for name in names for at in self.columns.values[name]}
        for at in self.cells.keys() - needed:
            del self.cells[at]


@dataclass(frozen=True, slots=True)
class Table:
    """The columns that a source names, as a file holds them.

    Attributes
    ----------
    stamps
        Time stamps as text or as Arrow time stamps.
    values
        Numbers by canonical name, NaN where there is none [unit of the file].
    faults
        Rows by canonical name whose cell says something that is no number.
    skipped
        Counts of rows that could not be taken apart, by reason.
    examples
        Some cells by canonical name that are no numbers.
    first_row
        Row of the file, counted from one, that holds the first data row.
    """

    stamps: pa.Array
    values: dict[str, npt.NDArray[np.float64]]
    faults: dict[str, dict[str, npt.NDArray[np.bool_]]]
    skipped: dict[str, int]
    first_row: int
    examples: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return len(self.stamps)

    def said(self, row: int) -> str:
        """Say where a row is in the file, and which stamp it carries."""
        return f"{row + self.first_row} ({self.stamps[row].as_py()})"
