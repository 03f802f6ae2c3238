"""One POST over HTTPS, and what its answer means; the address is a secret and appears in no error."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from services.notifier.domain.delivery import BusyError
from shared.errors import InvalidConfigError, PermanentError, RetryableError

TIMEOUT = 5.0  # [s]
_LOOPBACK = "127.0.0.1"
_TOO_MANY, _SERVER_ERROR, _REQUEST_TIMEOUT = 429, 500, 408
_LONGEST_REST = 3600.0  # that a channel may ask for [s]
_MOST_READ = 100_000  # bytes of an answer


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address that points elsewhere is not the one that was configured."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nowhere."""


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
    """Post once; return what was answered.

    Parameters
    ----------
    who
        Whom it is posted to, for errors.

    Raises
    ------
    BusyError
        It takes nothing for a while.
    RetryableError
        It fails or cannot be reached.
    PermanentError
        It refuses the message, is gone, or points elsewhere.
    """
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        address, data=body, headers={"Content-Type": "application/json", **headers}, method="POST"
    )
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            return bytes(answer.read(_MOST_READ))
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(who, error) from None
    except (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException) as error:
        message = f"{who} cannot be reached ({type(error).__name__})"
        raise RetryableError(message) from None


def _refusal(who: str, error: urllib.error.HTTPError) -> Exception:
    if error.code == _TOO_MANY:
        seconds = _seconds(error.headers.get("Retry-After"))
        return BusyError(f"{who} takes no more messages for {seconds:.0f} s", seconds)
    if error.code >= _SERVER_ERROR or error.code == _REQUEST_TIMEOUT:
        return RetryableError(f"{who} fails with {error.code}")
    said = " ".join(error.read(200).decode(errors="replace").split())
    return PermanentError(f"{who} refuses the message with {error.code}: {said}")


def _seconds(said: str | None) -> float:
    """Read how long a channel wants to be left alone; what is no number is a minute."""
    try:
        return min(max(float(said or 1), 1.0), _LONGEST_REST)
    except ValueError:
        return 60.0
