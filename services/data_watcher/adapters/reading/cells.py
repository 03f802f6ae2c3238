"""Cells to numbers: sentinels, text that is no number, and one column per inverter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.adapters.reading import faults
from shared.solar.site import ColumnFormat, SourceFormat

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
EMPTY = ["", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None", "none", "NAN"]
_NUMBER = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"


def numbers(
    columns: list[pa.ChunkedArray], column: ColumnFormat, source: SourceFormat
) -> tuple[Values, dict[str, Mask]]:
    """Return the numbers of a quantity, and which rows' cells are none by reason.

    Several columns, one per inverter or sensor, become one. A row in which one of them has no number is
    masked, because a sum without it would be a lower power that never was.
    """
    missing = (*source.missing, *column.missing)
    found, reasons = _numbers(columns[0], missing, source.decimal)
    if len(columns) == 1:
        return found, reasons
    total = found
    lacking = np.isnan(found)
    every = lacking.copy()
    for each in columns[1:]:
        values, more = _numbers(each, missing, source.decimal)
        total = total + values
        lacks = np.isnan(values)
        lacking |= lacks
        every &= lacks
        for reason, mask in more.items():
            reasons[reason] = reasons[reason] | mask if reason in reasons else mask
    partly = lacking & ~every
    if partly.any():
        reasons["inverter_missing"] = partly
    return (total / len(columns) if column.combine == "mean" else total), reasons


def _numbers(
    column: pa.ChunkedArray, missing: tuple[float | str, ...], decimal: str
) -> tuple[Values, dict[str, Mask]]:
    reasons: dict[str, Mask] = {}
    if pa.types.is_dictionary(column.type):
        column = pa.chunked_array([plain(each) for each in column.chunks])
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        text = pc.utf8_trim_whitespace(column)
        sentinel = pc.is_in(text, value_set=pa.array(map(str, missing), pa.string()))
        if decimal == ",":
            text = pc.replace_substring(text, ",", ".")
        good = pc.fill_null(pc.match_substring_regex(text, _NUMBER), fill_value=False)
        values = pc.cast(pc.if_else(good, text, None), pa.float64())
        said = pc.and_(pc.invert(good), pc.invert(pc.is_in(text, value_set=pa.array(EMPTY))))
        said = pc.and_(pc.fill_null(said, fill_value=False), pc.is_valid(text))
        reasons["sentinel"] = _mask(sentinel)
        reasons["no_number"] = _mask(pc.and_not(said, pc.fill_null(sentinel, fill_value=False)))
    elif pa.types.is_null(column.type):
        values = pc.cast(column, pa.float64())
    else:
        values = pc.cast(column, pa.float64(), safe=False)
    found = values.to_numpy()
    if not found.flags.writeable:
        found = found.copy()
    finite = np.isfinite(found)
    if not finite.all():
        found[~finite] = np.nan
    numeric = [each for each in map(_number, missing) if each is not None]
    if numeric:
        hit = np.isin(found, numeric)
        reasons["sentinel"] = reasons["sentinel"] | hit if "sentinel" in reasons else hit
    if "sentinel" in reasons:
        found[reasons["sentinel"]] = np.nan
    return found, {name: mask for name, mask in reasons.items() if mask.any()}


def plain(column: pa.Array) -> pa.Array:
    """Return a column without its dictionary, which could hold few but huge cells for many rows."""
    if not pa.types.is_dictionary(column.type):
        return column
    entries = column.dictionary
    if pa.types.is_string(entries.type) or pa.types.is_large_string(entries.type):
        longest = pc.max(pc.binary_length(entries)).as_py() or 0
        if longest > faults.LONGEST_CELL:
            message = f"a cell has {longest} characters; this is no number and no time"
            raise faults.unreadable(message)
    return column.dictionary_decode()


def _mask(array: pa.ChunkedArray) -> Mask:
    return np.array(pc.fill_null(array, fill_value=False).to_numpy(), dtype=bool)


def _number(value: float | str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
