"""A notice: what people read, and how often they want to be told."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from shared.ids import content_id

LONGEST_SUBJECT = 99  # SNS takes fewer than 100 characters
LONGEST_SECTION = 3000  # Slack
LONGEST_HEADER = 150
MOST_FIELDS = 10
LONGEST_FIELD = 2000
WINDOW = timedelta(seconds=60)
MOST_IN_A_WINDOW = 20  # notices; SNS suspends an e-mail subscription above 10 a second
MOST_LISTED = 20


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
    """

    id: str
    kind: str
    severity: Severity
    subject: str
    lines: tuple[str, ...]
    happened_at: datetime
    facts: tuple[tuple[str, str], ...] = ()
    quiet: bool = False

    def email_subject(self) -> str:
        """Return a subject as SNS takes it: ASCII, one line, fewer than 100 characters."""
        text = f"[Solar] {_WORDS[self.severity]}{self.subject}"
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

    def slack_payload(self) -> dict[str, Any]:
        """Return the message for Slack's incoming webhook, within its limits."""
        blocks: list[dict[str, Any]] = [
            {"type": "header", "text": _plain(f"{_SIGNS[self.severity]} {self.subject}")}
        ]
        if self.lines:
            text = _escape("\n\n".join(self.lines))
            blocks.append({"type": "section", "text": _markdown(text, LONGEST_SECTION)})
        fields = [
            _markdown(f"*{_escape(label)}*\n{_escape(value)}", LONGEST_FIELD)
            for label, value in self.facts[:MOST_FIELDS]
        ]
        if fields:
            blocks.append({"type": "section", "fields": fields})
        when = f"{self.kind}, {self.happened_at:%Y-%m-%d %H:%M} UTC"
        blocks.append({"type": "context", "elements": [_markdown(when, LONGEST_FIELD)]})
        return {"text": self.email_subject(), "blocks": blocks}


_WORDS = {Severity.INFO: "", Severity.WARNING: "Warning: ", Severity.CRITICAL: "Critical: "}
_SIGNS = {
    Severity.INFO: ":sunny:",
    Severity.WARNING: ":warning:",
    Severity.CRITICAL: ":rotating_light:",
}


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": shorten(" ".join(text.split()), LONGEST_HEADER)}


def _markdown(text: str, longest: int) -> dict[str, str]:
    return {"type": "mrkdwn", "text": shorten(text, longest)}


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shorten(text: str, longest: int) -> str:
    """Return a text that is at most so long, with an ellipsis where something was cut off."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


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


def window_of(now: datetime) -> str:
    """Return the window of time that a moment lies in, by its start."""
    seconds = int(now.timestamp()) // int(WINDOW.total_seconds()) * int(WINDOW.total_seconds())
    return datetime.fromtimestamp(seconds, now.tzinfo).isoformat()


def window_is_over(window: str, now: datetime) -> bool:
    """Whether no notice can still come to a window, with half a window for clocks that differ."""
    return now >= datetime.fromisoformat(window) + WINDOW * 1.5


def digest(window: str, number: int, waiting: Iterable[Entry], now: datetime) -> Notice:
    """Return one notice that tells many: grouped by kind, the gravest first.

    A single one is told as itself, only under the digest's id.

    Parameters
    ----------
    window
        Start of the window in which the notices came.
    number
        Counts the digests of one window; a second one tells late-comers.
    waiting
        The notices to tell.
    now
        When the digest is made.
    """
    notices = sorted((each.notice for each in waiting), key=lambda each: -each.severity)
    digest_id = content_id("digest", window, number)
    if len(notices) == 1:
        return replace(notices[0], id=digest_id)
    counts = Counter(each.kind for each in notices)
    lines = ["So much happened at once that it comes as one message. The gravest first:"]
    lines += _bullets(notices)
    facts = tuple((kind.replace("_", " "), str(count)) for kind, count in counts.most_common())
    return Notice(
        id=digest_id,
        kind="digest",
        severity=max((each.severity for each in notices), default=Severity.INFO),
        subject=f"{len(notices)} notices within a minute, most of them {_most(counts)}",
        lines=tuple(lines),
        happened_at=now,
        facts=facts,
    )


def daily(day: str, told: Iterable[Entry], now: datetime) -> Notice | None:
    """Return what a day brought, or None for a day without anything to tell."""
    notices = sorted((each.notice for each in told), key=lambda each: -each.severity)
    if not notices:
        return None
    counts = Counter(each.kind for each in notices)
    return Notice(
        id=content_id("daily", day),
        kind="daily",
        severity=Severity.INFO,
        subject=f"The day up to {now:%Y-%m-%d %H:%M} UTC: {_counted(notices)}",
        lines=(
            "What people were told within the last 24 hours, the gravest first:",
            *_bullets(notices),
        ),
        happened_at=now,
        facts=tuple((kind.replace("_", " "), str(count)) for kind, count in counts.most_common()),
    )


def _counted(notices: list[Notice]) -> str:
    return "1 notice" if len(notices) == 1 else f"{len(notices)} notices"


def _bullets(notices: list[Notice]) -> list[str]:
    shown = [f"- {_WORDS[each.severity]}{each.subject}" for each in notices[:MOST_LISTED]]
    if len(notices) > MOST_LISTED:
        shown.append(
            f"- and {len(notices) - MOST_LISTED} more; `solar status` shows what is wrong now"
        )
    return ["\n".join(shown)]


def _most(counts: Counter[str]) -> str:
    return counts.most_common(1)[0][0].replace("_", " ")
