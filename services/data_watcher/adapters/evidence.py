"""The two ways to gather evidence about a key: look at everything, or presume that it is new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.data_watcher.domain.identity import site_of
from services.data_watcher.domain.records import ContentRecord, KeyRecord, Listed
from services.data_watcher.ports import Content, Evidence, Ledger, RawObjects
from shared.errors import ConflictError, NotFoundError

SMALL = 16 * 1024**2  # bytes; larger files are read one after the other


@dataclass(frozen=True, slots=True)
class LedgerEvidence:
    """Implements the port `Evidence` by what the ledger and S3 say."""

    stored: KeyRecord
    listing: list[Listed]
    ledger: Ledger
    raw: RawObjects

    def claim(self, claimed: KeyRecord) -> KeyRecord:
        """Save the claim: a file that kills its reader is known by its claims."""
        return self.ledger.save(self.stored, claimed)

    def read(self, version_id: str) -> Content:
        """Return a version's bytes; raises ConflictError where it is gone."""
        try:
            return self.raw.read(self.stored.key, version_id)
        except NotFoundError as error:
            message = f"{self.stored.key} changed while it was read"
            raise ConflictError(message) from error

    def holders(self, content: str) -> ContentRecord:
        """Return which keys of the site hold some content."""
        return self.ledger.content(self.stored.site_id, content)


@dataclass(frozen=True, slots=True)
class Presumed:
    """Implements the port `Evidence` for a new key: reading its latest version is looking at S3.

    Record and register are taken for new ones. Where they are not, the ledger refuses the verdict.
    """

    stored: KeyRecord
    listing: list[Listed]
    body: Callable[[], Content]

    def claim(self, claimed: KeyRecord) -> KeyRecord:
        """Save nothing: a message that comes back, because its process died, goes the other way."""
        return claimed

    def read(self, version_id: str) -> Content:  # noqa: ARG002 - there is only one
        """Return the bytes of the version."""
        return self.body()

    def holders(self, content: str) -> ContentRecord:
        """Return a register that names no key."""
        return ContentRecord(self.stored.site_id, content)


@dataclass(frozen=True, slots=True)
class LedgerAndBucket:
    """Implements the port `EvidenceSource`."""

    ledger: Ledger
    raw: RawObjects

    def gather(self, key: str) -> Evidence:
        """Look at everything, the ledger before the listing."""
        stored = self.ledger.load(site_of(key), key)
        return LedgerEvidence(stored, self.raw.versions(key), self.ledger, self.raw)

    def presume(self, key: str) -> Evidence | None:
        """Look at the latest version only; None where there is none, or it is large."""
        opened = self.raw.open(key)
        if opened is None or opened.listed.size > SMALL:
            return None
        return Presumed(KeyRecord(site_of(key), key), [opened.listed], opened.read)
