"""Whether a model should be retrained, and why: a pure function of what is known.

Every rule looks at one thing and says one of five things. What they say together decides:

FORBID  wait, whatever the others say (in flight, paused, over budget, given up)
DEMAND  retrain, whatever holds (a person asked, the configuration changed, the maximum wait is over)
HOLD    not yet (quiet period, cool-down, back-off after a failure)
WANT    there is a reason to retrain
NOTHING this rule has no opinion; its figures are kept for the record

A rule of your own is one more function in `RULES`; docs/decisions/0005-decisions.md has an example.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from shared.dataset import DatasetFile
from shared.durations import spell
from shared.model_config import RetrainPolicy

RULE_SECONDS = 2.0  # a rule is a comparison of figures; one that takes longer hangs
RETRY_OF_A_FAULT = timedelta(minutes=15)


class Effect(StrEnum):
    """What a rule says."""

    FORBID = "forbid"
    DEMAND = "demand"
    HOLD = "hold"
    WANT = "want"
    NOTHING = "nothing"


class Outcome(StrEnum):
    """What is decided."""

    RETRAIN = "retrain"
    WAIT = "wait"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says, with its reason in words, its figures, and when it may say otherwise."""

    effect: Effect
    reason: str
    until: datetime | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    rule: str = ""
    is_fault: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided, why, and when to look again."""

    outcome: Outcome
    reasons: tuple[str, ...]
    until: datetime | None
    verdicts: tuple[Verdict, ...]

    @property
    def faults(self) -> tuple[Verdict, ...]:
        """Rules that raised or hung; each counts as a wait."""
        return tuple(verdict for verdict in self.verdicts if verdict.is_fault)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A canonical file, and when this service first heard of it."""

    file: DatasetFile
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Champion:
    """The newest approved version of a model."""

    version: int
    package_arn: str
    model_data_url: str
    created_at: datetime
    dataset_id: str | None = None


@dataclass(frozen=True, slots=True)
class InFlight:
    """A run that has not ended."""

    run_id: str
    started_at: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run that ended registered or rejected."""

    run_id: str
    status: str
    config_id: str
    ended_at: datetime
    exclusions_id: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A person asked for a retrain."""

    requested_by: str
    reason: str
    force: bool
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class RecipeHistory:
    """What became of the recipe that a run would have now."""

    outcome: str | None = None
    run_id: str | None = None
    failures: int = 0
    last_failure_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ModelState:
    """All that a decision depends on, besides policy and time."""

    files: tuple[KnownFile, ...]
    consumed: frozenset[str]
    config_id: str
    champion: Champion | None = None
    in_flight: InFlight | None = None
    last_run: FinishedRun | None = None
    request: Request | None = None
    recipe: RecipeHistory = RecipeHistory()
    spent_usd: float = 0.0
    places: int = 1
    ahead: tuple[str, ...] = ()
    is_queued: bool = False
    degraded: str | None = None
    exclusions_id: str = ""

    @property
    def sites(self) -> frozenset[str]:
        """Sites of which there is a file."""
        return frozenset(each.file.site_id for each in self.files)

    @property
    def new_files(self) -> tuple[KnownFile, ...]:
        """Files that no ended run contained."""
        return tuple(each for each in self.files if each.file.file_id not in self.consumed)


Rule = Callable[[ModelState, RetrainPolicy, datetime], Verdict]


def in_flight(state: ModelState, _: RetrainPolicy, now: datetime) -> Verdict:
    """One run in flight per model."""
    run = state.in_flight
    if run is None:
        return Verdict(Effect.NOTHING, "no run is in flight")
    until = max(run.deadline, now + timedelta(minutes=1))
    return Verdict(
        Effect.FORBID, f"run {run.run_id} is in flight since {run.started_at:%H:%M}", until
    )


def paused(_: ModelState, policy: RetrainPolicy, __: datetime) -> Verdict:
    """A paused model waits until its YAML says otherwise."""
    if policy.paused:
        return Verdict(Effect.FORBID, "the model is paused by its configuration")
    return Verdict(Effect.NOTHING, "not paused")


