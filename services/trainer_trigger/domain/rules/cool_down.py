"""Runs are at least so far apart."""

from __future__ import annotations

from datetime import datetime

from services.trainer_trigger.domain.decision import Effect, RuleAnswer
from services.trainer_trigger.domain.model_state import ModelState
from shared.durations import spell
from shared.model_config import RetrainPolicy


def cool_down(state: ModelState, policy: RetrainPolicy, now: datetime) -> RuleAnswer:
    """Runs are at least so far apart."""
    if state.last_run is None:
        return RuleAnswer(Effect.NOTHING, "no run ended yet")
    until = state.last_run.ended_at + policy.cool_down
    if now < until:
        return RuleAnswer(
            Effect.HOLD, f"the last run ended less than {spell(policy.cool_down)} ago", until
        )
    return RuleAnswer(Effect.NOTHING, "the last run is long enough ago")
