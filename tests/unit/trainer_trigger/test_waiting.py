"""A model that is not retrained now waits for a time or for a place, and its request is answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.trainer_trigger.domain.deciding import is_answered, lacks_only_a_place
from services.trainer_trigger.domain.decision import Decision, Effect, Outcome, RuleAnswer
from services.trainer_trigger.domain.model_state import ModelState, Request
from tests.unit.trainer_trigger.samples import START, a_file
from tests.unit.trainer_trigger.world import World, in_flight

STATE = ModelState(files=(), consumed=frozenset(), config_id="c")
ASKED = Request("ada", "now", force=False, requested_at=START)


def decided(*answers: tuple[str, Effect]) -> Decision:
    said = tuple(RuleAnswer(effect, "because", rule=rule) for rule, effect in answers)
    return Decision(Outcome.WAIT, ("because",), None, said)


FULL = ("account_full", Effect.FORBID)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([FULL, ("enough_new_days", Effect.WANT)], True),
        ([FULL, ("person_asked", Effect.DEMAND)], True),
        ([FULL, ("person_asked", Effect.DEMAND), ("quiet_period", Effect.HOLD)], True),
        ([FULL, ("enough_new_days", Effect.WANT), ("quiet_period", Effect.HOLD)], False),
        ([FULL], False),
        ([FULL, ("quiet_period", Effect.HOLD)], False),
        ([FULL, ("paused", Effect.FORBID), ("person_asked", Effect.DEMAND)], False),
        ([("paused", Effect.FORBID), ("person_asked", Effect.DEMAND)], False),
        ([("person_asked", Effect.DEMAND)], False),
    ],
)
def test_who_would_be_retrained_now_lacks_only_a_place(
    answers: list[tuple[str, Effect]], *, expected: bool
) -> None:
    assert lacks_only_a_place(decided(*answers)) is expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([("already_trained", Effect.FORBID)], True),
        ([("no_data", Effect.FORBID)], True),
        ([("already_trained", Effect.NOTHING), ("no_data", Effect.NOTHING)], False),
        ([("paused", Effect.FORBID)], False),
    ],
)
def test_a_request_is_answered_where_waiting_would_change_nothing(
    answers: list[tuple[str, Effect]], *, expected: bool
) -> None:
    assert is_answered(replace(STATE, request=ASKED), decided(*answers)) is expected
    assert not is_answered(STATE, decided(*answers)), "nobody asked"


def test_a_model_leaves_the_queue_where_it_wants_no_place_any_more() -> None:
    world = World(maximum_runs=1)
    world.memory.others = ["another-run"]
    world.memory.queue = ["west", "golden"]
    world.service.evaluating.evaluate("golden")
    assert world.memory.queue == ["west"]


def test_a_model_that_is_in_no_queue_leaves_none() -> None:
    world = World()
    world.memory.dequeue = lambda model_id: pytest.fail("a write for nothing")  # type: ignore[method-assign]
    world.service.evaluating.evaluate("golden")


def test_a_decision_that_waits_is_looked_at_when_its_time_comes() -> None:
    world = World()
    world.bucket.put(a_file(1))
    world.memory.add_file("golden", a_file(1), START)
    world.clock.forward(minutes=4)
    decision = world.service.evaluating.evaluate("golden")
    assert decision.until == START + timedelta(minutes=10)
    assert world.timer.due == [START + timedelta(minutes=10, seconds=1)]


def test_a_decision_that_waits_for_nothing_arms_nothing() -> None:
    world = World()
    assert world.service.evaluating.evaluate("golden").until is None
    assert not world.timer.due


def test_a_request_waits_on_while_a_run_is_in_flight() -> None:
    world = in_flight()
    world.memory.set_request("golden", ASKED)
    world.service.evaluating.evaluate("golden")
    assert world.memory.asked == ASKED
