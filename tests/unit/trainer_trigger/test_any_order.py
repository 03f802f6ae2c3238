"""Whatever comes in whatever order: one execution per run, one run in flight, every file trained."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.trainer_trigger.samples import a_file, accepted, request
from tests.unit.trainer_trigger.world import World, found


@settings(max_examples=60, deadline=None)  # of a machine that others use, too
@given(st.data())
def test_any_order_of_messages_sweeps_and_repeats_is_one_run_at_a_time(data: st.DataObject) -> None:
    """Whatever comes in whatever order: one execution per run, one run in flight, every file trained."""
    world = World()
    files = [a_file(number) for number in range(1, 6)]
    world.bucket.put(*files)
    steps = data.draw(
        st.lists(
            st.sampled_from(["accepted", "evaluate", "due", "sweep", "finish", "time", "ask"]),
            max_size=40,
        )
    )
    for step in steps:
        match step:
            case "accepted":
                file = data.draw(st.sampled_from(files))
                world.service.noting.accepted(accepted(file))
            case "evaluate":
                world.service.evaluating.evaluate("golden")
            case "due":
                world.service.evaluating.due("golden")
            case "sweep":
                world.service.sweeping.model("golden", full=data.draw(st.booleans()))
            case "ask":
                world.service.noting.request(request())
            case "time":
                world.clock.forward(minutes=data.draw(st.integers(1, 90)))
            case "finish" if world.memory.flying:
                run = world.the_run
                found(world, run, verdict=data.draw(st.sampled_from(["register", "reject"])))
                for _ in range(data.draw(st.integers(1, 2))):
                    outcome = world.service.outcomes.collect("golden", run.run_id, "arn")
                    world.service.closing.close("golden", run.run_id, outcome)
        running = [run for run in world.memory.kept.values() if run.status == "running"]
        assert len(running) <= 1
        assert len(world.sequence.executions) == len(world.memory.kept)
    assert len({run.recipe_id for run in world.memory.kept.values()}) == len(world.memory.kept)
    finish_all(world)
    last = world.memory.runs("golden")[-1]
    assert world.bucket.file_ids("golden", last.dataset_id) == {file.file_id for file in files}


def finish_all(world: World) -> None:
    """Let every run end and every wait elapse, with nothing but sweeps."""
    for _ in range(6):
        world.clock.now += timedelta(hours=1, minutes=30)
        world.service.sweeping.model("golden", full=True)
        if world.memory.flying:
            run = world.the_run
            found(world, run)
            world.service.closing.close(
                "golden", run.run_id, world.service.outcomes.collect("golden", run.run_id, "arn")
            )
