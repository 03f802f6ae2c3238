"""Decides what each object version is, and tells what became of it.

`refresh` is the one way in: an event, a replay, a hint and the sweep all call it, and it looks at what
S3 lists now. The order of its steps survives a death after any of them: claim, read, name the canonical
object, write it, verdict, effects, settled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from services.data_watcher.app.contention import insist
from services.data_watcher.domain import admission, facts, identity, transitions
from services.data_watcher.domain.versions import (
    ContentRecord,
    Fault,
    FileVersion,
    KeyRecord,
    State,
)
from services.data_watcher.ports import (
    CanonicalObjects,
    Configurations,
    Content,
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
from shared.clock import Clock
from shared.errors import ConflictError, NotFoundError, UnreadableFileError
from shared.ids import sha256_hex


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
        stored = self.ledger.load(identity.site_of(key), key)
        listing = self.raw.versions(key)
        if not listing and not stored.versions:
            return
        site = self._site(stored.site_id)
        observed = transitions.observe(stored, listing, admission.reading_of(site, key))
        record = self._judge(stored, observed, site)
        if record.settled:
            self._assert_markers(record)
        else:
            self._take_effect(record, site)

    def _site(self, site_id: str) -> ActiveSite | None:
        """Return a site's configuration; one that was uploaded but not heard of yet comes in first."""
        site = self.configurations.site(site_id)
        if site is None and site_id != identity.UNKNOWN_SITE:
            self.onboard(layout.site_config(site_id))
            site = self.configurations.site(site_id)
        return site

    # --- verdict --------------------------------------------------------------------------------

    def _judge(self, stored: KeyRecord, observed: KeyRecord, site: ActiveSite | None) -> KeyRecord:
        version = observed.current
        if version and version.state in {State.ACCEPTED, State.DUPLICATE}:
            observed = self._follow_owner(observed, version)
            version = observed.current
        if version and version.state is State.ACCEPTED and self._must_be_written(observed, version):
            observed = observed.with_version(transitions.pend(version, version.reading))
            version = observed.current
        if version is None or version.state is not State.PENDING:
            return self._commit(stored, observed)
        admitted = admission.admit(site, observed.key, version.size)
        if isinstance(admitted, Fault):
            return self._commit(stored, transitions.quarantine(observed, version, admitted, ""))
        return self._read(stored, observed, version, admitted)

    def _must_be_written(self, record: KeyRecord, version: FileVersion) -> bool:
        """Whether an accepted version's rows are to be written again.

        They may lack where a process died behind the verdict, and they say the wrong time of upload where
        an older version with the same bytes was not known yet.
        """
        if transitions.may_count_longer(record, version):
            return True
        return version.published_at is None and not self.canonical.exists(version.canonical_key)

    def _follow_owner(self, record: KeyRecord, version: FileVersion) -> KeyRecord:
        """Give rows up to a smaller key with the same bytes, or take them over from one that went."""
        owner = self.ledger.content(record.site_id, version.sha256).owner
        if version.state is State.ACCEPTED and owner != record.key:
            return transitions.duplicate(record, version, owner, version.rows)
        if version.state is State.DUPLICATE and owner == record.key:
            return record.with_version(transitions.pend(version, version.reading))
        if version.state is State.DUPLICATE and owner != version.duplicate_of:
            return transitions.duplicate(record, version, owner, version.rows)
        return record

    def _read(
        self, stored: KeyRecord, observed: KeyRecord, version: FileVersion, site: ActiveSite
    ) -> KeyRecord:
        claim = transitions.claim(version, self.clock())
        if isinstance(claim, Fault):
            return self._commit(stored, transitions.quarantine(observed, version, claim, ""))
        claimed = self.ledger.save(stored, replace(observed.with_version(claim), settled=False))
        data = self._bytes(claimed.key, version.version_id)
        sha256 = sha256_hex(memoryview(data))
        try:
            reading = self.reader(data, claimed.key, site)
        except UnreadableFileError as error:
            fault = Fault(error.code, error.reason, error.remedy)
            return self._commit(claimed, transitions.quarantine(claimed, claim, fault, sha256))
        register = self.ledger.content(claimed.site_id, sha256)
        owner = min({claimed.key, *register.keys})
        if owner != claimed.key:
            same = transitions.duplicate(
                claimed, replace(claim, sha256=sha256), owner, reading.rows
            )
            return self._commit(claimed, same, register)
        return self._accept(claimed, claim, reading, register)

    def _bytes(self, key: str, version_id: str) -> Content:
        try:
            return self.raw.read(key, version_id)
        except NotFoundError as error:
            message = f"{key} changed while it was read"
            raise ConflictError(message) from error

    def _accept(
        self,
        claimed: KeyRecord,
        version: FileVersion,
        reading: Reading,
        register: ContentRecord,
    ) -> KeyRecord:
        rows, sha256 = reading.rows, register.sha256
        counts_from, compared = self._counts_from(claimed, version, sha256)
        file_id = identity.file_id_of(claimed.key, sha256, version.reading)
        canonical_key = layout.canonical(claimed.site_id, rows.window_start, file_id)
        intended = self.ledger.save(
            claimed,
            transitions.intend(
                compared,
                version,
                sha256=sha256,
                file_id=file_id,
                canonical_key=canonical_key,
                counts_from=counts_from,
            ),
        )
        version = intended.versions[version.version_id]
        file = facts.canonical_file(intended, version, rows)
        self.canonical.write(canonical_key, reading.parquet, file)
        return self._commit(intended, transitions.accept(intended, version, rows), register)

    def _counts_from(
        self, record: KeyRecord, version: FileVersion, sha256: str
    ) -> tuple[datetime, KeyRecord]:
        """Return the upload from which on the key holds these bytes, and what was learnt of older ones.

        The same bytes again bring no new data, so they must not win anew over what came in between.
        """
        since = version.uploaded_at
        for each in transitions.same_before(record, version):
            known = each.sha256 or sha256_hex(memoryview(self._bytes(record.key, each.version_id)))
            record = record.with_version(replace(each, sha256=known))
            if known != sha256:
                break
            since = each.uploaded_at
        return since, record

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
        if version is not None and version != before.versions.get(version.version_id):
            self.meter.count(facts.figures(version))

    # --- effects --------------------------------------------------------------------------------

    def _take_effect(self, record: KeyRecord, site: ActiveSite | None) -> None:
        model_id = site.model_id if site else "unknown"
        for canonical_key, withdrawal in sorted(transitions.due_withdrawals(record).items()):
            self.canonical.withdraw(canonical_key, withdrawal.reason)
            self.publisher.publish(
                facts.withdrawn(
                    record,
                    canonical_key,
                    withdrawal,
                    model_id=model_id,
                    uri=self.canonical.uri(canonical_key),
                    now=self.clock(),
                )
            )
        version = record.current
        if version and version.state is State.ACCEPTED and _may_be_marked(record):
            self.canonical.restore(version.canonical_key)
        if version and version.published_at is None:
            uri = self.canonical.uri(version.canonical_key)
            told = facts.verdict(record, version, model_id=model_id, uri=uri, now=self.clock())
            if told is not None:
                self.publisher.publish(told)
        self.inbox.hint(sorted(record.hints))
        self.ledger.save(record, transitions.settle(record, self.clock()))

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
