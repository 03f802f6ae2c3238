"""Time stamps: parsed, moved to UTC and to the left end of their interval, snapped to the grid."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.adapters.reading import stamp_text
from services.data_watcher.adapters.reading.table import Table
from services.data_watcher.adapters.reading.zones import to_utc
from services.data_watcher.domain.believable import losses
from services.data_watcher.domain.believable import stamps as believable
from services.data_watcher.domain.time_axis import TimeAxis, Times
from shared.errors import UnreadableFileError
from shared.solar.site import Site, SourceFormat, TimestampFormat
from shared.solar.zones import tzinfo_of

MOST_BAD = 0.2  # share of stamps that may be no time before the format must be wrong
EARLIEST = np.datetime64("1980-01-01", "us")
LATEST = np.datetime64("2100-01-01", "us")
TOLERANCE = np.timedelta64(60, "s")  # of a stamp off the grid; loggers were seen 59 s off
# Part of an interval between its beginning and its stamp, by the label of the stamp.
_OFFSET = {"left": 0.0, "center": 0.5, "right": 1.0, "end": 1.0}
_NAT = np.datetime64("NaT", "us")
_FIRST_YEAR = np.datetime64("1900", "us")
_PLAIN = pa.timestamp("us")
_MICROSECOND = np.timedelta64(1, "us")
Mask = npt.NDArray[np.bool_]


def convert(table: Table, source: SourceFormat, site: Site) -> TimeAxis:
    """Give each row of a table its place in time.

    Raises
    ------
    UnreadableFileError
        `no_timestamps`: too many stamps are no time in the format that the YAML says.
    """
    how = source.timestamp
    zone = how.timezone or site.timezone
    local, is_utc, counts = parsed(table, how, zone, site)
    if is_utc:
        utc = local
    else:
        utc, never = to_utc(local, zone)
        counts["no_such_local_time"] = int(np.count_nonzero(never))
    strays = believable.strays(utc)
    if strays.any():
        utc, local = utc.copy(), local.copy()
        utc[strays] = local[strays] = _NAT
        counts["bad_timestamp"] += int(strays.sum())
    step = _step(utc, how)
    utc, counts["snapped"] = snap(begins(utc, step, how), step)
    kept, rows, doubtful = utc, np.arange(len(utc)), dict[str, Mask]()
    is_whole = _ascends(utc)
    if is_whole:  # as in nearly every file
        believable.check_swapped(local)
    else:
        kept, rows, doubtful = _put_in_order(utc, local, table, how)
        counts["duplicate_stamp"] = int((~np.isnat(utc)).sum()) - len(kept)
    if how.step_minutes is not None:
        believable.check_step(kept, step)
    found = {name: count for name, count in counts.items() if count}
    return TimeAxis(kept, rows, step, found, is_whole, doubtful)


def _ascends(utc: Times) -> bool:
    """Whether every row has a time, and a later one than the row before it."""
    return bool((utc[1:] > utc[:-1]).all()) and not np.isnat(utc[:1]).any()


def _put_in_order(
    utc: Times, local: Times, table: Table, how: TimestampFormat
) -> tuple[Times, npt.NDArray[np.intp], dict[str, Mask]]:
    """Return the times, ascending and unique, the row of each, and where another row contradicts it."""
    rows = np.flatnonzero(~np.isnat(utc))
    if not len(rows):
        raise no_timestamps(table, how, np.isnat(utc))
    kept, chosen = last_of_each(utc[rows])
    doubtful = {}
    if len(kept) < len(rows):
        # Sheets follow each other in time: one that covers another's time is a summary, or another plant.
        most = 0.0 if table.places.several else believable.MOST_MIXED
        doubtful = believable.contradicting(
            table.values, utc, rows, rows[chosen], said=table.said, most=most
        )
    believable.check_swapped(local[rows[chosen]])
    believable.check_overlapping(utc, rows, table.said)
    return kept, rows[chosen], doubtful


def parsed(
    table: Table, how: TimestampFormat, zone: str, site: Site, *, by_rows: bool = True
) -> tuple[Times, bool, dict[str, int]]:
    """Return the stamps as they are written, whether that is UTC, and how many rows have none by reason.

    Parameters
    ----------
    by_rows
        Whether the order of the rows may tell that midnight ends a day.

    Raises
    ------
    UnreadableFileError
        `no_timestamps` or `too_much_masked`: too many stamps are no time in the format that the YAML says.
    """
    local, is_utc = parse(table.stamps, how, zone)
    if how.label in {"right", "end"} and not is_utc and (by_rows or how.label == "end"):
        local = stamp_text.end_of_day(local, always=how.label == "end")
    local[(local < EARLIEST) | (local >= LATEST)] = _NAT
    bad = np.isnat(local)
    count = int(np.count_nonzero(bad))
    if count > MOST_BAD * len(bad):
        raise no_timestamps(table, how, bad)
    losses.check_rows(
        "the time stamp", "bad_timestamp", bad, table.values.get("power_ac"), site, table.said
    )
    return local, is_utc, dict(table.skipped) | {"bad_timestamp": count}


def begins(utc: Times, step: float, how: TimestampFormat) -> Times:
    """Return where the intervals of some stamps begin; they are `step` long. [s]"""
    return utc - np.timedelta64(round(step * _OFFSET[how.label]), "s")


def last_of_each(utc: Times) -> tuple[Times, npt.NDArray[np.intp]]:
    """Return the stamps, ascending and unique, and of the rows of each the last."""
    steps = np.diff(utc)
    if (steps > np.timedelta64(0, "us")).all():
        return utc, np.arange(len(utc))
    kept, first = np.unique(utc[::-1], return_index=True)
    return kept, len(utc) - 1 - first


# --- parsing ----------------------------------------------------------------------------------------


def parse(column: pa.Array, how: TimestampFormat, zone: str) -> tuple[Times, bool]:
    """Return a column of stamps as numpy times [us], and whether they are UTC already."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.type == _PLAIN:
        return _numpy(column), False  # as in nearly every file
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        aware = pa.types.is_timestamp(column.type) and column.type.tz is not None
        plain = pc.cast(column, pa.timestamp("us", "UTC" if aware else None), safe=False)
        return _numpy(pc.cast(plain, _PLAIN)), aware
    if how.format is None and (
        pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    ):
        numbers = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        found = stamp_text.numbers_since_1970(numbers)
        if found is not None:
            return found, True
    text = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    directives = _directives(how.format) if how.format else set()
    if "%Z" in directives:
        return _rescued(text, np.full(len(text), _NAT, "M8[us]"), how, zone)
    if how.format is None:
        parsed, aware = _parse_iso(text)
    elif not ({"%z", "%f", "%j", "%p"} & directives):
        parsed = _numpy(pc.strptime(text, format=how.format, unit="us", error_is_null=True))
        aware = False
    else:
        parsed, aware = _parse_slowly(text, how.format)
    if aware or not np.isnat(parsed).any():
        return parsed, aware
    return _rescued(text, parsed, how, zone)


