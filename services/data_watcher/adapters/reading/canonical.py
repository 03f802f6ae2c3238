"""Canonical rows as Parquet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.data_watcher.adapters.reading.quantities import Measured
from services.data_watcher.domain.time_axis import TimeAxis
from services.data_watcher.domain.traits import Traits
from services.data_watcher.domain.versions import RowSummary
from services.data_watcher.ports import Reading


def encode(time: TimeAxis, measured: Measured, traits: Traits, note: str | None = None) -> Reading:
    """Write canonical rows: `timestamp` in UTC and one column per quantity, null where masked."""
    stamps = pa.array(time.utc, pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    columns = {
        name: pa.array(values, from_pandas=True) for name, values in measured.columns.items()
    }
    sink = pa.BufferOutputStream()
    # Regular stamps are differences of one value; measurements repeat too rarely for dictionaries.
    pq.write_table(
        pa.table({"timestamp": stamps, **columns}),
        sink,
        compression="zstd",
        use_dictionary=False,
        write_statistics=["timestamp"],
        store_schema=False,  # says nothing that Parquet's own does not, in half a kilobyte
        column_encoding={"timestamp": "DELTA_BINARY_PACKED"},
    )
    return Reading(
        parquet=sink.getvalue().to_pybytes(),
        rows=RowSummary(
            count=len(time.utc),
            masked=int(measured.masked.sum()),
            masks=time.counts | measured.masks,
            columns=tuple(measured.columns),
            window_start=_moment(time.utc[0]),
            window_end=_moment(time.utc[-1]) + timedelta(seconds=time.step),
            note=note,
            traits=traits,
        ),
    )


def _moment(stamp: np.datetime64) -> datetime:
    moment: datetime = stamp.astype("M8[us]").item()
    return moment.replace(tzinfo=UTC)
