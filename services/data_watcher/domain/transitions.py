"""How a record of the file ledger changes: by what S3 lists, and by verdicts.

Nothing here depends on the order in which events came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypedDict

from services.data_watcher.domain.records import KeyRecord, Listed, Withdrawal
from services.data_watcher.domain.versions import (
    Accepted,
    CanonicalObject,
    Decision,
    Duplicate,
    Fault,
    FileVersion,
    Pending,
    Quarantined,
    Released,
    Removed,
    RowSummary,
    Superseded,
    Upload,
    canonical_key,
)

MOST_ATTEMPTS = 3
LIFETIME = timedelta(minutes=2)  # of a function; its timeout in the template


# --- what S3 lists ------------------------------------------------------------------------------------


def observe(record: KeyRecord, listing: list[Listed], reading: str) -> KeyRecord:
    """Bring a record to what S3 lists: the latest version counts, older ones are superseded.

    The latest version becomes pending where it has to be read: it is new, it is back, or the site's
    configuration says another way of reading it.
    """
    listed = {each.version_id for each in listing if not each.is_marker}
    for version in record.versions.values():
        if version.version_id not in listed and not _is_gone(version):
            record = _let_go(record, version, "its raw object was removed")
            record = record.with_version(_remove(version))
    newer: str | None = None
    for entry in listing:
        if not entry.is_marker:
            record = (
                _observe_latest(record, entry, reading)
                if entry.is_latest
                else _observe_older(record, entry, newer, is_marked=newer not in listed)
            )
        newer = entry.version_id
    return record if record.current else replace(record, content=None)


def _is_gone(version: FileVersion) -> bool:
    return isinstance(version, Removed) and not version.is_kept


def _observe_latest(record: KeyRecord, entry: Listed, reading: str) -> KeyRecord:
    match record.versions.get(entry.version_id):
        case None:
            return record.with_version(Pending(upload=entry.upload, reading=reading))
        case Pending() as version:
            return record.with_version(replace(version, reading=reading))
        case (Accepted() | Quarantined() | Duplicate()) as version if version.reading == reading:
            return record
        case Removed(decision=Decision()) as version:  # a person took it out, whatever S3 lists
            return record.with_version(replace(version, is_kept=True))
        case version:
            return record.with_version(pend(version, reading))


def _observe_older(
    record: KeyRecord, entry: Listed, newer: str | None, *, is_marked: bool
) -> KeyRecord:
    match record.versions.get(entry.version_id):
        case None:
            return record.with_version(Superseded(upload=entry.upload, changes=1, by=newer))
        case Superseded() as version if version.by == newer:
            return record
        case Superseded() as version:
            return record.with_version(replace(version, by=newer))
        case Removed(decision=Decision()) as version:  # a person took it out, whatever S3 lists
            return record.with_version(replace(version, is_kept=True))
        case version:
            why = "the file was deleted" if is_marked else "a newer version was uploaded"
            return _let_go(record, version, why).with_version(_supersede(version, newer))


def _let_go(record: KeyRecord, version: FileVersion, reason: str) -> KeyRecord:
    holds_rows = isinstance(version, Accepted | Pending)
    return record.withdrawing(canonical_key(version), reason) if holds_rows else record


def _supersede(version: FileVersion, by: str | None) -> Superseded:
    return Superseded(
        **_carried(version),
        by=by,
        reading=version.reading,
        known=version.known,
    )


def _remove(version: FileVersion) -> Removed:
    return Removed(
        **_carried(version),
        reading=version.reading,
        known=version.known,
        decision=version.decision if isinstance(version, Removed) else None,
    )


class _Carried(TypedDict):
    """What a version takes along into its next state."""

    upload: Upload
    changes: int
    released: Released | None
    dismissed: Decision | None


def _carried(version: FileVersion) -> _Carried:
    return {
        "upload": version.upload,
        "changes": version.changes + 1,
        "released": version.released,
        "dismissed": version.dismissed,
    }


def pend(version: FileVersion, reading: str) -> Pending:
    """Return a version that is to be read again; what was known of its rows stays until then."""
    return Pending(
        **_carried(version),
        reading=reading,
        known=version.known,
    )


# --- before a verdict ---------------------------------------------------------------------------------


def claim(version: Pending, now: datetime) -> Pending | Fault:
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


def release(record: KeyRecord, request: str, why: str) -> KeyRecord:
    """Return the record with its refused or taken-out file to be read again; a repeat changes nothing."""
    version = record.current or _newest_taken_out(record)
    if not isinstance(version, Quarantined | Removed):
        return record
    if version.released and version.released.request_id == request:
        return record
    again = replace(
        pend(version, version.reading or ""), released=Released(request, why), dismissed=None
    )
    return replace(record.with_version(again), settled=False)


def _newest_taken_out(record: KeyRecord) -> Removed | None:
    taken_out = (
        each
        for each in record.versions.values()
        if isinstance(each, Removed) and each.decision and each.is_kept
    )
    return max(taken_out, key=lambda each: each.uploaded_at, default=None)


def dismiss(record: KeyRecord, version_id: str, decision: Decision) -> KeyRecord:
    """Return the record with a person's word that nobody will correct its refused file.

    A version that is no longer refused, or no longer the current one, is no open work.
    """
    version = record.current
    if not isinstance(version, Quarantined) or version.version_id != version_id:
        return record
    if version.dismissed is not None:
        return record
    dismissed = replace(version, dismissed=decision, published_at=None)  # that is to be told
    return replace(record.with_version(dismissed), settled=False)


def take_out(record: KeyRecord, version_id: str, decision: Decision) -> KeyRecord:
    """Return the record without a version that a person took out; S3 keeps its bytes.

    What follows, withdrawn rows and other keys with the same bytes, the next look at the key brings about.
    """
    version = record.versions.get(version_id)
    if version is None or isinstance(version, Removed):
        return record
    record = _let_go(record, version, f"{decision.by} removed the file: {decision.why}")
    taken = Removed(
        **_carried(version),
        reading=version.reading,
        known=version.known,
        decision=decision,
        is_kept=True,
    )
    return replace(record.with_version(taken), settled=False)


def follows_owner(record: KeyRecord, owner: str | None) -> bool:
    """Whether the current version is what it must be where some key owns its bytes."""
    match record.current:
        case Accepted():
            return owner == record.key
        case Duplicate(of=said):
            return owner == said
        case _:
            return True


def same_before(record: KeyRecord, version: Pending | Accepted) -> Iterator[Superseded]:
    """Yield the older versions of a key that may hold the same bytes, newest first.

    The caller stops at the first that does not; S3's ETag cannot tell, because it is no hash of the bytes
    where a customer-managed key encrypts the bucket.
    """
    older = (
        each
        for each in record.versions.values()
        if isinstance(each, Superseded) and each.uploaded_at <= version.uploaded_at
    )
    for each in sorted(older, key=lambda each: each.uploaded_at, reverse=True):
        if each.size != version.size:
            return
        yield each


def may_count_longer(record: KeyRecord, version: Accepted) -> bool:
    """Whether older versions turned up from which on an accepted version's bytes may have counted."""
    since = version.canonical.counts_from
    for each in same_before(record, version):
        sha256 = each.known.sha256
        if sha256 and sha256 != version.sha256:
            return False
        if since is None or each.uploaded_at < since:
            return True
    return False