def _rescued(text: pa.Array, parsed: Times, how: TimestampFormat, zone: str) -> tuple[Times, bool]:
    """Read the remaining stamps again, cell by cell: hour 24, names of zones, seconds since 1970.

    Where some stamps name their zone, those without a name are times of the site's own clock.
    """
    texts = text.to_pylist()
    # 1720101000000 is also a moment of 1720 in ISO 8601: such years are none of a plant.
    if how.format is None and (np.isnat(parsed) | (parsed < _FIRST_YEAR)).all():
        found = stamp_text.since_1970(texts)
        if found is not None:
            return found, True
    format_ = re.sub(r"\s*%Z", "", how.format) if how.format else None
    names = stamp_text.ZoneNames(tzinfo_of(zone))
    local, offsets = parsed.copy(), np.full(len(parsed), np.timedelta64("NaT", "us"), "m8[us]")
    for row in np.flatnonzero(np.isnat(parsed)):
        if not texts[row]:
            continue
        plain, name = stamp_text.without_zone(texts[row])
        plain, next_day = stamp_text.without_hour_24(plain)
        moment = _moment(plain, format_)
        if moment is None or moment.tzinfo is not None:
            continue
        offset = names.offset(name, moment) if name else None
        if name and offset is None:
            continue
        # With label: end, midnight is moved to the day after in any case.
        added = timedelta(days=next_day and how.label != "end")
        local[row] = np.datetime64(moment + added, "us")
        if offset is not None:
            offsets[row] = np.timedelta64(offset, "us")
    named = ~np.isnat(offsets)
    if not named.any():
        return local, False
    rest, _ = to_utc(local, zone)
    return np.where(named, local - offsets, rest), True


def _parse_iso(text: pa.Array) -> tuple[Times, bool]:
    try:
        return _numpy(pc.cast(text, _PLAIN)), False
    except pa.ArrowInvalid:
        pass  # offsets, or some stamp is no ISO 8601
    try:
        aware = pc.cast(text, pa.timestamp("us", "UTC"))
        return _numpy(pc.cast(aware, _PLAIN)), True
    except pa.ArrowInvalid:
        return _parse_slowly(text, None)


def _parse_slowly(text: pa.Array, format_: str | None) -> tuple[Times, bool]:
    moments = [_moment(each, format_) for each in text.to_pylist()]
    aware = any(each is not None and each.tzinfo is not None for each in moments)
    if aware:
        moments = [stamp_text.as_utc(each) if each and each.tzinfo else None for each in moments]
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


def no_timestamps(
    table: Table, how: TimestampFormat, bad: npt.NDArray[np.bool_]
) -> UnreadableFileError:
    """Return the fault of a file whose stamps are no times in the stated format."""
    row = int(np.flatnonzero(bad)[0])
    expected = f"the format {how.format!r}" if how.format else "ISO 8601 (2024-07-01 12:00)"
    return UnreadableFileError(
        "no_timestamps",
        f"{int(bad.sum())} of {table.rows} stamps in column {how.column!r} are no times in {expected}, "
        f"for example {table.stamps[row].as_py()!r} in row {table.places.said(row)}",
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


def snap(utc: Times, step: float) -> tuple[Times, int]:
    """Move stamps that miss the file's own grid by at most a minute onto it."""
    width = round(step * 1e6)
    ticks = utc.view(np.int64)
    phase = ticks % width
    if (phase == phase[:1]).all():
        return utc, 0  # as in nearly every file
    known = ~np.isnat(utc)
    phases, counts = np.unique(phase[known], return_counts=True)
    tolerance = min(TOLERANCE / _MICROSECOND, width / 4)
    off = (ticks - phases[counts.argmax()] + width // 2) % width - width // 2
    move = known & (off != 0) & (np.abs(off) <= tolerance)
    snapped = utc.copy()
    snapped[move] = utc[move] - off[move].astype("m8[us]")
    return snapped, int(move.sum())
