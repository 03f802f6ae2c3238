"""The fault of a file whose stamps are no times in the format that the YAML says, and what would mend it."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.data_watcher.adapters.reading import months, serials, zone_names
from services.data_watcher.adapters.reading.table import Table
from services.data_watcher.domain.believable.losses import FEW
from shared.errors import UnreadableFileError
from shared.solar.site import TimestampFormat
from shared.solar.stamp_format import EXCEL, LOCAL_SINCE_1970, directives

_EXPECTED = {
    None: "ISO 8601 (2024-07-01 12:00)",
    EXCEL: "the days since 1899-12-30 (format: excel)",
    LOCAL_SINCE_1970: "seconds since 1970 (format: local_since_1970)",
}
_EARLIEST, _LATEST = np.datetime64("1990-01-01", "us"), np.datetime64("2100-01-01", "us")
_LOOKED_AT = 100
_BEGIN_AND_END = 2
_MOST_WORDS = 10_000  # rows that are looked at one by one
_DATE = re.compile(r"\d{4}-\d\d-(\d\d)")
_DAY_AND_MONTH = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](?:\d\d){1,2}\b")
MONTHS = 12
_CLOCK = re.compile(r"(?<![+\d:])\d{1,2}:\d\d(?::\d\d)?")
_HOUR_ENDING = re.compile(r"\b(HE\s?)\d{1,2}\b")
MOST_BAD = 0.2  # share of stamps that may be no time before the format must be wrong


def no_timestamps(
    table: Table, how: TimestampFormat, bad: npt.NDArray[np.bool_], zone: str
) -> UnreadableFileError:
    """Return the fault of a file whose stamps are no times in the stated format, or by no known clock."""
    row = int(np.flatnonzero(bad)[0])
    example = table.stamp(row)
    expected = _EXPECTED.get(how.format, f"the format {how.format!r}")
    names = ", ".join(map(repr, how.names))
    reason = (
        f"{int(bad.sum())} of {table.rows} stamps in column {names} are no times in {expected}, "
        f"for example {example!r} in row {table.places.said(row)}"
    )
    if how.time_column is not None and example is None and int(bad.sum()) > MOST_BAD * table.rows:
        return UnreadableFileError(
            "no_timestamps",
            f"{reason}: the date or the time of day is empty there, as where a date stands in the first row "
            "of its day alone",
            "write the date into every row (spreadsheets fill down), or export date and time in one column",
        )
    word = _unknown_month(str(example), how.format)
    if word is not None:
        return UnreadableFileError(
            "no_timestamps",
            f"{reason}; {word!r} is no month in a language that is read (English, German, French, Spanish, "
            "Italian, Dutch, Portuguese)",
            "export the file with months as numbers, and say so in timestamp.format of the site's YAML (%m)",
        )
    if _are_turned(table, bad):
        return UnreadableFileError(
            "no_timestamps",
            f"{reason}; some are dates of a spreadsheet, and others, with days after the 12th, are text: it "
            "took days for months",
            "export the file again without opening it in a spreadsheet, or import its stamps there as text",
        )
    return UnreadableFileError(
        "no_timestamps",
        reason,
        "correct timestamp.format in the site's YAML, or the stamps in the file"
        + (_of_zone(str(example), zone) or _hint(table, how, bad)),
    )


def _of_zone(example: str, zone: str) -> str:
    """Say what to do about the name of a zone that is behind a stamp."""
    _, name = zone_names.apart(example)
    is_zone = name is not None and name.upper() not in {"AM", "PM"} and name.isupper()
    return zone_names.unknown(name, zone) if name and is_zone else ""


def _hint(table: Table, how: TimestampFormat, bad: npt.NDArray[np.bool_]) -> str:
    """Say which format of the YAML the stamps seem to have, where that is no one's first thought."""
    word = _HOUR_ENDING.search(str(table.stamp(int(np.flatnonzero(bad)[0]))))
    if word is not None:
        form = f"%m/%d/%Y {word[1]}%H"
        return (
            f"; HE is the hour ending: write it before the hour, like {form}, and say label: right"
        )
    if how.format is not None:
        return ""
    rows = np.flatnonzero(bad)[:_LOOKED_AT]
    days = serials.parse(table.stamps.take(pa.array(rows)))
    if ((days > _EARLIEST) & (days < _LATEST)).all():
        return "; they look like the dates of a spreadsheet, of which it is format: excel"
    if len(_CLOCK.findall(str(table.stamp(int(rows[0]))))) == _BEGIN_AND_END:
        return (
            "; where they name the beginning and the end of an interval, the format names both, like "
            "%d.%m.%Y %H:%M - %d.%m.%Y %H:%M"
        )
    return ""


def _are_turned(table: Table, bad: npt.NDArray[np.bool_]) -> bool:
    """Whether a spreadsheet made dates of the stamps that it could, the first twelve days of each month."""
    rows = [np.flatnonzero(some)[:_MOST_WORDS] for some in (bad, ~bad)]
    texts = [str(each) for some in rows for each in table.stamps.take(pa.array(some)).to_pylist()]
    days = [found for each in texts if (found := _DAY_AND_MONTH.match(each))]
    dates = [int(found[1]) for each in texts if (found := _DATE.match(each))]
    beyond = sum(any(int(part) > MONTHS for part in found.groups()) for found in days)
    turned = all(each <= MONTHS for each in dates)
    return turned and min(len(dates), len(days)) > FEW and beyond == len(days)


def _unknown_month(example: str, format_: str | None) -> str | None:
    """Return the word that should be a month and is none; None where it is one, or none is expected."""
    return months.unknown(example) if _holds_months(format_) else None


def _holds_months(format_: str | None) -> bool:
    return format_ is not None and bool(months.DIRECTIVES & set(directives(format_)))


def are_of_unknown_months(table: Table, how: TimestampFormat, bad: npt.NDArray[np.bool_]) -> bool:
    """Whether stamps are no times because of a word: a month would be lost, which is less than a fifth."""
    if not bad.any() or not _holds_months(how.format):
        return False
    texts = map(str, table.stamps.take(pa.array(np.flatnonzero(bad)[:_MOST_WORDS])).to_pylist())
    words = Counter(map(months.unknown, texts))
    return any(count > FEW for word, count in words.items() if word is not None)
