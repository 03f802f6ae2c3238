"""Canonical tables of many files in one Parquet file, each in a row group of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from services.data_watcher.ports import Part
from shared.canonical import CanonicalFile
from shared.compaction import MEMBER_LIST, MEMBERS, Member
from shared.errors import UnreadableFileError

_STAMP = "timestamp"


def join(parts: Sequence[Part]) -> bytes:
    """Join canonical objects and compacts, in the order of upload; the same parts give the same bytes.

    Raises
    ------
    UnreadableFileError
        A part is no canonical table, or no compact.
    """
    try:
        groups = sorted(_groups(parts), key=lambda each: (each[0].uploaded_at, each[0].file_id))
        schema = _common([table.schema for _, table in groups])
        listed = MEMBER_LIST.dump_json(tuple(member for member, _ in groups))
        return _written(schema.with_metadata({MEMBERS: listed}), [table for _, table in groups])
    except (pa.ArrowException, ValueError, KeyError) as error:
        message = f"canonical rows cannot be joined: {error}"
        raise UnreadableFileError("unreadable", message, "see the objects of the month") from error


def _groups(parts: Iterable[Part]) -> Iterator[tuple[Member, pa.Table]]:
    for part in parts:
        with pq.ParquetFile(pa.BufferReader(part.parquet)) as file:
            if part.file is not None:
                table = file.read().replace_schema_metadata(None)
                yield _member(part.file, table), table
                continue
            for number, member in enumerate(
                MEMBER_LIST.validate_json(file.metadata.metadata[MEMBERS])
            ):
                table = file.read_row_group(number, columns=[_STAMP, *member.columns])
                yield member, table.replace_schema_metadata(None)


def _member(file: CanonicalFile, table: pa.Table) -> Member:
    """Describe a file; its table, and not its metadata, says which columns it carries."""
    carried = tuple(name for name in table.column_names if name != _STAMP)
    return Member(file_id=file.file_id, uploaded_at=file.uploaded_at, columns=carried)


def _common(schemas: Iterable[pa.Schema]) -> pa.Schema:
    whole = pa.unify_schemas(list(schemas))
    rest = sorted(name for name in whole.names if name != _STAMP)
    return pa.schema([whole.field(_STAMP), *(whole.field(name) for name in rest)])


def _written(schema: pa.Schema, tables: Iterable[pa.Table]) -> bytes:
    sink = pa.BufferOutputStream()
    options = {"use_dictionary": False, "column_encoding": {_STAMP: "DELTA_BINARY_PACKED"}}
    with pq.ParquetWriter(
        sink, schema, compression="zstd", write_statistics=False, **options
    ) as writer:
        for table in tables:
            filled = [
                table[field.name]
                if field.name in table.column_names
                else pa.nulls(table.num_rows, field.type)
                for field in schema
            ]
            whole = pa.table(filled, schema=schema)
            writer.write_table(whole, row_group_size=max(whole.num_rows, 1))
    return bytes(sink.getvalue().to_pybytes())
