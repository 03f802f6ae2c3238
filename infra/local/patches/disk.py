"""What was acknowledged is on the disk: a full disk refuses uploads, and no save is left out."""

from __future__ import annotations

import contextvars
import errno
import shutil
import time
from collections.abc import Callable, Mapping
from typing import Any

from infra.local import emulator
from infra.local.errors import PlatformError
from infra.local.home import Home

RESERVE = 200 * 1024 * 1024  # the rest of the platform needs it to save its state [bytes]
_WRITES = {"PUT", "POST"}
_SUBRESOURCES_THAT_FREE = {"delete", "lifecycle"}
_ATTEMPTS = 20
_PAUSE = 0.02  # [s]

_failures: contextvars.ContextVar[list[str]] = contextvars.ContextVar("failures")
Reader = Callable[[], Any]


def apply(home: Home) -> None:
    """Change how ministack writes objects and reads its services' state."""
    if not emulator.s3.S3_PERSIST:
        message = (
            "ministack does not keep S3 objects on the disk, as the platform's environment asks"
        )
        raise PlatformError(message)
    emulator.replace(emulator.s3, "_atomic_write", noting_failures)
    emulator.replace(emulator.s3, "handle_request", lambda answer: refusing(answer, home))
    emulator.replace(emulator.gateway, "_build_persistence_save_dict", patient_readers)


# --- S3 ----------------------------------------------------------------------------


def noting_failures(write: Callable[..., None]) -> Callable[..., None]:
    """Let the request know that a write failed; ministack only logs it and answers 200."""

    def changed(*arguments: Any, **named: Any) -> None:
        try:
            write(*arguments, **named)
        except OSError as error:
            _failures.get([]).append(_words(error))
            raise

    return changed


def refusing(answer: Callable[..., Any], home: Home) -> Callable[..., Any]:
    """Answer 500 to a write for which there is no room, or that did not reach the disk."""

    async def changed(
        method: str, path: str, headers: Any, body: bytes, query: Any, **more: Any
    ) -> Any:
        if method in _WRITES and not _SUBRESOURCES_THAT_FREE & set(query or ()):
            free = shutil.disk_usage(home.root).free
            if free - len(body) < RESERVE:
                return _refusal(f"the disk is full: {free // 1024**2} MB are free", home, path)
        failures: list[str] = []
        token = _failures.set(failures)
        try:
            done = await answer(method, path, headers, body, query, **more)
        finally:
            _failures.reset(token)
        return _refusal(failures[0], home, path) if failures else done

    return changed


def _refusal(reason: str, home: Home, path: str) -> Any:
    message = (
        f"The local platform could not keep this: {reason} below {home.root}. Free some space there, "
        f"or set SOLAR_HOME to another disk; the platform keeps {RESERVE // 1024**2} MB in reserve."
    )
    return emulator.s3_error("InternalError", message, 500, path)


def _words(error: OSError) -> str:
    return "the disk is full" if error.errno == errno.ENOSPC else f"writing failed ({error})"


# --- the state of all services -----------------------------------------------------


def patient_readers(make: Callable[[], Mapping[str, Reader]]) -> Callable[[], dict[str, Reader]]:
    """Let every service's state be read patiently."""
    return lambda: {name: patient(read) for name, read in make().items()}


def patient(read: Reader) -> Reader:
    """Return a reader that starts over when a table changed while it was copied."""

    def again() -> Any:
        for _ in range(_ATTEMPTS - 1):
            try:
                return read()
            except RuntimeError as error:
                if "changed size" not in str(error) and "mutated" not in str(error):
                    raise
                time.sleep(_PAUSE)
        return read()

    return again
