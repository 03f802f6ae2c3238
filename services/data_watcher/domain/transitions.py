"""How a record of the file ledger changes: by what S3 lists, and by verdicts.

Nothing here depends on the order in which events came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.data_watcher.domain.versions import (
    Fault,
    FileVersion,
    KeyRecord,
    Listed,
    Rows,
    State,
    Withdrawal,
)

MOST_ATTEMPTS = 3
LIFETIME = timedelta(minutes=2)  # of a function; its timeout in the template


def claim(version: FileVersion, now: datetime) -> FileVersion | Fault:
    """Return a version that is about to be read, or the fault of one that killed its reader too often.

    A claim that is not older than a function lives may belong to a process that still reads; it is no
    failed attempt.
    """
    alive = version.claimed_at is not None and now - version.claimed_at < LIFETIME
    attempts = version.attempts + (0 if alive else 1)
    if attempts > MOST_ATTEMPTS:
        return Fault(
            "cannot_be_read",
            f"{MOST_ATTEMPTS} times a reading of the file ({version.size / 1024**2:.1f} MiB) began and never "
            "ended; it needs more memory or time than the function has",
            "split it, for example into one file per month; to let it be tried again use "
            "`solar files release`",
        )
    return replace(version, attempts=attempts, claimed_at=version.claimed_at if alive else now)


def observe(record: KeyRecord, listing: list[Listed], reading: str) -> KeyRecord:
    """Bring a record to what S3 lists: the latest version counts, older ones are superseded.

    The latest version becomes pending where it has to be read: it is new, it is back, or the site's
    configuration says another way of reading it.
    """
    listed = {each.version_id: each for each in listing if not each.is_marker}
    for version in record.versions.values():
        if version.version_id not in listed and version.state is not State.REMOVED:
            gone = version.become(State.REMOVED, superseded_by="", duplicate_of="")
            record = _let_go(record, version, "its raw object was removed").with_version(gone)
    newer = ""
    for entry in listing:
        if not entry.is_marker:
            known = record.versions.get(entry.version_id) or FileVersion(
                entry.version_id, State.PENDING, entry.uploaded_at, entry.etag, entry.size
            )
            record = (
                _observe_latest(record, known, reading)
                if entry.is_latest
                else _observe_older(record, known, newer, listed)
            )
        newer = entry.version_id
    return record if record.current else replace(record, content="")


def _observe_latest(record: KeyRecord, version: FileVersion, reading: str) -> KeyRecord:
    if version.version_id not in record.versions:
        return record.with_version(replace(version, reading=reading))
    settled = {State.ACCEPTED, State.QUARANTINED, State.DUPLICATE}
    if version.state in settled and version.reading == reading:
        return record
    if version.state is State.PENDING:
        return record.with_version(replace(version, reading=reading))
    return record.with_version(pend(version, reading))


def pend(version: FileVersion, reading: str) -> FileVersion:
    """Return a version that is to be read again; what was known of its rows stays until then."""
    return version.become(
        State.PENDING,
        reading=reading,
        superseded_by="",
        duplicate_of="",
        attempts=0,
        claimed_at=None,
    )


def release(record: KeyRecord, request: str, why: str) -> KeyRecord:
    """Return the record with its refused file to be read again; the same request again changes nothing."""
    version = record.current
    if version is None or version.state is not State.QUARANTINED or version.release_id == request:
        return record
    again = replace(pend(version, version.reading), release_id=request, released=why)
    return replace(record.with_version(again), settled=False)


def _observe_older(
    record: KeyRecord, version: FileVersion, newer: str, listed: Mapping[str, Listed]
) -> KeyRecord:
    if version.state is State.SUPERSEDED:
        if version.superseded_by == newer:
            return record
        return record.with_version(replace(version, superseded_by=newer))
    why = "a newer version was uploaded" if newer in listed else "the file was deleted"
    older = version.become(State.SUPERSEDED, superseded_by=newer, duplicate_of="")
    return _let_go(record, version, why).with_version(older)


def _let_go(record: KeyRecord, version: FileVersion, reason: str) -> KeyRecord:
    holds_rows = version.state in {State.ACCEPTED, State.PENDING}
    return record.withdrawing(version.canonical_key, reason) if holds_rows else record


def follows_owner(record: KeyRecord, owner: str) -> bool:
    """Whether the current version is what it must be where some key owns its bytes."""
    version = record.current
    if version is None or version.state not in {State.ACCEPTED, State.DUPLICATE}:
        return True
    said = version.duplicate_of if version.state is State.DUPLICATE else record.key
    return owner == said


_READ: dict[str, Any] = {"attempts": 0, "claimed_at": None}  # what a verdict makes of the attempts


def quarantine(record: KeyRecord, version: FileVersion, fault: Fault, sha256: str) -> KeyRecord:
    """Return the record with a version refused, whatever rows it had withdrawn."""
    record = record.withdrawing(version.canonical_key, f"read again and refused: {fault.reason}")
    refused = version.become(
        State.QUARANTINED,
        fault=fault,
        sha256=sha256,
        rows=None,
        file_id="",
        canonical_key="",
        duplicate_of="",
        **_READ,
    )
    return replace(record.with_version(refused), content="")


def intend(
    record: KeyRecord,
    version: FileVersion,
    *,
    sha256: str,
    file_id: str,
    canonical_key: str,
    counts_from: datetime,
) -> KeyRecord:
    """Return the record naming the canonical object that is about to be written.

    Whoever comes after a crash then knows which object to withdraw if it must not count.
    """
    if version.canonical_key != canonical_key:
        record = record.withdrawing(version.canonical_key, "the file is read in another way")
    named = replace(
        version,
        sha256=sha256,
        file_id=file_id,
        canonical_key=canonical_key,
        counts_from=counts_from,
    )
    return record.with_version(named)


def accept(record: KeyRecord, version: FileVersion, rows: Rows) -> KeyRecord:
    """Return the record with a version whose rows count."""
    accepted = version.become(State.ACCEPTED, rows=rows, fault=None, duplicate_of="", **_READ)
    return replace(record.with_version(accepted), content=version.sha256)


def duplicate(record: KeyRecord, version: FileVersion, owner: str, rows: Rows | None) -> KeyRecord:
    """Return the record with a version whose bytes already count under a smaller key."""
    record = record.withdrawing(version.canonical_key, f"the same bytes stand at {owner}")
    same = version.become(
        State.DUPLICATE,
        duplicate_of=owner,
        rows=rows,
        fault=None,
        file_id="",
        canonical_key="",
        **_READ,
    )
    return replace(record.with_version(same), content=version.sha256)


def due_withdrawals(record: KeyRecord) -> dict[str, Withdrawal]:
    """Return the withdrawals that hold: those of objects that no version of the key counts on."""
    current = record.current
    counting = current.canonical_key if current else ""
    return {key: each for key, each in record.withdrawals.items() if key != counting}


def settle(record: KeyRecord, now: datetime) -> KeyRecord:
    """Return the record with all its effects done."""
    versions = {
        name: each if each.published_at else replace(each, published_at=now)
        for name, each in record.versions.items()
    }
    return replace(record, versions=versions, withdrawals={}, hints=frozenset(), settled=True)


def same_before(record: KeyRecord, version: FileVersion) -> Iterator[FileVersion]:
    """Yield the older versions of a key that may hold the same bytes, newest first.

    The caller stops at the first that does not; S3's ETag cannot tell, for it is no hash of the bytes
    where the bucket is encrypted by a key of one's own.
    """
    older = (
        each
        for each in record.versions.values()
        if each.state is State.SUPERSEDED and each.uploaded_at <= version.uploaded_at
    )
    for each in sorted(older, key=lambda each: each.uploaded_at, reverse=True):
        if each.size != version.size:
            return
        yield each


def may_count_longer(record: KeyRecord, version: FileVersion) -> bool:
    """Whether older versions turned up from which on an accepted version's bytes may have counted."""
    for each in same_before(record, version):
        if each.sha256 and each.sha256 != version.sha256:
            return False
        if version.counts_from is None or each.uploaded_at < version.counts_from:
            return True
    return False
