"""Decides what each object version is, and tells what became of it.

`refresh` is the one way in: an event, a replay, a hint and the sweep all call it, and it looks at what
S3 lists now. The order of its steps survives a death after any of them: claim, read, name the canonical
object, write it, verdict, effects, settled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.data_watcher import domain
from services.data_watcher.contention import insist
from services.data_watcher.domain import ContentRecord, Fault, FileVersion, KeyRecord, State
from services.data_watcher.ports import (
    CanonicalObjects,
    Configurations,
    Inbox,
    Ledger,
    Meter,
    Publisher,
    RawObjects,
    Reader,
    Reading,
)
from shared import layout
from shared.active import ActiveSite
from shared.canonical import CanonicalFile
from shared.clock import Clock
from shared.errors import ConflictError, NotFoundError, UnreadableFileError
from shared.ids import sha256_hex
from shared.messages import DataAccepted, DataWithdrawn, FileQuarantined


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes in what is uploaded below `raw/`."""

    ledger: Ledger
    raw: RawObjects
    canonical: CanonicalObjects
    configurations: Configurations
    reader: Reader
    publisher: Publisher
    inbox: Inbox
    meter: Meter
    onboard: Callable[[str], None]
    clock: Clock

    def refresh(self, key: str) -> None:
        """Bring the ledger and the world to what S3 now holds under a key.

        Raises
        ------
        ConflictError
            Others kept changing the same key; the message has to come again.
        """
        insist(lambda: self._refresh(key))

    def _refresh(self, key: str) -> None:
        # The ledger is read before the listing: whoever saves meanwhile has a newer listing, and wins.
        stored = self.ledger.load(domain.site_of(key), key)
        listing = self.raw.versions(key)
        if not listing and not stored.versions:
            return
        site = self._site(stored.site_id)
        observed = domain.observe(stored, listing, domain.reading_of(site, key))
        record = self._judge(stored, observed, site)
        if record.settled:
            self._assert_markers(record)
        else:
            self._take_effect(record, site)

    def _site(self, site_id: str) -> ActiveSite | None:
        """Return a site's configuration; one that was uploaded but not heard of yet comes in first."""
        site = self.configurations.site(site_id)
        if site is None and site_id != domain.UNKNOWN_SITE:
            self.onboard(layout.site_config(site_id))
            site = self.configurations.site(site_id)
        return site

    # --- verdict --------------------------------------------------------------------------------

    def _judge(self, stored: KeyRecord, observed: KeyRecord, site: ActiveSite | None) -> KeyRecord:
        version = observed.current
        if version and version.state in {State.ACCEPTED, State.DUPLICATE}:
            observed = self._follow_owner(observed, version)
            version = observed.current
        if version is None or version.state is not State.PENDING:
            return self._commit(stored, observed)
        admitted = domain.admission(site, observed.key, version.size)
        if isinstance(admitted, Fault):
            return self._commit(stored, domain.quarantine(observed, version, admitted, ""))
        return self._read(stored, observed, version, admitted)

    def _follow_owner(self, record: KeyRecord, version: FileVersion) -> KeyRecord:
        """Give rows up to a smaller key with the same bytes, or take them over from one that went."""
        owner = self.ledger.content(record.site_id, version.sha256).owner
        if version.state is State.ACCEPTED and owner != record.key:
            return domain.duplicate(record, version, owner, version.rows)
        if version.state is State.DUPLICATE and owner == record.key:
            return record.with_version(domain.pend(version, version.reading))
        if version.state is State.DUPLICATE and owner != version.duplicate_of:
            return domain.duplicate(record, version, owner, version.rows)
        return record

    def _read(
        self, stored: KeyRecord, observed: KeyRecord, version: FileVersion, site: ActiveSite
    ) -> KeyRecord:
        version = replace(version, attempts=version.attempts + 1)
        claim = replace(observed.with_version(version), settled=False)
        claimed = self.ledger.save(stored, claim)
        try:
            data = self.raw.read(claimed.key, version.version_id)
        except NotFoundError as error:
            message = f"{claimed.key} changed while it was read"
            raise ConflictError(message) from error
        sha256 = sha256_hex(data)
        try:
            reading = self.reader(data, claimed.key, site)
        except UnreadableFileError as error:
            fault = Fault(error.code, error.reason, error.remedy)
            return self._commit(claimed, domain.quarantine(claimed, version, fault, sha256))
        register = self.ledger.content(claimed.site_id, sha256)
        owner = min({claimed.key, *register.keys})
        if owner != claimed.key:
            same = domain.duplicate(claimed, replace(version, sha256=sha256), owner, reading.rows)
            return self._commit(claimed, same, register)
        return self._accept(claimed, version, reading, register)

    def _accept(
        self,
        claimed: KeyRecord,
        version: FileVersion,
        reading: Reading,
        register: ContentRecord,
    ) -> KeyRecord:
        rows, sha256 = reading.rows, register.sha256
        file_id = domain.file_id_of(claimed.key, sha256, version.reading)
        canonical_key = layout.canonical(claimed.site_id, rows.window_start, file_id)
        intended = self.ledger.save(
            claimed,
            domain.intend(
                claimed, version, sha256=sha256, file_id=file_id, canonical_key=canonical_key
            ),
        )
        version = intended.versions[version.version_id]
        file = CanonicalFile(
            file_id=file_id,
            site_id=claimed.site_id,
            rows=rows.count,
            rows_masked=rows.masked,
            columns=rows.columns,
            window_start=rows.window_start,
            window_end=rows.window_end,
            uploaded_at=version.uploaded_at,
            raw_key=claimed.key,
            raw_version=version.version_id,
        )
        self.canonical.write(canonical_key, reading.parquet, file)
        return self._commit(intended, domain.accept(intended, version, rows), register)

    def _commit(
        self, before: KeyRecord, after: KeyRecord, joined: ContentRecord | None = None
    ) -> KeyRecord:
        """Save a verdict together with the registers of contents that it changes.

        `joined` is the register that the verdict was read from; were it read again here, a key that
        joined meanwhile would be overlooked.
        """
        if after == before:
            return before
        changes: list[ContentRecord] = []
        if joined and after.key not in joined.keys:
            changes.append(replace(joined, keys=joined.keys | {after.key}))
        if before.content and before.content != after.content:
            left = self.ledger.content(after.site_id, before.content)
            changes.append(replace(left, keys=left.keys - {after.key}))
        # Each of the other keys finds its own new verdict once it looks at the register again.
        others = frozenset().union(*(each.keys for each in changes)) - {after.key}
        after = replace(after, hints=after.hints | others, settled=False)
        saved = self.ledger.save(before, after, changes)
        self._count(before, saved)
        return saved

    def _count(self, before: KeyRecord, after: KeyRecord) -> None:
        version = after.current
        if version is None or version == before.versions.get(version.version_id):
            return
        figures = {
            "FilesAccepted": int(version.state is State.ACCEPTED),
            "FilesQuarantined": int(version.state is State.QUARANTINED),
        }
        if version.state is State.ACCEPTED and version.rows:
            figures["RowsMasked"] = version.rows.masked
        self.meter.count(figures)

    # --- effects --------------------------------------------------------------------------------

    def _take_effect(self, record: KeyRecord, site: ActiveSite | None) -> None:
        model_id = site.model_id if site else "unknown"
        for canonical_key, withdrawal in sorted(domain.due_withdrawals(record).items()):
            self.canonical.withdraw(canonical_key, withdrawal.reason)
            self.publisher.publish(self._withdrawn(record, canonical_key, withdrawal, model_id))
        version = record.current
        if version and version.state is State.ACCEPTED and _may_be_marked(record):
            self.canonical.restore(version.canonical_key)
        if version and version.published_at is None:
            self._tell(record, version, model_id)
        self.inbox.hint(sorted(record.hints))
        self.ledger.save(record, domain.settle(record, self.clock()))

    def _tell(self, record: KeyRecord, version: FileVersion, model_id: str) -> None:
        if version.state is State.ACCEPTED and version.rows:
            self.publisher.publish(
                DataAccepted.of(
                    subject=(record.key, version.version_id, version.changes),
                    occurred_at=self.clock(),
                    correlation_id=record.key,
                    site_id=record.site_id,
                    model_id=model_id,
                    file_id=version.file_id,
                    key=record.key,
                    version_id=version.version_id,
                    canonical_uri=self.canonical.uri(version.canonical_key),
                    rows=version.rows.count,
                    rows_masked=version.rows.masked,
                    columns=version.rows.columns,
                    window_start=version.rows.window_start,
                    window_end=version.rows.window_end,
                    uploaded_at=version.uploaded_at,
                )
            )
        fault = version.fault
        if version.state is State.QUARANTINED and fault and fault.code != domain.FOLDER:
            self.publisher.publish(
                FileQuarantined.of(
                    subject=(record.key, version.version_id, version.changes),
                    occurred_at=self.clock(),
                    correlation_id=record.key,
                    site_id=record.site_id,
                    key=record.key,
                    version_id=version.version_id,
                    reason_code=fault.code,
                    reason=fault.reason,
                    remedy=fault.remedy,
                )
            )

    def _withdrawn(
        self,
        record: KeyRecord,
        canonical_key: str,
        withdrawal: domain.Withdrawal,
        model_id: str,
    ) -> DataWithdrawn:
        return DataWithdrawn.of(
            subject=(canonical_key, withdrawal.revision),
            occurred_at=self.clock(),
            correlation_id=record.key,
            site_id=record.site_id,
            model_id=model_id,
            file_id=canonical_key.rpartition("/")[2].removesuffix(".parquet"),
            canonical_uri=self.canonical.uri(canonical_key),
            reason=withdrawal.reason,
        )

    def _assert_markers(self, record: KeyRecord) -> None:
        """Repair a marker that a slower process may have left behind before it died."""
        if not _may_be_marked(record):
            return
        current = record.current
        counting = current.canonical_key if current else ""
        for version in record.versions.values():
            if version.canonical_key and version.canonical_key != counting:
                self.canonical.withdraw(version.canonical_key, "it no longer counts")
        if counting:
            self.canonical.restore(counting)


def _may_be_marked(record: KeyRecord) -> bool:
    """Whether rows of the key may ever have been withdrawn; spares a call for every new file."""
    return len(record.versions) > 1 or any(each.changes > 1 for each in record.versions.values())
