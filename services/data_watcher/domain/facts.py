"""What is published and written about a version, in the words that other services read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from services.data_watcher.domain.admission import FOLDER
from services.data_watcher.domain.records import KeyRecord, Withdrawal
from services.data_watcher.domain.versions import (
    Accepted,
    CanonicalObject,
    Decision,
    Duplicate,
    FileVersion,
    Quarantined,
    Removed,
    RowSummary,
    Superseded,
)
from shared.canonical import CanonicalFile
from shared.messages import DataAccepted, DataWithdrawn, FileQuarantined, FileSettled

_HOUR = timedelta(hours=1)
_LEFT: dict[type[FileVersion], str] = {
    Duplicate: "FilesDuplicate",
    Superseded: "FilesSuperseded",
    Removed: "FilesRemoved",
}


def canonical_file(
    record: KeyRecord, version: FileVersion, canonical: CanonicalObject, rows: RowSummary
) -> CanonicalFile:
    """Describe the canonical rows of a version."""
    return CanonicalFile(
        file_id=canonical.file_id,
        site_id=record.site_id,
        rows=rows.count,
        rows_masked=rows.masked,
        columns=rows.columns,
        window_start=rows.window_start,
        window_end=rows.window_end,
        uploaded_at=canonical.counts_from,
        raw_key=record.key,
        raw_version=version.version_id,
        provider=rows.provider,
    )


def verdict(
    record: KeyRecord, *, model_id: str, uri: Callable[[str], str], now: datetime
) -> DataAccepted | FileQuarantined | None:
    """Return what is still to be published about the verdict on a key, if anything.

    Parameters
    ----------
    uri
        Returns the address of a canonical object by its key.
    """
    version = record.current
    if version is None or version.published_at is not None:
        return None
    match version:
        case Accepted():
            return _accepted(record, version, model_id, uri(version.canonical.key), now)
        case Quarantined(dismissed=None) if version.fault.code != FOLDER:
            return _quarantined(record, version, now)
        case _:
            return None


def _accepted(
    record: KeyRecord, version: Accepted, model_id: str, uri: str, now: datetime
) -> DataAccepted:
    return DataAccepted.of(
        subject=(record.key, version.version_id, version.changes),
        occurred_at=now,
        correlation_id=record.key,
        site_id=record.site_id,
        model_id=model_id,
        file_id=version.canonical.file_id,
        key=record.key,
        version_id=version.version_id,
        canonical_uri=uri,
        rows=version.rows.count,
        rows_masked=version.rows.masked,
        columns=version.rows.columns,
        window_start=version.rows.window_start,
        window_end=version.rows.window_end,
        uploaded_at=version.canonical.counts_from,
        provider=version.rows.provider,
    )


def _quarantined(record: KeyRecord, version: Quarantined, now: datetime) -> FileQuarantined:
    return FileQuarantined.of(
        subject=(record.key, version.version_id, version.changes),
        occurred_at=now,
        correlation_id=record.key,
        site_id=record.site_id,
        key=record.key,
        version_id=version.version_id,
        reason_code=version.fault.code,
        reason=version.fault.reason,
        remedy=version.fault.remedy,
    )


def settled(record: KeyRecord, now: datetime) -> Iterator[FileSettled]:
    """Yield what is still to be published about refused files that need nobody any more.

    A refused version after which a newer one came is no end: the verdict on that one tells what became of it.
    """
    for version in record.versions.values():
        if version.published_at is not None:
            continue
        refused = version.known.fault is not None and version.known.fault.code != FOLDER
        match version:
            case Quarantined(dismissed=Decision() as decided) if refused:
                yield _settled(record, version, "dismissed", decided, now)
            case Removed(decision=Decision() as decided) if refused:
                yield _settled(record, version, "removed", decided, now)
            case Removed() | Superseded() if refused and record.current is None:
                yield _settled(record, version, "deleted", None, now)
            case Duplicate() if _may_have_been_refused(record, version):
                yield _settled(record, version, "duplicate", None, now)


def _may_have_been_refused(record: KeyRecord, version: Duplicate) -> bool:
    """Whether people may have been told of the key: a version was refused, or this one was read before."""
    was_read_before = version.changes > 1
    return was_read_before or any(each.known.fault for each in record.versions.values())


def _settled(
    record: KeyRecord,
    version: FileVersion,
    outcome: Literal["removed", "dismissed", "deleted", "duplicate"],
    decided: Decision | None,
    now: datetime,
) -> FileSettled:
    """Return the end of a refused file; the same decision is the same fact, whatever is noted later."""
    revision = decided.request_id if decided else version.changes
    of = f"its bytes count at {version.of}" if isinstance(version, Duplicate) else ""
    return FileSettled.of(
        subject=(record.key, version.version_id, outcome, revision),
        occurred_at=now,  # a person's clock may be slow, and the refusal was told by this one
        correlation_id=record.key,
        site_id=record.site_id,
        key=record.key,
        version_id=version.version_id,
        outcome=outcome,
        reason=decided.why if decided else of,
        requested_by=decided.by if decided else "",
    )


def withdrawn(
    record: KeyRecord,
    canonical_key: str,
    withdrawal: Withdrawal,
    *,
    model_id: str,
    uri: str,
    now: datetime,
) -> DataWithdrawn:
    """Return what is published about canonical rows that no longer count."""
    return DataWithdrawn.of(
        subject=(canonical_key, withdrawal.revision),
        occurred_at=now,
        correlation_id=record.key,
        site_id=record.site_id,
        model_id=model_id,
        file_id=canonical_key.rpartition("/")[2].removesuffix(".parquet"),
        canonical_uri=uri,
        reason=withdrawal.reason,
    )


def issued(rows: RowSummary | None) -> dict[str, Any]:
    """Return for machines who made a forecast and when; nothing of rows that were measured."""
    issues = rows.issues if rows else None
    return {
        "provider": (rows.provider if rows else "") or None,
        "issues": {
            "count": issues.count,
            "first": issues.first.isoformat(),
            "last": issues.last.isoformat(),
            "first_lead_hours": round(issues.shortest / _HOUR, 2),
            "last_lead_hours": round(issues.longest / _HOUR, 2),
        }
        if issues
        else None,
    }


def figures(before: KeyRecord, after: KeyRecord) -> dict[str, int]:
    """Return what a look at a key adds to the metrics: its verdict if it is new, and how versions ended."""
    counted = _left(before, after)
    version = after.current
    if version is None or version == before.versions.get(version.version_id):
        return counted
    counted |= {
        "FilesAccepted": int(isinstance(version, Accepted)),
        "FilesQuarantined": int(isinstance(version, Quarantined)),
    }
    if isinstance(version, Accepted):
        counted |= {"RowsAccepted": version.rows.count, "RowsMasked": version.rows.masked}
    return counted


def _left(before: KeyRecord, after: KeyRecord) -> dict[str, int]:
    """Count the versions that came to a state in which their rows do not count, by that state."""
    came = Counter(
        _LEFT[type(version)]
        for version_id, version in after.versions.items()
        if type(version) in _LEFT and type(version) is not type(before.versions.get(version_id))
    )
    return dict(came)
