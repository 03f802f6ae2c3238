"""Looks at a sample file of a plant and proposes how it reads, with the evidence for each guess."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from console.drafting.guess import Guess, NotUnderstoodError, SourceDraft
from console.drafting.layout import MOST_ROWS, rows
from console.drafting.quantities import energy, numbers_of, quantities
from console.drafting.stamps import is_data, stamps


def draft(path: Path, capacity_kw: float | None = None) -> SourceDraft:
    """Look at one file.

    Parameters
    ----------
    capacity_kw
        AC capacity of the plant, which tells the unit of its power where no header does.

    Raises
    ------
    NotUnderstoodError
        No column of it holds time stamps.
    UnreadableFileError
        It is damaged.
    """
    kind, layout, cells = rows(path)
    start = 1 if kind == "parquet" else next((n for n, row in enumerate(cells) if is_data(row)), 0)
    if not start:
        message = f"{path.name}: no line below a header holds a time stamp and a number"
        raise NotUnderstoodError(message)
    header = [str(cell).strip() for cell in cells[start - 1]]
    body = [row for row in cells[start : start + MOST_ROWS] if len(row) == len(header)]
    columns = {
        name: [row[at] for row in body]
        for at, name in enumerate(header)
        if header.count(name)
        == 1  # an index that was written along often has no name, which is one
    }
    timestamp, moments = stamps(columns, path.name)
    taken = {str(guess.value) for key, guess in timestamp.items() if key.endswith("column")}
    decimal = "," if layout.get("decimal") else "."
    numbers = {
        name: numbers_of(cells, decimal) for name, cells in columns.items() if name not in taken
    }
    numbers = {name: values for name, values in numbers.items() if np.isfinite(values).any()}
    step = timestamp.get("step_minutes", Guess(60, "")).value
    found = quantities(numbers, capacity_kw, step)
    peak, noon = energy(found.columns, numbers, moments, step)
    first = next(each for each in moments if each)
    offset = f"{first:%z}"[:3] + ":" + f"{first:%z}"[3:5] if first.tzinfo else None
    return SourceDraft(
        (path.name,),
        kind,
        layout,
        timestamp,
        found.columns,
        peak,
        noon,
        offset,
        found.unused,
    )
