"""Cells to times: in ISO 8601, in a format of the site's YAML, or as loggers write them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.adapters.reading import (
    counted,
    months,
    passes,
    serials,
    stamp_text,
    zone_names,
)
from services.data_watcher.adapters.reading.zones import to_utc
from services.data_watcher.domain.time_axis import Times
from shared.solar.site import TimestampFormat
from shared.solar.stamp_format import EXCEL, LOCAL_SINCE_1970, directives
from shared.solar.zones import tzinfo_of

_NAT = np.datetime64("NaT", "us")
_FIRST_YEAR = np.datetime64("1900", "us")
_PLAIN = pa.timestamp("us")


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
    if how.format == EXCEL:
        return serials.parse(column), False
    is_local = how.format == LOCAL_SINCE_1970
    if (how.format is None or is_local) and (
        pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    ):
        numbers = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        found = stamp_text.numbers_since_1970(numbers)
        if found is not None:
            return found, not is_local
    text = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    if is_local:
        found = stamp_text.since_1970(text.to_pylist())
        return np.full(len(text), _NAT, "M8[us]") if found is None else found, False
    return _of_text(text, how, zone)


def _of_text(text: pa.Array, how: TimestampFormat, zone: str) -> tuple[Times, bool]:
    if how.format is not None and "%p" in how.format:
        text = stamp_text.with_halves(text)
    if how.is_counted:
        times = counted.parse(text, how)
        passes.check(text, times, zone)
        return times, False
    if len(text) and (text[0].as_py() or "").startswith('="'):  # lest a spreadsheet change them
        text = pc.replace_substring_regex(text, '^="(.*)"$', r"\1")
    if (how.format is None or "%Z" in how.format) and (
        len(text) and zone_names.has_offset_behind(text[0].as_py())
    ):
        text, how = zone_names.without_names_of_offsets(text), _with_offset_alone(how)
    parsed, aware = _by_format(text, how.format)
    if aware or not np.isnat(parsed).any():
        return parsed, aware
    if how.format is not None and months.DIRECTIVES & set(directives(how.format)):
        text, form = months.numbered(text, how.format)
        how = how.model_copy(update={"format": form})
        parsed, aware = _by_format(text, form)
        if aware:
            return parsed, aware
    return _rescued(text, parsed, how, zone)


def _with_offset_alone(how: TimestampFormat) -> TimestampFormat:
    """Return a format without the name of the zone beside its offset."""
    if how.format is None or "%z" not in how.format:
        return how
    form = re.sub(r"\s*\(?%Z\)?\s*", "", how.format)
    return how.model_copy(update={"format": form})


def _by_format(text: pa.Array, format_: str | None) -> tuple[Times, bool]:
    if format_ is None:
        return _parse_iso(text)
    said = set(directives(format_))
    if "%Z" in said:  # cell by cell
        return np.full(len(text), _NAT, "M8[us]"), False
    if not ({"%z", "%f", "%j", "%p"} & said):
        return _numpy(pc.strptime(text, format=format_, unit="us", error_is_null=True)), False
    return _parse_slowly(text, format_)


def _rescued(text: pa.Array, parsed: Times, how: TimestampFormat, zone: str) -> tuple[Times, bool]:
    """Read the remaining stamps again, cell by cell: hour 24, names of zones, seconds since 1970.

    An hour that comes twice may be marked (2A). Where some stamps name their zone, those without a name are
    times of the site's own clock.
    """
    texts = text.to_pylist()
    # 1720101000000 is also a moment of 1720 in ISO 8601: such years are none of a plant.
    if how.format is None and (np.isnat(parsed) | (parsed < _FIRST_YEAR)).all():
        found = stamp_text.since_1970(texts)
        if found is not None:
            return found, True
    format_ = re.sub(r"\s*%Z", "", how.format) if how.format else None
    names = zone_names.ZoneNames(tzinfo_of(zone))
    local, offsets = parsed.copy(), np.full(len(parsed), np.timedelta64("NaT", "us"), "m8[us]")
    for row in np.flatnonzero(np.isnat(parsed)):
        if not texts[row]:
            continue
        plain, name = zone_names.apart(stamp_text.without_pass(texts[row]))
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
        passes.check(text, local, zone)
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


def _numpy(array: pa.Array) -> Times:
    return np.array(array.to_numpy(zero_copy_only=False), dtype="M8[us]")
