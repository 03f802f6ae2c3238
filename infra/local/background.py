"""Threads that work for whoever asked: ministack reads account and Region from the context of a request."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any


def thread(
    work: Callable[..., object], *arguments: Any, name: str | None = None
) -> threading.Thread:
    """Return a thread, not started yet, that works in the account and Region that ask just now."""
    context = contextvars.copy_context()
    return threading.Thread(target=context.run, args=(work, *arguments), name=name, daemon=True)
