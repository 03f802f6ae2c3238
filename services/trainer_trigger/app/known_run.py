"""The run that a message or a task names."""

from __future__ import annotations

from services.trainer_trigger.domain.run import Run
from services.trainer_trigger.ports import RunMemory
from shared.errors import NotFoundError


def known_run(runs: RunMemory, model_id: str, run_id: str) -> Run:
    """Return a run.

    Raises
    ------
    NotFoundError
        The model has no such run.
    """
    run = runs.run(model_id, run_id)
    if run is None:
        message = f"model {model_id} has no run {run_id}"
        raise NotFoundError(message)
    return run
