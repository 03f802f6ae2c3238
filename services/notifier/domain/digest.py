"""Many notices told as one: the digest of a storm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from services.notifier.domain.notice import WORDS, Entry, Notice, Severity
from shared.ids import content_id

WINDOW = timedelta(seconds=60)
ALIKE = timedelta(minutes=10)  # within which notices of one cause follow the first together
MOST_IN_A_WINDOW = 20  # notices; SNS suspends an e-mail subscription above 10 a second
MOST_LISTED = 20


def window_of(now: datetime, cause: str = "") -> str:
    """Return the window of time that a moment lies in, by its start; that of a cause is longer."""
    length = int((ALIKE if cause else WINDOW).total_seconds())
    seconds = int(now.timestamp()) // length * length
    start = datetime.fromtimestamp(seconds, now.tzinfo).isoformat()
    return f"{start}|{cause}" if cause else start


def window_is_over(window: str, now: datetime) -> bool:
    """Whether no notice can still come to a window, with half a minute for clocks that differ."""
    start, _, cause = window.partition("|")
    return now >= datetime.fromisoformat(start) + (ALIKE if cause else WINDOW) + WINDOW / 2


def digest(window: str, number: int, waiting: Iterable[Entry], now: datetime) -> Notice:
    """Return one notice that tells many: those of one cause as one thing, others by kind, the gravest first.

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
    if "|" in window:
        return _alike(digest_id, notices, now)
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


def _alike(digest_id: str, notices: list[Notice], now: datetime) -> Notice:
    """Return one notice of many alike: what the first says, and what the others are about."""
    first, count = notices[0], len(notices)
    label, names = _what_differs(notices)
    shown = [f"- {name}" for name in names[:MOST_LISTED]]
    if len(names) > MOST_LISTED:
        shown.append(f"- and {len(names) - MOST_LISTED} more")
    return replace(
        first,
        id=digest_id,
        kind="digest",
        subject=f"{count} more: {first.subject}",
        lines=(
            f"{count} more of what you were told of. One of them:",
            *first.lines,
            *(["\n".join([f"{label}:", *shown])] if names else []),
        ),
        happened_at=now,
        facts=tuple(each for each in first.facts if each[0] != label),
    )


def _what_differs(notices: list[Notice]) -> tuple[str, list[str]]:
    """Return the first fact by which notices differ, and its values."""
    facts = [dict(each.facts) for each in notices]
    for label, _ in notices[0].facts:
        values = [each[label] for each in facts if label in each]
        if len(set(values)) > 1:
            return label, values
    return "", []


def _bullets(notices: list[Notice]) -> list[str]:
    shown = [f"- {WORDS[each.severity]}{each.subject}" for each in notices[:MOST_LISTED]]
    if len(notices) > MOST_LISTED:
        shown.append(
            f"- and {len(notices) - MOST_LISTED} more; `solar status` shows what is wrong now"
        )
    return ["\n".join(shown)]


def _most(counts: Counter[str]) -> str:
    return counts.most_common(1)[0][0].replace("_", " ")
