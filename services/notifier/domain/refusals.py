"""What became of refused files.

Those of one site and one reason are a case, which is closed when all of them are settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.messages import DataAccepted, FileSettled

ACCEPTED = "accepted"
LONGEST_NAME = 60  # of who decided, in a tally


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was refused; `ended` says what became of it, until people are told of that."""

    key: str
    site: str
    code: str
    at: datetime
    ended: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """How many files of a site were refused for one reason, and how many ended how.

    Once all are settled, the next refusal begins the case anew.
    """

    site: str
    code: str
    refused: int = 0
    ends: Mapping[str, int] = field(default_factory=dict)
    revision: int = 0

    @property
    def settled(self) -> int:
        """Return how many need nobody any more."""
        return sum(self.ends.values())

    @property
    def left(self) -> int:
        """Return how many still wait for somebody."""
        return max(self.refused - self.settled, 0)

    def with_one_more(self) -> Case:
        """Return the case after another file was refused."""
        if self.left == 0:
            return replace(self, refused=1, ends={})
        return replace(self, refused=self.refused + 1)

    def with_one_less(self) -> Case:
        """Return the case after one of its files was refused for another reason."""
        return replace(self, refused=max(self.refused - 1, self.settled))

    def with_end(self, how: str) -> Case:
        """Return the case after one of its files was settled."""
        ends = {**self.ends, how: self.ends.get(how, 0) + 1}
        return replace(self, ends=ends, refused=max(self.refused, sum(ends.values())))

    def tally(self) -> str:
        """Say how many ended how, the most first."""
        largest = sorted(self.ends.items(), key=lambda each: (-each[1], each[0]))
        return ", ".join(f"{count:,} {how}" for how, count in largest)


def end_of(message: DataAccepted | FileSettled) -> str:
    """Say what became of a file, and by whom, as a tally counts it."""
    if isinstance(message, DataAccepted):
        return ACCEPTED
    by = message.requested_by[:LONGEST_NAME].strip()
    said = {
        "removed": "removed",
        "dismissed": "dismissed",
        "deleted": "deleted from S3",
        "duplicate": "the same as another file",
    }[message.outcome]
    return f"{said} by {by}" if by else said
