"""The fault of a file whose stamps are no times in the format that the YAML says, and what would mend it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.adapters.reading.table import Table
from shared.errors import UnreadableFileError
from shared.solar.site import TimestampFormat

MOST_BAD = 0.2  # share of stamps that may be no time before the format must be wrong


def no_timestamps(
    table: Table, how: TimestampFormat, bad: npt.NDArray[np.bool_]
) -> UnreadableFileError:
    """Return the fault of a file whose stamps are no times in the stated format."""
    row = int(np.flatnonzero(bad)[0])
    expected = f"the format {how.format!r}" if how.format else "ISO 8601 (2024-07-01 12:00)"
    names = ", ".join(map(repr, how.names))
    return UnreadableFileError(
        "no_timestamps",
        f"{int(bad.sum())} of {table.rows} stamps in column {names} are no times in {expected}, "
        f"for example {table.stamps[row].as_py()!r} in row {table.places.said(row)}",
        "correct timestamp.format in the site's YAML, or the stamps in the file",
    )
