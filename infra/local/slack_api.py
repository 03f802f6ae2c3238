"""Slack's Web API, as far as a bot that posts and changes messages calls it; it answers as Slack does.

Whatever becomes of a call, Slack answers 200 and says `ok` or not; only where it wants to be left alone it
answers 429.
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local import outbox, slack

TOKEN = "xoxb-"  # noqa: S105 - what a bot's token begins with
RATES = {
    "chat.postMessage": (10, 10.0),
    "chat.update": (50, 60.0),
}  # at most so many in a channel within [s]
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{5,19}")
_STAMP = re.compile(r"\d{10}\.\d{6}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What Slack answers."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SlackApi:
    """Keeps what bots post as files of the outbox; a changed message is the same file."""

    folder: Path
    clock: Callable[[], float] = time.time
    _calls: dict[tuple[str, str], deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _last: float = 0.0

    def answer(self, method: str, authorization: str, body: bytes) -> Answer:
        """Answer a call of the Web API.

        Parameters
        ----------
        method
            As `chat.postMessage`.
        authorization
            The header, `Bearer xoxb-…`.
        """
        said = _read(body)
        channel = str(said.get("channel", "")) if said is not None else ""
        if error := _error(method, authorization, said, channel):
            return _refused(error)
        assert said is not None  # noqa: S101 - that would be an error
        wait = self._wait(method, channel)
        if wait:
            return Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(wait)})
        return self._taken(method, channel, said)

    def _taken(self, method: str, channel: str, said: dict[str, Any]) -> Answer:
        payload = {name: each for name, each in said.items() if name not in {"channel", "ts"}}
        fault = slack.fault(payload)
        if fault is not None:
            return _refused(*fault)
        if method == "chat.postMessage":
            # Slack knows a message by its time; of two in one moment the second one is a little later.
            self._last = max(self.clock(), self._last + 1e-6)
            stamp = f"{self._last:.6f}"
            outbox.keep_slack(self.folder, channel=channel, payload=payload, stamp=stamp)
            return Answer(200, {"ok": True, "channel": channel, "ts": stamp, "message": payload})
        stamp = str(said.get("ts", ""))
        if not _STAMP.fullmatch(stamp) or not outbox.change_slack(
            self.folder, channel=channel, payload=payload, stamp=stamp
        ):
            return _refused("message_not_found")
        return Answer(200, {"ok": True, "channel": channel, "ts": stamp, "text": said.get("text")})

    def _wait(self, method: str, channel: str) -> int:
        """Return for how many seconds a channel takes no more of a method; 0 where it takes this one."""
        most, window = RATES[method]
        calls, now = self._calls[method, channel], self.clock()
        while calls and calls[0] <= now - window:
            calls.popleft()
        if len(calls) >= most:
            return max(1, round(calls[0] + window - now))
        calls.append(now)
        return 0


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _error(method: str, authorization: str, said: dict[str, Any] | None, channel: str) -> str:
    """Return what Slack calls the fault of a call, before it looks at the message; '' for none."""
    scheme, _, token = authorization.partition(" ")
    faults = {
        "unknown_method": method not in RATES,
        "not_authed": scheme != "Bearer" or not token,
        "invalid_auth": not token.startswith(TOKEN),
        "invalid_json": said is None,
        "channel_not_found": not _CHANNEL.fullmatch(channel),
    }
    return next((error for error, holds in faults.items() if holds), "")


def _refused(error: str, why: str = "") -> Answer:
    more = {"response_metadata": {"messages": [why]}} if why else {}
    return Answer(200, {"ok": False, "error": error, **more})
