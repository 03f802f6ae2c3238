"""Slack: its incoming webhook, and a bot that can change what it posted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.notifier.adapters.posting import checked, post
from services.notifier.domain import slack
from services.notifier.domain.delivery import BusyError
from services.notifier.domain.notice import SLACK, Notice
from services.notifier.domain.offer import Link
from shared.errors import NotFoundError, PermanentError, RetryableError

API = "https://slack.com/api"
_BUSY_SECONDS = 30.0
_TRY_AGAIN = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
_IS_GONE = {"message_not_found", "cant_update_message", "edit_window_closed"}


@dataclass(frozen=True, slots=True)
class SlackWebhook:
    """Posts to Slack's incoming webhook.

    The address is a secret: it appears in no log and no error.
    """

    address: Callable[[], str]
    recipient: str = SLACK

    def send(self, notice: Notice, links: Sequence[Link] = ()) -> None:
        """Send a notice.

        Raises
        ------
        RetryableError
            Slack is busy, failing or cannot be reached.
        PermanentError
            Slack refuses the message or the webhook, or the address is none.
        """
        address = checked(self.address(), "the Slack secret")
        post("Slack", address, json.dumps(slack.payload(notice, links)).encode())


@dataclass(frozen=True, slots=True)
class SlackBot:
    """Posts to a channel with a bot's token, and changes what it posted.

    Parameters
    ----------
    token
        Returns the bot's token; it appears in no log and no error.
    channel
        The channel's id, e.g. `C0123456789`.
    """

    token: Callable[[], str]
    channel: str
    recipient: str = SLACK
    api: str = API

    def send(self, notice: Notice, links: Sequence[Link] = ()) -> None:
        """Send a notice."""
        self.post(notice, links)

    def post(self, notice: Notice, links: Sequence[Link] = ()) -> str:
        """Send a notice; return the time stamp by which Slack knows the message, and its channel's id."""
        said = self._call("chat.postMessage", slack.payload(notice, links))
        return f"{said.get('channel', self.channel)} {said['ts']}"

    def update(self, reference: str, notice: Notice, links: Sequence[Link] = ()) -> None:
        """Let a message say something else.

        Raises
        ------
        NotFoundError
            Somebody deleted it.
        """
        channel, _, stamp = reference.partition(" ")
        self._call("chat.update", slack.payload(notice, links) | {"channel": channel, "ts": stamp})

    def _call(self, method: str, content: dict[str, Any]) -> dict[str, Any]:
        address = checked(f"{self.api}/{method}", "Slack's address")
        body = json.dumps({"channel": self.channel} | content).encode()
        answer = post("Slack", address, body, {"Authorization": f"Bearer {self.token()}"})
        try:
            said = json.loads(answer)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            message = "Slack answers something else than JSON"
            raise RetryableError(message)
        if said.get("ok"):
            return said
        raise _trouble(str(said.get("error", "without a reason")))


def _trouble(error: str) -> Exception:
    if error in {"ratelimited", "rate_limited"}:
        return BusyError("Slack takes no more messages", _BUSY_SECONDS)
    if error in _TRY_AGAIN:
        return RetryableError(f"Slack fails with {error}")
    if error in _IS_GONE:
        return NotFoundError(f"Slack no longer has the message ({error})")
    return PermanentError(f"Slack refuses the message: {error}")
