"""Sites, by their newest configuration."""

from __future__ import annotations

from typing import Any

from console.errors import NotFoundError
from console.target import System


def named(system: System, name: str) -> dict[str, Any]:
    """Return a site's newest configuration with what became of it.

    Raises
    ------
    NotFoundError
        There is none.
    """
    found: list[dict[str, Any]] = system.ask("data_watcher", "sites", site_id=name)["sites"]
    for each in found:
        if each["kind"] == "site":
            return each
    raise NotFoundError(
        f"no site {name}; `solar sites list` and the fleet's page show which there are"
    )
