"""Canonical rows as Parquet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from services.data_watcher.adapters.reading.issues import Placed
from services.data_watcher.adapters.reading.quantities import Measured
from services.data_watcher.domain.time_axis import TimeAxis, Times
from services.data_watcher.domain.traits import Traits
from services.data_watcher.domain.versions import Issues, RowSummary
from services.data_watcher.ports import Reading
from shared.solar.rows import STEP

_FEW = (
    1_000  # rows; zstd takes longer to begin than to write them, and makes them hardly any smaller
)


def encode(time: TimeAxis, measured: Measured, traits: Traits, note: str | None = None) -> Reading:
    """Write canonical rows: `timestamp` in UTC and one column per quantity, null where masked."""
    columns = {name: _values(values) for name, values in measured.columns.items()}
    begin, end = time.window
    table = pa.table({"timestamp": _utc(time.utc), **columns})
    sink = pa.BufferOutputStream()
    # Regular stamps are differences of one value; measurements repeat too rarely for dictionaries.
    with pq.ParquetWriter(
        sink,
        table.schema,
        compression="zstd" if len(time.utc) > _FEW else "snappy",
        use_dictionary=False,
        write_statistics=["timestamp"],
        store_schema=False,  # says nothing that Parquet's own does not, in half a kilobyte
        column_encoding={"timestamp": "DELTA_BINARY_PACKED"},
    ) as writer:
        writer.write_table(table)
    return Reading(
        parquet=sink.getvalue().to_pybytes(),
        rows=RowSummary(
            count=len(time.utc),
            masked=int(np.count_nonzero(measured.masked)),
            masks=time.counts | measured.masks,
            columns=tuple(measured.columns),
            window_start=begin,
            window_end=end,
            note=note,
            traits=traits,
        ),
    )


def encode_forecast(
    placed: Placed,
    columns: dict[str, npt.NDArray[np.float64]],
    masks: dict[str, npt.NDArray[np.bool_]],
    *,
    provider: str,
    traits: Traits,
    note: str | None,
) -> Reading:
    """Write canonical rows of forecasts, ordered by issue and target.

    Besides `timestamp` and the quantities they have `issued_at` in UTC, `provider`, and `step_minutes`: how
    long each interval is, null where nothing says so.

    Parameters
    ----------
    columns
        Values by canonical name, NaN where there is none [canonical unit].
    masks
        Which rows lost a value, by reason.
    """
    time, issued = placed.time, placed.issued
    count = len(time.utc)
    whole = {
        "timestamp": _utc(time.utc),
        "issued_at": _utc(issued),
        "provider": pa.repeat(provider, count),
        STEP: _minutes(placed),
        **{name: _values(values) for name, values in columns.items()},
    }
    sink = pa.BufferOutputStream()
    # An issue's stamps are differences of one value, and it repeats in all its rows.
    pq.write_table(
        pa.table(whole),
        sink,
        compression="zstd",
        use_dictionary=["provider", "issued_at", STEP],
        write_statistics=["timestamp", "issued_at"],
        store_schema=False,
        column_encoding={"timestamp": "DELTA_BINARY_PACKED"},
    )
    masked = np.zeros(count, bool)
    for mask in masks.values():
        masked |= mask
    counted = {reason: int(mask.sum()) for reason, mask in masks.items() if mask.any()}
    lead = [each.astype("m8[s]").item() for each in (placed.leads.min(), placed.leads.max())]
    return Reading(
        parquet=sink.getvalue().to_pybytes(),
        rows=RowSummary(
            count=count,
            masked=int(masked.sum()),
            masks=time.counts | counted,
            columns=tuple(columns),
            window_start=_moment(time.utc.min()),
            window_end=_moment(placed.ends.max()),
            note=note,
            traits=traits,
            provider=provider,
            issues=Issues(len(np.unique(issued)), _moment(issued[0]), _moment(issued[-1]), *lead),
        ),
    )


def _minutes(placed: Placed) -> pa.Array:
    if not placed.shows_lengths:
        return pa.nulls(len(placed.lengths), pa.int16())
    return pa.array(np.round(placed.lengths / 60.0).astype(np.int16))


def _values(values: npt.NDArray[np.float64]) -> pa.Array:
    """Return a column that is null where it is NaN; without any NaN, Arrow takes the values as they lie."""
    if np.isnan(values).any():
        return pa.array(values, from_pandas=True)
    return _as_they_lie(values, pa.float64())


def _utc(times: Times) -> pa.Array:
    """Return times as they lie; each row has one."""
    return _as_they_lie(times.astype("M8[us]", copy=False), pa.timestamp("us", "UTC"))


def _as_they_lie(values: npt.NDArray[Any], kind: pa.DataType) -> pa.Array:
    held = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(kind, len(values), [None, held])


def _moment(stamp: np.datetime64) -> datetime:
    moment: datetime = stamp.astype("M8[us]").item()
    return moment.replace(tzinfo=UTC)
