"""Bytes to columns: CSV, CSV.gz and Parquet, with the limits that keep a bad file from doing harm."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from shared.errors import UnreadableFileError
from shared.solar.site import SourceFormat

LARGEST_CONTENT = 512 * 1024**2  # of an unpacked file; the function has 2 GiB
MOST_ROWS = 5_000_000  # fifty years of minutes of one site are 26 million; a month is 45,000
MOST_COLUMNS = 5_000
LONGEST_HEADER = 1024**2
_CHUNK = 1024**2
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
# What Arrow and the CSV module raise over damaged bytes; no call here reaches outside of the process.
_DAMAGE = (pa.ArrowException, csv.Error, OSError, ValueError, KeyError, OverflowError)
_EMPTY_CELLS = ["", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None", "none", "NAN"]


@dataclass(frozen=True, slots=True)
class Table:
    """The columns that a source names, as a file holds them.

    Attributes
    ----------
    stamps
        Time stamps as text or as Arrow time stamps.
    values
        Numbers by canonical name, NaN where there is none [unit of the file].
    faults
        Rows by canonical name whose cell says something that is no number.
    skipped
        Counts of rows that could not be taken apart, by reason.
    first_row
        Row of the file, counted from one, in which the first data row stands.
    """

    stamps: pa.Array
    values: dict[str, npt.NDArray[np.float64]]
    faults: dict[str, dict[str, npt.NDArray[np.bool_]]]
    skipped: dict[str, int]
    first_row: int

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return len(self.stamps)


def load(data: bytes, source: SourceFormat) -> Table:
    """Take a file's columns out of its bytes.

    Raises
    ------
    UnreadableFileError
        `unreadable`, `empty`, `too_large` or `missing_column`.
    """
    if data.startswith(_GZIP):
        data = _unpack(data)
    if source.format == "parquet":
        return _load_parquet(data, source)
    return _load_csv(data, source)


@contextmanager
def damage_is_said() -> Iterator[None]:
    """Say in the owner's words what the libraries raise over damaged bytes.

    Some damage shows only when the cells are looked at, so this encloses the whole reading.
    """
    try:
        yield
    except _DAMAGE as error:
        raise _unreadable(f"{error}".partition("\n")[0][:300]) from error
    except MemoryError as error:
        raise _too_large("does not fit into the reader's memory") from error


def _unpack(data: bytes) -> bytes:
    parts, size, rest = [], 0, data
    try:
        while rest.startswith(_GZIP):
            stream = zlib.decompressobj(wbits=31)
            pending = rest
            while pending and not stream.eof:
                part = stream.decompress(pending, _CHUNK)
                pending = stream.unconsumed_tail
                parts.append(part)
                size += len(part)
                if size > LARGEST_CONTENT:
                    raise _too_large(f"unpacks to more than {LARGEST_CONTENT // 1024**2} MiB")
            if not stream.eof:
                raise _unreadable("the gzip file breaks off before its end")
            rest = stream.unused_data
    except zlib.error as error:
        raise _unreadable(f"it begins like a gzip file but cannot be unpacked ({error})") from error
    return b"".join(parts)


# --- CSV --------------------------------------------------------------------------------------------


def _load_csv(data: bytes, source: SourceFormat) -> Table:
    if data.startswith(_PARQUET):
        raise _unreadable("it is a Parquet file, but the site's YAML says csv")
    data = _utf8(data)
    if len(data) > LARGEST_CONTENT:
        raise _too_large(f"has {len(data) // 1024**2} MiB")
    header, lines, start = _header(data, source)
    wanted = _wanted(source, header)
    skipped: list[int] = []

    def skip(_: object) -> str:
        skipped.append(1)
        return "skip"

    names = [str(number) for number in range(len(header))]
    numbers = {names[header.index(column)] for column in wanted.values()}
    stamp = names[header.index(source.timestamp.column)]
    parse = pacsv.ParseOptions(delimiter=source.delimiter, invalid_row_handler=skip)
    body = pa.py_buffer(data)[start:]

    def parsed(number_type: pa.DataType) -> pa.Table:
        skipped.clear()
        types = dict.fromkeys(numbers, number_type) | {stamp: pa.string()}
        return pacsv.read_csv(
            pa.BufferReader(body),
            pacsv.ReadOptions(column_names=names, use_threads=False),
            parse,
            pacsv.ConvertOptions(
                include_columns=sorted(types, key=int),
                column_types=types,
                null_values=_EMPTY_CELLS,
                strings_can_be_null=True,
                decimal_point=source.decimal,
            ),
        )

    if start >= len(data):
        raise _empty("it has a header but no rows")
    try:
        table = parsed(pa.float64())
    except pa.ArrowInvalid:
        table = parsed(pa.string())  # some cell is no number; each is looked at by itself
    if table.num_rows == 0:
        if skipped:
            raise _unreadable(
                f"no row has the {len(header)} fields of the header; is the delimiter "
                f"{source.delimiter!r} right?"
            )
        raise _empty("it has a header but no rows")
    _check_size(table.num_rows)
    by_column = {header[int(name)]: table[name].combine_chunks() for name in table.column_names}
    return _table(
        source,
        stamps=by_column[source.timestamp.column],
        columns={name: by_column[column] for name, column in wanted.items()},
        skipped={"ragged_row": len(skipped)} if skipped else {},
        first_row=lines + 1,
    )


def _utf8(data: bytes) -> bytes:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding).encode()
            except UnicodeDecodeError as error:
                raise _unreadable("it begins like UTF-16 text but is none") from error
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in data[:_CHUNK]:
        raise _unreadable("it holds null bytes; this is no text file")
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1").encode()  # loggers of old write a degree sign so
    return data


def _header(data: bytes, source: SourceFormat) -> tuple[list[str], int, int]:
    """Return the names in the header, the lines before the first data row, and where that begins."""
    start = lines = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        line = data[start:end].decode("utf-8", errors="replace").strip("\r")
        start, lines = end + 1, lines + 1
        if len(line) > LONGEST_HEADER:
            raise _unreadable("its first line is longer than 1 MiB; this is no CSV file")
        if line.strip():
            names = next(csv.reader(io.StringIO(line), delimiter=source.delimiter))
            if len(names) > MOST_COLUMNS:
                raise _too_large(f"has {len(names)} columns; at most {MOST_COLUMNS} are read")
            return [name.strip() for name in names], lines, start
    raise _empty("it holds no line")


# --- Parquet ----------------------------------------------------------------------------------------


def _load_parquet(data: bytes, source: SourceFormat) -> Table:
    if not data.startswith(_PARQUET):
        raise _unreadable("it is no Parquet file, but the site's YAML says parquet")
    file = pq.ParquetFile(pa.BufferReader(data))
    groups = (file.metadata.row_group(each) for each in range(file.num_row_groups))
    if sum(group.total_byte_size for group in groups) > LARGEST_CONTENT:
        raise _too_large(f"unpacks to more than {LARGEST_CONTENT // 1024**2} MiB")
    _check_size(file.metadata.num_rows)
    header = list(file.schema_arrow.names)
    wanted = _wanted(source, header)
    if file.metadata.num_rows == 0:
        raise _empty("it has columns but no rows")
    table = file.read(
        columns=sorted({*wanted.values(), source.timestamp.column}), use_threads=False
    )
    return _table(
        source,
        stamps=table[source.timestamp.column].combine_chunks(),
        columns={name: table[column].combine_chunks() for name, column in wanted.items()},
        skipped={},
        first_row=1,
    )


# --- both -------------------------------------------------------------------------------------------


def _wanted(source: SourceFormat, header: list[str]) -> dict[str, str]:
    """Return the file's column of each canonical name, having checked that all are there, once."""
    wanted = {name: each.column for name, each in source.columns.items()}
    needed = [source.timestamp.column, *wanted.values()]
    missing = [column for column in dict.fromkeys(needed) if column not in header]
    if missing:
        shown = ", ".join(repr(name) for name in header[:30])
        raise UnreadableFileError(
            "missing_column",
            f"the site's YAML (source {source.name!r}) expects "
            f"{', '.join(map(repr, missing))}; the file has {shown}",
            "name the file's columns in the site's YAML, correct the delimiter there, or upload the "
            "file with the expected header",
        )
    twice = [column for column in dict.fromkeys(needed) if header.count(column) > 1]
    if twice:
        raise _unreadable(f"the column {twice[0]!r} stands in the header more than once")
    return wanted


