"""The process dies at the n-th call to the outside, before or after its effect; the message comes again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from services.trainer_trigger.composition import UseCases, wired
from shared.messages import ChallengerRegistered, RetrainStarted
from tests.unit.trainer_trigger.samples import a_file, accepted
from tests.unit.trainer_trigger.world import World, found

PORTS = (
    "configuration",
    "canonical",
    "datasets",
    "registry",
    "memory",
    "timer",
    "sequence",
    "pipeline",
    "publisher",
)


class Death(BaseException):
    """The process is gone; nothing catches it, as nothing catches a kill."""


@dataclass
class Fate:
    """Dies once, at the n-th call."""

    at: int
    after: bool
    calls: int = 0

    def wrap(self, port: Any) -> Any:
        return Mortal(port, self)


class Mortal:
    """A port whose calls are counted, and one of which is the last."""

    def __init__(self, port: Any, fate: Fate) -> None:
        self._port = port
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        found_ = getattr(self._port, name)
        if not callable(found_):
            return found_

        def call(*arguments: Any, **named: Any) -> Any:
            self._fate.calls += 1
            last = self._fate.calls == self._fate.at
            if last and not self._fate.after:
                raise Death
            answer = found_(*arguments, **named)
            if last:
                raise Death
            return answer

        return call


def mortal(world: World, fate: Fate) -> UseCases:
    ports = {name: fate.wrap(getattr(world.outside, name)) for name in PORTS}
    return wired(replace(world.outside, **ports))


def redelivered(step: Callable[[], Any]) -> Any:
    """Do a step as a queue does: again, if the process died."""
    try:
        return step()
    except Death:
        return step()


def main_job(world: World, service: UseCases) -> None:
    """Two uploads, their evaluation, and the sequence from its start to its end."""
    world.bucket.put(a_file(1), a_file(2))
    for number in (1, 2):
        redelivered(lambda number=number: service.noting.accepted(accepted(a_file(number))))
    world.clock.forward(minutes=11)
    redelivered(lambda: service.evaluating.due("golden"))
    for _ in range(2):  # what a death left half done is taken up by the sweep
        world.clock.forward(minutes=5)
        redelivered(lambda: service.sweeping.model("golden", full=False))
    run = world.the_run
    answer = redelivered(lambda: service.verifying.verify("golden", run.run_id, run.execution))
    assert answer["proceed"]
    found(world, run)
    outcome = redelivered(lambda: service.outcomes.collect("golden", run.run_id, "arn"))
    world.told.publish(outcome)
    redelivered(lambda: service.closing.close("golden", run.run_id, outcome))
    world.clock.forward(hours=2)
    redelivered(lambda: service.sweeping.model("golden", full=True))


def calls_of_the_main_job() -> int:
    fate = Fate(at=0, after=False)
    world = World()
    main_job(world, mortal(world, fate))
    return fate.calls


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_dying_at_any_call_leaves_one_run_with_one_outcome(*, after: bool) -> None:
    total = calls_of_the_main_job()
    assert total > 50
    for at in range(1, total + 1):
        world = World()
        main_job(world, mortal(world, Fate(at, after)))
        told = f"died {'after' if after else 'before'} call {at} of {total}"
        assert [run.status for run in world.memory.runs("golden")] == ["registered"], told
        assert len(world.sequence.executions) == 1, told
        assert len(world.told.of(RetrainStarted)) == 1, told
        assert len(world.told.of(ChallengerRegistered)) == 1, told
        assert world.memory.flying is None, told
        (run,) = world.memory.runs("golden")
        assert world.bucket.file_ids("golden", run.dataset_id) == {"file0001", "file0002"}, told
