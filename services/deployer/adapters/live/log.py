"""The prediction log in S3: one Parquet object per file and version, written once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.deployer.domain.live.book import FileRef
from services.deployer.domain.live.predicted import Predicted, Weather
from shared import layout
from shared.aws import S3Objects
from shared.errors import NotFoundError
from shared.solar.position import Times

_CONTENT = "application/vnd.apache.parquet"
_READERS = 8  # at once; a client has ten connections
_CONSTANT = ("version", "inputs", "provider", "made_at")  # in each row the same
_VALUES = ("power_ac", "p10", "p90", "gain", "unadjusted")
_OURS = frozenset(("timestamp", "issued_at", "lead_hours", "missing", *_VALUES, *_CONSTANT))


@dataclass(frozen=True, slots=True)
class S3PredictionLog:
    """Objects below `predictions/` of the data bucket; none is ever overwritten."""

    objects: S3Objects

    def keep(self, kept: dict[str, Predicted]) -> dict[str, Predicted]:
        """Write predictions under their keys; return those that stand there, which may be earlier ones."""
        with ThreadPoolExecutor(_READERS) as writers:
            found = list(writers.map(self._keep, kept.items()))
        return dict(zip(kept, found, strict=True))

    def read(self, keys: dict[str, str]) -> dict[str, Predicted]:
        """Return predictions by key, given the site of each; an object that somebody deleted is left out."""
        with ThreadPoolExecutor(_READERS) as readers:
            found = list(readers.map(self._read, keys.items()))
        return {
            key: predicted
            for key, predicted in zip(keys, found, strict=True)
            if predicted is not None
        }

    def keys_of(self, model_id: str, files: Sequence[FileRef]) -> dict[FileRef, tuple[str, ...]]:
        """Return the keys of what any version predicted of files; one call per file and month of its rows."""
        with ThreadPoolExecutor(_READERS) as readers:
            found = readers.map(lambda each: self._keys_of(model_id, each), files)
            return dict(zip(files, found, strict=True))

    def listed(
        self, model_id: str, sites: Sequence[str], since: datetime, until: datetime
    ) -> dict[str, set[str]]:
        """Return the keys of what a model predicted for sites, from a month to another one."""

        def keys(site_id: str) -> set[str]:
            prefix = layout.predictions_of_site(model_id, site_id)
            entries = self.objects.entries(prefix, after=f"{prefix}{since:%Y-%m}")
            end = f"{prefix}{until:%Y-%m}/~"  # behind all that is filed by this month
            return {each["Key"] for each in takewhile(lambda each: each["Key"] < end, entries)}

        with ThreadPoolExecutor(_READERS) as readers:
            return dict(zip(sites, readers.map(keys, sites), strict=True))

    def _keys_of(self, model_id: str, file: FileRef) -> tuple[str, ...]:
        prefixes = (
            layout.predictions_of_file(model_id, file.site_id, month, file.file_id)
            for month in _months(file.start, file.end)
        )
        return tuple(key for prefix in prefixes for key in self.objects.keys(prefix))

    def _keep(self, kept: tuple[str, Predicted]) -> Predicted:
        key, predicted = kept
        if self.objects.create(key, encode(predicted), content_type=_CONTENT):
            return predicted
        return self._read((key, predicted.weather.site_id)) or predicted

    def _read(self, wanted: tuple[str, str]) -> Predicted | None:
        key, site_id = wanted
        try:
            return decode(self.objects.read(key), site_id)
        except NotFoundError:
            return None


def _months(start: datetime, end: datetime) -> list[str]:
    """Return the UTC months of an interval [start, end)."""
    first, last = (each.astimezone(UTC) for each in (start, end - timedelta(microseconds=1)))
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in numbers]


def encode(predicted: Predicted) -> bytes:
    """Write predictions as Parquet: a row per interval, beside the weather they were made from."""
    count = len(predicted.times)
    moment = pa.timestamp("us", "UTC")
    if len(predicted.issued_at):
        issued_at = pa.array(predicted.issued_at.astype("datetime64[us]")).cast(moment)
        lead = pa.array(np.round(predicted.lead_hours, 4))
    else:
        issued_at, lead = pa.nulls(count, moment), pa.nulls(count, pa.float64())
    columns: dict[str, Any] = {
        "timestamp": pa.array(predicted.times.astype("datetime64[us]")).cast(moment),
        "power_ac": predicted.power_ac,
        "p10": predicted.p10,
        "p90": predicted.p90,
        "version": pa.array([predicted.version] * count, pa.int32()),
        "inputs": [predicted.inputs] * count,
        "provider": [predicted.provider] * count,
        "issued_at": issued_at,
        "lead_hours": lead,
        "gain": predicted.gain,
        "unadjusted": predicted.unadjusted,
        "made_at": pa.array([predicted.made_at] * count, moment),
        "missing": list(predicted.missing),
    }
    weather = {
        name: pa.array(values, from_pandas=True)
        for name, values in sorted(predicted.weather.columns.items())
    }
    origin = {
        "file_id": predicted.file_id,
        "uploaded_at": predicted.uploaded_at.isoformat(),
        "step_minutes": str(predicted.step_minutes),
    }
    table = pa.table(columns | weather).replace_schema_metadata(origin)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def decode(body: bytes, site_id: str) -> Predicted:
    """Read predictions that `encode` wrote."""
    table = pq.read_table(pa.BufferReader(body))
    said = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    first = {name: table[name][0].as_py() for name in _CONSTANT}
    weather = {name: _floats(table, name) for name in table.column_names if name not in _OURS}
    issued_at = _no_times() if table["issued_at"].null_count else _times(table, "issued_at")
    return Predicted(
        file_id=said["file_id"],
        version=first["version"],
        inputs=first["inputs"],
        uploaded_at=datetime.fromisoformat(said["uploaded_at"]),
        made_at=first["made_at"],
        step_minutes=int(said["step_minutes"]),
        weather=Weather(site_id, _times(table, "timestamp"), weather, issued_at, first["provider"]),
        **{name: _floats(table, name) for name in _VALUES},
        missing=tuple(table["missing"].to_pylist()),
    )


def _times(table: pa.Table, name: str) -> Times:
    seconds = table[name].cast(pa.timestamp("s", "UTC"), safe=False).cast("int64").to_numpy()
    moments: Times = seconds.astype("datetime64[s]")
    return moments


def _no_times() -> Times:
    return np.empty(0, dtype="datetime64[s]")


def _floats(table: pa.Table, name: str) -> Any:
    values = table[name].cast("float64").to_numpy(zero_copy_only=False)
    return np.array(values, dtype=float)
