"""A notice: what people read, and what became of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from services.notifier.domain.offer import Offer

LONGEST_SUBJECT = 99  # SNS takes fewer than 100 characters


class Severity(IntEnum):
    """How much a notice matters."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3


class Channel(StrEnum):
    """A way to reach people."""

    EMAIL = "email"
    SLACK = "slack"


class Standing(StrEnum):
    """Where a notice is: to be sent by itself, waiting for a digest, or through."""

    SENDING = "sending"
    WAITING = "waiting"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are told.

    `lines` say what happened, why and what next; `facts` are the figures and places beside it. A `quiet`
    notice only stands in the day's summary: it is routine, and would otherwise come many times a day.
    Of notices with the same `cause` the first is told at once, and those that follow soon together.
    `offers` are what a reader can open or do; each channel signs them for who reads there.
    """

    id: str
    kind: str
    severity: Severity
    subject: str
    lines: tuple[str, ...]
    happened_at: datetime
    facts: tuple[tuple[str, str], ...] = ()
    quiet: bool = False
    cause: str = ""
    offers: tuple[Offer, ...] = ()

    def email_subject(self) -> str:
        """Return a subject as SNS takes it: ASCII, one line, fewer than 100 characters."""
        text = f"[Solar] {WORDS[self.severity]}{self.subject}"
        plain = unicodedata.normalize("NFKD", " ".join(text.split()))
        ascii_only = plain.encode("ascii", errors="ignore").decode()
        if len(ascii_only) <= LONGEST_SUBJECT:
            return ascii_only
        return f"{ascii_only[: LONGEST_SUBJECT - 3]}..."

    def email_text(self) -> str:
        """Return the body of the e-mail."""
        facts = [f"{label}: {value}" for label, value in self.facts]
        parts = [self.subject, "\n\n".join(self.lines), "\n".join(facts)]
        when = f"{self.happened_at:%Y-%m-%d %H:%M} UTC"
        return "\n\n".join([*(part for part in parts if part), when])


WORDS = {Severity.INFO: "", Severity.WARNING: "Warning: ", Severity.CRITICAL: "Critical: "}


@dataclass(frozen=True, slots=True)
class Entry:
    """A notice in the table: where it stands, and through which channels it went when.

    `window` names the minute whose digest tells it, for a notice that came in a storm.
    """

    notice: Notice
    standing: Standing
    created_at: datetime
    window: str = ""
    includes: tuple[str, ...] = ()
    sent: Mapping[Channel, datetime] = field(default_factory=dict)
