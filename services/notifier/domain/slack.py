"""A notice as Slack takes it: blocks, within Slack's limits.

All words stand in `plain_text`, which Slack shows as it is: what came from outside can neither mention
anybody, nor link, nor format.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.offer import Link

LONGEST_SECTION = 3000
LONGEST_HEADER = 150
LONGEST_BUTTON = 75
MOST_FIELDS = 10
MOST_BUTTONS = 25
MOST_FACTS = 20
MOST_SECTIONS = 12
LONGEST_FIELD = 2000

SIGNS = {Severity.INFO: "☀️", Severity.WARNING: "⚠️", Severity.CRITICAL: "🚨"}


def payload(notice: Notice, links: Sequence[Link] = ()) -> dict[str, Any]:
    """Return the message for Slack, within its limits; addresses in it are not unfolded."""
    blocks: list[dict[str, Any]] = [
        {
            "type": "header",
            "text": _plain(f"{SIGNS[notice.severity]} {_line(notice.subject)}", LONGEST_HEADER),
        }
    ]
    blocks += [
        {"type": "section", "text": _plain(line, LONGEST_SECTION)} for line in _sections(notice)
    ]
    fields = [
        _plain(f"{label}\n{value}", LONGEST_FIELD) for label, value in notice.facts[:MOST_FACTS]
    ]
    blocks += [
        {"type": "section", "fields": fields[start : start + MOST_FIELDS]}
        for start in range(0, len(fields), MOST_FIELDS)
    ]
    buttons = [_button(each, number) for number, each in enumerate(links[:MOST_BUTTONS])]
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    when = f"{notice.kind.replace('_', ' ')}, {notice.happened_at:%Y-%m-%d %H:%M %Z}"
    blocks.append({"type": "context", "elements": [_plain(when, LONGEST_FIELD)]})
    return {
        "text": _escape(notice.email_subject()),
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _sections(notice: Notice) -> list[str]:
    """Return the paragraphs; what would be too many of them stands together in the last one."""
    lines = [each for each in notice.lines if each.strip()]
    if len(lines) <= MOST_SECTIONS:
        return lines
    return [*lines[: MOST_SECTIONS - 1], "\n\n".join(lines[MOST_SECTIONS - 1 :])]


def _button(link: Link, number: int) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": f"{link.verb}-{number}",
        "text": _plain(_line(link.label), LONGEST_BUTTON),
        "url": link.url,
    }


def _plain(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": shorten(text, longest), "emoji": False}


def _line(text: str) -> str:
    return " ".join(text.split())


def _escape(text: str) -> str:
    """Return the text of the notification, which Slack reads as its markup, so that it mentions nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shorten(text: str, longest: int) -> str:
    """Return a text that is at most so long, with an ellipsis where something was cut off."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
