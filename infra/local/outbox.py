"""What would have left the account: e-mails as `.eml`, Slack messages as `.json`, oldest first by name."""

from __future__ import annotations

import email
import email.policy
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from infra.local.home import Home

_SENDER = "AWS Notifications <no-reply@sns.amazonaws.com>"
_NO_SUBJECT = "AWS Notification Message"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_SLUG = 60


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail that SNS would have sent."""

    sent_at: datetime
    to: str
    subject: str
    body: str
    topic: str
    path: Path


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A message that Slack accepted, as it is now.

    `stamp` is what Slack knows it by where a bot posted it, `changes` how often it was changed since.
    """

    sent_at: datetime
    channel: str
    payload: dict[str, Any]
    path: Path
    stamp: str = ""
    changes: int = 0


def keep_email(folder: Path, *, to: str, subject: str, body: str, topic: str) -> Path:
    """Write an e-mail into the outbox and return its file."""
    message = EmailMessage()
    message["From"] = _SENDER
    message["To"] = to
    message["Subject"] = subject or _NO_SUBJECT
    message["Date"] = datetime.now(UTC)
    message["X-Amz-Sns-Topic-Arn"] = topic
    message.set_content(body)
    name = f"{_stamp()}-{_slug(subject or _NO_SUBJECT)}-{secrets.token_hex(2)}.eml"
    return _write(folder / "email" / name, message.as_bytes(policy=email.policy.default))


def keep_slack(folder: Path, *, channel: str, payload: dict[str, Any], stamp: str = "") -> Path:
    """Write a Slack message into the outbox and return its file."""
    known = {"stamp": stamp, "changes": 0} if stamp else {}
    name = f"{_stamp()}-{stamp or secrets.token_hex(2)}.json"
    return _write_json(folder / "slack" / name, {"channel": channel, "payload": payload, **known})


def change_slack(folder: Path, *, channel: str, payload: dict[str, Any], stamp: str) -> bool:
    """Let a bot's message say something else; False where the channel has no such message."""
    for path in (folder / "slack").glob(f"*-{stamp}.json"):
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["channel"] == channel:
            _write_json(path, {**kept, "payload": payload, "changes": kept["changes"] + 1})
            return True
    return False


def emails(home: Path) -> list[Email]:
    """Return all e-mails of a platform's home, oldest first."""
    found = []
    for path in sorted((Home(home).outbox / "email").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        body = message.get_body(("plain",))
        found.append(
            Email(
                sent_at=_when(path),
                to=str(message["To"]),
                subject=str(message["Subject"]).strip(),  # a long one has a line of its own
                body=body.get_content() if body is not None else "",
                topic=str(message["X-Amz-Sns-Topic-Arn"]),
                path=path,
            )
        )
    return found


def slack_messages(home: Path) -> list[SlackMessage]:
    """Return all Slack messages of a platform's home, oldest first."""
    found = []
    for path in sorted((Home(home).outbox / "slack").glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        known = {name: content[name] for name in ("stamp", "changes") if name in content}
        message = SlackMessage(_when(path), content["channel"], content["payload"], path, **known)
        found.append(message)
    return found


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _when(path: Path) -> datetime:
    return datetime.strptime(path.name.partition("Z")[0], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)


def _slug(text: str) -> str:
    return _NOT_IN_NAMES.sub("-", text).strip("-")[:_LONGEST_SLUG] or "message"


def _write_json(path: Path, content: dict[str, Any]) -> Path:
    return _write(path, json.dumps(content, indent=2, ensure_ascii=False).encode())


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_bytes(content)
    draft.rename(path)
    return path
