"""A notice as Slack takes it: blocks, within Slack's limits."""

from __future__ import annotations

from typing import Any

from services.notifier.domain.notice import Notice, Severity

LONGEST_SECTION = 3000
LONGEST_HEADER = 150
MOST_FIELDS = 10
LONGEST_FIELD = 2000

SIGNS = {
    Severity.INFO: ":sunny:",
    Severity.WARNING: ":warning:",
    Severity.CRITICAL: ":rotating_light:",
}


def payload(notice: Notice) -> dict[str, Any]:
    """Return the message for Slack's incoming webhook, within its limits."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(f"{SIGNS[notice.severity]} {notice.subject}")}
    ]
    if notice.lines:
        text = _escape("\n\n".join(notice.lines))
        blocks.append({"type": "section", "text": _markdown(text, LONGEST_SECTION)})
    fields = [
        _markdown(f"*{_escape(label)}*\n{_escape(value)}", LONGEST_FIELD)
        for label, value in notice.facts[:MOST_FIELDS]
    ]
    if fields:
        blocks.append({"type": "section", "fields": fields})
    when = f"{notice.kind}, {notice.happened_at:%Y-%m-%d %H:%M} UTC"
    blocks.append({"type": "context", "elements": [_markdown(when, LONGEST_FIELD)]})
    return {"text": notice.email_subject(), "blocks": blocks}


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": shorten(" ".join(text.split()), LONGEST_HEADER)}


def _markdown(text: str, longest: int) -> dict[str, str]:
    return {"type": "mrkdwn", "text": shorten(text, longest)}


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shorten(text: str, longest: int) -> str:
    """Return a text that is at most so long, with an ellipsis where something was cut off."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
