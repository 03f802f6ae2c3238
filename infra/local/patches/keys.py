"""A key has at most 1,024 bytes, as on S3: a longer one would meet limits that S3 never lets it reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.local import emulator

LONGEST_KEY = 1024  # [bytes]


def apply() -> None:
    """Change how ministack takes objects."""
    emulator.replace(emulator.s3, "handle_request", refusing)


def refusing(answer: Callable[..., Any]) -> Callable[..., Any]:
    """Answer 400 to a request about a key that is too long."""

    async def changed(method: str, path: str, *more: Any, **named: Any) -> Any:
        key = path.lstrip("/").partition("/")[2]
        if len(key.encode()) > LONGEST_KEY:
            return emulator.s3_error("KeyTooLongError", "Your key is too long", 400, path)
        return await answer(method, path, *more, **named)

    return changed
