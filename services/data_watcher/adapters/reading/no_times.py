"""The fault of a file whose stamps are no times in the format that the YAML says, and what would mend it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.data_watcher.adapters.reading import months
from services.data_watcher.adapters.reading.table import Table
from services.data_watcher.domain.believable.losses import FEW
from shared.errors import UnreadableFileError
from shared.solar.site import TimestampFormat
from shared.solar.stamp_format import directives

MOST_BAD = 0.2  # share of stamps that may be no time before the format must be wrong


def no_timestamps(
    table: Table, how: TimestampFormat, bad: npt.NDArray[np.bool_]
) -> UnreadableFileError:
    """Return the fault of a file whose stamps are no times in the stated format."""
    row = int(np.flatnonzero(bad)[0])
    example = table.stamps[row].as_py()
    expected = f"the format {how.format!r}" if how.format else "ISO 8601 (2024-07-01 12:00)"
    names = ", ".join(map(repr, how.names))
    reason = (
        f"{int(bad.sum())} of {table.rows} stamps in column {names} are no times in {expected}, "
        f"for example {example!r} in row {table.places.said(row)}"
    )
    word = _unknown_month(str(example), how.format)
    if word is not None:
        return UnreadableFileError(
            "no_timestamps",
            f"{reason}; {word!r} is no month in a language that is read (English, German, French, Spanish, "
            "Italian, Dutch, Portuguese)",
            "export the file with months as numbers, and say so in timestamp.format of the site's YAML (%m)",
        )
    return UnreadableFileError(
        "no_timestamps",
        reason,
        "correct timestamp.format in the site's YAML, or the stamps in the file",
    )


def _unknown_month(example: str, format_: str | None) -> str | None:
    """Return the word that should be a month and is none; None where it is one, or none is expected."""
    return months.unknown(example) if _holds_months(format_) else None


def _holds_months(format_: str | None) -> bool:
    return format_ is not None and bool(months.DIRECTIVES & set(directives(format_)))


def are_of_unknown_months(table: Table, how: TimestampFormat, bad: npt.NDArray[np.bool_]) -> bool:
    """Whether stamps are no times because of a word: a month would be lost, which is less than a fifth."""
    if not bad.any() or not _holds_months(how.format):
        return False
    texts = map(str, table.stamps.take(pa.array(np.flatnonzero(bad))).to_pylist())
    words = Counter(map(months.unknown, texts))
    return any(count > FEW for word, count in words.items() if word is not None)
