"""Any order, repetition, loss or death gives the same log and the same scorecard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.messages import AnyMessage
from tests.unit.deployer.live.world import NOW, World

MONDAY = date(2026, 6, 8)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
LATER = NOW - timedelta(days=2)
WEATHER, POWER = ("ghi", "temp_air"), ("power_ac",)


def a_week_in_the_life() -> tuple[World, list[AnyMessage]]:
    """Files of three days: apart and together, restated, withdrawn, doubled by another source."""
    world = World()
    messages: list[AnyMessage] = [
        world.upload("weather-1", MONDAY, columns=WEATHER),
        world.upload("power-1", MONDAY, columns=POWER),
        world.upload("both-2", TUESDAY),
        world.upload("restated-2", TUESDAY, columns=POWER, factor=0.9, uploaded=LATER),
        world.upload("both-3", WEDNESDAY),
        world.upload("wrong-3", WEDNESDAY, columns=POWER, factor=0.2, uploaded=LATER),
        world.upload("satellite", MONDAY, 3, columns=("ghi",), uploaded=LATER + timedelta(hours=1)),
    ]
    messages.append(world.withdraw("wrong-3"))
    return world, messages


def seen(world: World) -> dict[str, Any]:
    """Return all that must be the same, whatever happened on the way."""
    return {
        "log": world.predictions,
        "days": {key: (day.files, day.made, day.power) for key, day in world.books.kept.items()},
        "scores": world.books.scored,
        "waiting": world.books.waits,
    }


@cache
def undisturbed() -> dict[str, Any]:
    world, messages = a_week_in_the_life()
    for message in messages:
        world.hear(message)
    return seen(world)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_messages_in_any_order_twice_and_together_come_to_the_same(data: st.DataObject) -> None:
    world, messages = a_week_in_the_life()
    twice = [*messages, *data.draw(st.lists(st.sampled_from(messages), max_size=4))]
    order = data.draw(st.permutations(twice))
    while order:
        size = data.draw(st.integers(1, len(order)))
        world.hear(*order[:size])
        order = order[size:]
    assert seen(world) == undisturbed()


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_messages_that_are_lost_are_made_up_for_by_the_sweep(data: st.DataObject) -> None:
    world, messages = a_week_in_the_life()
    for message in data.draw(st.lists(st.sampled_from(messages), unique_by=id)):
        world.hear(message)
    world.sweep()
    assert seen(world) == undisturbed()


class DiedError(Exception):
    """The process ended at this very call."""


def dies_at(call: int, world: World) -> None:
    """Let the n-th call to the bucket, the table, the topic or the endpoint be the last one."""
    left = [call]

    def mortal(function: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and not after:
                raise DiedError
            answer = function(*arguments, **named)
            if left[0] == 0:
                raise DiedError
            return answer

        return called

    for part, names in (
        (world.objects, ("read", "create")),
        (world.books, ("keep", "wait", "end_waiting")),
        (world.topic, ("publish_all",)),
        (world.asking, ("ask",)),
    ):
        for name in names:
            setattr(part, name, mortal(getattr(part, name), after=name in {"create", "keep"}))


def lives(world: World) -> None:
    for part in (world.objects, world.books, world.topic, world.asking):
        for name in list(vars(part)):
            if callable(vars(part)[name]) and getattr(vars(part)[name], "__name__", "") == "called":
                delattr(part, name)


@pytest.mark.parametrize("call", range(1, 40, 3))
def test_a_process_that_dies_at_any_call_is_made_up_for_by_the_message_coming_again(
    call: int,
) -> None:
    world, messages = a_week_in_the_life()
    dies_at(call, world)
    for message in messages:
        try:
            world.hear(message)
        except DiedError:
            lives(world)
            world.hear(message)
    assert seen(world) == undisturbed()


@pytest.mark.parametrize("again", ["message", "sweep"])
@pytest.mark.parametrize("call", range(2, 40, 4))
def test_whatever_the_log_has_is_in_the_book_although_a_new_version_came_before_it_was_tried_again(
    call: int, again: str
) -> None:
    world, messages = a_week_in_the_life()
    dies_at(call, world)
    left = list(messages)
    with suppress(DiedError):
        while left:
            world.hear(left[0])
            del left[0]
    lives(world)
    world.hear(world.deploy(2, at=NOW))
    if again == "message":
        world.hear(*left)
    world.sweep()
    noted = {each.key for day in world.books.kept.values() for each in day.made}
    assert noted == set(world.predictions)
    states = [found.state for _, scores in sorted(world.books.scored.items()) for found in scores]
    assert set(states) == {"scored"}


def test_the_story_has_what_it_is_told_for() -> None:
    scores = {day: found for (_, day), found in undisturbed()["scores"].items()}
    assert [found[0].state for _, found in sorted(scores.items())] == ["scored"] * 3
    assert scores[TUESDAY][0].sums.energy_bias == pytest.approx(1 / 0.9 - 1, abs=1e-6)
