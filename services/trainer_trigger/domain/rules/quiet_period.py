"""Uploads in a row are one run: wait for a quiet period, but not for ever."""

from __future__ import annotations

from datetime import datetime

from services.trainer_trigger.domain.decision import Effect, RuleAnswer
from services.trainer_trigger.domain.model_state import ModelState
from shared.durations import spell
from shared.model_config import RetrainPolicy


def quiet_period(state: ModelState, policy: RetrainPolicy, now: datetime) -> RuleAnswer:
    """Uploads in a row are one retrain: wait until none has come for a while."""
    if not state.new_files:
        return RuleAnswer(Effect.NOTHING, "nothing is arriving")
    until = max(each.first_seen_at for each in state.new_files) + policy.quiet_period
    if now < until:
        return RuleAnswer(
            Effect.HOLD, f"files arrived within the last {spell(policy.quiet_period)}", until
        )
    return RuleAnswer(Effect.NOTHING, f"no file arrived for {spell(policy.quiet_period)}")


def maximum_wait(state: ModelState, policy: RetrainPolicy, now: datetime) -> RuleAnswer:
    """New data wait at most so long, even if they trickle for ever."""
    if not state.new_files:
        return RuleAnswer(Effect.NOTHING, "no new file waits")
    until = min(each.first_seen_at for each in state.new_files) + policy.maximum_wait
    if now < until:
        return RuleAnswer(
            Effect.NOTHING, f"new data have waited less than {spell(policy.maximum_wait)}", until
        )
    return RuleAnswer(Effect.DEMAND, f"new data have waited {spell(policy.maximum_wait)}")
