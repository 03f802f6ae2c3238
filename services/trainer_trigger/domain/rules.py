"""The rules of a retrain: each looks at one thing and says one of five things.

FORBID  wait, whatever the others say (in flight, paused, over budget, given up)
DEMAND  retrain, whatever holds (a person asked, the configuration changed, the maximum wait is over)
HOLD    not yet (quiet period, cool-down)
WANT    there is a reason to retrain
NOTHING this rule has no opinion; its figures are kept for the record

A rule of your own is one more function in `RULES`; docs/decisions/0005-decisions.md has an example.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from services.trainer_trigger.domain.decision import Effect, Rule, RuleAnswer
from services.trainer_trigger.domain.model_state import ModelState
from shared.dataset import DatasetFile
from shared.durations import spell
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


def no_data(state: ModelState, _: RetrainPolicy, __: datetime) -> RuleAnswer:
    """A model without a file has nothing to train on."""
    if state.files:
        return RuleAnswer(Effect.NOTHING, f"{len(state.files)} files")
    return RuleAnswer(Effect.FORBID, "no accepted file yet")


def already_trained(state: ModelState, _: RetrainPolicy, __: datetime) -> RuleAnswer:
    """The same recipe has one outcome, unless a person forces it."""
    recipe = state.recipe
    if recipe.outcome is None:
        return RuleAnswer(Effect.NOTHING, "this recipe has no outcome yet")
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
        return RuleAnswer(Effect.NOTHING, "no failure stands in the way", numbers=numbers)
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


def champion_missing(state: ModelState, _: RetrainPolicy, __: datetime) -> RuleAnswer:
    """A model that serves nothing yet is worth training on any data."""
    if state.champion is None and state.new_files:
        return RuleAnswer(Effect.WANT, "no version of the model is approved yet")
    return RuleAnswer(Effect.NOTHING, "a champion stands, or nothing is new")


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
        return RuleAnswer(Effect.NOTHING, "the served model keeps its promise")
    return RuleAnswer(Effect.WANT, f"accuracy degraded: {state.degraded}")


def enough_new_days(state: ModelState, policy: RetrainPolicy, _: datetime) -> RuleAnswer:
    """At least so many new days per site in the mean, of so large a share of the sites."""
    days, sites = new_days_by_site(each.file for each in state.new_files), state.sites
    if not days:
        return RuleAnswer(Effect.NOTHING, "no new data")
    mean = sum(days.values()) / len(days)
    share = len(days) / max(1, len(sites | days.keys()))
    numbers = {"new_days": mean, "minimum_new_days": policy.minimum_new_days, "share": share}
    if mean < policy.minimum_new_days:
        missing = policy.minimum_new_days - mean
        reason = f"{mean:g} new days of data, {missing:g} more are needed"
        return RuleAnswer(Effect.NOTHING, reason, numbers=numbers)
    if share < policy.minimum_site_share:
        reason = (
            f"{mean:g} new days of data, but of {share:.0%} of the sites only; "
            f"{policy.minimum_site_share:.0%} are needed"
        )
        return RuleAnswer(Effect.NOTHING, reason, numbers=numbers)
    return RuleAnswer(Effect.WANT, f"{mean:g} new days of data", numbers=numbers)


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


RULES: tuple[Rule, ...] = (
    in_flight,
    paused,
    over_budget,
    account_full,
    no_data,
    already_trained,
    given_up,
    person_asked,
    configuration_changed,
    exclusions_changed,
    maximum_wait,
    champion_missing,
    champion_too_old,
    degraded,
    enough_new_days,
    quiet_period,
    cool_down,
)


def new_days_by_site(files: Iterable[DatasetFile]) -> dict[str, int]:
    """Return how many days the files of each site cover; power and weather count once [d]."""
    days: dict[str, set[date]] = {}
    for file in files:
        last = file.window_end - timedelta(microseconds=1)
        span = (last.date() - file.window_start.date()).days
        days.setdefault(file.site_id, set()).update(
            file.window_start.date() + timedelta(days=offset) for offset in range(span + 1)
        )
    return {site: len(covered) for site, covered in days.items()}
