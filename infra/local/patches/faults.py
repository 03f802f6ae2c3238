"""CloudFormation: a resource that fails when somebody wants to see what a failed deployment leaves.

Each line of the file `refuse` in the platform's home names one, as <stack>/<logical id>.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.local import emulator
from infra.local.home import Home


def apply(home: Home) -> None:
    """Look into the file before each creation."""
    handlers = emulator.resource_handlers
    for kind, handler in list(handlers.items()):
        if "create" in handler:
            handlers[kind] = {**handler, "create": _unless_refused(handler["create"], home.refuse)}


def _unless_refused(create: Callable[..., Any], refuse: Path) -> Callable[..., Any]:
    def made(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        if refuse.exists() and f"{stack}/{logical_id}" in refuse.read_text().splitlines():
            message = (
                f"refused, because {refuse.name} in the platform's home names {stack}/{logical_id}"
            )
            raise ValueError(message)
        return create(logical_id, properties, stack)

    return made
