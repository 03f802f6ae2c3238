"""The sequence asks whether there is something to train, also when a person started it."""

from __future__ import annotations

import pytest

from shared.errors import NotFoundError
from shared.messages import RetrainStarted
from tests.unit.trainer_trigger.fakes import CountingMemory
from tests.unit.trainer_trigger.samples import a_file
from tests.unit.trainer_trigger.world import World, end, in_flight


def test_started_by_hand_with_only_a_model_opens_a_run() -> None:
    world = World()
    world.upload(a_file(1))
    answer = world.service.verifying.verify("golden", None, "by-hand")
    assert answer["proceed"]
    assert world.the_run.execution == "by-hand"
    again = world.service.verifying.verify("golden", None, "by-hand-2")
    assert not again["proceed"]
    assert "in flight" in again["reason"]


def test_an_unknown_model_started_by_hand_is_answered_in_words() -> None:
    answer = World().service.verifying.verify("../x", None, "by-hand")
    assert answer == {"proceed": False, "reason": "no model '../x'; known: golden"}


def test_verifying_an_unknown_run_says_so() -> None:
    with pytest.raises(NotFoundError, match="no run nope"):
        World().service.verifying.verify("golden", "nope", "x")


def test_a_sequence_started_by_hand_reads_the_files_once() -> None:
    memory = CountingMemory()
    world = World(memory=memory)
    world.upload(a_file(1))
    world.service.verifying.verify("golden", None, "by-hand")
    assert world.the_run.execution == "by-hand"
    assert memory.reads == 1


@pytest.mark.parametrize(("names", "known"), [([], "none"), (["west", "east"], "east, west")])
def test_an_unknown_model_is_answered_with_those_that_there_are(
    names: list[str], known: str
) -> None:
    world = World()
    world.configuration.names = names
    answer = world.service.verifying.verify("golden", None, "by-hand")
    assert answer["reason"] == f"no model 'golden'; known: {known}"


def test_a_run_started_by_hand_is_announced_with_who_asked() -> None:
    world = World()
    world.bucket.put(a_file(1))
    answer = world.service.verifying.verify("golden", None, "by-hand")
    assert "a person asked: the sequence was started by hand" in answer["reason"]
    assert len(world.told.of(RetrainStarted)) == 1
    assert world.the_run.started
    assert world.registry.groups == ["golden"]
    assert world.registry.lent == {world.the_run.run_id: None}, "its evaluation finds no champion"
    assert world.the_run.files == 1, "memory was corrected by the bucket before"


def test_by_hand_the_same_recipe_is_not_forced() -> None:
    world = in_flight()
    end(world, "reject")
    answer = world.service.verifying.verify("golden", None, "by-hand")
    assert not answer["proceed"]
    assert "--force" in answer["reason"]


def test_an_execution_by_hand_that_comes_second_is_told_so() -> None:
    world = World()
    world.bucket.put(a_file(1))
    world.memory.open_run = lambda run, maximum_runs: False  # type: ignore[method-assign]
    answer = world.service.verifying.verify("golden", None, "by-hand")
    assert not answer["proceed"]
    assert answer["reason"]
    assert not world.told.sent
