"""What kind of file it is: its format, its delimiter and decimal sign, its rows of cells."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from console.drafting.guess import Guess
from services.data_watcher.adapters.reading import faults, files, sheets, text

MOST_ROWS = 40_000  # of a file that are looked at; a year of quarters of an hour
_DELIMITERS = ",;\t|"


def rows(path: Path) -> tuple[str, dict[str, Guess], list[list[Any]]]:
    """Return a file's format, what speaks for its layout, and its cells.

    Raises
    ------
    UnreadableFileError
        It is damaged.
    """
    data = bytes(files.unpacked(path.read_bytes()))
    if data.startswith(b"PAR1"):
        import pyarrow as pa  # noqa: PLC0415 - heavy, and only for Parquet
        import pyarrow.parquet as pq  # noqa: PLC0415

        with faults.damage_is_said():
            table = pq.read_table(pa.BufferReader(data)).slice(0, MOST_ROWS)
        columns = [column.to_pylist() for column in table.columns]
        return "parquet", {}, [table.column_names, *map(list, zip(*columns, strict=True))]
    if data.startswith(b"PK"):
        return "xlsx", {}, sheets.cells(data)
    lines = [
        line for line in bytes(text.utf8(data)).decode("utf-8-sig").splitlines() if line.strip()
    ]
    if not lines:
        return "csv", {}, []
    lines = lines[: MOST_ROWS + faults.MOST_HEADER_LINES]
    delimiter, fields = _delimiter(lines[-60:])
    layout = {"delimiter": Guess(delimiter, f"{fields} fields in each of the last lines")}
    cells: list[list[Any]] = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    commas = sum(bool(re.fullmatch(r"-?\d+,\d+", cell)) for row in cells[-60:] for cell in row)
    if commas:
        layout["decimal"] = Guess(",", f"{commas} cells of the last lines are like 1,5")
    return "csv", layout, cells


def _delimiter(lines: Sequence[str]) -> tuple[str, int]:
    def rank(delimiter: str) -> tuple[float, int]:
        fields, times = Counter(line.count(delimiter) + 1 for line in lines).most_common(1)[0]
        return (times / len(lines) if fields > 1 else 0.0, -_DELIMITERS.index(delimiter))

    # A decimal comma also cuts lines into equal fields; a semicolon or tab beside it is the delimiter.
    strong = [each for each in ";\t|" if rank(each)[0] > 0.9]  # noqa: PLR2004 - nearly every line
    best = strong[0] if strong else max(_DELIMITERS, key=rank)
    return best, Counter(line.count(best) + 1 for line in lines).most_common(1)[0][0]
