"""XLSX: formulas as the values saved with them; looked through before it is loaded."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from services.data_watcher.adapters.reading import faults, header
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
    """Take the named columns out of a sheet."""
    if data[: len(_OLD)] == _OLD:
        raise faults.wrong_format("an old Excel file (.xls), or one with a password", "xlsx")
    if data[: len(_MARK)] != _MARK:
        raise faults.wrong_format("no spreadsheet", "xlsx")
    rows = cells(data, source.sheet)
    found = header.choose(source, _first_lines(rows))
    if found is None:
        raise faults.empty("the sheet holds no cell")
    names, above, _ = found
    columns = header.find(source, names)
    body = [row for row in rows[above:] if any(cell != "" for cell in row)]
    if not body:
        raise faults.empty("the sheet has a header but no rows")
    faults.check_size(len(body), len(columns.all))
    return Raw(
        {at: pa.chunked_array([_column([row[at] for row in body])]) for at in columns.all},
        columns,
        skipped={},
        first_row=above + 1,
        header=names,
    )


def cells(data: Content, sheet: str | None) -> list[list[Any]]:
    """Return the cells of a sheet, of the first one without a name; "" where there is none."""
    faults.check_held(len(data))
    _look_through(data)
    try:
        return _cells(data, sheet)
    except CalamineError as error:
        raise faults.unreadable(f"{error}"[:300]) from error
    except BaseException as error:
        # A panic in the library is no Exception, and would take the whole batch with it.
        if type(error).__name__ != "PanicException":
            raise
        message = "the spreadsheet's reader gave up on it"
        raise faults.unreadable(message) from error


def _cells(data: Content, sheet: str | None) -> list[list[Any]]:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    name = workbook.sheet_names[0] if sheet is None else sheet
    if name not in workbook.sheet_names:
        raise UnreadableFileError(
            "missing_column",
            f"the site's YAML expects a sheet {name!r}; the file has "
            + ", ".join(map(repr, workbook.sheet_names[:30])),
            "name the sheet in the site's YAML, or leave `sheet` out for the first one",
        )
    return workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)


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
    """Return a part's unpacked size, having looked at where its cells are."""
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
