"""A notice: what people read, and what became of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from services.notifier.domain.offer import Link, Offer

LONGEST_SUBJECT = 99  # SNS takes fewer than 100 characters
EMAIL, SLACK = "email", "slack"  # what the recipients are called where nobody named any


class Severity(IntEnum):
    """How much a notice matters."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3


class Standing(StrEnum):
    """Where a notice is.

    `within` is told as a part of another notice: of a story, or of one of many alike. `waiting` was
    written by versions before 0.2, and is sent like `sending`.
    """

    SENDING = "sending"
    WAITING = "waiting"
    WITHIN = "within"
    SENT = "sent"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are told.

    `lines` say what happened, why and what next; `facts` are the figures and places beside it. A `quiet`
    notice only stands in the day's summary: it is routine, and would otherwise come many times a day.
    Notices of one `cause` that come within a while are told together: as `several` says, with a
    `{count}`, and each by its `thing`. Where `tells_so_far` counts what the ones before it came to, the one
    that counts most speaks for all. An `outcome` says what serves or what ended, and is never told as one
    of many. What is `on_board` is shown, where a channel can change what it sent, by its story's message.
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
    outcome: bool = False
    on_board: bool = False
    cause: str = ""
    thing: str = ""
    several: str = ""
    remedy: str = ""
    tells_so_far: int = 0
    model: str = ""
    site: str = ""
    offers: tuple[Offer, ...] = ()

    @property
    def stands_alone(self) -> bool:
        """Whether it is told by itself, however much else happens."""
        return self.outcome or self.severity is Severity.CRITICAL

    def email_subject(self) -> str:
        """Return a subject as SNS takes it: ASCII, one line, fewer than 100 characters."""
        text = f"[Solar] {WORDS[self.severity]}{self.subject}"
        plain = unicodedata.normalize("NFKD", " ".join(text.split()))
        ascii_only = plain.encode("ascii", errors="ignore").decode()
        if len(ascii_only) <= LONGEST_SUBJECT:
            return ascii_only
        return f"{ascii_only[: LONGEST_SUBJECT - 3]}..."

    def email_text(self, links: Sequence[Link] = ()) -> str:
        """Return the body of the e-mail, with what its reader can open or do."""
        facts = [f"{label}: {value}" for label, value in self.facts]
        addresses = [f"{each.label}: {each.url}" for each in links]
        parts = [self.subject, "\n\n".join(self.lines), "\n".join(addresses), "\n".join(facts)]
        when = f"{self.happened_at:%Y-%m-%d %H:%M %Z}"
        return "\n\n".join([*(part for part in parts if part), when])


WORDS = {Severity.INFO: "", Severity.WARNING: "Warning: ", Severity.CRITICAL: "Critical: "}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a notice on its way to one recipient: it took it, it is tried again, or neither."""

    sent_at: datetime | None = None
    next_try: datetime | None = None
    tries: int = 0
    gave_up_at: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A notice in the table: where it is, and what became of it for each recipient.

    `group` names the many that it is told with. `includes` names what it tells together, `message` is
    the fact behind it as it came, for the stories that are told of several facts. It is `only` for one
    recipient, or `spares` one, where that is named.
    """

    notice: Notice
    standing: Standing
    created_at: datetime
    group: str = ""
    includes: tuple[str, ...] = ()
    message: str = ""
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)
    reopened_at: datetime | None = None
    only: str = ""
    spares: str = ""

    @property
    def tried_since(self) -> datetime:
        """Return from when on its sending is tried."""
        return self.reopened_at or self.created_at

    @property
    def sent(self) -> dict[str, datetime]:
        """Return who took it, and when."""
        return {
            name: each.sent_at for name, each in self.deliveries.items() if each.sent_at is not None
        }

    def to(self, recipient: str) -> Delivery:
        """Return what became of it for a recipient."""
        return self.deliveries.get(recipient, Delivery())
