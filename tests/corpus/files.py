"""What plants send by mistake, by bad luck, or to do harm: each with what must become of it.

`KEPT` and `REFUSED` map a name to a function that makes the file. `expected` is the reason code of its
quarantine, or the reasons by which rows are masked where the file is kept; the empty set keeps it whole.
"""

from __future__ import annotations

import gzip
import io
import math
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpus import workbook
from tests.corpus.workbook import Formula

START = datetime(2024, 7, 1)  # noqa: DTZ001 - a plant's clock
CSV = {"name": "csv", "files": "*.csv"}
GERMAN = {"timestamp": {"column": "t", "format": "%d/%m/%Y %H:%M", "step_minutes": 15}}


@dataclass(frozen=True)
class BadFile:
    """A file, how the YAML says that it reads, and what must become of it."""

    body: bytes
    expected: str | set[str]
    says: str = ""
    name: str = "power.csv"
    source: dict[str, Any] = field(default_factory=dict)


def quarters(count: int, start: datetime = START) -> list[datetime]:
    return [start + timedelta(minutes=15 * each) for each in range(count)]


def power(moment: datetime, peak: float = 8.0) -> float:
    hour = moment.hour + moment.minute / 60
    return round(max(0.0, math.sin(math.pi * (hour - 6) / 12)) * peak, 3)


def csv(
    days: int = 2, *, form: str = "%Y-%m-%d %H:%M", header: str = "t,p", start: datetime = START
) -> bytes:
    rows = [f"{each:{form}},{power(each)}" for each in quarters(96 * days, start)]
    return "\n".join([header, *rows, ""]).encode()


def parquet(columns: dict[str, Any] | None = None, **options: Any) -> bytes:
    moments = quarters(192)
    made = columns or {"t": moments, "p": [power(each) for each in moments]}
    sink = io.BytesIO()
    pq.write_table(pa.table(made), sink, **options)
    return sink.getvalue()


def sheet(days: int = 2) -> list[list[Any]]:
    return [["t", "p"], *([each, power(each)] for each in quarters(96 * days))]


def _truncated_gz() -> BadFile:
    return BadFile(gzip.compress(csv(), mtime=0)[:-20], "unreadable", "breaks off", "p.csv.gz")


def _truncated_parquet() -> BadFile:
    return BadFile(parquet()[:-40], "unreadable", "", "p.parquet", {"format": "parquet"})


def _truncated_xlsx() -> BadFile:
    cut = workbook.xlsx(sheet())[:-300]
    return BadFile(cut, "unreadable", "damaged", "p.xlsx", {"format": "xlsx"})


def _gzip_bomb() -> BadFile:
    member = gzip.compress(bytes(64 * 1024**2), mtime=0)
    return BadFile(member * 9, "too_large", "unpacks to more than", "p.csv.gz")


def _zip_bomb() -> BadFile:
    """A sheet of a hundred thousand blanks for each byte of the file."""
    rows = "<row>" + " " * (256 * 1024**2) + "</row>"
    body = workbook.packed({"xl/worksheets/sheet1.xml": workbook.sheet_xml(rows)})
    return BadFile(body, "too_large", "unpacks to more than", "p.xlsx", {"format": "xlsx"})


def _zip_of_many_parts() -> BadFile:
    parts: dict[str, str | bytes] = {f"xl/media/{each}.png": b"" for each in range(3000)}
    rows = "".join('<row r="1"><c r="A1"><v>1</v></c></row>')
    parts["xl/worksheets/sheet1.xml"] = workbook.sheet_xml(rows)
    return BadFile(workbook.packed(parts), "too_large", "3006 parts", "p.xlsx", {"format": "xlsx"})


def _cell_far_out() -> BadFile:
    body = workbook.xlsx(sheet(), extra_cell="XFD1048576")
    return BadFile(body, "too_large", "row 1048576", "p.xlsx", {"format": "xlsx"})


def _parquet_bomb() -> BadFile:
    """One text of 8 MB that a dictionary repeats for every row."""
    huge = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000), pa.array(["1" * 8_000_000]))
    body = parquet({"t": quarters(100_000), "p": huge}, compression="zstd")
    return BadFile(body, "unreadable", "8000000 characters", "p.parquet", {"format": "parquet"})


def _excel_called_csv() -> BadFile:
    return BadFile(workbook.xlsx(sheet()), "unreadable", "it is a spreadsheet")


def _parquet_called_csv() -> BadFile:
    return BadFile(parquet(), "unreadable", "it is a Parquet file")


def _csv_called_excel() -> BadFile:
    return BadFile(csv(), "unreadable", "no spreadsheet", "p.xlsx", {"format": "xlsx"})


def _zip_called_excel() -> BadFile:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("../../power.csv", csv())
    return BadFile(made.getvalue(), "unreadable", "", "p.xlsx", {"format": "xlsx"})


def _old_excel() -> BadFile:
    body = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
    return BadFile(body, "unreadable", "old Excel", "p.xlsx", {"format": "xlsx"})


def _null_bytes() -> BadFile:
    return BadFile(csv().replace(b"8.0", b"\0\0\0"), "unreadable", "null bytes")


