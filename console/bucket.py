"""Objects of the data bucket that hold JSON."""

from __future__ import annotations

from typing import Any

from console.client import objects
from console.state import state


def json_at(key: str) -> dict[str, Any] | None:
    """Return what an object holds, or None where there is none."""
    return objects.json_at(state.system, key)
