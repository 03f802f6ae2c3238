"""The same data with the same settings: trained once, and tried again after a failure."""

from __future__ import annotations

from datetime import datetime

from services.trainer_trigger.domain.decision import Effect, RuleAnswer
from services.trainer_trigger.domain.model_state import ModelState
from shared.model_config import RetrainPolicy


def already_trained(state: ModelState, _: RetrainPolicy, __: datetime) -> RuleAnswer:
    """The same recipe has one outcome, unless a person forces it."""
    recipe = state.recipe
    if recipe.outcome is None:
        return RuleAnswer(Effect.NOTHING, "this data with these settings was not trained yet")
    if state.request is not None and state.request.force:
        return RuleAnswer(Effect.NOTHING, "a person forces the same recipe again")
    return RuleAnswer(
        Effect.FORBID,
        f"the same data with the same settings was {recipe.outcome} in run {recipe.run_id}; "
        "`solar retrain --force` trains it again",
    )


def given_up(state: ModelState, policy: RetrainPolicy, now: datetime) -> RuleAnswer:
    """A recipe that fails is tried again with growing waits, then left to a person."""
    recipe = state.recipe
    numbers = {"failures": recipe.failures, "maximum_attempts": policy.maximum_attempts}
    settled = recipe.outcome is not None or state.request is not None
    if not recipe.failures or recipe.last_failure_at is None or settled:
        return RuleAnswer(Effect.NOTHING, "no failure blocks it", numbers=numbers)
    if recipe.failures >= policy.maximum_attempts:
        return RuleAnswer(
            Effect.FORBID,
            f"it failed {recipe.failures} times; correct the cause, then `solar retrain` it",
            numbers=numbers,
        )
    until = recipe.last_failure_at + policy.first_retry * 4 ** (recipe.failures - 1)
    if now < until:
        reason = f"it failed and is tried again at {until:%H:%M} UTC"
        return RuleAnswer(Effect.FORBID, reason, until, numbers)
    return RuleAnswer(
        Effect.WANT, f"attempt {recipe.failures + 1} after a failure", numbers=numbers
    )