def _kept_null_bytes_far_inside() -> BadFile:
    """A logger that lost power while it wrote: a block of nothing, far behind the beginning."""
    rows = csv(days=20)
    middle = rows.index(b"\n2024-07-10")
    return BadFile(rows[:middle] + bytes(4096) + rows[middle:], {"no_number"})


def _ten_thousand_columns() -> BadFile:
    header = "t,p," + ",".join(f"c{each}" for each in range(10_000))
    row = "2024-07-01 10:00,1," + ",".join(["0"] * 10_000)
    return BadFile(f"{header}\n{row}\n".encode(), "too_large", "10002 columns")


def _kept_formulas() -> BadFile:
    rows = [
        ["t", "p"],
        *([each, Formula("B2*2", power(each))] for each in quarters(192)),
    ]
    return BadFile(workbook.xlsx(rows), set(), "", "p.xlsx", {"format": "xlsx"})


def _formulas_never_calculated() -> BadFile:
    rows = [["t", "p"], *([each, "=B2*2"] for each in quarters(192))]
    return BadFile(workbook.xlsx(rows), "too_much_masked", "'=B2*2'", "p.xlsx", {"format": "xlsx"})


def _kept_two_date_formats() -> BadFile:
    other = csv(1, form="%d.%m.%Y %H:%M", start=datetime(2024, 7, 13)).split(b"\n", 1)[1]  # noqa: DTZ001
    return BadFile(csv(12) + other, {"bad_timestamp"})


def _two_date_formats_half_and_half() -> BadFile:
    other = csv(2, form="%d.%m.%Y %H:%M", start=datetime(2024, 7, 3)).split(b"\n", 1)[1]  # noqa: DTZ001
    return BadFile(csv(2) + other, "no_timestamps", "'03.07.2024 00:00' in row 194")


def _month_and_day_swapped() -> BadFile:
    return BadFile(
        csv(7, form="%m/%d/%Y %H:%M"), "day_month_swapped", "probably swapped", source=GERMAN
    )


def _month_and_day_swapped_over_a_month() -> BadFile:
    return BadFile(csv(31, form="%m/%d/%Y %H:%M"), "no_timestamps", "%d/%m/%Y", source=GERMAN)


def _kept_years_that_cannot_be() -> BadFile:
    return BadFile(csv() + b"0001-01-01 00:00,1\n9999-12-31 23:45,1\n", {"bad_timestamp"})


def _kept_stamps_twice_with_other_values() -> BadFile:
    again = b"2024-07-01 10:00,1\n2024-07-01 10:15,2\n2024-07-01 10:00,3\n"
    return BadFile(csv() + again, {"duplicate_stamp", "contradicting_rows"})


def _two_sites_in_one_file() -> BadFile:
    rows = [f"{each:%Y-%m-%d %H:%M},{power(each)},a" for each in quarters(192)]
    rows += [f"{each:%Y-%m-%d %H:%M},{power(each, 5)},b" for each in quarters(192)]
    return BadFile("\n".join(["t,p,plant", *rows]).encode(), "mixed_rows", "several plants")


def _kept_the_same_export_twice_in_one_file() -> BadFile:
    return BadFile(csv() + csv().split(b"\n", 1)[1], {"duplicate_stamp"})


def _empty_period() -> BadFile:
    rows = "\n".join(f"{each:%Y-%m-%d %H:%M}," for each in quarters(96))
    return BadFile(f"t,p\n{rows}\n".encode(), "empty", "none of the 96 rows")


def _header_only() -> BadFile:
    return BadFile(b"t,p\n", "empty", "no rows")


def _web_page() -> BadFile:
    return BadFile(b"<!DOCTYPE html><html><body>login</body></html>", "unreadable", "an HTML page")


def _energy_called_power() -> BadFile:
    rows = [f"{each:%Y-%m-%d %H:%M},{power(each) / 4:.4f}" for each in quarters(96 * 40)]
    return BadFile("\n".join(["t,p", *rows]).encode(), "wrong_unit", "look like kWh per 15 min")


def _power_called_energy() -> BadFile:
    energy = {"columns": {"power_ac": {"column": "p", "unit": "kWh"}}}
    return BadFile(csv(4), "wrong_unit", "look like kW, the YAML says kWh", source=energy)


def _one_line_of_gigantic_length() -> BadFile:
    return BadFile(b"x" * 3_000_000, "unreadable", "longer than 1 MiB")


def _kept_quote_that_never_ends() -> BadFile:
    return BadFile(
        csv().replace(b"\n2024-07-01 01:00", b'\n"2024-07-01 01:00', 1), {"bad_timestamp"}
    )


_ALL: dict[str, Callable[[], BadFile]] = {
    name.strip("_"): cache(made)
    for name, made in list(globals().items())
    if name.startswith("_") and getattr(made, "__annotations__", {}).get("return") == "BadFile"
}
KEPT = {name: made for name, made in _ALL.items() if name.startswith("kept_")}
REFUSED = {name: made for name, made in _ALL.items() if name not in KEPT}
