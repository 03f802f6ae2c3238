"""One POST over HTTPS, and what its answer means; the address is a secret and appears in no error."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit, urlunsplit

from services.notifier.domain.delivery import BusyError
from shared.errors import InvalidConfigError, PermanentError, RetryableError

TIMEOUT = 5.0  # to connect, and for each piece of an answer [s]
LONGEST = 8.0  # for the whole call [s]
_LOOPBACK = "127.0.0.1"
_OK, _ELSEWHERE = 200, 300
_TOO_MANY, _SERVER_ERROR, _REQUEST_TIMEOUT = 429, 500, 408
_LONGEST_REST = 3600.0  # that a channel may ask for [s]
_MOST_READ = 100_000  # bytes of an answer


def checked(address: str, what: str) -> str:
    """Return an address that may be posted to: HTTPS, or this machine.

    Raises
    ------
    InvalidConfigError
        It is none; `what` says where it was read from.
    """
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == _LOOPBACK):
        return address
    message = f"{what} must hold an address that begins with https://"
    raise InvalidConfigError(message)


def post(who: str, address: str, body: bytes, headers: Mapping[str, str] = {}) -> bytes:
    """Post once, to this address and no other; return what was answered.

    A server that answers slowly, or one byte now and then, is left after `LONGEST` seconds. What it said by
    then counts, if that was a whole head of an answer: sent again, the message would come twice.

    Parameters
    ----------
    who
        Whom it is posted to, for errors.

    Raises
    ------
    BusyError
        It takes nothing for a while.
    RetryableError
        It fails, hangs or cannot be reached.
    PermanentError
        It refuses the message, is gone, or points elsewhere.
    """
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    is_cut = threading.Event()
    watch = threading.Timer(LONGEST, _cut, [connection, is_cut])
    watch.daemon = True
    watch.start()
    try:
        connection.request(
            "POST",
            urlunsplit(("", "", parts.path or "/", parts.query, "")),
            body,
            {"Content-Type": "application/json", **headers},
        )
        with connection.getresponse() as answer:
            if is_cut.is_set():
                raise TimeoutError  # what came before it was cut may look like an answer
            said = _read(answer)
    except (OSError, HTTPException) as error:
        message = f"{who} cannot be reached ({type(error).__name__})"
        raise RetryableError(message) from None
    finally:
        watch.cancel()
        connection.close()
    if not _OK <= answer.status < _ELSEWHERE:
        raise _refusal(who, answer.status, answer.getheader("Retry-After"), said)
    return said


def _read(answer: HTTPResponse) -> bytes:
    """Return the body; of one that never ends nothing, because the status has said whether it was taken."""
    try:
        return answer.read(_MOST_READ)
    except (OSError, HTTPException):
        return b""


def _cut(connection: HTTPConnection, is_cut: threading.Event) -> None:
    """End a call that takes too long: who waits for the answer gets an error, or an end."""
    is_cut.set()
    with suppress(OSError, AttributeError):  # it is not connected yet, or not any more
        connection.sock.shutdown(socket.SHUT_RDWR)


def _refusal(who: str, status: int, rest: str | None, body: bytes) -> Exception:
    if status == _TOO_MANY:
        seconds = _seconds(rest)
        return BusyError(f"{who} takes no more messages for {seconds:.0f} s", seconds)
    if status >= _SERVER_ERROR or status == _REQUEST_TIMEOUT:
        return RetryableError(f"{who} fails with {status}")
    said = " ".join(body[:200].decode(errors="replace").split())
    return PermanentError(f"{who} refuses the message with {status}: {said}")


def _seconds(said: str | None) -> float:
    """Read how long a channel wants to be left alone; what is no number is a minute."""
    try:
        return min(max(float(said or 1), 1.0), _LONGEST_REST)
    except ValueError:
        return 60.0
