"""What a file holds, before its values are interpreted."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.data_watcher.adapters.reading.header import Columns
from services.data_watcher.adapters.reading.places import Places


@dataclass(frozen=True, slots=True)
class Raw:
    """The named columns of a file by their position, as some format holds them.

    Attributes
    ----------
    skipped, examples
        Counts of rows that could not be taken apart, and some of them, by reason.
    note
        What a person should know of how the file was read.
    cut_off
        Whether the last cell of the last row seems to have lost its end.
    turns
        How many intervals after its stamp a row begins, where a row of the file holds several.
    """

    cells: dict[int, pa.ChunkedArray]
    columns: Columns
    skipped: dict[str, int]
    places: Places
    header: Sequence[str] = ()
    note: str | None = None
    examples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cut_off: bool = False
    turns: npt.NDArray[np.int64] | None = None

    def forget_but_for(self, names: AbstractSet[str]) -> None:
        """Drop the cells that only these quantities needed: they take as much memory as a large file."""
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
        Some cells by canonical name that are no numbers, and some rows by the reason for leaving them out.
    places
        Where the rows are in the file.
    series
        Which inverter a row is of, where the file holds several below each other; None otherwise.
    issues
        When each row was issued, where a column of a forecast says so; None otherwise.
    note
        What a person should know of how the file was read.
    parts
        Of how many inverters power is the sum; 1 where it is one column.
    turns
        How many intervals after its stamp a row begins; None where a stamp says when it begins.
    """

    stamps: pa.Array
    values: dict[str, npt.NDArray[np.float64]]
    faults: dict[str, dict[str, npt.NDArray[np.bool_]]]
    skipped: dict[str, int]
    places: Places
    examples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    series: pa.Array | None = None
    issues: pa.Array | None = None
    note: str | None = None
    parts: int = 1
    turns: npt.NDArray[np.int64] | None = None

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return len(self.stamps)

    def take(self, rows: npt.NDArray[np.intp]) -> Table:
        """Return a table of some of the rows."""
        return Table(
            self.stamps.take(pa.array(rows)),
            {name: values[rows] for name, values in self.values.items()},
            {
                name: {reason: mask[rows] for reason, mask in reasons.items()}
                for name, reasons in self.faults.items()
            },
            {},
            self.places.keep(rows),
            self.examples,
            parts=self.parts,
            turns=None if self.turns is None else self.turns[rows],
        )

    def said(self, row: int) -> str:
        """Say where a row is in the file, and which stamp it carries."""
        return f"{self.places.said(row)} ({self.stamp(row)})"

    def stamp(self, row: int) -> Any:
        """Return the stamp of a row as the file has it."""
        try:
            return self.stamps[row].as_py()
        except OverflowError:  # beyond the year 9999
            return self.stamps[row].cast(pa.string()).as_py()
