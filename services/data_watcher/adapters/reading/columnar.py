"""Parquet: only the named columns, and nothing that unpacks to more than the function holds."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from services.data_watcher.adapters.reading import faults, header
from services.data_watcher.adapters.reading.places import Places
from services.data_watcher.adapters.reading.table import Raw
from services.data_watcher.ports import Content
from shared.solar.site import SourceFormat

_MARK = b"PAR1"


def load(data: Content, source: SourceFormat) -> Raw:
    """Take the named columns out of a Parquet file."""
    if data[: len(_MARK)] != _MARK:
        raise faults.wrong_format("no Parquet file", "parquet")
    file = pq.ParquetFile(pa.BufferReader(pa.py_buffer(data)))
    groups = (file.metadata.row_group(each) for each in range(file.num_row_groups))
    if sum(group.total_byte_size for group in groups) > faults.LARGEST_CONTENT:
        raise faults.unpacks_to_more(faults.LARGEST_CONTENT)
    names = list(file.schema_arrow.names)
    columns = header.find(source, [name.strip() for name in names])
    rows = file.metadata.num_rows
    faults.check_size(rows, len(columns.all))
    if rows == 0:
        raise faults.empty("it has columns but no rows")
    wanted = [names[at] for at in columns.all]
    # A dictionary of one huge text, repeated by a few bits for each row, must stay a dictionary.
    text = [name for name in wanted if _is_text(file.schema_arrow.field(name).type)]
    file = (
        pq.ParquetFile(pa.BufferReader(pa.py_buffer(data)), read_dictionary=text) if text else file
    )
    table = file.read(columns=wanted, use_threads=False)
    return Raw(
        {at: table[names[at]] for at in columns.all},
        columns,
        skipped={},
        places=Places.beginning_at(1),
        header=names,
    )


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)
    )
