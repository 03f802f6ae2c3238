"""Bytes to columns, whatever the format."""

from __future__ import annotations

import io
import zipfile
import zlib
from types import ModuleType

import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.adapters.reading import (
    cells,
    columnar,
    faults,
    in_turn,
    joined,
    numbered,
    series,
    text,
    unit_column,
)
from services.data_watcher.adapters.reading.table import Raw, Table
from services.data_watcher.ports import Content
from shared.solar.site import POWER, SourceFormat

_CHUNK = 1024**2
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_SPREADSHEET = "[Content_Types].xml"


def load(data: Content, source: SourceFormat) -> Table:
    """Take a file's columns out of its bytes.

    Raises
    ------
    UnreadableFileError
        `unreadable`, `empty`, `too_large` or `missing_column`.
    """
    with faults.damage_is_said():
        data = unpacked(data)
        data = unzipped(data)
        raw = _format(source).load(data, source)
        joined.check(raw)
        raw = in_turn.unrolled(series.only(raw, source), source)
        unit_column.check(raw, source)
        stamps, names, issues = _stamps(raw), series.names(raw, source), _issues(raw)
        turns = numbered.turns(raw, source)
        values, reasons, examples = {}, {}, {}
        notes = [raw.note]
        for name, column in source.columns.items():
            parts = [raw.cells[at] for at in raw.columns.values[name]]
            values[name], reasons[name], note = cells.numbers(parts, name, column, source)
            notes.append(note)
            if "no_number" in reasons[name]:
                examples[name] = cells.examples(parts, reasons[name]["no_number"])
            if raw.cut_off and raw.columns.values[name] == (len(raw.header) - 1,):
                cells.mask_last(values[name], reasons[name], "cut_off")
            raw.forget_but_for(source.columns.keys() - values.keys())
        return Table(
            stamps,
            values,
            reasons,
            raw.skipped,
            raw.places,
            raw.examples | examples,
            names,
            issues,
            "; ".join(filter(None, notes)) or None,
            len(raw.columns.values.get(POWER, (0,))),
            turns,
        )


def unpacked(data: Content) -> Content:
    """Return a file's content, unpacked where it is gzip; several members follow each other."""
    if data[: len(_GZIP)] != _GZIP:
        return data
    faults.check_held(len(data))
    parts, size, rest = [], 0, bytes(data)
    try:
        while rest.startswith(_GZIP):
            stream = zlib.decompressobj(wbits=31)
            pending = rest
            while pending and not stream.eof:
                part = stream.decompress(pending, _CHUNK)
                pending = stream.unconsumed_tail
                parts.append(part)
                size += len(part)
                if size > faults.LARGEST_CONTENT:
                    raise faults.unpacks_to_more(faults.LARGEST_CONTENT)
            if not stream.eof:
                raise faults.unreadable("the gzip file breaks off before its end")
            rest = stream.unused_data
    except zlib.error as error:
        message = f"it begins like a gzip file but cannot be unpacked ({error})"
        raise faults.unreadable(message) from error
    return b"".join(parts)


def unzipped(data: Content) -> Content:
    """Return the one file in a zip archive; what is no archive, or a spreadsheet, is returned as it is."""
    if data[: len(_ZIP)] != _ZIP:
        return data
    faults.check_held(len(data))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [each for each in archive.infolist() if _is_content(each)]
            names = [each.filename for each in members]
            if _SPREADSHEET in names:
                return data
            if len(members) != 1:
                shown = ", ".join(map(repr, names[:5])) + (", …" if names[5:] else "")
                raise faults.unreadable(
                    f"the zip archive holds {len(members)} files ({shown}), and only one can be read",
                    "unpack it, and upload the files with measurements one by one, or each in a zip archive",
                )
            with archive.open(members[0]) as stream:
                content = stream.read(faults.LARGEST_CONTENT + 1)
    except faults.DAMAGED_ZIP as error:
        message = f"the zip archive is damaged or locked ({error})"
        raise faults.unreadable(message) from error
    if len(content) > faults.LARGEST_CONTENT:
        raise faults.unpacks_to_more(faults.LARGEST_CONTENT)
    return content


def _is_content(member: zipfile.ZipInfo) -> bool:
    """Whether a member is a file that somebody packed, and no folder or note of a Mac about one."""
    last = member.filename.rpartition("/")[2]
    notes = member.filename.startswith("__MACOSX/") or last.startswith("._") or last == ".DS_Store"
    return not member.is_dir() and not notes


def _format(source: SourceFormat) -> ModuleType:
    if source.format == "parquet":
        return columnar
    if source.format == "xlsx":
        from services.data_watcher.adapters.reading import sheets  # noqa: PLC0415 - few plants send spreadsheets

        return sheets
    if source.format == "json":
        from services.data_watcher.adapters.reading import records  # noqa: PLC0415 - few plants send JSON

        return records
    return text


def _stamps(raw: Raw) -> pa.Array:
    """Return the time stamps; those of several columns, like date and time of day, are joined by a space."""
    parts = [cells.plain(_whole(raw.cells[at])) for at in raw.columns.stamps]
    if len(parts) == 1:
        return parts[0]
    texts = [_as_text(part) for part in parts]
    return pc.binary_join_element_wise(*texts, " ")


def _issues(raw: Raw) -> pa.Array | None:
    at = raw.columns.issue
    return None if at is None else cells.plain(_whole(raw.cells[at]))


def _as_text(part: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(part.type):  # a date in a spreadsheet or in Parquet
        return pc.strftime(part, format="%Y-%m-%d")
    return cells.written(part)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
