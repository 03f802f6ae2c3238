"""Files that no version could predict yet, and until when one is waited for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.deployer.domain.live.book import FileRef

LONGEST_WAIT = timedelta(days=14)  # after the upload; later, a prediction tells nobody anything


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that waits, since when, and for what."""

    file: FileRef
    since: datetime
    reason: str

    def is_over(self, now: datetime) -> bool:
        """Whether it waited for too long."""
        return now > max(self.since, self.file.uploaded_at) + LONGEST_WAIT
