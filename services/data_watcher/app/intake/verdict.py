"""Says what each version of a key is, and saves it: the one place where a file gets its verdict.

The order of the steps survives a death after any of them: claim, read, save the verdict, write the rows. The
verdict names the canonical object, so after a crash the next look knows what to write or to withdraw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.data_watcher.domain import admission, facts, transitions
from services.data_watcher.domain.identity import content_of, file_id_of
from services.data_watcher.domain.records import ContentRecord, KeyRecord
from services.data_watcher.domain.versions import (
    Accepted,
    CanonicalObject,
    Duplicate,
    Fault,
    Pending,
)
from services.data_watcher.ports import CanonicalObjects, Evidence, Ledger, Reader
from shared import layout
from shared.active import ActiveSite
from shared.clock import Clock
from shared.errors import UnreadableFileError
from shared.ids import sha256_hex
from shared.solar.site import source_of


@dataclass(frozen=True, slots=True)
class Judged:
    """A key's record with its verdict saved, whose site's model it is for, and what to count of it."""

    record: KeyRecord
    model_id: str
    figures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Judging:
    """Observes, admits, reads, judges and saves."""

    ledger: Ledger
    canonical: CanonicalObjects
    reader: Reader
    clock: Clock

    def judge(self, evidence: Evidence, site: ActiveSite | None) -> Judged:
        """Bring a key's record to what the evidence says, and save it.

        Raises
        ------
        ConflictError
            Somebody else saved the record, or a register of contents, since the evidence was gathered.
        """
        record = self._verdict(evidence, site)
        model_id = site.model_id if site else "unknown"
        return Judged(record, model_id, facts.figures(evidence.stored, record))

    def _verdict(self, evidence: Evidence, site: ActiveSite | None) -> KeyRecord:
        observed = self._observe(evidence, site)
        version = observed.current
        if not isinstance(version, Pending):
            return self._commit(evidence.stored, observed)
        admitted = admission.admit(site, observed.key, version.size)
        if isinstance(admitted, Fault):
            refused = transitions.quarantine(observed, version, admitted)
            return self._commit(evidence.stored, refused)
        claim = transitions.claim(version, self.clock())
        if isinstance(claim, Fault):
            refused = transitions.quarantine(observed, version, claim)
            return self._commit(evidence.stored, refused)
        claimed = evidence.claim(replace(observed.with_version(claim), settled=False))
        return self._read(evidence, claimed, claim, admitted)

    # --- observe --------------------------------------------------------------------------------

    def _observe(self, evidence: Evidence, site: ActiveSite | None) -> KeyRecord:
        """Return the record as S3's listing makes it; what no longer fits its verdict is pending."""
        stored = evidence.stored
        reading = admission.reading_of(site, stored.key)
        record = transitions.observe(stored, evidence.listing, reading)
        source = source_of(site, stored.key) if site else None
        if source is not None and source.is_forecast != record.forecast:
            record = replace(record, forecast=source.is_forecast)
        if isinstance(record.current, Accepted | Duplicate):
            record = _follow_owner(record, record.current, evidence)
        current = record.current
        if isinstance(current, Accepted) and self._must_be_written(record, current):
            record = record.with_version(transitions.pend(current, current.reading))
        return record

    def _must_be_written(self, record: KeyRecord, version: Accepted) -> bool:
        """Whether an accepted version's rows are to be written again.

        Where a process died after the verdict, they may be missing, or be those of an earlier upload. They
        say the wrong time of upload where an older version with the same bytes was not known yet.
        """
        if transitions.may_count_longer(record, version):
            return True
        if version.published_at is not None:
            return False
        written = self.canonical.described(version.canonical.key)
        return written is None or (written.raw_version, written.uploaded_at) != (
            version.version_id,
            version.canonical.counts_from,
        )

    # --- read -----------------------------------------------------------------------------------

    def _read(
        self, evidence: Evidence, claimed: KeyRecord, version: Pending, site: ActiveSite
    ) -> KeyRecord:
        data = evidence.read(version.version_id)
        sha256 = sha256_hex(memoryview(data))
        counts_from, compared = _counts_from(evidence, claimed, version, sha256)
        try:
            reading = self.reader(data, claimed.key, site, counts_from)
        except UnreadableFileError as error:
            fault = Fault(error.code, error.reason, error.remedy, error.covers)
            return self._commit(claimed, transitions.quarantine(claimed, version, fault, sha256))
        rows = reading.rows
        content = content_of(sha256, rows.provider)
        register = evidence.holders(content)
        owner = min({claimed.key, *register.keys})
        if owner != claimed.key:
            same = transitions.duplicate(claimed, version, sha256, content, owner, rows)
            return self._commit(claimed, same, register)
        said = admission.source_id_of(site, claimed.key)
        file_id = file_id_of(claimed.key, sha256, said, sha256_hex(reading.parquet))
        key = layout.canonical(claimed.site_id, rows.window_start, file_id)
        canonical = CanonicalObject(file_id, key, counts_from)
        accepted = transitions.accept(compared, version, sha256, content, canonical, rows)
        saved = self._commit(claimed, accepted, register)
        self.canonical.write(
            key, reading.parquet, facts.canonical_file(saved, version, canonical, rows)
        )
        return saved

    # --- save -----------------------------------------------------------------------------------

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
        return self.ledger.save(before, after, changes)


def _follow_owner(
    record: KeyRecord, version: Accepted | Duplicate, evidence: Evidence
) -> KeyRecord:
    """Give rows up to a smaller key with the same content, or take them over from one that went."""
    content = record.content or version.sha256
    owner = evidence.holders(content).owner
    if transitions.follows_owner(record, owner):
        return record
    if owner is None or (isinstance(version, Duplicate) and owner == record.key):
        return record.with_version(transitions.pend(version, version.reading))
    return transitions.duplicate(record, version, version.sha256, content, owner, version.rows)


def _counts_from(
    evidence: Evidence, record: KeyRecord, version: Pending, sha256: str
) -> tuple[datetime, KeyRecord]:
    """Return the upload from which on the key holds these bytes, and what was learnt of older ones.

    The same bytes again bring no new data, so they must not win over what came in between.
    """
    since = version.uploaded_at
    for each in transitions.same_before(record, version):
        known = each.known.sha256 or sha256_hex(memoryview(evidence.read(each.version_id)))
        record = record.with_version(replace(each, known=replace(each.known, sha256=known)))
        if known != sha256:
            break
        since = each.uploaded_at
    return since, record
