"""One evaluation is armed for many messages: not too late, not twice, and never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.trainer_trigger.app.arming import SLACK
from services.trainer_trigger.composition import UseCases
from tests.unit.trainer_trigger.samples import START
from tests.unit.trainer_trigger.world import World

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def with_quiet_period(quiet: timedelta) -> World:
    world = World()
    config = world.configuration.config
    policy = config.policy.model_copy(update={"quiet_period": quiet})
    world.configuration.config = config.model_copy(update={"policy": policy})
    return world


@pytest.mark.parametrize(
    ("quiet", "after"),
    [
        (10 * MINUTE, 10 * MINUTE),
        (
            40 * MINUTE,
            15 * MINUTE,
        ),  # no message is delayed longer; the evaluation arms the next one
        (timedelta(0), SECOND),
    ],
)
def test_an_evaluation_comes_just_after_the_quiet_period(
    quiet: timedelta, after: timedelta
) -> None:
    world = with_quiet_period(quiet)
    world.service.arming.soon("golden")
    assert world.timer.due == [START + after + SECOND]
    assert world.memory.armed_until == START + after + SLACK, "later it counts as lost"


def test_a_process_asks_again_after_half_a_quiet_period() -> None:
    world = with_quiet_period(10 * MINUTE)
    one_process: UseCases = world.service
    for minutes, asked in ((0, 1), (1, 1), (4.99, 1), (5, 2), (9, 2), (10, 3)):
        world.clock.now = START + minutes * MINUTE
        one_process.arming.soon("golden")
        assert world.configuration.asked.count("golden") == asked, minutes
    assert len(world.timer.due) == 1


def test_each_model_is_armed_for_itself() -> None:
    world = World()
    service = world.service
    service.arming.soon("golden")
    world.memory.armed_until = None  # the stand-in has one for all
    service.arming.soon("west")
    assert len(world.timer.due) == 2


@pytest.mark.parametrize(
    ("delay", "after"),
    [
        (-5 * MINUTE, SECOND),
        (timedelta(0), SECOND),
        (90 * SECOND, 90 * SECOND),
        (timedelta(hours=6), 15 * MINUTE),
    ],
)
def test_a_wait_is_as_long_as_a_message_can_be_delayed(delay: timedelta, after: timedelta) -> None:
    world = World()
    world.service.arming.within("golden", delay)
    assert world.timer.due == [START + after + SECOND]


def test_what_is_armed_is_not_armed_again_but_for_an_earlier_time() -> None:
    world = World()
    world.service.arming.within("golden", 10 * MINUTE)
    world.service.arming.within("golden", 12 * MINUTE)
    assert len(world.timer.due) == 1
    world.service.arming.within("golden", 2 * MINUTE)
    assert world.timer.due[1:] == [START + 2 * MINUTE + SECOND]


@pytest.mark.parametrize(
    ("running", "places", "woken"), [(0, 2, 2), (1, 2, 1), (2, 2, 0), (3, 2, 0), (1, 9, 3)]
)
def test_as_many_are_woken_as_there_are_places_longest_waiting_first(
    running: int, places: int, woken: int
) -> None:
    world = World(maximum_runs=places)
    world.memory.others = [f"run-{number}" for number in range(running)]
    world.memory.queue = ["west", "east", "north"]
    world.memory.armed_until = START + MINUTE  # one armed before does not keep them waiting
    world.service.arming.wake_waiting()
    assert world.timer.models == ["west", "east", "north"][:woken]
    assert set(world.timer.due) <= {START + 2 * SECOND}
