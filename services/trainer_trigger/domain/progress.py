"""How far a run is, and how long it will probably take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.trainer_trigger.domain.run import Run, Step

# The pipeline's steps that people wait for; a condition takes no time.
SHOWN = ("Preprocess", "Train", "Evaluate", "RegisterModel")


def stages(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Return the stages that began, in their order: name, status, times, failure_reason and job_arn."""
    return [
        {
            "name": stage,
            "status": step.status,
            "started_at": step.started_at.isoformat() if step.started_at else None,
            "ended_at": step.ended_at.isoformat() if step.ended_at else None,
            "failure_reason": step.failure_reason or None,
            "job_arn": step.job_arn,
        }
        for stage, step in _shown(steps)
    ]


def expected(before: Run, steps: Iterable[Step]) -> dict[str, Any]:
    """Return how long the run before and its stages took [s]; it is the best guess for the next one."""
    whole = (before.ended_at - before.started_at).total_seconds() if before.ended_at else None
    return {
        "seconds": whole,
        "stages": {
            stage: (step.ended_at - step.started_at).total_seconds()
            for stage, step in _shown(steps)
            if step.started_at and step.ended_at
        },
    }


def _shown(steps: Iterable[Step]) -> Iterable[tuple[str, Step]]:
    """Yield the stages with their names: the SDK lengthens the names of some steps."""
    for step in steps:
        for stage in SHOWN:
            if step.name.startswith(stage):
                yield stage, step
