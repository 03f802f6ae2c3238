"""XLSX: formulas are read as the values saved with them.

A workbook is checked before its sheets are loaded, one at a time.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from services.data_watcher.adapters.reading import faults, header
from services.data_watcher.adapters.reading.places import Places, Sheet
from services.data_watcher.adapters.reading.table import Raw
from services.data_watcher.ports import Content
from shared.errors import UnreadableFileError
from shared.solar.site import SourceFormat

MOST_SHEET_CELLS = 5_000_000  # of the rectangle that the reader fills, at some fifty bytes each
MOST_MEMBERS = 2_000
_MARK = b"PK\x03\x04"
_OLD = b"\xd0\xcf\x11\xe0"
_CHUNK = 1024**2
_PLACE = re.compile(rb'\br="([A-Z]{0,3})([0-9]{1,7})"')
_LONGEST_PLACE = 16


def load(data: Content, source: SourceFormat) -> Raw:
    """Take the named columns out of a workbook: of the sheet that the YAML names, or of all that have them.

    Each sheet is read by its own header. Those that lack a column are left out, as a cover page is.
    """
    if data[: len(_OLD)] == _OLD:
        raise faults.wrong_format("an old Excel file (.xls), or one with a password", "xlsx")
    if data[: len(_MARK)] != _MARK:
        raise faults.markup(bytes(data[:_CHUNK]), "xlsx") or faults.wrong_format(
            "no spreadsheet", "xlsx"
        )
    workbook = Workbook(data)
    names = workbook.named(source.sheet)
    tables = list(filter(None, (_table(workbook, name, source) for name in names)))
    if not tables:
        raise faults.empty("the workbook holds no cell")
    read = [table for table in tables if table.columns] or tables[:1]
    first = read[0]
    columns = first.columns or header.find(source, first.titles)  # which says what is missing
    cells: dict[int, list[Any]] = {at: [] for at in first.cells}
    sheets, rows = [], 0
    for table in read:
        sheets.append(Sheet(rows, table.first_row, table.name))
        rows += table.rows
        if rows * len(cells) > MOST_SHEET_CELLS:
            raise faults.too_large(
                f"has over {MOST_SHEET_CELLS} cells in the columns that the site's YAML names"
            )
        for at, own in _same(first, table):
            cells[at].extend(table.cells[own])
    if not rows:
        raise faults.empty("the sheet has a header but no rows")
    return Raw(
        {at: pa.chunked_array([_column(column)]) for at, column in cells.items()},
        columns,
        skipped={},
        places=Places(tuple(sheets)),
        header=first.titles,
        note=_note(read, [each for each in tables if not any(each is one for one in read)]),
    )


def _note(read: Sequence[_Table], left_out: Sequence[_Table]) -> str | None:
    """Say which sheets were read and which were not, where a workbook has several."""
    if len(read) + len(left_out) == 1:
        return None
    said = f"read from the sheet{'s' if len(read) > 1 else ''} {_names(read)}"
    return said + (f"; left out, without the columns: {_names(left_out)}" if left_out else "")


def _names(tables: Sequence[_Table]) -> str:
    return ", ".join(repr(table.name) for table in tables)


@dataclass(frozen=True, slots=True)
class _Table:
    """What a sheet holds.

    Attributes
    ----------
    first_row
        Row of the sheet, counted from one, that follows the header.
    columns
        Where the named columns are; None where one of them is missing.
    cells
        By position: the cells of these columns in the rows that hold something.
    """

    name: str
    titles: list[str]
    first_row: int
    columns: header.Columns | None
    cells: dict[int, list[Any]]
    rows: int


def _table(workbook: Workbook, name: str, source: SourceFormat) -> _Table | None:
    """Return what a sheet holds; None for an empty one."""
    rows = workbook.cells(name)
    found = header.choose(source, _first_lines(rows))
    if found is None:
        return None
    titles, above, _ = found
    if header.missing(source, titles):
        return _Table(name, titles, above + 1, None, {}, 0)
    columns = replace(header.find(source, titles), unit=None)  # sheets may differ in it
    body = [row for row in rows[above:] if any(cell != "" for cell in row)]
    if body and header.is_merged(columns, titles):
        header.check_merged(columns, titles, [str(cell).strip() for cell in body[0]])
    cells = {at: [row[at] for row in body] for at in columns.all}
    return _Table(name, titles, above + 1, columns, cells, len(body))


def _same(first: _Table, table: _Table) -> list[tuple[int, int]]:
    """Return which column of another sheet each column of the first is; their order may differ."""
    assert first.columns and table.columns  # noqa: S101, PT018 - for the type checker
    one, other = first.columns, table.columns
    if any(len(one.values[name]) != len(other.values[name]) for name in one.values):
        raise UnreadableFileError(
            "missing_column",
            f"the sheets {first.name!r} and {table.name!r} have different numbers of the columns that the "
            "site's YAML names by a glob",
            "name one sheet in the site's YAML (sheet:), or give all sheets the same columns",
        )
    return sorted(set(zip(one.in_order, other.in_order, strict=True)))


class Workbook:
    """A spreadsheet that was checked; its sheets are loaded one at a time."""

    def __init__(self, data: Content) -> None:
        faults.check_held(len(data))
        _look_through(data)
        with _gives_up():
            self._workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))

    def named(self, sheet: str | None) -> list[str]:
        """Return the names of the sheets that are meant: one by its name, or all."""
        names = self._workbook.sheet_names
        if sheet is None:
            return list(names)
        if sheet not in names:
            raise UnreadableFileError(
                "missing_column",
                f"the site's YAML expects a sheet {sheet!r}; the file has "
                + ", ".join(map(repr, names[:30])),
                "name the sheet in the site's YAML, or leave `sheet` out for all that have the columns",
            )
        return [sheet]

    def cells(self, name: str) -> list[list[Any]]:
        """Return the rows of a sheet, "" where a cell is empty."""
        with _gives_up():
            rows: list[list[Any]] = self._workbook.get_sheet_by_name(name).to_python(
                skip_empty_area=False
            )
            return rows


def cells(data: Content) -> list[list[Any]]:
    """Return the rows of a workbook's first sheet, "" where a cell is empty."""
    workbook = Workbook(data)
    return workbook.cells(workbook.named(None)[0])


