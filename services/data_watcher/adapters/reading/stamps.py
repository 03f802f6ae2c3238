"""Time stamps: parsed, moved to UTC and to the left end of their interval, snapped to the grid."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.adapters.reading.table import Table
from services.data_watcher.adapters.reading.zones import to_utc
from services.data_watcher.domain.believable import stamps as believable
from services.data_watcher.domain.time_axis import TimeAxis, Times
from shared.errors import UnreadableFileError
from shared.solar.site import Site, SourceFormat, TimestampFormat

MOST_BAD = 0.2  # share of stamps that may be no time before the format must be wrong
EARLIEST = np.datetime64("1980-01-01", "us")
LATEST = np.datetime64("2100-01-01", "us")
TOLERANCE = np.timedelta64(60, "s")  # of a stamp off the grid; loggers were seen 59 s off
# Part of an interval between its beginning and its stamp, by the label of the stamp.
_OFFSET = {"left": 0.0, "center": 0.5, "right": 1.0}
_NAT = np.datetime64("NaT")
_MICROSECOND = np.timedelta64(1, "us")


def convert(table: Table, source: SourceFormat, site: Site) -> TimeAxis:
    """Give each row of a table its place in time.

    Raises
    ------
    UnreadableFileError
        `no_timestamps`: too many stamps are no time in the format that the YAML says.
    """
    how = source.timestamp
    local, is_utc = _parse(table.stamps, how)
    impossible = ~np.isnat(local) & ((local < EARLIEST) | (local >= LATEST))
    local[impossible] = _NAT
    bad = np.isnat(local)
    if bad.mean() > MOST_BAD:
        raise _no_timestamps(table, how, bad)
    counts = dict(table.skipped) | {"bad_timestamp": int(bad.sum())}
    if is_utc:
        utc = local
    else:
        utc, never = to_utc(local, how.timezone or site.timezone)
        counts["no_such_local_time"] = int(never.sum())
    step = _step(utc, how)
    utc = utc - np.timedelta64(round(step * _OFFSET[how.label]), "s")
    utc, snapped = _snap(utc, step)
    counts["snapped"] = snapped
    rows = np.flatnonzero(~np.isnat(utc))
    if not len(rows):
        raise _no_timestamps(table, how, np.isnat(utc))
    kept, chosen = _last_of_each(utc[rows])
    counts["duplicate_stamp"] = len(rows) - len(kept)
    if counts["duplicate_stamp"]:
        believable.check_mixed(table.values.values(), utc, rows, rows[chosen], table.said)
    rows = rows[chosen]
    believable.check_swapped(local[rows])
    is_whole = len(rows) == table.rows and bool((np.diff(rows) > 0).all())
    found = {name: count for name, count in counts.items() if count}
    return TimeAxis(kept, rows, step, found, is_whole)


def _last_of_each(utc: Times) -> tuple[Times, npt.NDArray[np.intp]]:
    """Return the stamps, ascending and unique, and of the rows of each the last."""
    steps = np.diff(utc)
    if (steps > np.timedelta64(0)).all():
        return utc, np.arange(len(utc))
    kept, first = np.unique(utc[::-1], return_index=True)
    return kept, len(utc) - 1 - first


# --- parsing ----------------------------------------------------------------------------------------


def _parse(column: pa.Array, how: TimestampFormat) -> tuple[Times, bool]:
    """Return the stamps as numpy times [us], and whether they are UTC already."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        aware = pa.types.is_timestamp(column.type) and column.type.tz is not None
        plain = pc.cast(column, pa.timestamp("us", "UTC" if aware else None), safe=False)
        return _numpy(pc.cast(plain, pa.timestamp("us"))), aware
    text = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    if how.format is None:
        return _parse_iso(text)
    if not ({"%z", "%Z", "%f", "%j", "%p"} & _directives(how.format)):
        parsed = pc.strptime(text, format=how.format, unit="us", error_is_null=True)
        return _numpy(parsed), False
    return _parse_slowly(text, how.format)


def _parse_iso(text: pa.Array) -> tuple[Times, bool]:
    try:
        return _numpy(pc.cast(text, pa.timestamp("us"))), False
    except pa.ArrowInvalid:
        pass  # offsets, or some stamp is no ISO 8601
    try:
        aware = pc.cast(text, pa.timestamp("us", "UTC"))
        return _numpy(pc.cast(aware, pa.timestamp("us"))), True
    except pa.ArrowInvalid:
        return _parse_slowly(text, None)


def _parse_slowly(text: pa.Array, format_: str | None) -> tuple[Times, bool]:
    moments = [_moment(each, format_) for each in text.to_pylist()]
    aware = any(each is not None and each.tzinfo is not None for each in moments)
    if aware:
        moments = [
            each.astimezone(UTC).replace(tzinfo=None) if each and each.tzinfo else None
            for each in moments
        ]
    return np.array(moments, dtype="M8[us]"), aware


def _moment(text: str | None, format_: str | None) -> datetime | None:
    if not text:
        return None
    try:
        if format_ is None:
            return datetime.fromisoformat(text)
        return datetime.strptime(text, format_)  # noqa: DTZ007 - the YAML's zone is applied to all rows at once
    except (ValueError, OverflowError):
        return None


def _directives(format_: str) -> set[str]:
    return {format_[at : at + 2] for at in range(len(format_)) if format_[at] == "%"}


def _numpy(array: pa.Array) -> Times:
    return np.array(array.to_numpy(zero_copy_only=False), dtype="M8[us]")


def _no_timestamps(
    table: Table, how: TimestampFormat, bad: npt.NDArray[np.bool_]
) -> UnreadableFileError:
    row = int(np.flatnonzero(bad)[0])
    expected = f"the format {how.format!r}" if how.format else "ISO 8601 (2024-07-01 12:00)"
    return UnreadableFileError(
        "no_timestamps",
        f"{int(bad.sum())} of {table.rows} stamps in column {how.column!r} are no times in {expected}, "
        f"for example {table.stamps[row].as_py()!r} in row {row + table.first_row}",
        "correct timestamp.format in the site's YAML, or the stamps in the file",
    )


# --- grid -------------------------------------------------------------------------------------------


def _step(utc: Times, how: TimestampFormat) -> float:
    """Return the length of an interval: as the YAML says, or the most frequent distance [s]."""
    if how.step_minutes is not None:
        return how.step_minutes * 60.0
    distances = np.diff(np.sort(utc[~np.isnat(utc)])) / np.timedelta64(1, "s")
    minutes = np.round(distances / 60.0)
    minutes = minutes[minutes > 0]
    if not len(minutes):
        return 900.0
    values, counts = np.unique(minutes, return_counts=True)
    return float(values[counts.argmax()]) * 60.0


def _snap(utc: Times, step: float) -> tuple[Times, int]:
    """Move stamps that miss the file's own grid by at most a minute onto it."""
    width = round(step * 1e6)
    known = ~np.isnat(utc)
    ticks = utc.view(np.int64)
    phase = ticks[known] % width
    if not len(phase) or (phase == phase[0]).all():
        return utc, 0
    phases, counts = np.unique(phase, return_counts=True)
    tolerance = min(TOLERANCE / _MICROSECOND, width / 4)
    off = (ticks - phases[counts.argmax()] + width // 2) % width - width // 2
    move = known & (off != 0) & (np.abs(off) <= tolerance)
    snapped = utc.copy()
    snapped[move] = utc[move] - off[move].astype("m8[us]")
    return snapped, int(move.sum())
