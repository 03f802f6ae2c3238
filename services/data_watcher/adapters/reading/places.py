"""Where the rows of a table are in their file, so that messages can name them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of one sheet within those of a whole workbook.

    Attributes
    ----------
    start
        Number of rows that come before, from other sheets.
    first_row
        Row of the sheet, counted from one, that holds the first of them.
    """

    start: int
    first_row: int
    name: str


@dataclass(frozen=True, slots=True)
class Places:
    """The file's own row numbers, counted from one as an editor shows them.

    Attributes
    ----------
    sheets
        What the rows come from, in order; a file without sheets is a single one without a name.
    kept
        The file's data rows that are left, where not all are; None for all of them.
    """

    sheets: tuple[Sheet, ...]
    kept: npt.NDArray[np.intp] | None = None

    @classmethod
    def beginning_at(cls, first_row: int) -> Self:
        """Return the places of a table that begins in some row of its file."""
        return cls((Sheet(0, first_row, ""),))

    @property
    def several(self) -> bool:
        """Whether the rows come from several sheets."""
        return len(self.sheets) > 1

    def keep(self, rows: npt.NDArray[np.intp]) -> Places:
        """Return the places of some of the rows."""
        return replace(self, kept=rows if self.kept is None else self.kept[rows])

    def said(self, row: int) -> str:
        """Return the number of a row of the table, with its sheet where there are several."""
        at = int(row if self.kept is None else self.kept[row])
        sheet = self.sheets[bisect_right(self.sheets, at, key=lambda each: each.start) - 1]
        number = str(at - sheet.start + sheet.first_row)
        return f"{number} of sheet {sheet.name!r}" if self.several else number
