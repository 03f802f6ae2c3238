"""What the file ledger keeps: the versions of a key, and which keys hold the same bytes.

A key and all its versions form one record, loaded and saved as a whole under one revision, so that a
record is always the answer to one listing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

FOLDER = "folder"  # the fault of a key that ends in a slash; nobody needs to hear of it


class State(StrEnum):
    """What an object version is."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Listed:
    """An object version or delete marker as S3 lists it, newest first."""

    version_id: str
    is_latest: bool
    uploaded_at: datetime
    is_marker: bool = False
    etag: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file is quarantined, and what its owner can do."""

    code: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Rows:
    """What the canonical rows of a file are: how many, masked why, over which interval [start, end)."""

    count: int
    masked: int
    masks: Mapping[str, int]
    columns: tuple[str, ...]
    window_start: datetime
    window_end: datetime


@dataclass(frozen=True, slots=True)
class FileVersion:
    """One object version in the ledger.

    `reading` names what the site's configuration said about reading the file when it was read;
    `changes` counts the changes of state, so that a fact that recurs gets another message id.
    `attempts` counts the readings that began and came to no verdict, `claimed_at` says when the last did.
    `counts_from` is the upload from which on the key holds these bytes.
    `release_id` is the last request to read the refused file again, `released` says whose and why.
    """

    version_id: str
    state: State
    uploaded_at: datetime
    etag: str = ""
    size: int = 0
    changes: int = 0
    attempts: int = 0
    reading: str = ""
    sha256: str = ""
    file_id: str = ""
    canonical_key: str = ""
    rows: Rows | None = None
    fault: Fault | None = None
    duplicate_of: str = ""
    superseded_by: str = ""
    published_at: datetime | None = None
    release_id: str = ""
    released: str = ""
    claimed_at: datetime | None = None
    counts_from: datetime | None = None

    def become(self, state: State, **facts: Any) -> FileVersion:
        """Return the version in another state, with a new fact to publish."""
        return replace(self, state=state, changes=self.changes + 1, published_at=None, **facts)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Canonical rows that no longer count and whose withdrawal is still to be told."""

    reason: str
    revision: int


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key and all its versions.

    `content` is the SHA-256 under which the key stands in the register of contents. `withdrawals` and
    `hints` are effects that the last change asks for; `settled` says that all effects are done.
    """

    site_id: str
    key: str
    revision: int = 0
    versions: Mapping[str, FileVersion] = field(default_factory=dict)
    content: str = ""
    withdrawals: Mapping[str, Withdrawal] = field(default_factory=dict)
    hints: frozenset[str] = frozenset()
    settled: bool = False

    @property
    def current(self) -> FileVersion | None:
        """Return the version that counts, if the key has one."""
        counting = {State.PENDING, State.ACCEPTED, State.QUARANTINED, State.DUPLICATE}
        return next((each for each in self.versions.values() if each.state in counting), None)

    def with_version(self, version: FileVersion) -> KeyRecord:
        """Return the record with one version replaced."""
        return replace(self, versions={**self.versions, version.version_id: version})

    def withdrawing(self, canonical_key: str, reason: str) -> KeyRecord:
        """Return the record asking for the withdrawal of some canonical rows."""
        if not canonical_key:
            return self
        withdrawal = Withdrawal(reason, self.revision + 1)
        return replace(self, withdrawals={**self.withdrawals, canonical_key: withdrawal})


@dataclass(frozen=True, slots=True)
class ContentRecord:
    """Which keys of a site hold the same bytes; the smallest of them owns the content."""

    site_id: str
    sha256: str
    revision: int = 0
    keys: frozenset[str] = frozenset()

    @property
    def owner(self) -> str:
        """Return the key whose rows count, or '' where no key holds the content."""
        return min(self.keys, default="")