def over_budget(state: ModelState, policy: RetrainPolicy, now: datetime) -> Verdict:
    """What was spent this calendar month stays below the monthly budget."""
    budget = policy.monthly_budget_usd
    if budget is None or state.spent_usd < budget:
        return Verdict(Effect.NOTHING, f"{state.spent_usd:.2f} USD spent this month")
    next_month = (now.replace(day=1) + timedelta(days=32)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return Verdict(
        Effect.FORBID,
        f"{state.spent_usd:.2f} of {budget:.2f} USD are spent this month",
        next_month,
    )


def account_full(state: ModelState, _: RetrainPolicy, now: datetime) -> Verdict:
    """So many runs at once in the account; who waits longest is first."""
    numbers = {"free_places": state.places, "ahead": len(state.ahead)}
    if state.places > len(state.ahead):
        return Verdict(Effect.NOTHING, f"{state.places} places are free", numbers=numbers)
    before = f", after {', '.join(state.ahead)}" if state.ahead else ""
    return Verdict(
        Effect.FORBID,
        f"all places for runs in this account are taken; it is in the queue{before}",
        now + timedelta(minutes=15),
        numbers,
    )


def no_data(state: ModelState, _: RetrainPolicy, __: datetime) -> Verdict:
    """A model without a file has nothing to train on."""
    if state.files:
        return Verdict(Effect.NOTHING, f"{len(state.files)} files")
    return Verdict(Effect.FORBID, "no accepted file yet")


def already_trained(state: ModelState, _: RetrainPolicy, __: datetime) -> Verdict:
    """The same recipe has one outcome, unless a person forces it."""
    recipe = state.recipe
    if recipe.outcome is None:
        return Verdict(Effect.NOTHING, "this recipe has no outcome yet")
    if state.request is not None and state.request.force:
        return Verdict(Effect.NOTHING, "a person forces the same recipe again")
    return Verdict(
        Effect.FORBID,
        f"the same data with the same settings was {recipe.outcome} in run {recipe.run_id}",
    )


def given_up(state: ModelState, policy: RetrainPolicy, now: datetime) -> Verdict:
    """A recipe that fails is tried again with growing waits, then left to a person."""
    recipe = state.recipe
    numbers = {"failures": recipe.failures, "maximum_attempts": policy.maximum_attempts}
    if not recipe.failures or recipe.last_failure_at is None or state.request is not None:
        return Verdict(Effect.NOTHING, "no failure stands in the way", numbers=numbers)
    if recipe.failures >= policy.maximum_attempts:
        return Verdict(
            Effect.FORBID,
            f"it failed {recipe.failures} times; correct the cause, then `solar retrain` it",
            numbers=numbers,
        )
    until = recipe.last_failure_at + policy.first_retry * 4 ** (recipe.failures - 1)
    if now < until:
        reason = f"it failed and is tried again at {until:%H:%M} UTC"
        return Verdict(Effect.FORBID, reason, until, numbers)
    return Verdict(Effect.WANT, f"attempt {recipe.failures + 1} after a failure", numbers=numbers)


def person_asked(state: ModelState, _: RetrainPolicy, __: datetime) -> Verdict:
    """A person's request overrides quiet period, minimum and cool-down."""
    request = state.request
    if request is None:
        return Verdict(Effect.NOTHING, "nobody asked for a retrain")
    return Verdict(Effect.DEMAND, f"{request.requested_by} asked: {request.reason}")


def configuration_changed(state: ModelState, _: RetrainPolicy, __: datetime) -> Verdict:
    """Another threshold, model type or instance type than the last run had."""
    if state.last_run is None or state.last_run.config_id == state.config_id:
        return Verdict(Effect.NOTHING, "the configuration is that of the last run")
    return Verdict(Effect.DEMAND, f"the configuration changed since run {state.last_run.run_id}")


def exclusions_changed(state: ModelState, _: RetrainPolicy, __: datetime) -> Verdict:
    """Data were taken out, or in again, since the last run."""
    if state.last_run is None or state.last_run.exclusions_id == state.exclusions_id:
        return Verdict(Effect.NOTHING, "nothing was excluded or included since the last run")
    return Verdict(Effect.DEMAND, f"the exclusions changed since run {state.last_run.run_id}")


def maximum_wait(state: ModelState, policy: RetrainPolicy, now: datetime) -> Verdict:
    """New data wait at most so long, even if they trickle for ever."""
    if not state.new_files:
        return Verdict(Effect.NOTHING, "no new file waits")
    until = min(each.first_seen_at for each in state.new_files) + policy.maximum_wait
    if now < until:
        return Verdict(
            Effect.NOTHING, f"new data have waited less than {spell(policy.maximum_wait)}", until
        )
    return Verdict(Effect.DEMAND, f"new data have waited {spell(policy.maximum_wait)}")


def champion_missing(state: ModelState, _: RetrainPolicy, __: datetime) -> Verdict:
    """A model that serves nothing yet is worth training on any data."""
    if state.champion is None and state.new_files:
        return Verdict(Effect.WANT, "no version of the model is approved yet")
    return Verdict(Effect.NOTHING, "a champion stands, or nothing is new")


def champion_too_old(state: ModelState, policy: RetrainPolicy, now: datetime) -> Verdict:
    """A champion older than the policy allows is challenged with what is there."""
    if state.champion is None or policy.maximum_champion_age is None:
        return Verdict(Effect.NOTHING, "no age limit applies")
    age = now - state.champion.created_at
    if age <= policy.maximum_champion_age:
        return Verdict(
            Effect.NOTHING,
            f"the champion is {age.days} days old",
            state.champion.created_at + policy.maximum_champion_age,
        )
    return Verdict(Effect.WANT, f"the champion is {age.days} days old")


def degraded(state: ModelState, _: RetrainPolicy, __: datetime) -> Verdict:
    """The served model does worse on what came in than its evaluation promised."""
    if state.degraded is None:
        return Verdict(Effect.NOTHING, "the served model keeps its promise")
    return Verdict(Effect.WANT, f"accuracy degraded: {state.degraded}")


def enough_new_days(state: ModelState, policy: RetrainPolicy, _: datetime) -> Verdict:
    """At least so many new days per site in the mean, of so large a share of the sites."""
    days, sites = new_days_by_site(each.file for each in state.new_files), state.sites
    if not days:
        return Verdict(Effect.NOTHING, "no new data")
    mean = sum(days.values()) / len(days)
    share = len(days) / max(1, len(sites | days.keys()))
    numbers = {"new_days": mean, "minimum_new_days": policy.minimum_new_days, "share": share}
    if mean < policy.minimum_new_days:
        missing = policy.minimum_new_days - mean
        reason = f"{mean:g} new days of data, {missing:g} more are needed"
        return Verdict(Effect.NOTHING, reason, numbers=numbers)
    if share < policy.minimum_site_share:
        reason = (
            f"{mean:g} new days of data, but of {share:.0%} of the sites only; "
            f"{policy.minimum_site_share:.0%} are needed"
        )
        return Verdict(Effect.NOTHING, reason, numbers=numbers)
    return Verdict(Effect.WANT, f"{mean:g} new days of data", numbers=numbers)


def quiet_period(state: ModelState, policy: RetrainPolicy, now: datetime) -> Verdict:
    """Uploads in a row are one retrain: wait until none has come for a while."""
    if not state.new_files:
        return Verdict(Effect.NOTHING, "nothing is arriving")
    until = max(each.first_seen_at for each in state.new_files) + policy.quiet_period
    if now < until:
        return Verdict(
            Effect.HOLD, f"files arrived within the last {spell(policy.quiet_period)}", until
        )
    return Verdict(Effect.NOTHING, f"no file arrived for {spell(policy.quiet_period)}")


def cool_down(state: ModelState, policy: RetrainPolicy, now: datetime) -> Verdict:
    """Runs are at least so far apart."""
    if state.last_run is None:
        return Verdict(Effect.NOTHING, "no run ended yet")
    until = state.last_run.ended_at + policy.cool_down
    if now < until:
        return Verdict(
            Effect.HOLD, f"the last run ended less than {spell(policy.cool_down)} ago", until
        )
    return Verdict(Effect.NOTHING, "the last run is long enough ago")


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


def decide(
    state: ModelState, policy: RetrainPolicy, now: datetime, rules: Iterable[Rule] = RULES
) -> Decision:
    """Decide whether to retrain, with the reasons and the time to look again.

    Precedence: what forbids always waits; then what demands retrains; then what holds waits;
    then a reason to retrain retrains; otherwise nothing happens.
    """
    verdicts = _ask(tuple(rules), state, policy, now)
    by_effect = {effect: [v for v in verdicts if v.effect is effect] for effect in Effect}
    wishes = by_effect[Effect.DEMAND] + by_effect[Effect.WANT]
    later = [v.until for v in verdicts if v.until is not None and v.until > now]
    if forbidding := by_effect[Effect.FORBID]:
        until = max((v.until for v in forbidding if v.until), default=None)
        outcome = Outcome.WAIT if until else Outcome.IDLE
        return Decision(outcome, _reasons(forbidding), until, verdicts)
    if by_effect[Effect.DEMAND] or (wishes and not by_effect[Effect.HOLD]):
        return Decision(Outcome.RETRAIN, _reasons(wishes), None, verdicts)
    if wishes:
        holds = by_effect[Effect.HOLD]
        until = _soonest_release(verdicts, holds)
        return Decision(Outcome.WAIT, _reasons(holds), until, verdicts)
    reasons = _reasons([v for v in verdicts if v.rule == "enough_new_days"])
    until = min(later, default=None)
    return Decision(Outcome.WAIT if until else Outcome.IDLE, reasons, until, verdicts)


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


def _soonest_release(verdicts: tuple[Verdict, ...], holds: list[Verdict]) -> datetime | None:
    """Return when all holds have ended, or the maximum wait overrides them, whichever is first."""
    released = max((v.until for v in holds if v.until), default=None)
    overridden = next((v.until for v in verdicts if v.rule == "maximum_wait" and v.until), None)
    return min((each for each in (released, overridden) if each), default=None)


def _ask(
    rules: tuple[Rule, ...], state: ModelState, policy: RetrainPolicy, now: datetime
) -> tuple[Verdict, ...]:
    """Ask every rule, each for a bounded time; one that raises or hangs counts as a wait and is told."""
    said: list[Verdict] = []
    while len(said) < len(rules):
        rest = rules[len(said) :]
        answers: list[Verdict] = []  # of this thread alone: one that hangs must not speak later

        def ask(rest: tuple[Rule, ...] = rest, answers: list[Verdict] = answers) -> None:
            answers.extend(_asked(rule, state, policy, now) for rule in rest)

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(RULE_SECONDS)
        answered = tuple(answers)
        said.extend(answered)
        if len(answered) < len(rest):
            hanging = rest[len(answered)]
            said.append(_fault(hanging, f"no answer within {RULE_SECONDS:g} s", now))
    return tuple(said)


def _asked(rule: Rule, state: ModelState, policy: RetrainPolicy, now: datetime) -> Verdict:
    try:
        verdict = rule(state, policy, now)
    except Exception as error:  # noqa: BLE001 - a rule is somebody's own; whatever it raises is told
        return _fault(rule, f"{type(error).__name__}: {error}", now)
    return replace(verdict, rule=_name(rule))


def _fault(rule: Rule, what: str, now: datetime) -> Verdict:
    return Verdict(
        Effect.FORBID,
        f"the rule {_name(rule)} is broken ({what}); it counts as a wait",
        now + RETRY_OF_A_FAULT,
        rule=_name(rule),
        is_fault=True,
    )


def _name(rule: Rule) -> str:
    return getattr(rule, "__name__", type(rule).__name__)


def _reasons(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    return tuple(verdict.reason for verdict in verdicts)
