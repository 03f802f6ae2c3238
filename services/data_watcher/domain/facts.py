"""What is told and written of a version, in the words that other services read."""

from __future__ import annotations

from datetime import datetime

from services.data_watcher.domain import versions
from services.data_watcher.domain.versions import FileVersion, KeyRecord, Rows, State, Withdrawal
from shared.canonical import CanonicalFile
from shared.messages import DataAccepted, DataWithdrawn, FileQuarantined

Verdict = DataAccepted | FileQuarantined


def canonical_file(record: KeyRecord, version: FileVersion, rows: Rows) -> CanonicalFile:
    """Describe the canonical rows of a version."""
    return CanonicalFile(
        file_id=version.file_id,
        site_id=record.site_id,
        rows=rows.count,
        rows_masked=rows.masked,
        columns=rows.columns,
        window_start=rows.window_start,
        window_end=rows.window_end,
        uploaded_at=version.counts_from,
        raw_key=record.key,
        raw_version=version.version_id,
    )


def verdict(
    record: KeyRecord, version: FileVersion, *, model_id: str, uri: str, now: datetime
) -> Verdict | None:
    """Return what people and services are told of a version's verdict, if anything."""
    if version.state is State.ACCEPTED and version.rows:
        return DataAccepted.of(
            subject=(record.key, version.version_id, version.changes),
            occurred_at=now,
            correlation_id=record.key,
            site_id=record.site_id,
            model_id=model_id,
            file_id=version.file_id,
            key=record.key,
            version_id=version.version_id,
            canonical_uri=uri,
            rows=version.rows.count,
            rows_masked=version.rows.masked,
            columns=version.rows.columns,
            window_start=version.rows.window_start,
            window_end=version.rows.window_end,
            uploaded_at=version.counts_from,
        )
    fault = version.fault
    if version.state is State.QUARANTINED and fault and fault.code != versions.FOLDER:
        return FileQuarantined.of(
            subject=(record.key, version.version_id, version.changes),
            occurred_at=now,
            correlation_id=record.key,
            site_id=record.site_id,
            key=record.key,
            version_id=version.version_id,
            reason_code=fault.code,
            reason=fault.reason,
            remedy=fault.remedy,
        )
    return None


def withdrawn(
    record: KeyRecord,
    canonical_key: str,
    withdrawal: Withdrawal,
    *,
    model_id: str,
    uri: str,
    now: datetime,
) -> DataWithdrawn:
    """Return what is told of canonical rows that no longer count."""
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


def figures(version: FileVersion | None) -> dict[str, int]:
    """Return what a version's verdict adds to the metrics."""
    if version is None:
        return {}
    counted = {
        "FilesAccepted": int(version.state is State.ACCEPTED),
        "FilesQuarantined": int(version.state is State.QUARANTINED),
    }
    if version.state is State.ACCEPTED and version.rows:
        counted |= {"RowsAccepted": version.rows.count, "RowsMasked": version.rows.masked}
    return counted
