"""The sequence asks whether there is something to train, also when a person started it."""

from __future__ import annotations

import pytest

from shared.errors import NotFoundError
from tests.unit.trainer_trigger.fakes import CountingMemory, World, a_file


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