# --- verdicts -----------------------------------------------------------------------------------------


def accept(  # noqa: PLR0917 - the verdict, and of what
    record: KeyRecord,
    version: Pending,
    sha256: str,
    content: str,
    canonical: CanonicalObject,
    rows: RowSummary,
) -> KeyRecord:
    """Return the record with a version whose rows count."""
    before = canonical_key(version)
    if before != canonical.key:
        record = record.withdrawing(before, "the file is read in another way")
    accepted = Accepted(
        **_carried(version),
        reading=version.reading,
        sha256=sha256,
        canonical=canonical,
        rows=rows,
    )
    return replace(record.with_version(accepted), content=content)


def quarantine(
    record: KeyRecord, version: Pending, fault: Fault, sha256: str | None = None
) -> KeyRecord:
    """Return the record with a version refused, whatever rows it had withdrawn."""
    why = f"read again and refused: {fault.reason}"
    record = record.withdrawing(canonical_key(version), why)
    refused = Quarantined(
        **_carried(version),
        reading=version.reading,
        fault=fault,
        sha256=sha256,
    )
    return replace(record.with_version(refused), content=None)


def duplicate(  # noqa: PLR0917 - as above
    record: KeyRecord,
    version: Pending | Accepted | Duplicate,
    sha256: str,
    content: str,
    owner: str,
    rows: RowSummary | None,
) -> KeyRecord:
    """Return the record with a version whose content already counts under a smaller key."""
    record = record.withdrawing(canonical_key(version), f"the same bytes are at {owner}")
    same = Duplicate(
        **_carried(version),
        reading=version.reading,
        of=owner,
        sha256=sha256,
        rows=rows,
    )
    return replace(record.with_version(same), content=content)


# --- effects ------------------------------------------------------------------------------------------


def due_withdrawals(record: KeyRecord) -> dict[str, Withdrawal]:
    """Return the withdrawals that hold: those of objects that no version of the key counts on."""
    current = record.current
    counting = canonical_key(current) if current else None
    return {key: each for key, each in record.withdrawals.items() if key != counting}


def settle(record: KeyRecord, now: datetime) -> KeyRecord:
    """Return the record with all its effects done."""
    versions = {
        name: each if each.published_at else replace(each, published_at=now)
        for name, each in record.versions.items()
    }
    return replace(record, versions=versions, withdrawals={}, hints=frozenset(), settled=True)
