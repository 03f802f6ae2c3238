"""What is decided, from what is known."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trainer_trigger.domain import deciding
from services.trainer_trigger.domain.deciding import decide
from services.trainer_trigger.domain.decision import Effect, Outcome, Rule, RuleAnswer
from services.trainer_trigger.domain.model_state import (
    ApprovedVersion,
    FinishedRun,
    InFlight,
    KnownFile,
    ModelState,
    RecipeHistory,
    Request,
)
from services.trainer_trigger.domain.rules import RULES
from services.trainer_trigger.domain.rules.new_days import new_days_by_site
from shared.model_config import RetrainPolicy
from tests.unit.trainer_trigger.samples import START, a_file

POLICY = RetrainPolicy(
    quiet_period=timedelta(minutes=10),
    maximum_wait=timedelta(hours=6),
    minimum_new_days=7,
    cool_down=timedelta(hours=1),
)
CHAMPION = ApprovedVersion(1, "arn", "s3://b/m", START - timedelta(days=10))
ARRIVED = KnownFile(a_file(1), START)
LATER = START + timedelta(minutes=11)
STATE = ModelState(files=(ARRIVED,), consumed=frozenset(), config_id="c", champion=CHAMPION)


def test_new_data_are_trained_after_the_quiet_period() -> None:
    assert decide(STATE, POLICY, START).outcome is Outcome.WAIT
    assert decide(STATE, POLICY, START).until == START + POLICY.quiet_period
    assert decide(STATE, POLICY, LATER).outcome is Outcome.RETRAIN
    assert decide(STATE, POLICY, LATER).reasons == ("30 new days of data",)


def test_too_few_new_days_wait_and_say_how_many_are_missing() -> None:
    few = replace(STATE, files=(KnownFile(a_file(1, days=1), START),))
    decision = decide(few, POLICY, LATER)
    assert decision.outcome is Outcome.WAIT
    assert decision.until == START + POLICY.maximum_wait
    assert "6 more are needed" in decision.reasons[0]


def test_a_trickle_still_trains_after_the_maximum_wait() -> None:
    now = START + POLICY.maximum_wait
    trickle = replace(
        STATE, files=(ARRIVED, KnownFile(a_file(2, days=1), now - timedelta(seconds=1)))
    )
    assert decide(trickle, POLICY, now).outcome is Outcome.RETRAIN


def test_nothing_new_is_idle() -> None:
    decision = decide(replace(STATE, consumed=frozenset({"file0001"})), POLICY, LATER)
    assert decision.outcome is Outcome.IDLE


def test_a_run_in_flight_always_waits() -> None:
    flying = InFlight("r1", START, START + timedelta(hours=6))
    asked = Request("ada", "now", force=True, requested_at=START)
    decision = decide(replace(STATE, in_flight=flying, request=asked), POLICY, LATER)
    assert decision.outcome is Outcome.WAIT
    assert "r1 is in flight" in decision.reasons[0]


def test_a_person_overrides_quiet_period_and_minimum() -> None:
    asked = Request("ada", "new inverter", force=False, requested_at=START)
    few = replace(STATE, files=(KnownFile(a_file(1, days=1), START),), request=asked)
    decision = decide(few, POLICY, START)
    assert decision.outcome is Outcome.RETRAIN
    assert "ada asked: new inverter" in decision.reasons


def test_a_changed_configuration_overrides_the_cool_down() -> None:
    last = FinishedRun("r1", "rejected", "old", START)
    state = replace(STATE, last_run=last, consumed=frozenset({"file0001"}))
    assert decide(state, POLICY, START).outcome is Outcome.RETRAIN


def test_the_cool_down_holds_new_data() -> None:
    last = FinishedRun("r1", "registered", "c", START)
    decision = decide(replace(STATE, last_run=last), POLICY, LATER)
    assert decision.outcome is Outcome.WAIT
    assert decision.until == START + POLICY.cool_down


def test_a_recipe_has_one_outcome_unless_a_person_forces_it() -> None:
    done = RecipeHistory(outcome="rejected", run_id="r1")
    asked = Request("ada", "again", force=False, requested_at=START)
    forced = replace(asked, force=True)
    state = replace(STATE, recipe=done)
    assert decide(replace(state, request=asked), POLICY, LATER).outcome is Outcome.IDLE
    assert decide(replace(state, request=forced), POLICY, LATER).outcome is Outcome.RETRAIN


@pytest.mark.parametrize(("failures", "minutes"), [(1, 5), (2, 20)])
def test_a_failed_recipe_is_tried_again_with_growing_waits(failures: int, minutes: int) -> None:
    history = RecipeHistory(failures=failures, last_failure_at=LATER)
    state = replace(STATE, recipe=history)
    decision = decide(state, POLICY, LATER)
    assert decision.until == LATER + timedelta(minutes=minutes)
    assert decide(state, POLICY, LATER + timedelta(minutes=minutes)).outcome is Outcome.RETRAIN


def test_three_failures_are_left_to_a_person() -> None:
    state = replace(STATE, recipe=RecipeHistory(failures=3, last_failure_at=START))
    assert decide(state, POLICY, START + timedelta(days=30)).outcome is Outcome.IDLE
    asked = Request("ada", "corrected", force=False, requested_at=START)
    assert decide(replace(state, request=asked), POLICY, LATER).outcome is Outcome.RETRAIN


def test_paused_and_over_budget_say_so() -> None:
    paused = POLICY.model_copy(update={"paused": True})
    assert "paused" in decide(STATE, paused, LATER).reasons[0]
    poor = POLICY.model_copy(update={"monthly_budget_usd": 1.0})
    decision = decide(replace(STATE, spent_usd=1.5), poor, LATER)
    assert decision.reasons == ("1.50 of 1.00 USD are spent this month",)
    assert decision.until is not None
    assert decision.until.day == 1


def test_an_old_champion_is_challenged_with_what_is_there() -> None:
    policy = POLICY.model_copy(update={"maximum_champion_age": timedelta(days=5)})
    state = replace(STATE, consumed=frozenset({"file0001"}))
    assert decide(state, policy, LATER).reasons == ("the champion is 10 days old",)


def test_power_and_weather_of_the_same_days_count_once() -> None:
    power, weather = a_file(1), a_file(1).model_copy(update={"file_id": "w"})
    assert new_days_by_site([power, weather]) == {"golden": 30}


def test_new_data_of_too_few_sites_wait_for_the_others() -> None:
    policy = POLICY.model_copy(update={"minimum_site_share": 0.5})
    old = KnownFile(a_file(1).model_copy(update={"file_id": "old", "site_id": "west"}), START)
    older = KnownFile(a_file(1).model_copy(update={"file_id": "older", "site_id": "east"}), START)
    state = replace(STATE, files=(ARRIVED, old, older), consumed=frozenset({"old", "older"}))
    assert "33% of the sites only" in decide(state, policy, LATER).reasons[0]
    assert decide(state, POLICY, LATER).outcome is Outcome.RETRAIN


def test_degraded_accuracy_is_worth_a_retrain_without_new_data() -> None:
    state = replace(STATE, consumed=frozenset({"file0001"}), degraded="site golden: nMAE 0.09")
    assert decide(state, POLICY, LATER).outcome is Outcome.RETRAIN


def test_a_full_account_puts_the_model_into_a_fair_queue() -> None:
    full = replace(STATE, places=0, ahead=("west",))
    decision = decide(full, POLICY, LATER)
    assert decision.outcome is Outcome.WAIT
    assert "in the queue, after west" in decision.reasons[0]
    assert decide(replace(STATE, places=1, ahead=("west",)), POLICY, LATER).outcome is Outcome.WAIT
    assert (
        decide(replace(STATE, places=2, ahead=("west",)), POLICY, LATER).outcome is Outcome.RETRAIN
    )


def test_a_rule_that_raises_counts_as_a_wait_and_is_named() -> None:
    def wrong(*_: object) -> RuleAnswer:
        raise ZeroDivisionError("no sites")

    decision = decide(STATE, POLICY, LATER, [*RULES, wrong])
    assert decision.outcome is Outcome.WAIT
    assert decision.until is not None
    assert "the rule wrong is broken (ZeroDivisionError: no sites)" in decision.reasons[0]
    assert [fault.rule for fault in decision.faults] == ["wrong"]


def test_a_rule_that_hangs_is_given_up_and_the_others_are_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deciding, "RULE_SECONDS", 0.05)
    released = threading.Event()

    def hang(*_: object) -> RuleAnswer:
        released.wait(10)
        return RuleAnswer(Effect.DEMAND, "too late")

    decision = decide(STATE, POLICY, LATER, [hang, *RULES])
    released.set()
    assert decision.outcome is Outcome.WAIT
    assert "no answer within 0.05 s" in decision.reasons[0]
    assert len(decision.verdicts) == len(RULES) + 1


def test_every_verdict_that_compares_figures_gives_them() -> None:
    numbers = {verdict.rule: verdict.numbers for verdict in decide(STATE, POLICY, LATER).verdicts}
    assert numbers["enough_new_days"] == {"new_days": 30, "minimum_new_days": 7, "share": 1.0}
    assert numbers["account_full"]["free_places"] == 1


def test_a_clock_that_went_back_still_waits_and_still_trains() -> None:
    future = replace(STATE, files=(KnownFile(a_file(1), START + timedelta(hours=1)),))
    decision = decide(future, POLICY, START)
    assert decision.outcome is Outcome.WAIT
    assert decision.until == START + timedelta(hours=1) + POLICY.quiet_period


def test_an_own_rule_is_one_more_function_in_the_list() -> None:
    def before_the_audit(*_: object) -> RuleAnswer:
        return RuleAnswer(Effect.FORBID, "no retrain in the week before the audit")

    decision = decide(STATE, POLICY, LATER, [*RULES, before_the_audit])
    assert decision.reasons == ("no retrain in the week before the audit",)


@given(
    seconds=st.integers(min_value=0, max_value=10**6),
    ages=st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=20),
    days=st.integers(min_value=1, max_value=40),
)
def test_every_wait_ends_in_a_retrain_by_the_maximum_wait(
    seconds: int, ages: list[int], days: int
) -> None:
    """Whatever arrived when: new data never wait past the maximum wait, and a wait says until when."""
    now = START + timedelta(seconds=seconds)
    files = tuple(
        KnownFile(a_file(number + 1, days), now - timedelta(seconds=age))
        for number, age in enumerate(ages)
    )
    decision = decide(replace(STATE, files=files), POLICY, now)
    waited = timedelta(seconds=max(ages))
    if waited >= POLICY.maximum_wait:
        assert decision.outcome is Outcome.RETRAIN
    elif decision.outcome is Outcome.WAIT:
        assert decision.until is not None
        assert now < decision.until <= now - waited + POLICY.maximum_wait


def says(effect: Effect, hours: float | None, name: str) -> Rule:
    """Return a rule that always says the same."""

    def rule(_: ModelState, __: RetrainPolicy, now: datetime) -> RuleAnswer:
        return RuleAnswer(effect, name, None if hours is None else now + timedelta(hours=hours))

    rule.__name__ = name
    return rule


FORBID, DEMAND, HOLD = Effect.FORBID, Effect.DEMAND, Effect.HOLD
WANT, NOTHING = Effect.WANT, Effect.NOTHING


@pytest.mark.parametrize(
    ("said", "outcome", "hours", "reasons"),
    [
        # what forbids beats all; the last of them to end frees the model
        ([(FORBID, 1, "a"), (FORBID, 3, "b"), (DEMAND, None, "c")], "wait", 3, ("a", "b")),
        ([(FORBID, None, "a"), (FORBID, 3, "b")], "wait", 3, ("a", "b")),
        ([(FORBID, None, "a"), (DEMAND, None, "c"), (NOTHING, 1, "d")], "idle", None, ("a",)),
        # what demands beats what holds
        ([(DEMAND, None, "a"), (HOLD, 1, "b"), (WANT, None, "c")], "retrain", None, ("a", "c")),
        # what holds beats what wants, until the last hold is over
        ([(WANT, None, "a"), (HOLD, 1, "b"), (HOLD, 2, "c")], "wait", 2, ("b", "c")),
        # or until the maximum wait overrides them
        ([(WANT, None, "a"), (HOLD, 2, "b"), (NOTHING, 1, "maximum_wait")], "wait", 1, ("b",)),
        ([(WANT, None, "a"), (HOLD, 2, "b"), (NOTHING, 3, "maximum_wait")], "wait", 2, ("b",)),
        ([(WANT, None, "a"), (HOLD, None, "b")], "wait", None, ("b",)),
        ([(WANT, None, "a")], "retrain", None, ("a",)),
        # without a wish it is looked at when the first rule may say otherwise
        ([(NOTHING, 3, "a"), (NOTHING, 2, "b"), (NOTHING, -1, "c")], "wait", 2, ()),
        ([(NOTHING, 0, "a")], "idle", None, ()),
        ([(HOLD, 5, "a")], "wait", 5, ()),
        ([(NOTHING, None, "enough_new_days")], "idle", None, ("enough_new_days",)),
        ([], "idle", None, ()),
    ],
)
def test_what_the_rules_say_makes_one_decision(
    said: list[tuple[Effect, float | None, str]],
    outcome: str,
    hours: float | None,
    reasons: tuple[str, ...],
) -> None:
    decision = decide(STATE, POLICY, START, [says(*each) for each in said])
    assert decision.outcome == outcome
    assert decision.until == (None if hours is None else START + timedelta(hours=hours))
    assert decision.reasons == reasons
    assert [verdict.rule for verdict in decision.verdicts] == [name for _, _, name in said]
    assert not decision.faults


def test_a_broken_rule_is_asked_again_after_a_quarter_of_an_hour() -> None:
    def wrong(*_: object) -> RuleAnswer:
        raise KeyError("x")

    decision = decide(STATE, POLICY, START, [wrong])
    assert decision.until == START + timedelta(minutes=15)


def test_a_rule_that_is_an_object_is_named_by_its_class() -> None:
    class Audit:
        def __call__(self, *_: object) -> RuleAnswer:
            return RuleAnswer(NOTHING, "no audit is near")

    (verdict,) = decide(STATE, POLICY, START, [Audit()]).verdicts
    assert verdict.rule == "Audit"
