"""What forbids a run whatever the data say: one is in flight, a pause, the budget, no free place."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.trainer_trigger.domain.decision import Effect, RuleAnswer
from services.trainer_trigger.domain.model_state import ModelState
from shared.model_config import RetrainPolicy


def in_flight(state: ModelState, _: RetrainPolicy, now: datetime) -> RuleAnswer:
    """One run in flight per model."""
    run = state.in_flight
    if run is None:
        return RuleAnswer(Effect.NOTHING, "no run is in flight")
    until = max(run.deadline, now + timedelta(minutes=1))
    return RuleAnswer(
        Effect.FORBID, f"run {run.run_id} is in flight since {run.started_at:%H:%M}", until
    )


def paused(_: ModelState, policy: RetrainPolicy, __: datetime) -> RuleAnswer:
    """A paused model waits until its YAML says otherwise."""
    if policy.paused:
        return RuleAnswer(Effect.FORBID, "the model is paused by its configuration")
    return RuleAnswer(Effect.NOTHING, "not paused")


def over_budget(state: ModelState, policy: RetrainPolicy, now: datetime) -> RuleAnswer:
    """What was spent this calendar month stays below the monthly budget."""
    budget = policy.monthly_budget_usd
    if budget is None or state.spent_usd < budget:
        return RuleAnswer(Effect.NOTHING, f"{state.spent_usd:.2f} USD spent this month")
    next_month = (now.replace(day=1) + timedelta(days=32)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return RuleAnswer(
        Effect.FORBID,
        f"{state.spent_usd:.2f} of {budget:.2f} USD are spent this month",
        next_month,
    )


def account_full(state: ModelState, _: RetrainPolicy, now: datetime) -> RuleAnswer:
    """So many runs at once in the account; who waits longest is first."""
    numbers = {"free_places": state.places, "ahead": len(state.ahead)}
    if state.places > len(state.ahead):
        return RuleAnswer(Effect.NOTHING, f"{state.places} places are free", numbers=numbers)
    before = f", after {', '.join(state.ahead)}" if state.ahead else ""
    return RuleAnswer(
        Effect.FORBID,
        f"all places for runs in this account are taken; it is in the queue{before}",
        now + timedelta(minutes=15),
        numbers,
    )