def _table(
    source: SourceFormat,
    *,
    stamps: pa.Array,
    columns: dict[str, pa.Array],
    skipped: dict[str, int],
    first_row: int,
) -> Table:
    values, faults = {}, {}
    for name, column in columns.items():
        values[name], faults[name] = _numbers(column, source)
    return Table(stamps, values, faults, skipped, first_row)


def _numbers(
    column: pa.Array, source: SourceFormat
) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.bool_]]]:
    faults: dict[str, npt.NDArray[np.bool_]] = {}
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        text = pc.utf8_trim_whitespace(column)
        sentinel = pc.is_in(text, value_set=pa.array(map(str, source.missing), pa.string()))
        if source.decimal == ",":
            text = pc.replace_substring(text, ",", ".")
        number = pc.match_substring_regex(text, r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
        good = pc.fill_null(number, fill_value=False)
        values = pc.cast(pc.if_else(good, text, None), pa.float64())
        said = pc.and_(pc.invert(good), pc.invert(pc.is_in(text, value_set=pa.array(_EMPTY_CELLS))))
        said = pc.and_(pc.fill_null(said, fill_value=False), pc.is_valid(text))
        faults["sentinel"] = _mask(sentinel)
        faults["no_number"] = _mask(pc.and_not(said, pc.fill_null(sentinel, fill_value=False)))
    elif pa.types.is_null(column.type):
        values = pc.cast(column, pa.float64())
    else:
        values = pc.cast(column, pa.float64(), safe=False)
    found = np.array(values.to_numpy(zero_copy_only=False), dtype=np.float64)
    found[~np.isfinite(found)] = np.nan
    numeric = [each for each in map(_number, source.missing) if each is not None]
    if numeric:
        hit = np.isin(found, numeric)
        faults["sentinel"] = faults.get("sentinel", np.zeros(len(found), bool)) | hit
    if "sentinel" in faults:
        found[faults["sentinel"]] = np.nan
    return found, {name: mask for name, mask in faults.items() if mask.any()}


def _mask(array: pa.Array) -> npt.NDArray[np.bool_]:
    filled = pc.fill_null(array, fill_value=False)
    return np.array(filled.to_numpy(zero_copy_only=False), dtype=bool)


def _number(value: float | str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _check_size(rows: int) -> None:
    if rows > MOST_ROWS:
        raise _too_large(f"has {rows} rows; at most {MOST_ROWS} are read")


def _unreadable(what: str) -> UnreadableFileError:
    return UnreadableFileError(
        "unreadable",
        f"the file cannot be read: {what}",
        "export it again and upload it under the same name; open it once to see that it is whole",
    )


def _empty(what: str) -> UnreadableFileError:
    return UnreadableFileError(
        "empty", f"the file is empty: {what}", "upload it again once it holds measurements"
    )


def _too_large(what: str) -> UnreadableFileError:
    return UnreadableFileError(
        "too_large", f"the file {what}", "split it, for example into one file per month"
    )
