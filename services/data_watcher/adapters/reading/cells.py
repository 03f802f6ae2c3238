"""Cells to numbers: sentinels, text that is no number, and one column per inverter."""

from __future__ import annotations

import re
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.adapters.reading import faults, numerals, percent
from services.data_watcher.domain.believable import filled, inverters, sums
from shared.solar.site import POWER, ColumnFormat, SourceFormat, canonical_unit

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_FLOAT = pa.float64()
EMPTY = ["", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null", "None", "none", "NAN"]
MOST_CELLS_WITH_UNIT = 200_000  # each is checked on its own


def numbers(
    columns: list[pa.ChunkedArray], name: str, column: ColumnFormat, source: SourceFormat
) -> tuple[Values, dict[str, Mask], str | None]:
    """Return the numbers of a quantity, which rows have none by reason, and what a person should know of it.

    Several columns, one per inverter or sensor, become one. A row in which one of them has no number, or is
    off while the others generate, is masked: a sum without it would be a lower power than the plant has.

    Parameters
    ----------
    name
        The quantity's canonical name.
    """
    found, reasons = _numbers(columns[0], name, column, source)
    if len(columns) == 1:
        return found, reasons, None
    parts = [found]
    lacking = np.isnan(found)
    every = lacking.copy()
    for each in columns[1:]:
        values, more = _numbers(each, name, column, source)
        parts.append(values)
        lacks = np.isnan(values)
        lacking |= lacks
        every &= lacks
        for reason, mask in more.items():
            reasons[reason] = reasons[reason] | mask if reason in reasons else mask
    partly = lacking & ~every
    if partly.any():
        reasons["inverter_missing"] = partly
    if column.combine == "mean":
        return np.mean(parts, axis=0), reasons, None
    globs = ", ".join(map(repr, column.columns))

    def which(number: int) -> str:
        return f"number {number + 1} of the {len(parts)} columns that {globs} names"

    total = sums.total(
        parts,
        which,
        "name the column of the total alone (column: …), or name the inverters' columns without it",
    )
    if name != POWER:
        return total, reasons, None
    called = [which(number) for number in range(len(parts))]
    unlike, note = inverters.check(parts, called, are_counters=column.kind == "counter")
    for rows in unlike.values():
        total[rows] = np.nan
    return total, reasons | unlike, note


def _numbers(
    cells: pa.ChunkedArray, name: str, column: ColumnFormat, source: SourceFormat
) -> tuple[Values, dict[str, Mask]]:
    missing = (*source.missing, *column.missing)
    reasons: dict[str, Mask] = {}
    if pa.types.is_dictionary(cells.type):
        cells = pa.chunked_array([plain(each) for each in cells.chunks])
    if cells.type == _FLOAT:
        found = cells.to_numpy()
    elif pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        found, reasons = _of_text(cells, name, column, source, missing)
    elif pa.types.is_null(cells.type):
        found = np.full(len(cells), np.nan)
    else:
        found = pc.cast(cells, _FLOAT, safe=False).to_numpy()
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
    unnamed = filled.codes(found) if name in filled.CODED and column.kind == "value" else None
    if unnamed is not None:
        reasons["unnamed_sentinel"] = unnamed
        found[unnamed] = np.nan
    return found, {reason: mask for reason, mask in reasons.items() if mask.any()}


def _of_text(
    cells: pa.ChunkedArray,
    name: str,
    column: ColumnFormat,
    source: SourceFormat,
    missing: tuple[float | str, ...],
) -> tuple[Values, dict[str, Mask]]:
    """Return the numbers of texts, and which say something else."""
    text = pc.utf8_trim(cells, " \t\r\n\u00a0\u202f")
    sentinel = mask(pc.is_in(text, value_set=pa.array(map(str, missing), pa.string())))
    silent = pc.is_in(text, value_set=pa.array(EMPTY))
    said = mask(pc.and_(pc.is_valid(text), pc.invert(silent))) & ~sentinel
    text = numerals.as_signed(pc.if_else(pa.array(said), text, None))
    shown = column.column if column.column is not None else ", ".join(column.columns)
    found, good = numerals.numbers(text, source.decimal_sign, source.thousands, shown)
    rest = np.flatnonzero(said & ~good)[:MOST_CELLS_WITH_UNIT]
    if len(rest):
        values = numerals.with_units(
            text.take(pa.array(rest)).to_pylist(),
            canonical_unit(name) or "",
            column.unit,
            source.decimal_sign,
            source.thousands,
        )
        known = np.isfinite(values)
        found[rest[known]], good[rest[known]] = values[known], True
        if name == POWER and not known.any():
            _refuse_shares(text.take(pa.array(rest)).to_pylist(), said, shown, column.unit)
    return found, {"sentinel": sentinel, "no_number": said & ~good}


def _refuse_shares(cells: list[str], said: Mask, shown: str, unit: str) -> None:
    """Refuse power whose cells are percent, which no unit is of."""
    if percent.are_shares(cells, min(int(said.sum()), MOST_CELLS_WITH_UNIT)):
        raise percent.of_cells(shown, cells[-1], unit)


def mask_last(values: Values, reasons: dict[str, Mask], reason: str) -> None:
    """Mask the last number of a column."""
    if len(values) and not np.isnan(values[-1]):
        values[-1] = np.nan
        reasons[reason] = np.append(np.zeros(len(values) - 1, bool), True)


def examples(columns: list[pa.ChunkedArray], mask: Mask, most: int = 3) -> tuple[str, ...]:
    """Return some of the cells that a mask names, each once."""
    found: dict[str, None] = {}
    for row in np.flatnonzero(mask)[: 20 * most]:
        for each in columns:
            found[str(each[int(row)].as_py())] = None
    return tuple(text for text in found if not re.match(numerals.NUMBER, text))[:most]


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


Column = TypeVar("Column", pa.Array, pa.ChunkedArray)


def written(column: Column) -> Column:
    """Return cells as a person writes them: without blanks around, and 3 for the number 3.0."""
    if isinstance(column, pa.ChunkedArray) and pa.types.is_dictionary(column.type):
        column = pa.chunked_array([plain(each) for each in column.chunks])
    if pa.types.is_floating(column.type):
        whole = pc.and_kleene(pc.is_finite(column), pc.equal(column, pc.floor(column)))
        column = pc.if_else(
            whole,
            pc.cast(pc.cast(pc.if_else(whole, column, 0), pa.int64(), safe=False), pa.string()),
            pc.cast(column, pa.string()),
        )
    return pc.utf8_trim_whitespace(pc.cast(column, pa.string()))


def mask(array: pa.ChunkedArray) -> Mask:
    """Return a column of truths as a mask; what is null is not true."""
    return np.array(pc.fill_null(array, fill_value=False).to_numpy(), dtype=bool)


def _number(value: float | str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
