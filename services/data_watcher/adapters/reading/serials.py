"""Serial dates of spreadsheets: days since 1899-12-30, 44197.25 for 2021-01-01 06:00."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.domain.time_axis import Times

# Day 60 is a 29 February 1900 that never was; all that is measured lies behind it.
DAY_ZERO = np.datetime64("1899-12-30", "us")
_SECONDS = 86_400
_LAST = 100_000.0  # a day of 2173; more would not fit


def parse(column: pa.Array) -> Times:
    """Return the times of serial dates, to the second: fractions of a day make 00:14:59.99 of 00:15.

    Cells that a spreadsheet holds as dates, beside others as numbers, are read as such. A date and a time of
    day from two columns, joined by a blank, are added up.
    """
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return times(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    text = pc.replace_substring(pc.utf8_trim_whitespace(pc.cast(column, pa.string())), ",", ".")
    try:
        return times(pc.cast(text, pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        return np.array([_time(each) for each in text.to_pylist()], "M8[us]")


def times(days: npt.NDArray[np.float64]) -> Times:
    """Return the times of serial dates; NaT where there is none."""
    good = np.isfinite(days) & (days > 0) & (days < _LAST)
    seconds = np.rint(np.where(good, days, 0.0) * _SECONDS).astype("m8[s]")
    found: Times = DAY_ZERO + seconds.astype("m8[us]")
    found[~good] = np.datetime64("NaT", "us")
    return found


def _time(text: str | None) -> np.datetime64:
    try:
        days = sum(map(float, (text or "").split()))
    except ValueError:
        pass
    else:
        return np.datetime64(times(np.array([days]))[0], "us")
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return np.datetime64("NaT", "us")
    return np.datetime64(moment.replace(tzinfo=None), "us")