@contextmanager
def _gives_up() -> Iterator[None]:
    """Say that the library cannot read on."""
    try:
        yield
    except CalamineError as error:
        raise faults.unreadable(f"{error}"[:300]) from error
    except BaseException as error:
        # A panic in the library is no Exception, and would take the whole batch with it.
        if type(error).__name__ != "PanicException":
            raise
        message = "the spreadsheet's reader gave up on it"
        raise faults.unreadable(message) from error


def _first_lines(rows: Sequence[Sequence[Any]]) -> Iterator[tuple[list[str], int, int]]:
    for number, row in enumerate(rows[: faults.MOST_HEADER_LINES], start=1):
        if any(cell != "" for cell in row):
            yield [str(cell).strip() for cell in row], number, number


# --- bombs --------------------------------------------------------------------------------------------


def _look_through(data: Content) -> None:
    """Refuse what would unpack to more than the function holds, or span more cells than it can.

    The loader makes the whole rectangle up to the last cell, so a single cell far out is enough.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise faults.too_large(f"holds {len(members)} parts; a spreadsheet has a few dozen")
            left = faults.LARGEST_WORKBOOK
            for member in members:
                left -= _look_at(archive, member, left)
    except faults.DAMAGED_ZIP as error:
        message = f"the spreadsheet is damaged or locked ({error})"
        raise faults.unreadable(message) from error


def _look_at(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> int:
    """Return a part's unpacked size, after checking where its cells are."""
    is_sheet = member.filename.startswith("xl/worksheets/")
    size = rows = columns = 0
    tail = b""
    with archive.open(member) as stream:
        while part := stream.read(_CHUNK):
            size += len(part)
            if size > left:
                raise faults.unpacks_to_more(faults.LARGEST_WORKBOOK)
            if is_sheet:
                text = tail + part
                for letters, number in _PLACE.findall(text):
                    rows = max(rows, int(number))
                    columns = max(columns, _column_number(letters))
                tail = text[-_LONGEST_PLACE:]
    if rows * columns > MOST_SHEET_CELLS:
        raise faults.too_large(
            f"has cells up to row {rows} and column {columns}; at most {MOST_SHEET_CELLS} cells are read",
            "split it, or delete what is far outside the table, and save it again",
        )
    return size


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


# --- cells --------------------------------------------------------------------------------------------


def _column(column: list[Any]) -> pa.Array:
    """Return cells as one Arrow column: numbers, time stamps, or text where they are mixed."""
    kinds = {type(cell) for cell in column} - {str} | {
        str for cell in column if isinstance(cell, str) and cell.strip()
    }
    if kinds <= {float, int}:
        return pa.array(
            [cell if isinstance(cell, float | int) else None for cell in column], pa.float64()
        )
    if kinds <= {datetime, date}:  # midnight comes as a date
        moments = [cell if isinstance(cell, date) else None for cell in column]
        return pa.array(np.array(moments, dtype="M8[us]"))
    return pa.array(map(_text, column), pa.string())


def _text(cell: Any) -> str | None:
    match cell:
        case "" | None:
            return None
        case datetime():
            return cell.isoformat(" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return _time_of_day(cell)
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return str(cell)


def _time_of_day(duration: timedelta) -> str:
    """Return a duration since midnight as a time; the end of a day is 24:00, not 00:00."""
    seconds = round(duration.total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
