"""What the file ledger keeps: a key with all its versions, and which keys hold the same bytes.

A record is loaded and saved as a whole under one revision, so that it is always the answer to one listing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.data_watcher.domain.versions import (
    Accepted,
    Current,
    Duplicate,
    FileVersion,
    Pending,
    Quarantined,
    Upload,
)


@dataclass(frozen=True, slots=True)
class Listed:
    """An object version or delete marker as S3 lists it, newest first. [bytes]"""

    version_id: str
    is_latest: bool
    uploaded_at: datetime
    is_marker: bool = False
    etag: str | None = None
    size: int = 0

    @property
    def upload(self) -> Upload:
        """Return the version, without its place among the others."""
        return Upload(self.version_id, self.uploaded_at, self.size, self.etag)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Canonical rows that no longer count, and whose withdrawal is still to be published."""

    reason: str
    revision: int


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key and all its versions.

    `content` is the content under which the register of contents names the key. `withdrawals` and `hints`
    are effects that the last change asks for; `settled` says that all effects are done. `forecast` says that
    the site's configuration reads the key as a forecast, which is no sign of life of the plant.
    """

    site_id: str
    key: str
    revision: int = 0
    versions: Mapping[str, FileVersion] = field(default_factory=dict)
    content: str | None = None
    withdrawals: Mapping[str, Withdrawal] = field(default_factory=dict)
    hints: frozenset[str] = frozenset()
    settled: bool = False
    forecast: bool = False

    @property
    def current(self) -> Current | None:
        """Return the version that counts, if the key has one."""
        return next(
            (
                each
                for each in self.versions.values()
                if isinstance(each, Pending | Accepted | Quarantined | Duplicate)
            ),
            None,
        )

    def with_version(self, version: FileVersion) -> KeyRecord:
        """Return the record with one version replaced."""
        return replace(self, versions={**self.versions, version.version_id: version})

    def withdrawing(self, canonical_key: str | None, reason: str) -> KeyRecord:
        """Return the record asking for the withdrawal of some canonical rows, if there are any."""
        if canonical_key is None:
            return self
        withdrawal = Withdrawal(reason, self.revision + 1)
        return replace(self, withdrawals={**self.withdrawals, canonical_key: withdrawal})


@dataclass(frozen=True, slots=True)
class ContentRecord:
    """Which keys of a site hold the same content (`identity.content_of`); the smallest of them owns it."""

    site_id: str
    content: str
    revision: int = 0
    keys: frozenset[str] = frozenset()

    @property
    def owner(self) -> str | None:
        """Return the key whose rows count, if any key holds the content."""
        return min(self.keys, default=None)
