"""Stamps that are numbers in several columns: year, month, day, hour, minute; year, day of the year, hhmm."""

from __future__ import annotations

import re
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.domain.time_axis import Times
from shared.solar.site import TimestampFormat
from shared.solar.stamp_format import tokens

# Directives that follow each other are one number, read from its end: 830 is 8:30.
_WIDTHS = {"%Y": 4, "%y": 2, "%m": 2, "%d": 2, "%j": 3, "%H": 2, "%M": 2, "%S": 2}
_TWICE = "[AB*]?"  # of the hour that comes twice in autumn; the order of the rows tells the same
_LAST_OF_1900 = 69  # a year of two digits, as strptime has it
_MONTHS, _DAYS_OF_YEAR = 12, 366
_HOURS, _SIXTY = 24, 60
Whole = npt.NDArray[np.int64]


def parse(text: pa.Array, how: TimestampFormat) -> Times:
    """Return the times of stamps whose parts are joined by a blank; NaT where they are none.

    Hour 24 is the end of its day. With `label: end` that is for the caller to say, as of any midnight.
    """
    assert how.format is not None  # noqa: S101 - the schema sees to it
    groups = [
        (is_named, list(some))
        for is_named, some in groupby(tokens(how.format), lambda each: each.startswith("%"))
    ]
    named = [some for is_named, some in groups if is_named]
    parts = iter(range(len(named)))
    pattern = "".join(
        rf"(?P<p{next(parts)}>\d+)(?:\.\d*)?{_TWICE if some[-1] == '%H' else ''}"
        if is_named
        else _between(some[0])
        for is_named, some in groups
    )
    found = pc.extract_regex(text, f"^{pattern}$")
    good = np.asarray(pc.is_valid(found).to_numpy(zero_copy_only=False), bool)
    values: dict[str, Whole] = {}
    for number, directives in enumerate(named):
        digits = pc.fill_null(pc.struct_field(found, f"p{number}"), "0")
        good &= pc.less_equal(
            pc.utf8_length(digits), sum(map(_WIDTHS.__getitem__, directives))
        ).to_numpy(zero_copy_only=False)
        whole = pc.cast(pc.utf8_slice_codeunits(digits, 0, 14), pa.int64()).to_numpy(
            zero_copy_only=False
        )
        values |= _apart(whole, directives)
    return _times(values, good, moves_midnight=how.label != "end")


def _between(literal: str) -> str:
    return "".join(r"\s+" if each.isspace() else re.escape(each) for each in literal)


def _apart(whole: Whole, directives: list[str]) -> dict[str, Whole]:
    """Return the parts of a number that several directives share."""
    found = {}
    for each in directives[:0:-1]:
        whole, found[each] = np.divmod(whole, 10 ** _WIDTHS[each])
    return found | {directives[0]: whole}


def _times(values: dict[str, Whole], good: npt.NDArray[np.bool_], *, moves_midnight: bool) -> Times:
    none = np.zeros(len(good), np.int64)
    year = values.get("%Y", none)
    if "%y" in values:
        year = values["%y"] + np.where(values["%y"] < _LAST_OF_1900, 2000, 1900)
    if "%j" in values:
        ordinal = values["%j"]
        good &= (ordinal >= 1) & (ordinal <= _DAYS_OF_YEAR)
        start = (year - 1970).astype("M8[Y]")
        days = start.astype("M8[D]") + (ordinal - 1)
        good &= days.astype("M8[Y]") == start
    else:
        month, day = values.get("%m", none + 1), values.get("%d", none + 1)
        good &= (month >= 1) & (month <= _MONTHS) & (day >= 1)
        first = ((year - 1970) * 12 + month - 1).astype("M8[M]")
        days = first.astype("M8[D]") + (day - 1)
        good &= days.astype("M8[M]") == first
    hour, minute, second = (values.get(each, none) for each in ("%H", "%M", "%S"))
    is_end = hour == _HOURS
    good &= (hour < _HOURS) | (is_end & (minute == 0) & (second == 0))
    good &= (minute < _SIXTY) & (second < _SIXTY)
    if not moves_midnight:
        hour = np.where(is_end, 0, hour)
    seconds = (hour * _SIXTY + minute) * _SIXTY + second
    found: Times = days.astype("M8[us]") + seconds.astype("m8[s]")
    found[~good] = np.datetime64("NaT", "us")
    return found
