"""The platform's process: ministack with our parts, on one port of this machine only."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import signal
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import hypercorn.asyncio
import hypercorn.config

from infra.local import autoscaling, emulator, environment, patches, slack
from infra.local.home import Home
from infra.local.sagemaker import regions
from infra.local.sagemaker.regions import Regions
from infra.local.saver import Saver
from infra.local.slack_api import SlackApi
from infra.local.ticker import Ticker

_LOG = logging.getLogger("solar")
OWN_PATHS = "/_solar/"
_SLACK = f"{OWN_PATHS}slack/"
_SLACK_API = f"{OWN_PATHS}slack-api/"
_HEALTH = f"{OWN_PATHS}health"
_LARGEST_MESSAGE = 1 << 20  # [bytes]
_KEEP_ALIVE = 75.0  # [s]

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Platform:
    """Everything that runs in the process, and how it begins and ends."""

    def __init__(self, home: Home, port: int) -> None:
        self._home = home
        self._port = port
        self._ticker = Ticker()
        self._sagemaker = Regions(home, environment.ACCOUNT_ID)
        self._restored = False
        self._slack_api = SlackApi(home.outbox)
        regions.register(self._sagemaker)
        autoscaling.register(autoscaling.AutoScaling(self._sagemaker))
        patches.apply(home, self._sagemaker, self._ticker, port)
        Saver(self._ticker)

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then save the state and end everything that was started."""
        try:
            asyncio.run(self._serve())
        finally:
            emulator.lambda_runtime.reset()
            shutil.rmtree(self._home.temporary, ignore_errors=True)

    async def _serve(self) -> None:
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, asked.set)

        async def until_asked() -> None:
            await asked.wait()
            await asyncio.to_thread(self._quiesce)  # before ministack saves its state

        config = hypercorn.config.Config()
        config.bind = [f"{environment.ADDRESS}:{self._port}"]
        config.keep_alive_timeout = _KEEP_ALIVE
        config.graceful_timeout = 1.0
        config.loglevel = "WARNING"
        threading.Thread(target=self._after_start, name="after start", daemon=True).start()
        await hypercorn.asyncio.serve(self._answer, config, shutdown_trigger=until_asked)  # type: ignore[arg-type]

    def _quiesce(self) -> None:
        self._ticker.stop()
        self._sagemaker.stop()

    def _after_start(self) -> None:
        """Begin what needs the platform to answer: it reads its own S3."""
        health = f"{environment.endpoint_url(self._port)}/_ministack/health"
        while True:
            try:
                with urllib.request.urlopen(health, timeout=5):  # noqa: S310  # our own address
                    break
            except OSError:
                time.sleep(0.05)
        self._sagemaker.start()
        self._ticker.start()
        self._restored = True

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith(OWN_PATHS):
            await self._own(scope, receive, send)
            return
        await emulator.gateway.app(scope, receive, send)

    async def _own(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, is_post = scope["path"], scope["method"] == "POST"
        if path == _HEALTH:
            await _respond(send, 200, json.dumps(self._health()).encode())
        elif path.startswith((_SLACK, _SLACK_API)) and is_post:
            await self._slack(scope, await _body(receive), send)
        else:
            await _respond(send, 404, b"not found")

    async def _slack(self, scope: Scope, body: bytes, send: Send) -> None:
        path = scope["path"]
        if len(body) > _LARGEST_MESSAGE:
            await _respond(send, 413, b"payload_too_large")
        elif path.startswith(_SLACK_API):
            authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
            said = self._slack_api.answer(path.removeprefix(_SLACK_API), authorization, body)
            await _respond(send, said.status, json.dumps(said.body).encode(), said.headers)
        else:
            status, text = slack.receive(self._home.outbox, path.removeprefix(_SLACK), body)
            await _respond(send, status, text.encode())

    def _health(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "home": str(self._home.root),
            "ready": self._restored and not self._sagemaker.starting(),
        }


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _LARGEST_MESSAGE or not message.get("more_body"):
            return bytes(body)


async def _respond(
    send: Send, status: int, body: bytes, more: Mapping[str, str] | None = None
) -> None:
    headers = [(b"content-type", b"application/json" if body[:1] == b"{" else b"text/plain")]
    headers += [(name.encode(), value.encode()) for name, value in (more or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
