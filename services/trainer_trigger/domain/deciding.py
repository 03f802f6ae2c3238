"""From what the rules say to one decision: pure, bounded in time, and never without a reason."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from services.trainer_trigger.domain.decision import Decision, Effect, Outcome, Rule, RuleAnswer
from services.trainer_trigger.domain.model_state import ModelState
from services.trainer_trigger.domain.rules import RULES
from shared.model_config import RetrainPolicy

RULE_SECONDS = 2.0  # a rule is a comparison of figures; one that takes longer hangs
RETRY_OF_A_FAULT = timedelta(minutes=15)


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
    always = [v for v in by_effect[Effect.NOTHING] if v.rule == "left_out" and state.left_out]
    if forbidding := by_effect[Effect.FORBID]:
        until = max((v.until for v in forbidding if v.until), default=None)
        outcome = Outcome.WAIT if until else Outcome.IDLE
        return Decision(outcome, _reasons(forbidding + always), until, verdicts)
    if by_effect[Effect.DEMAND] or (wishes and not by_effect[Effect.HOLD]):
        return Decision(Outcome.RETRAIN, _reasons(wishes + always), None, verdicts)
    if wishes:
        holds = by_effect[Effect.HOLD]
        until = _soonest_release(verdicts, holds)
        return Decision(Outcome.WAIT, _reasons(holds + always), until, verdicts)
    idle = [v for v in verdicts if v.rule == "enough_new_days"]
    until = min(later, default=None)
    return Decision(
        Outcome.WAIT if until else Outcome.IDLE, _reasons(idle + always), until, verdicts
    )


def _soonest_release(verdicts: tuple[RuleAnswer, ...], holds: list[RuleAnswer]) -> datetime | None:
    """Return when all holds have ended, or the maximum wait overrides them, whichever is first."""
    released = max((v.until for v in holds if v.until), default=None)
    overridden = next((v.until for v in verdicts if v.rule == "maximum_wait" and v.until), None)
    return min((each for each in (released, overridden) if each), default=None)


def _ask(
    rules: tuple[Rule, ...], state: ModelState, policy: RetrainPolicy, now: datetime
) -> tuple[RuleAnswer, ...]:
    """Ask every rule, each for a bounded time; one that raises or hangs counts as a wait and is told."""
    said: list[RuleAnswer] = []
    while len(said) < len(rules):
        rest = rules[len(said) :]
        answers: list[RuleAnswer] = []  # of this thread alone: one that hangs must not speak later

        def ask(rest: tuple[Rule, ...] = rest, answers: list[RuleAnswer] = answers) -> None:
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


def _asked(rule: Rule, state: ModelState, policy: RetrainPolicy, now: datetime) -> RuleAnswer:
    try:
        verdict = rule(state, policy, now)
    except Exception as error:  # noqa: BLE001 - a rule is somebody's own; whatever it raises is told
        return _fault(rule, f"{type(error).__name__}: {error}", now)
    return replace(verdict, rule=_name(rule))


def _fault(rule: Rule, what: str, now: datetime) -> RuleAnswer:
    return RuleAnswer(
        Effect.FORBID,
        f"the rule {_name(rule)} is broken ({what}); it counts as a wait",
        now + RETRY_OF_A_FAULT,
        rule=_name(rule),
        is_fault=True,
    )


def _name(rule: Rule) -> str:
    return getattr(rule, "__name__", type(rule).__name__)


def _reasons(verdicts: Iterable[RuleAnswer]) -> tuple[str, ...]:
    return tuple(verdict.reason for verdict in verdicts)


def lacks_only_a_place(decision: Decision) -> bool:
    """Whether a model would be retrained now if the account had a place for its run."""
    forbidding = {each.rule for each in decision.verdicts if each.effect is Effect.FORBID}
    effects = {each.effect for each in decision.verdicts}
    wishes = Effect.DEMAND in effects or (Effect.WANT in effects and Effect.HOLD not in effects)
    return wishes and forbidding == {"account_full"}


def is_answered(state: ModelState, decision: Decision) -> bool:
    """Whether a person's request is answered: it is trained already, or cannot be."""
    return state.request is not None and any(
        each.rule in {"already_trained", "no_data", "left_out"} and each.effect is Effect.FORBID
        for each in decision.verdicts
    )
