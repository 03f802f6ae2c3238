"""A sweep looks after every model, in slices, and reports what it cannot do."""

from __future__ import annotations

import pytest

from services.trainer_trigger.app.sweeping import SLICE
from shared.messages import SweepDue
from tests.unit.trainer_trigger.samples import START, a_file
from tests.unit.trainer_trigger.world import World, end, in_flight


def test_a_model_that_cannot_be_swept_does_not_keep_the_others_from_it() -> None:
    world = World()
    world.configuration.names = ["a-broken", "golden"]
    world.upload(a_file(1))
    world.clock.forward(minutes=11)
    world.service.sweeping.sweep(sweep())
    assert world.measures.counted["SweepFaults"] == 1
    assert "a-broken" in world.measures.warnings[0]
    assert world.the_run.model_id == "golden"


def test_a_sweep_that_has_no_more_time_goes_on_where_it_stopped() -> None:
    world = World()
    world.configuration.names = [f"m{number}" for number in range(5)]
    world.configuration.each_costs = (world.clock, 15)
    world.service.sweeping.sweep(sweep())
    assert world.timer.continued == ["m3"]
    world.configuration.asked.clear()
    world.service.sweeping.sweep(sweep(cursor="m3"))
    assert set(world.configuration.asked) == {"m3", "m4"}
    assert len(world.timer.continued) == 1


def sweep(cursor: str | None = None) -> SweepDue:
    return SweepDue.of(
        subject=("s", cursor), occurred_at=START, correlation_id="s", scope="quick", cursor=cursor
    )


def test_a_model_is_overdue_where_no_version_was_registered_for_long() -> None:
    world = World()
    assert not world.service.sweeping.model("golden", full=False)
    world.upload(a_file(1))
    world.let_timers_ring()
    end(world)
    assert not world.service.sweeping.model("golden", full=False)
    world.clock.forward(days=61)
    assert world.service.sweeping.model("golden", full=False)


def test_a_rejected_challenger_is_no_success() -> None:
    world = in_flight()
    end(world, "reject")
    world.clock.forward(days=61)
    world.service.sweeping.sweep(sweep())
    assert world.measures.counted["ModelsOverdue"] == 1


def test_a_sweep_reads_the_runs_of_a_model_once() -> None:
    world, asked = World(), []
    world.upload(a_file(1))
    runs = world.memory.runs
    world.memory.runs = lambda model_id: (asked.append(model_id), runs(model_id))[1]
    world.service.sweeping.sweep(sweep())
    assert asked == ["golden"]


def test_a_slice_ends_after_its_time_and_not_at_it() -> None:
    world = World()
    world.configuration.names = ["m0", "m1", "m2"]
    world.configuration.each_costs = (world.clock, SLICE.total_seconds() / 2)
    world.service.sweeping.sweep(sweep())
    assert not world.timer.continued
    world.configuration.asked.clear()
    world.configuration.each_costs = (world.clock, SLICE.total_seconds() / 2 + 1)
    world.service.sweeping.sweep(sweep())
    assert world.timer.continued == ["m2"]


def test_every_sweep_is_counted_also_one_without_models() -> None:
    world = World()
    world.configuration.names = []
    world.service.sweeping.sweep(sweep())
    assert world.measures.counted == {"Sweeps": 1, "ModelsOverdue": 0}


@pytest.mark.parametrize(("scope", "corrects"), [("quick", False), ("full", True), ("daily", True)])
def test_only_a_quick_sweep_leaves_memory_uncompared_with_the_bucket(
    scope: str, *, corrects: bool
) -> None:
    world = World()
    world.bucket.put(a_file(1))
    due = sweep().model_copy(update={"scope": scope})
    world.service.sweeping.sweep(due)
    assert bool(world.memory.known) is corrects


def test_every_overdue_model_is_counted() -> None:
    world = in_flight()
    end(world, "reject")
    world.configuration.names = ["golden", "west"]
    world.clock.forward(days=61)
    world.service.sweeping.sweep(sweep())
    assert world.measures.counted["ModelsOverdue"] == 2


def test_a_fault_is_reported_with_its_model_and_its_kind() -> None:
    world = World()
    world.configuration.names = ["a-broken"]
    world.service.sweeping.sweep(sweep())
    assert world.measures.warnings[0].startswith("sweep of model a-broken: ValueError: ")
