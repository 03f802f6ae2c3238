"""The version that serves is missing, too old, or worse than promised."""

from __future__ import annotations

from datetime import datetime

from services.trainer_trigger.domain.decision import Effect, RuleAnswer
from services.trainer_trigger.domain.model_state import ModelState
from shared.model_config import RetrainPolicy


def champion_missing(state: ModelState, _: RetrainPolicy, __: datetime) -> RuleAnswer:
    """A model that serves nothing yet is worth training on any data."""
    if state.champion is None and state.new_files:
        return RuleAnswer(Effect.WANT, "no version of the model is approved yet")
    return RuleAnswer(Effect.NOTHING, "a champion exists, or nothing is new")


def champion_too_old(state: ModelState, policy: RetrainPolicy, now: datetime) -> RuleAnswer:
    """A champion older than the policy allows is challenged with what is there."""
    if state.champion is None or policy.maximum_champion_age is None:
        return RuleAnswer(Effect.NOTHING, "no age limit applies")
    age = now - state.champion.created_at
    if age <= policy.maximum_champion_age:
        return RuleAnswer(
            Effect.NOTHING,
            f"the champion is {age.days} days old",
            state.champion.created_at + policy.maximum_champion_age,
        )
    return RuleAnswer(Effect.WANT, f"the champion is {age.days} days old")


def degraded(state: ModelState, _: RetrainPolicy, __: datetime) -> RuleAnswer:
    """The served model does worse on what came in than its evaluation promised."""
    if state.degraded is None:
        return RuleAnswer(Effect.NOTHING, "nothing that came in asks for a retrain")
    return RuleAnswer(Effect.WANT, f"accuracy degraded: {state.degraded}")
