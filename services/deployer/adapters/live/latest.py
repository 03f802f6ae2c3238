"""The newest forecast of a site as objects for people and machines: JSON, CSV and Parquet, overwritten."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.deployer.domain.live.feeds import Feed
from services.deployer.domain.live.newest import Newest
from services.deployer.domain.live.stamps import moment
from services.deployer.domain.live.unseen import Trained
from shared import layout
from shared.aws import S3Objects
from shared.clock import Clock
from shared.errors import NotFoundError
from shared.solar.position import Times
from shared.solar.zones import tzinfo_of

_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class S3Latest:
    """Objects below `forecasts/` of the data bucket."""

    objects: S3Objects
    clock: Clock

    def write(
        self, model_id: str, site_id: str, newest: Newest, feeds: Sequence[Feed], trained: Trained
    ) -> None:
        """Write a site's newest forecast in three forms; the JSON last, which machines are told of."""
        rows = list(_rows(newest, trained.places[site_id].timezone))
        head = {
            "model_id": model_id,
            "site_id": site_id,
            "written_at": _iso(self.clock()),
            "timezone": trained.places[site_id].timezone,
            "step_minutes": trained.step_minutes,
            "ac_capacity_kw": trained.places[site_id].ac_capacity_kw,
            "feeds": [_feed(each) for each in feeds],
        }
        bodies = {
            "csv": _csv(rows),
            "parquet": _parquet(newest, site_id),
            "json": json.dumps({**head, "rows": rows}, allow_nan=False).encode(),
        }
        for form, body in bodies.items():
            key = layout.latest_forecast(model_id, site_id, form)
            self.objects.write(key, body, content_type=_TYPES[form])

    def read(self, model_id: str, site_id: str) -> Newest | None:
        """Return a site's newest forecast; None where there is none."""
        try:
            return _newest(self.objects.read(layout.latest_forecast(model_id, site_id, "parquet")))
        except NotFoundError:
            return None

    def remove(self, model_id: str, site_id: str) -> None:
        """Take a site's newest forecast away: nothing of it stands any more."""
        for form in _TYPES:
            self.objects.delete(layout.latest_forecast(model_id, site_id, form))


def _newest(body: bytes) -> Newest:
    """Read what `_parquet` wrote."""
    table = pq.read_table(pa.BufferReader(body))

    def times(name: str) -> Times:
        seconds = table[name].cast(pa.timestamp("s", "UTC"), safe=False).cast("int64")
        moments: Times = seconds.to_numpy().astype("datetime64[s]")
        return moments

    names = table["provider"].to_pylist()
    providers = tuple(dict.fromkeys(names))
    return Newest(
        times=times("timestamp"),
        p10=table["p10"].to_numpy(),
        power_ac=table["p50"].to_numpy(),
        p90=table["p90"].to_numpy(),
        issued_at=times("issued_at"),
        providers=providers,
        provider=np.array([providers.index(name) for name in names], dtype=np.int64),
        version=table["version"].to_numpy().astype(np.int64),
    )


def _feed(feed: Feed) -> dict[str, Any]:
    return {
        "provider": feed.provider,
        "issued_at": _iso(feed.issued_at),
        "uploaded_at": _iso(feed.uploaded_at),
        "until": _iso(feed.until),
        "model_package_version": feed.version,
        "due_at": _iso(feed.due_at) if feed.due_at else None,
    }


def _rows(newest: Newest, zone: str) -> Any:
    local = tzinfo_of(zone)
    for place, time in enumerate(newest.times):
        begin = moment(time)
        yield {
            "timestamp": _iso(begin),
            "local": begin.astimezone(local).isoformat(),
            "p10": round(float(newest.p10[place]), 4),
            "p50": round(float(newest.power_ac[place]), 4),
            "p90": round(float(newest.p90[place]), 4),
            "provider": newest.providers[newest.provider[place]],
            "issued_at": _iso(moment(newest.issued_at[place])),
            "lead_hours": round(float(newest.lead_hours[place]), 2),
            "version": int(newest.version[place]),
        }


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _parquet(newest: Newest, site_id: str) -> bytes:
    stamps = pa.timestamp("us", "UTC")
    table = pa.table(
        {
            "timestamp": pa.array(newest.times.astype("datetime64[us]")).cast(stamps),
            "site_id": [site_id] * len(newest.times),
            "p10": newest.p10,
            "p50": newest.power_ac,
            "p90": newest.p90,
            "provider": [newest.providers[each] for each in newest.provider],
            "issued_at": pa.array(newest.issued_at.astype("datetime64[us]")).cast(stamps),
            "lead_hours": np.round(newest.lead_hours, 4),
            "version": newest.version.astype(np.int32),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def _iso(moment: Any) -> str:
    return str(moment.isoformat()).replace("+00:00", "Z")
