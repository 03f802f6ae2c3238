"""What the command line asks trainer_trigger about models and runs."""

from __future__ import annotations

from typing import Any

from console.errors import NotFoundError
from console.target import System

PAGE = 1000  # the most that an answer may hold


def models(system: System) -> list[str]:
    """Return the models that are configured or named by a site."""
    return [each["model_id"] for each in system.ask_all("trainer_trigger", "models", limit=PAGE)]


def require_model(system: System, model_id: str) -> None:
    """Refuse a model that is not there.

    Raises
    ------
    NotFoundError
        Says which there are.
    """
    known = models(system)
    if model_id not in known:
        raise NotFoundError(f"no model {model_id!r}; known: {', '.join(known) or 'none'}")


def runs(system: System, model_id: str | None = None) -> list[dict[str, Any]]:
    """Return the runs of a model, or model by model of all, oldest first."""
    found = system.ask_all("trainer_trigger", "runs", model_id=model_id, limit=PAGE)
    return sorted(found, key=lambda run: (run["model_id"], run["started_at"]))
