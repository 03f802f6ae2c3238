"""CSV: any delimiter, decimal comma, lines above the header, the encodings that loggers use."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections.abc import Iterator
from functools import lru_cache, partial
from mmap import mmap

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from services.data_watcher.adapters.reading import cells, commas, encodings, faults, header
from services.data_watcher.adapters.reading.places import Places
from services.data_watcher.adapters.reading.table import Raw
from services.data_watcher.domain.believable.losses import FEW
from services.data_watcher.ports import Content
from shared.solar.site import SourceFormat

_ROUNDING = 1e-6
_THOUSAND = 1000.0
_ENOUGH = 4_000  # rows that show how thousands are written
_FEW = 64 * 1024  # bytes that are searched faster than their numbers are asked
_DOTTED = re.compile(rb"\.\d{3}(?!\d)")
_SIZE = 100.0  # below 1,000 W no comma between thousands is written
_LINE_IN_QUOTES = re.compile(rb'(?m)^"(.*)"(\r?)$')
_PEEKED = 5  # data rows that are compared with the header
_COMPARED = 20  # rows before the last one whose decimals say something
_LESS = 3  # times less than the number before, as without a digit
_NUMBER = re.compile(r"\d+[.,]?\d*")
_SHOWN = 80  # characters of a row in a message
_END = 2048  # bytes that hold the last rows
_END_OF_FEW = 256  # bytes that hold the last two of most files
_NOT_TEXT = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)",
}
_MOST_LINES_OF_NAMES = 10
_BLOCK = 1024**2  # bytes that are parsed at once; Arrow makes room for all of them
_Header = tuple[list[str], int, int]  # names, lines up to it, where the first data row begins


def load(data: Content, source: SourceFormat) -> Raw:
    """Take the named columns out of a CSV file."""
    for mark, kind in _NOT_TEXT.items():
        if data[: len(mark)] == mark:
            raise faults.wrong_format(kind, "csv")
    data, (names, lines, start) = _decoded(data, source)
    columns = header.find(source, names)
    if start >= len(data):
        raise faults.empty("it has a header but no rows")
    if header.is_merged(columns, names):
        below = next(_first_lines(bytes(data[start : start + _FEW]), source), ([], 0, 0))
        header.check_merged(columns, names, below[0])
    names = [*names, *_unnamed(data, start, names, source)]
    body = pa.py_buffer(data)[start:]
    quotes = data.find(b'"', start) >= 0  # looking for none is quick, and so is a parser without
    table, ragged = _parse_strictest(body, source, len(names), columns, quotes=quotes)
    is_open = quotes and _count(data, b'"', start) % 2
    if is_open and _count(data, b"\n", start) > table.num_rows + len(ragged):
        # A quote that never ends swallows all lines after it; without quotes it costs its own line only.
        table, ragged = _parse_strictest(body, source, len(names), columns, quotes=False)
    if not ragged.is_end_of(table.num_rows + len(ragged)):  # a column more further down
        _check_commas(ragged, names, source)
    if table.num_rows == 0:
        if ragged:
            message = (
                f"no row has the {len(names)} fields of the header; is the delimiter "
                f"{source.delimiter!r} right?"
            )
            raise faults.unreadable(message)
        raise faults.empty("it has a header but no rows")
    return Raw(
        dict(zip(columns.all, table.itercolumns(), strict=True)),
        columns,
        skipped={"ragged_row": len(ragged)} if ragged else {},
        places=Places.beginning_at(lines + 1),
        header=names,
        examples={"ragged_row": tuple(ragged.first[:1])},
        cut_off=_seems_cut_off(data, start, source)
        and not ragged.holds(table.num_rows + len(ragged)),
    )


def _seems_cut_off(data: Content, start: int, source: SourceFormat) -> bool:
    """Whether the transfer of a file broke off inside its last number: 39 is left of 3902, 3.9 of 3.902.

    Most files without a last end of line are whole. This one's number is a fraction of the one before, or has
    fewer decimals than all of many before it.
    """
    if data[-1:] in {b"\n", b"\r"}:
        return False
    lines = _last_lines(data, start, _END_OF_FEW)
    if len(lines) < 2:  # noqa: PLR2004 - the last one and one before it
        lines = _last_lines(data, start, _END)
    if len(lines) < 2:  # noqa: PLR2004
        return False
    before, last = (_last_number(line, source) for line in lines[-2:])
    is_less = bool(before and last) and 0 < float(last) * _LESS < float(before)
    if not is_less and _decimals(last) >= _decimals(before):
        return False  # as in nearly every file
    numbers = [_last_number(line, source) for line in _last_lines(data, start, _END)]
    is_shorter = len(numbers) > _COMPARED and _decimals(last) < min(map(_decimals, numbers[:-1]))
    return all(numbers) and (is_less or is_shorter)


def _last_lines(data: Content, start: int, size: int) -> list[str]:
    """Return the lines in the last bytes of a file, without the first, which may be a part of one."""
    end = bytes(data[max(start, len(data) - size) :]).decode("utf-8", errors="replace")
    return [*filter(str.strip, end.splitlines()[1:])]


def _last_number(line: str, source: SourceFormat) -> str:
    """Return the last field of a line with a point as decimal sign; '' where it is no plain number."""
    field = line.rpartition(source.delimiter)[2].strip()
    return field.replace(",", ".") if _NUMBER.fullmatch(field) else ""


def _decimals(number: str) -> int:
    """Return how many digits come after the decimal point; -1 where there is none."""
    _, point, digits = number.partition(".")
    return len(digits) if point else -1


class _Ragged:
    """Counts rows with too few or too many fields, and keeps the first ones."""

    def __init__(self) -> None:
        self.first: list[str] = []
        self.numbers: tuple[int, int] = 0, 0  # of the first and the last one, in the body
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def skip(self, row: pacsv.InvalidRow) -> str:
        """Leave a row out."""
        if self._count < _PEEKED:
            self.first.append(str(row.text)[:_SHOWN])
        number = row.number or 0
        self.numbers = self.numbers[0] if self._count else number, number
        self._count += 1
        return "skip"

    def holds(self, row: int) -> bool:
        """Whether the last one of these is some row of a file."""
        return self.numbers[1] == row > 0

    def is_end_of(self, rows: int) -> bool:
        """Whether these are the last ones of a file and no others are among them."""
        first, last = self.numbers
        return last == rows and last - first + 1 == self._count


def _parse_strictest(
    body: pa.Buffer,
    source: SourceFormat,
    width: int,
    columns: header.Columns,
    *,
    quotes: bool,
) -> tuple[pa.Table, _Ragged]:
    """Parse as strictly as the file allows; cells that are no number or no time are read as text."""
    plain_iso = source.timestamp.format is None and source.timestamp.time_column is None
    plain_iso = plain_iso and (columns.issue is None or _issue_is_iso(source))
    parse = partial(_parse, body, source, width, columns, quotes=quotes)
    kinds = [(pa.string(), pa.float64())]
    if plain_iso:
        kinds.insert(0, (pa.timestamp("us"), pa.float64()))
    for stamps, numbers in kinds:
        try:
            table, ragged = parse(stamps=stamps, numbers=numbers)
        except pa.ArrowInvalid:
            continue
        if source.decimal_sign == "," and _may_be_thousands(table):
            break
        if (
            source.decimal is None
            and source.thousands is None
            and _shows_dots(body)
            and _may_be_dotted(table)
        ):
            break
        return table, ragged
    return parse(stamps=pa.string(), numbers=pa.string())


def _issue_is_iso(source: SourceFormat) -> bool:
    return source.issued is not None and source.issued.format is None


def _parse(
    body: pa.Buffer,
    source: SourceFormat,
    width: int,
    columns: header.Columns,
    *,
    stamps: pa.DataType,
    numbers: pa.DataType,
    quotes: bool,
) -> tuple[pa.Table, _Ragged]:
    """Return the wanted columns, called by their position, and the rows with too few or too many fields."""
    ragged = _Ragged()
    types = dict.fromkeys(map(str, columns.all), numbers)
    types |= dict.fromkeys(map(str, columns.names.values()), pa.string())
    types |= dict.fromkeys(map(str, columns.moments), stamps)
    if columns.unit is not None:
        types[str(columns.unit)] = pa.string()
    # Block by block: the reader of whole files starts a thread for each, and that takes longer than a day.
    table = pacsv.open_csv(
        pa.BufferReader(body),
        pacsv.ReadOptions(
            column_names=[str(at) for at in range(width)],
            use_threads=False,
            block_size=min(_BLOCK, body.size + 1),
        ),
        pacsv.ParseOptions(
            delimiter=source.delimiter,
            quote_char='"' if quotes else False,
            invalid_row_handler=ragged.skip,
        ),
        _conversion(tuple(types.items()), source.decimal_sign or "."),
    ).read_all()
    faults.check_size(table.num_rows, table.num_columns)
    return table, ragged


@lru_cache(maxsize=64)  # the files of a source are alike
def _conversion(types: tuple[tuple[str, pa.DataType], ...], point: str) -> pacsv.ConvertOptions:
    """Return how the cells of some columns become values."""
    return pacsv.ConvertOptions(
        include_columns=[name for name, _ in types],
        column_types=dict(types),
        null_values=cells.EMPTY,
        strings_can_be_null=True,
        decimal_point=point,
    )


def _may_be_thousands(table: pa.Table) -> bool:
    """Whether the comma may separate thousands after all: three digits after each, and large values.

    The numbers of 1,234 W that are read as 1.234 W are the same digits; only their text shows the difference.
    """
    for column in table.columns:
        if not pa.types.is_floating(column.type):
            continue
        values = np.abs(column.to_numpy())
        values = values[np.isfinite(values)]
        broken = values[values != np.floor(values)]
        thousands = broken * _THOUSAND
        if (
            len(broken)
            and (values >= _SIZE).any()
            and np.allclose(thousands, np.round(thousands), atol=1e-6)
        ):
            return True
    return False


def _shows_dots(body: pa.Buffer) -> bool:
    """Whether a file has a point with three digits behind it; of a large one its numbers are asked."""
    return body.size > _FEW or _DOTTED.search(body) is not None


def _may_be_dotted(table: pa.Table) -> bool:
    """Whether a point may separate thousands: 987 is followed by 1.012, and nothing is between 0 and 1."""
    numbers = [each for each in table.columns if pa.types.is_floating(each.type)]
    if not numbers or not table.num_rows:
        return False
    values = np.abs([each.slice(0, _ENOUGH).to_numpy() for each in numbers])
    below = np.fmax.reduce(values, axis=1) < _THOUSAND
    for each in values[below & (values >= _SIZE).any(axis=1)]:
        broken = each[each != np.floor(each)]
        broken = broken[np.isfinite(broken)]
        if not len(broken) or broken.min() < 1:
            continue
        if not _has_digits(broken, 2) and _has_digits(broken, 3):
            return True
    return False


def _has_digits(values: npt.NDArray[np.float64], most: int) -> bool:
    """Whether no value has more decimals than that."""
    whole = values * 10.0**most
    return bool(np.abs(whole - np.rint(whole)).max() < _ROUNDING)


def _decoded(data: Content, source: SourceFormat) -> tuple[Content, _Header]:
    """Return a text as UTF-8, and its header."""
    plain = encodings.utf8(data)
    if not isinstance(plain, mmap):
        faults.check_held(len(plain))
    if plain.find(b"\n") < 0:  # as old Macs and some loggers end lines
        plain = bytes(plain).replace(b"\r", b"\n")
    if b"<" in plain[:4] and (fault := faults.markup(bytes(plain[: encodings.START]), "csv")):
        raise fault
    if plain[:1] in {b"{", b"["} and plain[: encodings.START].lstrip(b"[ \r\n")[:1] == b"{":
        raise faults.wrong_format("JSON", "csv")
    found = _header(plain, source)
    if not header.missing(source, found[0]):
        return plain, found  # as nearly every file
    if plain is not data:
        plain = _by_names(data, source) or plain
    elif len(found[0]) == 1 and source.delimiter in found[0][0]:
        plain = _in_quotes(plain)
    return plain, _header(plain, source)


def _in_quotes(data: Content) -> bytes:
    """Return a text without the quotes around its lines, which a spreadsheet took for one cell each."""
    return _LINE_IN_QUOTES.sub(lambda line: line[1].replace(b'""', b'"') + line[2], bytes(data))


def _by_names(data: Content, source: SourceFormat) -> bytes | None:
    """Return a text from the encoding in which its header has all names of the YAML; None without one."""
    start = bytes(data[:_FEW])
    for encoding in encodings.OTHERS:
        names, _, _ = _header(start.decode(encoding, errors="replace").encode(), source)
        if not header.missing(source, names):
            with contextlib.suppress(UnicodeDecodeError):
                return bytes(data).decode(encoding).encode()
    return None


def _count(data: Content, what: bytes, start: int) -> int:
    if isinstance(data, bytes):
        return data.count(what, start)
    return sum(part.count(what) for part in encodings.parts(data, start))


def _header(data: Content, source: SourceFormat) -> _Header:
    """Return the names in the header, the lines up to and with it, and where the first data row begins."""
    found = header.choose(source, _first_lines(data, source))
    if found is None:
        raise faults.empty("it holds no line")
    return found


def _first_lines(data: Content, source: SourceFormat) -> Iterator[tuple[list[str], int, int]]:
    """Yield the fields of the first lines with the number of each and where the next one begins."""
    start = lines = 0
    while start < len(data) and lines < faults.MOST_HEADER_LINES:
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        if end - start > faults.LONGEST_HEADER:
            message = f"line {lines + 1} is longer than 1 MiB; this is no CSV file"
            raise faults.unreadable(message)
        raw = data[start:end].removeprefix(codecs.BOM_UTF8)
        line = raw.decode("utf-8", errors="replace").strip("\r")
        if line.count('"') % 2:
            yield from _with_next_lines(data, start, lines, source)
        start, lines = end + 1, lines + 1
        if line.strip():
            yield _fields(line, source.delimiter), lines, start


def _with_next_lines(
    data: Content, start: int, lines: int, source: SourceFormat
) -> Iterator[_Header]:
    """Yield a line together with the next ones, in which a quote of it may end: a name over two lines."""
    end = start
    for more in range(1, _MOST_LINES_OF_NAMES + 1):
        end = data.find(b"\n", end) + 1
        if not end or end - start > faults.LONGEST_HEADER:
            return
        line = data[start:end].removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace")
        if more > 1 and line.count('"') % 2 == 0:
            yield _fields(line.replace("\r\n", "\n"), source.delimiter), lines + more, end
            return


def _unnamed(data: Content, start: int, names: list[str], source: SourceFormat) -> list[str]:
    """Return the names that a header lacks: one for an empty last field that only data rows have.

    Raises
    ------
    UnreadableFileError
        `number_format`, where the fields that are too many are the decimals of numbers.
    """
    first = bytes(data[start : start + encodings.START]).split(b"\n", _PEEKED)[:-1]
    lines = [line.decode("utf-8", errors="replace").strip("\r") for line in first]
    rows = []
    for line in filter(str.strip, lines):
        rows.append(_fields(line, source.delimiter))
        if len(rows[-1]) <= len(names):
            return []  # as in nearly every file
    if not rows:
        return []
    if all(len(row) == len(names) + 1 and not row[-1] for row in rows):
        return [""]
    if source.delimiter == "," and len({len(row) for row in rows}) == 1:
        numbers = (row for row in rows if all(map(str.isdigit, row[1:])) and not row[0].isdigit())
        row = next(numbers, None)
        if row is not None:
            said = f"the rows have {len(row)} fields"
            fault = commas.fault_of([row], len(names), said, lines[0])
            if fault is not None:
                raise fault
    return []


def _check_commas(ragged: _Ragged, names: list[str], source: SourceFormat) -> None:
    """Refuse a file whose small numbers are a field each, and the others two: 0 and 12,5, or 987 and 1,234.5.

    Nights are small, so that only the rows that matter would be lost.
    """
    if source.delimiter != "," or len(ragged) <= FEW:
        return
    rows = [_fields(text, ",") for text in ragged.first]
    said = f"{len(ragged)} rows have more fields, like {len(rows[0])},"
    fault = commas.fault_of(rows, len(names), said, ragged.first[0])
    if fault is not None:
        raise fault


def _fields(line: str, delimiter: str) -> list[str]:
    """Return a line's fields; a comment may hold a quote that never ends."""
    if '"' not in line:
        return [field.strip() for field in line.split(delimiter)]
    try:
        skip = delimiter != " "
        fields = next(csv.reader(io.StringIO(line), delimiter=delimiter, skipinitialspace=skip))
    except csv.Error:
        fields = line.split(delimiter)
    return [field.strip() for field in fields]
