"""The log of predictions: what was predicted for a site."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from console.client import objects
from console.target import System
from shared import layout
from shared.solar import leads

_DAYS_BEFORE = 2  # of which the day before a time in UTC is part
COLUMNS = (
    "timestamp",
    "power_ac",
    "p10",
    "p90",
    "version",
    "inputs",
    "provider",
    "issued_at",
    "lead_hours",
    "gain",
    "made_at",
    "hindsight",
    "missing",
    "unadjusted",
)


def sites(system: System, model: str, most: int) -> list[str]:
    """Return sites that a model predicted for, at most so many; also those that belong to another one now."""
    prefix = f"{layout.PREDICTIONS}{model}/"
    found = system.client("s3").list_objects_v2(
        Bucket=system.bucket, Prefix=prefix, Delimiter="/", MaxKeys=most
    )
    folders = [each["Prefix"] for each in found.get("CommonPrefixes", ())]
    return [each.removeprefix(prefix).rstrip("/") for each in folders]


def ask(
    system: System, model: str, site: str, begin: datetime | None, end: datetime | None
) -> dict[str, Any]:
    """Return which objects hold the predictions of a time, and which files wait."""
    first = begin.date().isoformat() if begin else None
    last = end.date().isoformat() if end else None
    return dict(
        system.ask(
            "deployer",
            "predictions",
            model_id=model,
            site_id=site,
            first=first,
            last=last or (_latest(begin) if begin else None),
            days=_DAYS_BEFORE if last and not first else None,
        )
    )


def _latest(begin: datetime) -> str:
    return (begin.date() + timedelta(days=31)).isoformat()  # forecasts are of days to come


def rows(
    system: System,
    kept: Iterable[Mapping[str, Any]],
    begin: datetime | None,
    end: datetime | None,
    *,
    until: bool = False,
    gone: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of objects of the log, in the order of time; of the same time and version the best.

    Parameters
    ----------
    until
        Whether the end belongs to the interval.
    gone
        Hears the key of an object that was deleted.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and only needed here

    found: dict[tuple[datetime, int, str, Any], dict[str, Any]] = {}
    for each in kept:
        if not each["counts"]:
            continue
        body = objects.bytes_at(system, each["key"])
        if body is None:
            if gone is not None:
                gone(each["key"])
            continue
        table = pq.read_table(io.BytesIO(body))
        about = table.schema.metadata
        step = timedelta(minutes=int(about[b"step_minutes"]))
        uploaded_at = datetime.fromisoformat(about[b"uploaded_at"].decode())
        for row in table.to_pylist():
            time = row["timestamp"]
            row["hindsight"] = row["issued_at"] is not None and leads.is_hindsight(
                time + step, row["made_at"], row["issued_at"], uploaded_at
            )
            if (begin and time < begin) or (end and (time > end if until else time >= end)):
                continue
            key = time, row["version"], row["inputs"], row["issued_at"]
            before = found.get(key)
            if before is None or _estimated(row) <= _estimated(before):
                found[key] = row
    ordered = [found[key] for key in sorted(found, key=lambda key: (*key[:3], str(key[3])))]
    return [_plain(row) for row in ordered]


def _estimated(row: Mapping[str, Any]) -> int:
    return len(row["missing"].split(",")) if row["missing"] else 0


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as JSON and CSV have it: the log's columns, and the weather it was made from."""
    weather = {name: value for name, value in row.items() if name not in COLUMNS}
    said = {name: _text(row[name]) for name in COLUMNS}
    return {**said, **weather}


def _text(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
