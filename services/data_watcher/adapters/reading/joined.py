"""A second header in the middle of a file: two exports that somebody joined."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.adapters.reading.cells import mask
from services.data_watcher.adapters.reading.table import Raw
from shared.errors import UnreadableFileError

_NOTHING_LIKE_A_NAME = {"", "nan", "na", "n/a", "null", "none", "-", "--"}


def check(raw: Raw) -> None:
    """Refuse a file in which the header comes again with its columns in another order.

    One in the same order is a row without a time, and is left out as such.

    Raises
    ------
    UnreadableFileError
        `second_header`, with its row.
    """
    names_of_rows = raw.columns.names.values()  # a sensor may be called like a column
    texts = {
        at: cells
        for at, cells in raw.cells.items()
        if pa.types.is_string(cells.type) and at not in names_of_rows
    }
    if not texts:
        return  # as in nearly every file
    header = raw.header
    names = {name for name in header if name.lower() not in _NOTHING_LIKE_A_NAME}
    if not names:
        return
    wanted = pa.array(sorted(names), pa.string())
    trimmed = {at: pc.utf8_trim_whitespace(cells) for at, cells in texts.items()}
    is_name = {at: mask(pc.is_in(cells, value_set=wanted)) for at, cells in trimmed.items()}
    again = np.logical_or.reduce(list(is_name.values()))
    for row in np.flatnonzero(again):
        said = {at: str(cells[int(row)].as_py() or "") for at, cells in trimmed.items()}
        moved = {at: name for at, name in said.items() if name in names and name != header[at]}
        if moved:
            at, name = next(iter(moved.items()))
            raise UnreadableFileError(
                "second_header",
                f"row {raw.places.said(int(row))} is a second header with the columns in another order: "
                f"{name!r} comes where {header[at]!r} was",
                "split the file there and upload both parts, each with its own header",
            )
