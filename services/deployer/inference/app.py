"""SageMaker's two routes: `/ping` says that the model is loaded, `/invocations` predicts.

Two routes need no framework: the application speaks ASGI itself, which a server and a test do alike.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

from services.deployer.inference.faults import SLOW_SECONDS, Faults
from services.deployer.inference.reading import (
    Asked,
    BadRequestError,
    possible,
    read_csv,
    read_json,
)
from services.deployer.inference.service import Service
from services.deployer.inference.writing import error_json, write_csv, write_json
from shared.solar.position import Floats
from shared.solar.rows import Rows
from shared.solar.spread import UnknownLevelError

_LOG = logging.getLogger("solar.inference")
JSON = "application/json"
CSV = "text/csv"
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LARGEST = 25 * 1024 * 1024  # bytes; SageMaker itself passes no more
_ATTRIBUTES = b"x-amzn-sagemaker-custom-attributes"
_READERS: dict[str, Callable[..., Asked]] = {JSON: read_json, CSV: read_csv}
_WRITERS = {JSON: write_json, CSV: write_csv}
_ROUTES = {"/ping": {"GET", "HEAD"}, "/invocations": {"POST"}}


class Application:
    """The ASGI application that serves a model.

    Parameters
    ----------
    service
        The model, ready to predict.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.attributes = [(_ATTRIBUTES, service.attributes.encode())]
        self.faults = Faults(service.package_version)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            message = f"there is no {scope['type']} here"
            raise ValueError(message)
        try:
            _refuse_other_routes(scope["path"], scope["method"])
            if scope["path"] == "/ping":
                await _respond(send, 200, JSON, b"")
                return
            headers = dict(scope["headers"])
            body = await _body(receive)
            if body is not None:  # else nobody waits for an answer any more
                kind, content = self._timed(headers, body)
                await _respond(send, 200, kind, content, self.attributes)
        except BadRequestError as error:
            await _respond(send, error.status, JSON, error_json(str(error)))
        except Exception as error:  # noqa: BLE001 - a client must learn which version failed
            _LOG.exception("a request could not be answered")
            self.faults.note("failed")
            body = error_json(f"{type(error).__name__}: {error}", self.service.package_version)
            await _respond(send, 500, JSON, body, self.attributes)

    def _timed(self, headers: Mapping[bytes, bytes], body: bytes) -> tuple[str, bytes]:
        """Answer, and note what took long; a refusal or a failure may take long, too."""
        began = time.perf_counter()
        try:
            return self.answer(headers, body)
        finally:
            if time.perf_counter() - began > SLOW_SECONDS:
                self.faults.note("slow")

    def answer(self, headers: Mapping[bytes, bytes], body: bytes) -> tuple[str, bytes]:
        """Return the content type and the body that answer a request's headers and body."""
        sent = _header(headers, b"content-type").partition(";")[0].strip().lower() or JSON
        reader = _READERS.get(sent)
        if reader is None:
            raise BadRequestError(f"content type {sent!r} is not read; send {JSON} or {CSV}", 415)
        wanted = _accepted(_header(headers, b"accept"), sent)
        asked = reader(body, self.service.knows)
        rows, impossible = possible(asked.rows)
        prediction = self.service.predictor.predict(rows)
        if asked.gain is not None:
            prediction = self.service.predictor.adjusted(rows, prediction, asked.gain)
        if asked.levels:
            quantiles = self._quantiles(rows, asked)
            prediction = replace(prediction, quantiles=quantiles, levels=asked.levels)
        return wanted, _WRITERS[wanted](self.service, rows, prediction, impossible)

    def _quantiles(self, rows: Rows, asked: Asked) -> Floats:
        try:
            found = self.service.predictor.quantiles(rows, asked.levels)
        except UnknownLevelError as error:
            raise BadRequestError(str(error)) from error
        return found if asked.gain is None else found * asked.gain[:, None]


def _refuse_other_routes(path: str, method: str) -> None:
    methods = _ROUTES.get(path)
    if methods is None:
        raise BadRequestError(f"there is no {path!r}; ask {' or '.join(_ROUTES)}", 404)
    if method not in methods:
        raise BadRequestError(f"{path} takes {min(methods)}, not {method}", 405)


async def _body(receive: Receive) -> bytes | None:
    """Return a request's body, or None where the client hung up."""
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts += message.get("body", b"")
        if len(parts) > _LARGEST:
            raise BadRequestError(
                f"the body is larger than {_LARGEST} bytes; send it in parts", 413
            )
        if not message.get("more_body", False):
            return bytes(parts)


def _header(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _accepted(accept: str, sent: str) -> str:
    wanted = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    for each in wanted:
        if each in _WRITERS:
            return each
        if each in {"*/*", "", "application/*", "text/*"}:
            return sent
    raise BadRequestError(f"{accept!r} cannot be answered; accept {JSON} or {CSV}", 406)


async def _respond(
    send: Send, status: int, kind: str, body: bytes, more: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
