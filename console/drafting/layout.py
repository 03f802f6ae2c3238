"""What kind of file it is: its format, its delimiter, its rows of cells."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from console.drafting import letters
from console.drafting.guess import Guess, NotUnderstoodError
from console.drafting.heading import find
from console.drafting.spans import is_moment
from console.drafting.unit_words import is_unit
from services.data_watcher.adapters.reading import (
    commas,
    faults,
    files,
    json_series,
    json_shapes,
    sheets,
)
from services.data_watcher.adapters.reading import records as json_records
from services.data_watcher.domain.believable.losses import FEW

MOST_ROWS = 200_000  # of a file that are looked at: two years of five minutes
_DELIMITERS = ",;\t|"
_NEARLY_ALL = 0.9  # of the lines
_LOOKED_AT = 20  # records that show whether any field is a time
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Sheet:
    """The table in a file.

    Attributes
    ----------
    columns
        Cells by the column's name; a name that occurs twice is left out, as it cannot be named.
    units
        Units by the column's name, where a row of the header holds them.
    rows
        How many rows the file has; `columns` may have fewer.
    twice
        The cells of columns that are called alike, by their name.
    zone
        Of the stamps, where a line above the header names it.
    service
        Who made the file, where a line above the header says it.
    has_unit_row
        Whether a row of units stands below the names.
    around
        Of JSON: the names that lead to the records, and those of times beside them.
    unit
        Of JSON: what stands beside the records.
    in_turn
        The columns of the intervals that a row of the file holds, each of which became a row.
    """

    path: Path
    format: str
    layout: dict[str, Guess]
    columns: dict[str, list[Any]]
    units: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    twice: dict[str, list[list[Any]]] = field(default_factory=dict)
    zone: str | None = None
    service: str | None = None
    has_unit_row: bool = False
    around: tuple[str, ...] = ()
    in_turn: tuple[str, ...] = ()
    unit: str | None = None

    @property
    def looked_at(self) -> int:
        """Return how many rows are in the columns."""
        return len(next(iter(self.columns.values()), []))


def read(path: Path) -> Sheet:
    """Return a file's table.

    Raises
    ------
    NotUnderstoodError
        It holds no table with a header.
    UnreadableFileError
        It is damaged.
    """
    content = path.read_bytes()
    with faults.damage_is_said():
        return _read(path, content)


def _read(path: Path, content: bytes) -> Sheet:
    data = bytes(files.unzipped(files.unpacked(content)))
    if data.startswith(b"PAR1"):
        return _parquet(path, data)
    if data.startswith(b"PK"):
        return _workbook(path, data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        message = (
            f"{path.name}: it is an old Excel file (.xls), or one with a password; save it as .xlsx"
        )
        raise NotUnderstoodError(message)
    said = letters.text(data)
    if not said.strip():
        message = f"{path.name}: it is empty, so no line of it holds a time stamp; give one with measurements"
        raise NotUnderstoodError(message)
    if said.lstrip()[:1] in {"{", "["}:
        return _json(path, said)
    return _csv(path, said)


def _table(
    path: Path,
    kind: str,
    layout: dict[str, Guess],
    cells: list[list[Any]],
    *,
    of: int | None = None,
) -> Sheet:
    heading = find(path.name, cells)
    body = cells[heading.start : heading.start + MOST_ROWS]
    width = len(heading.names)
    whole = [
        row[:width]
        for row in body
        if len(row) == width or (len(row) == width + 1 and row[-1] in {"", None})
    ]
    columns = {
        name: [row[at] for row in whole]
        for at, name in enumerate(heading.names)
        if heading.names.count(name) == 1
    }
    rows = (of if of is not None else len(cells)) - heading.start
    twice = {
        each: [[row[at] for row in whole] for at, name in enumerate(heading.names) if name == each]
        for each in heading.names
        if each and each not in columns
    }
    return Sheet(
        path,
        kind,
        layout,
        columns,
        heading.units,
        rows,
        twice,
        heading.zone,
        heading.service,
        heading.has_unit_row,
    )


def _csv(path: Path, said: str) -> Sheet:
    lines = [line for line in said.splitlines() if line.strip()]
    kept = lines[: MOST_ROWS + faults.MOST_HEADER_LINES]
    delimiter, fields = _delimiter(kept[-60:])
    layout = {"delimiter": Guess(delimiter, f"{fields} fields in each of the last lines")}
    cells = _cells(kept, delimiter)
    if delimiter == ",":
        _refuse_commas(path, cells)
    return _table(path, "csv", layout, cells, of=len(lines))


def _refuse_commas(path: Path, cells: list[list[Any]]) -> None:
    """Refuse numbers that their own commas cut in two, of which the small ones alone would be looked at."""
    width = len(find(path.name, cells).names)
    longer = [row for row in cells if len(row) > width and row[width:] != [""]]
    if len(longer) <= FEW:
        return
    said = f"{len(longer)} rows have more fields, like {len(longer[0])},"
    fault = commas.fault_of(longer[:FEW], width, said, ",".join(longer[0]))
    if fault is not None:
        message = f"{path.name}: {fault.reason}; {fault.remedy}"
        raise NotUnderstoodError(message)


def _cells(lines: Sequence[str], delimiter: str) -> list[list[Any]]:
    """Return the fields of lines; a quote that never ends would swallow all lines behind it."""
    try:
        said = io.StringIO("\n".join(lines))
        cells = list(csv.reader(said, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        cells = []
    if len(cells) < len(lines) and sum(line.count('"') for line in lines) % 2:
        return [line.split(delimiter) for line in lines]
    return cells or [line.split(delimiter) for line in lines]


def _delimiter(lines: Sequence[str]) -> tuple[str, int]:
    lines = [_QUOTED.sub("", line) for line in lines]  # of BZN|DE-LU no sign is one

    def rank(delimiter: str) -> tuple[float, int]:
        fields, times = Counter(line.count(delimiter) + 1 for line in lines).most_common(1)[0]
        return (times / len(lines) if fields > 1 else 0.0, -_DELIMITERS.index(delimiter))

    def fields(delimiter: str) -> int:
        return Counter(line.count(delimiter) + 1 for line in lines).most_common(1)[0][0]

    # A decimal comma also cuts lines into equal fields; a semicolon or tab beside it is the delimiter.
    strong = [each for each in ";\t|" if rank(each)[0] > _NEARLY_ALL]
    best = strong[0] if strong else max(_DELIMITERS, key=rank)
    if best == "|" and rank(",")[0] > _NEARLY_ALL and fields(",") > fields("|"):
        best = ","  # the bar is in a name, as in BZN|DE-LU
    return best, fields(best)


def _parquet(path: Path, data: bytes) -> Sheet:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and only for Parquet
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = pq.ParquetFile(pa.BufferReader(data)).read(
        use_threads=False
    )  # as in console/figures.py
    columns = {
        name: table[at].slice(0, MOST_ROWS).to_pylist()
        for at, name in enumerate(table.column_names)
        if table.column_names.count(name) == 1
    }
    if not table.num_rows:
        message = f"{path.name}: it has columns but no rows; give a sample that holds measurements"
        raise NotUnderstoodError(message)
    return Sheet(path, "parquet", {}, columns, rows=table.num_rows)


def _workbook(path: Path, data: bytes) -> Sheet:
    """Return the first sheet that holds measurements, with all that have its columns, as the reader does."""
    workbook = sheets.Workbook(data)
    failed: NotUnderstoodError | None = None
    found: Sheet | None = None
    for name in workbook.named(None):
        cells = [row for row in workbook.cells(name) if any(cell != "" for cell in row)]
        try:
            own = _table(path, "xlsx", {}, cells)
        except NotUnderstoodError as error:
            failed = failed or error
            continue
        if found is None:
            found = own
        elif own.columns.keys() == found.columns.keys() and own.units == found.units:
            columns = {name: [*some, *own.columns[name]] for name, some in found.columns.items()}
            found = replace(found, columns=columns, rows=found.rows + own.rows)
    if found is None:
        raise failed or NotUnderstoodError(f"{path.name}: the workbook holds no sheet")
    return found


def _json(path: Path, said: str) -> Sheet:
    try:
        content = json.loads(said)
    except RecursionError as error:
        message = f"{path.name}: it is nested too deeply; export a list of records"
        raise NotUnderstoodError(message) from error
    except json.JSONDecodeError:
        try:
            content = [json.loads(line) for line in said.splitlines() if line.strip()]
        except (json.JSONDecodeError, RecursionError) as error:
            message = (
                f"{path.name}: it begins like JSON but is none ({error}); export it again, and open it once "
                "to see that it is whole"
            )
            raise NotUnderstoodError(message) from error
    lists = json_records.lists(content)
    if not lists:
        _refuse_unlike(path, content)
        message = (
            f"{path.name}: the JSON holds no list of records, and no lists of values side by side; export "
            "one with a time and a value each"
        )
        raise NotUnderstoodError(message)
    where = max(lists, key=lambda each: len(lists[each]))
    records = [dict(json_series.flat(each)) for each in lists[where] if isinstance(each, dict)]
    layout = {}
    if len(lists) > 1:
        others = ", ".join(each or "(top)" for each in lists if each != where)
        layout["records"] = Guess(where, f"GUESSED: the longest list of records; others: {others}")
    if starred := _starred(lists, where):
        any_of, names = starred
        why = f"GUESSED: a list for each of {', '.join(names)}, one below the other"
        layout["records"] = Guess(any_of, why)
        records = [
            {json_records.SERIES: name} | dict(json_series.flat(each))
            for name in names
            for each in lists[any_of.replace("*", name)]
        ]
    names = list(dict.fromkeys(name for each in records[:200] for name in each))
    some = records[:MOST_ROWS]
    columns = {name: [each.get(name) for each in some] for name in names}
    if not any(is_moment(each) for cells in columns.values() for each in cells[:_LOOKED_AT]):
        _refuse_unlike(path, content)
    around = tuple(_around(content, where))
    unit = _unit_beside(content, where)
    return Sheet(path, "json", layout, columns, rows=len(records), around=around, unit=unit)


def _unit_beside(content: Any, where: str) -> str | None:
    """Return the unit that stands beside a list of records, or around it."""
    found = None
    for name in where.split("."):
        if not isinstance(content, dict):
            break
        said = content.get("unit")
        found = said if isinstance(said, str) and is_unit(said) else found
        content = content.get(name)
    return found


def _starred(lists: dict[str, list[Any]], where: str) -> tuple[str, list[str]] | None:
    """Return the path with a star to lists whose paths differ in one numbered name alone, and these names."""
    parts = where.split(".")
    for at, part in enumerate(parts):
        if not re.search(r"\d", part):
            continue
        shape = re.sub(r"\d+", r"\\d+", re.escape(part))
        before, after = parts[:at], parts[at + 1 :]
        others = [each.split(".") for each in lists]
        names = [
            each[at]
            for each in others
            if each[:at] == before and each[at + 1 :] == after and re.fullmatch(shape, each[at])
        ]
        if len(names) > 1:
            return ".".join([*before, "*", *after]), names
    return None


def _around(content: Any, where: str) -> Iterator[str]:
    """Yield the names on the way to a list, and those of times that stand on it."""
    for name in re.findall(r"[^.\[\]]+", where):
        if isinstance(content, dict):
            yield name
            yield from (each for each, value in content.items() if json_series.is_time(value))
            content = content.get(name)
        elif isinstance(content, list) and name.isdigit() and int(name) < len(content):
            content = content[int(name)]


def _refuse_unlike(path: Path, content: Any) -> None:
    """Refuse measurements without names, or inside of records."""
    said = json_shapes.unlike(content)
    if said is not None:
        what, todo = said
        raise NotUnderstoodError(f"{path.name}: {what}; {json_shapes.READ}; {todo}")
