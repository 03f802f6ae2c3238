"""Slack's incoming webhook."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from services.notifier.domain import slack
from services.notifier.domain.notice import Channel, Notice
from shared.errors import InvalidConfigError, PermanentError, RetryableError

TIMEOUT = 5.0  # [s]
PATIENCE = 5.0  # how long a 429 is waited out at once [s]
_LOOPBACK = "127.0.0.1"
_TOO_MANY, _SERVER_ERROR = 429, 500


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A webhook that points elsewhere is not the one that was configured."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nowhere."""


@dataclass(frozen=True, slots=True)
class SlackWebhook:
    """Posts to Slack's incoming webhook.

    The address is a secret: it appears in no log and no error.
    """

    address: Callable[[], str]
    sleep: Callable[[float], None] = time.sleep
    channel: Channel = Channel.SLACK

    def send(self, notice: Notice) -> None:
        """Send a notice; a short 429 is waited out once.

        Raises
        ------
        RetryableError
            Slack is busy, failing or cannot be reached.
        PermanentError
            Slack refuses the message or the webhook, or the address is none.
        """
        address = _checked(self.address())
        body = json.dumps(slack.payload(notice)).encode()
        wait = _post(address, body)
        if wait is not None and wait <= PATIENCE:
            self.sleep(wait)
            wait = _post(address, body)
        if wait is not None:
            message = f"Slack takes no more messages for {wait:.0f} s"
            raise RetryableError(message)


def _checked(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == _LOOPBACK):
        return address
    message = "the Slack secret must hold the webhook's address, beginning with https://"
    raise InvalidConfigError(message)


def _post(address: str, body: bytes) -> float | None:
    """Post once; return how long Slack wants to be left alone [s], or None if it took the message."""
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        address, data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=TIMEOUT):
            return None
    except urllib.error.HTTPError as error:
        with error:
            if error.code == _TOO_MANY:
                return float(error.headers.get("Retry-After") or 1)
            said = error.read(200).decode(errors="replace")
            code = error.code
        if code >= _SERVER_ERROR:
            message = f"Slack fails with {code}"
            raise RetryableError(message) from None
        message = f"Slack refuses the message with {code}: {said}"
        raise PermanentError(message) from None
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        message = f"Slack cannot be reached ({type(error).__name__})"
        raise RetryableError(message) from None
