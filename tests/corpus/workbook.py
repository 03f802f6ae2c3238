"""Small XLSX files, written cell by cell, so that a test may write what no program would."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's own
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


class Formula:
    """A cell with a formula and the value that was saved with it."""

    def __init__(self, formula: str, value: float) -> None:
        self.formula, self.value = formula, value


def xlsx(rows: Sequence[Sequence[Any]], *, sheet: str = "Sheet1", extra_cell: str = "") -> bytes:
    """Return a workbook of one sheet; `extra_cell` is put in wherever it says, as in `XFD1048576`."""
    body = _rows(rows)
    if extra_cell:
        body += f'<row r="{extra_cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}">'
        body += f'<c r="{extra_cell}"><v>1</v></c></row>'
    return packed({"xl/worksheets/sheet1.xml": sheet_xml(body)}, sheet)


def several(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    """Return a workbook of several sheets by their names, in order."""
    parts: dict[str, str | bytes] = {
        f"xl/worksheets/sheet{number}.xml": sheet_xml(_rows(rows))
        for number, rows in enumerate(sheets.values(), start=1)
    }
    return packed(parts, *sheets)


def _rows(rows: Sequence[Sequence[Any]]) -> str:
    return "".join(
        f'<row r="{number}">'
        + "".join(_cell(f"{_letters(at)}{number}", cell) for at, cell in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, start=1)
    )


def sheet_xml(body: str) -> str:
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'


def packed(parts: Mapping[str, str | bytes], *sheets: str) -> bytes:
    """Return a workbook with some parts of its own beside those that every workbook has."""
    names = sheets or ("Sheet1",)
    numbers = range(1, len(names) + 1)
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    types = "".join(
        f'<Override PartName="/xl/{name}.xml" ContentType="{kinds}.{kind}+xml"/>'
        for name, kind in (
            ("workbook", "sheet.main"),
            *((f"worksheets/sheet{number}", "worksheet") for number in numbers),
            ("styles", "styles"),
        )
    )
    whole: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{types}</Types>",
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(
            f'<sheet name="{escape(name)}" sheetId="{number}" r:id="r{number}"/>'
            for number, name in zip(numbers, names, strict=True)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            [
                *(("worksheet", f"worksheets/sheet{number}.xml") for number in numbers),
                ("styles", "styles.xml"),
            ]
        ),
        # Style 1 is a date with a time of day.
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**whole, **parts}.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _relations(targets: list[tuple[str, str]]) -> str:
    lines = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


def _cell(place: str, cell: Any) -> str:
    match cell:
        case None:
            return ""
        case Formula():
            return f'<c r="{place}"><f>{escape(cell.formula)}</f><v>{cell.value}</v></c>'
        case datetime():
            days = (cell - _DAY_ZERO).total_seconds() / 86400
            return f'<c r="{place}" s="1"><v>{days!r}</v></c>'
        case int() | float():
            return f'<c r="{place}"><v>{cell!r}</v></c>'
        case _:
            return f'<c r="{place}" t="inlineStr"><is><t>{escape(str(cell))}</t></is></c>'


def _letters(at: int) -> str:
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
