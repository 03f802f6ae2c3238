"""SNS: what would be an e-mail becomes a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.local import emulator, outbox


def apply(folder: Path) -> None:
    """Change ministack's fan-out; e-mail subscriptions need no confirmation here."""

    def with_mail(fanout: Callable[..., Any]) -> Callable[..., Any]:
        def changed(topic_arn: str, message_id: str, message: str, *rest: Any, **named: Any) -> Any:
            fanout(topic_arn, message_id, message, *rest, **named)
            subject, structure, attributes = _filled(rest)
            for address, text in _mails(topic_arn, message, structure, attributes or {}):
                outbox.keep_email(folder, to=address, subject=subject, body=text, topic=topic_arn)

        return changed

    emulator.replace(emulator.sns, "_fanout", with_mail)


def _filled(rest: tuple[Any, ...]) -> tuple[str, str, dict[str, Any] | None]:
    """Return subject, structure and attributes of a publication, whichever were given."""
    given = dict(enumerate(rest))
    return given.get(0, ""), given.get(1, ""), given.get(2)


def _mails(
    topic_arn: str, message: str, structure: str, attributes: dict[str, Any]
) -> list[tuple[str, str]]:
    topic = emulator.topic_by_arn(topic_arn)
    mails = []
    for subscription in topic["subscriptions"] if topic else []:
        if subscription.get("protocol") not in {"email", "email-json"}:
            continue
        text = emulator.message_for_protocol(message, structure, "email")
        if emulator.matches_filter_policy(subscription, attributes, text):
            mails.append((subscription["endpoint"], text))
    return mails
