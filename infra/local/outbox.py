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
    """A message that Slack accepted."""

    sent_at: datetime
    channel: str
    payload: dict[str, Any]
    path: Path


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


def keep_slack(folder: Path, *, channel: str, payload: dict[str, Any]) -> Path:
    """Write a Slack message into the outbox and return its file."""
    content = {"channel": channel, "payload": payload}
    body = json.dumps(content, indent=2, ensure_ascii=False).encode()
    return _write(folder / "slack" / f"{_stamp()}-{secrets.token_hex(2)}.json", body)


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
                subject=str(message["Subject"]),
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
        found.append(SlackMessage(_when(path), content["channel"], content["payload"], path))
    return found


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _when(path: Path) -> datetime:
    return datetime.strptime(path.name.partition("Z")[0], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)


def _slug(text: str) -> str:
    return _NOT_IN_NAMES.sub("-", text).strip("-")[:_LONGEST_SLUG] or "message"


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_bytes(content)
    draft.rename(path)
    return path
