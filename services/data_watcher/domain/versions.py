"""What an object version is in the file ledger: one class for each state, with the fields that it has.

```
Pending ──> Accepted | Quarantined | Duplicate      by a verdict
   any  ──> Superseded                              by a newer version or a delete marker
   any  ──> Removed                                 S3 no longer lists it, or a person took it out
   any  ──> Pending                                 it has to be read, or read again
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, TypeAlias

from services.data_watcher.domain.traits import Traits


class State(StrEnum):
    """What an object version is."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    REMOVED = "removed"


# --- what is known of a version -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Upload:
    """An object version as S3 keeps it. [bytes]"""

    version_id: str
    uploaded_at: datetime
    size: int = 0
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file is quarantined, and what its owner can do.

    `covers` is the time [start, end) of its rows; None where their stamps could not be read.
    """

    code: str
    reason: str
    remedy: str
    covers: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Issues:
    """The issues of a forecast file: how many, the first and the last, the shortest and the longest lead."""

    count: int
    first: datetime
    last: datetime
    shortest: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class RowSummary:
    """What the canonical rows of a file are: how many, masked why, over which interval [start, end).

    `note` says what a person should know of how the file was read, as which sheets were left out. `traits`
    is what its siblings are compared by; None in records of early releases. `provider` and `issues` are
    those of a forecast; '' and None for what was measured.
    """

    count: int
    masked: int
    masks: Mapping[str, int]
    columns: tuple[str, ...]
    window_start: datetime
    window_end: datetime
    note: str | None = None
    traits: Traits | None = None
    provider: str = ""
    issues: Issues | None = None


@dataclass(frozen=True, slots=True)
class CanonicalObject:
    """Where the canonical rows of a version are.

    `counts_from` is the upload from which on the key holds these bytes; None in records of early releases.
    """

    file_id: str
    key: str
    counts_from: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """What readings of a version found; it stays known while the version waits, and when it is history."""

    sha256: str | None = None
    canonical: CanonicalObject | None = None
    rows: RowSummary | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """The last request to read a refused file again, and whose it was and why."""

    request_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided, by which request, why and when."""

    request_id: str
    by: str
    why: str
    at: datetime


# --- the states ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """What a version has in every state.

    `changes` counts the changes of state, so that a fact that recurs gets another message id.
    `published_at` says when the effects of the last change were done. `dismissed` says that a person does not
    expect a refused file to be corrected.
    """

    upload: Upload
    changes: int = 0
    published_at: datetime | None = None
    released: Released | None = None
    dismissed: Decision | None = None

    @property
    def version_id(self) -> str:
        """Return the name that S3 gave the version."""
        return self.upload.version_id

    @property
    def uploaded_at(self) -> datetime:
        """Return when the version was uploaded."""
        return self.upload.uploaded_at

    @property
    def size(self) -> int:
        """Return the size of the object. [bytes]"""
        return self.upload.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending(_Version):
    """It has to be read.

    `attempts` counts the readings that began and came to no verdict, `claimed_at` says when the last began.
    """

    state: ClassVar[State] = State.PENDING
    reading: str
    attempts: int = 0
    claimed_at: datetime | None = None
    known: Known = Known()


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(_Version):
    """Its rows count. `reading` names how the site's configuration said to read it."""

    state: ClassVar[State] = State.ACCEPTED
    reading: str
    sha256: str
    canonical: CanonicalObject
    rows: RowSummary

    @property
    def known(self) -> Known:
        """Return what its reading found."""
        return Known(self.sha256, self.canonical, self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined(_Version):
    """It is refused, with a reason and a remedy; unread where `sha256` is None."""

    state: ClassVar[State] = State.QUARANTINED
    reading: str
    fault: Fault
    sha256: str | None = None

    @property
    def known(self) -> Known:
        """Return what its reading found."""
        return Known(self.sha256, fault=self.fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate(_Version):
    """Its bytes already count under a smaller key; `rows` is None in records of early releases."""

    state: ClassVar[State] = State.DUPLICATE
    reading: str
    of: str
    sha256: str
    rows: RowSummary | None

    @property
    def known(self) -> Known:
        """Return what its reading found."""
        return Known(self.sha256, rows=self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded(_Version):
    """A newer version or a delete marker, named by `by`, came after it; unread where `reading` is None."""

    state: ClassVar[State] = State.SUPERSEDED
    by: str | None
    reading: str | None = None
    known: Known = Known()


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed(_Version):
    """S3 no longer lists it, or a person took it out.

    `decision` is that person's; `is_kept` says that S3 still has the bytes, as it does after a decision.
    """

    state: ClassVar[State] = State.REMOVED
    reading: str | None = None
    known: Known = Known()
    decision: Decision | None = None
    is_kept: bool = False


Current: TypeAlias = Pending | Accepted | Quarantined | Duplicate  # a key has one of these at most
FileVersion: TypeAlias = Current | Superseded | Removed


def canonical_key(version: FileVersion) -> str | None:
    """Return the key of the canonical object that a version has or had, if any."""
    canonical = version.known.canonical
    return canonical.key if canonical else None
