"""What demands a run: a person, other settings, other exclusions."""

from __future__ import annotations

from datetime import datetime

from services.trainer_trigger.domain.decision import Effect, RuleAnswer
from services.trainer_trigger.domain.model_state import ModelState
from shared.model_config import RetrainPolicy


def person_asked(state: ModelState, _: RetrainPolicy, __: datetime) -> RuleAnswer:
    """A person's request overrides quiet period, minimum and cool-down."""
    request = state.request
    if request is None:
        return RuleAnswer(Effect.NOTHING, "nobody asked for a retrain")
    return RuleAnswer(Effect.DEMAND, f"{request.requested_by} asked: {request.reason}")


def configuration_changed(state: ModelState, _: RetrainPolicy, __: datetime) -> RuleAnswer:
    """Another threshold, margin, split, step, model type or instance type than the last run had."""
    if state.last_run is None or state.last_run.config_id == state.config_id:
        return RuleAnswer(Effect.NOTHING, "the configuration is that of the last run")
    return RuleAnswer(Effect.DEMAND, f"the configuration changed since run {state.last_run.run_id}")


def exclusions_changed(state: ModelState, _: RetrainPolicy, __: datetime) -> RuleAnswer:
    """Data were taken out, or in again, since the last run."""
    if state.last_run is None or state.last_run.exclusions_id == state.exclusions_id:
        return RuleAnswer(Effect.NOTHING, "nothing was excluded or included since the last run")
    return RuleAnswer(Effect.DEMAND, f"the exclusions changed since run {state.last_run.run_id}")
