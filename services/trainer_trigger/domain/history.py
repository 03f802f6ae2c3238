"""What earlier runs mean for the next decision, and what a decision was made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.trainer_trigger.domain.model_state import FinishedRun, ModelState, RecipeHistory
from services.trainer_trigger.domain.run import FINISHED, Run
from shared.model_config import ModelConfig


def last_finished(runs: tuple[Run, ...]) -> Run | None:
    """Return the run that ended registered or rejected last."""
    return max(
        (run for run in runs if run.status in FINISHED),
        key=lambda run: run.ended_at or run.started_at,
        default=None,
    )


def inputs(state: ModelState, config: ModelConfig) -> dict[str, Any]:
    """Return what a decision was made of, small enough to keep with every one."""
    return {
        "files": len(state.files),
        "new_files": len(state.new_files),
        "left_out": len(state.left_out),
        "champion_version": state.champion.version if state.champion else None,
        "in_flight": state.in_flight.run_id if state.in_flight else None,
        "recipe_outcome": state.recipe.outcome,
        "spent_usd": state.spent_usd,
        "requested_by": state.request.requested_by if state.request else None,
        "requested_at": state.request.requested_at.isoformat() if state.request else None,
        "correlation_id": state.files[-1].file.key if state.files else None,
        "config": config.model_dump(mode="json", exclude={"endpoint", "margins"}),
    }


def finished(run: Run) -> FinishedRun:
    """Return what a decision needs of a run that ended."""
    ended = run.ended_at or run.started_at
    return FinishedRun(run.run_id, run.status, run.config_id, ended, run.exclusions_id)


def unsuccessful_since(runs: tuple[Run, ...]) -> datetime | None:
    """Return when a version was last registered, or when the first run began if none ever was."""
    registered = [run.ended_at for run in runs if run.status == "registered" and run.ended_at]
    return max(registered, default=min((run.started_at for run in runs), default=None))


def recipe_history(runs: tuple[Run, ...], recipe: str) -> RecipeHistory:
    """Return what became of a recipe."""
    same = [run for run in runs if run.recipe_id == recipe]
    finished = [run for run in same if run.status in FINISHED]
    failed = [run for run in same if run.status == "failed"]
    return RecipeHistory(
        outcome=finished[-1].status if finished else None,
        run_id=finished[-1].run_id if finished else None,
        failures=len(failed),
        last_failure_at=max((run.ended_at for run in failed if run.ended_at), default=None),
    )


def spent_usd(runs: tuple[Run, ...], now: datetime) -> float:
    """Return what the runs of this month cost [USD]."""
    return sum(
        run.cost_usd or 0.0
        for run in runs
        if (run.started_at.year, run.started_at.month) == (now.year, now.month)
    )
