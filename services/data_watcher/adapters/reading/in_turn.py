"""Rows that hold several intervals, each in a column of its own, like the quarters of an hour."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa

from services.data_watcher.adapters.reading import cells
from services.data_watcher.adapters.reading.table import Raw
from shared.errors import UnreadableFileError
from shared.solar.site import ColumnFormat, SourceFormat


def unrolled(raw: Raw, source: SourceFormat) -> Raw:
    """Return a row for each interval; the columns of a quantity become the last of them.

    Raises
    ------
    UnreadableFileError
        `missing_column`: one quantity has fewer columns than another.
    """
    if not source.is_in_turn:
        return raw
    values = {name: _in_order(raw, each) for name, each in source.columns.items()}
    lengths = {name: len(positions) for name, positions in values.items()}
    several = next(iter(lengths.values()))
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{count} columns of {name}" for name, count in lengths.items())
        raise UnreadableFileError(
            "missing_column",
            f"a row holds an interval in each column (combine: in_turn), but there are {said}",
            "name as many columns for each quantity in the site's YAML, or write a source for each",
        )
    rows = len(next(iter(raw.cells.values())))
    again = np.repeat(np.arange(rows), several)
    each_row = pa.array(again)
    moved = {
        positions[-1]: _row_by_row([raw.cells[at] for at in positions])
        for positions in values.values()
    }
    others = {at for positions in values.values() for at in positions}
    kept = {at: column.take(each_row) for at, column in raw.cells.items() if at not in others}
    return replace(
        raw,
        cells=kept | moved,
        columns=replace(
            raw.columns, values={name: positions[-1:] for name, positions in values.items()}
        ),
        places=raw.places.keep(again),
        turns=np.tile(np.arange(several), rows),
    )


def _in_order(raw: Raw, column: ColumnFormat) -> tuple[int, ...]:
    """Return the positions of columns in the order in which the YAML names them; a glob takes the file's."""
    names = [name.strip() for name in raw.header]
    each = (
        at
        for pattern in column.columns
        for at, name in enumerate(names)
        if name == pattern or fnmatchcase(name, pattern)
    )
    return tuple(dict.fromkeys(each))


def _row_by_row(columns: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Return the cells of several columns as one: those of the first row, then those of the second."""
    if len({column.type for column in columns}) > 1:
        columns = [cells.written(column) for column in columns]
    rows = len(columns[0])
    one = pa.chunked_array([chunk for column in columns for chunk in column.chunks])
    order = np.arange(len(columns) * rows).reshape(len(columns), rows).T.ravel()
    return one.take(pa.array(order))
