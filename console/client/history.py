"""Runs as a person looks at them: which there were, how long they take, and what one found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from statistics import median
from typing import Any

from console import trainer
from console.errors import NotFoundError
from console.target import System


def run(system: System, run_id: str, model: str | None = None) -> dict[str, Any]:
    """Return a run by its whole name.

    Raises
    ------
    NotFoundError
        There is none.
    """
    for each in trainer.runs(system, model):
        if each["run_id"] == run_id:
            return each
    raise NotFoundError(f"no run {run_id}; the page of runs shows which there are")


def expected_seconds(runs: Iterable[Mapping[str, Any]]) -> float | None:
    """Return how long a run is expected to take: the middle of those that ended with a verdict. [s]"""
    taken = [
        seconds(each)
        for each in runs
        if each["ended_at"] and each["status"] in {"registered", "rejected"}
    ]
    return median(taken) if taken else None


def seconds(run: Mapping[str, Any], now: datetime | None = None) -> float:
    """Return how long a run took, or takes until now. [s]"""
    ended = datetime.fromisoformat(run["ended_at"]) if run["ended_at"] else now or datetime.now(UTC)
    return (ended - datetime.fromisoformat(run["started_at"])).total_seconds()


def progress(system: System, model_id: str, run_id: str | None = None) -> dict[str, Any] | None:
    """Return how far a run of a model is, by default its newest, with its stages; None without a run."""
    answer = system.ask("trainer_trigger", "progress", model_id=model_id, run_id=run_id)
    found: dict[str, Any] | None = answer["progress"]
    return found


def stages(found: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the stages of a run with how long each took, or takes until now, and what is usual. [s]

    While a run goes on, those that it has not begun come after the others.
    """
    if found is None:
        return []
    usual = (found["expected"] or {"stages": {}})["stages"]
    now = datetime.fromisoformat(found["now"])
    begun = [
        {
            "name": each["name"],
            "status": each["status"],
            "seconds": seconds(each, now) if each["started_at"] else None,
            "usual": usual.get(each["name"]),
            "has_log": bool(each["job_arn"]),
            "failure": each["failure_reason"],
        }
        for each in found["stages"]
    ]
    names = {each["name"] for each in begun}
    ahead = [each for each in usual if each not in names] if found["status"] == "running" else []
    return begun + [
        {
            "name": each,
            "status": "",
            "seconds": None,
            "usual": usual[each],
            "has_log": False,
            "failure": None,
        }
        for each in ahead
    ]
