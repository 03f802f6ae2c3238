"""A run is opened of the files that were decided about, and started once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from services.trainer_trigger.domain.model_state import ApprovedVersion
from shared.messages import ModelHeld, ModelReleased
from tests.unit.trainer_trigger.fakes import FakeRegistry
from tests.unit.trainer_trigger.samples import START, a_file, request
from tests.unit.trainer_trigger.world import World, end, in_flight


def test_a_forced_retrain_is_another_attempt_at_the_same_recipe() -> None:
    world = in_flight()
    first = world.the_run
    end(world, "reject")
    world.service.noting.request(request(force=True))
    assert world.the_run.run_id == f"{first.recipe_id}-2"


def test_an_attempt_after_a_failed_one_is_on_demand_and_says_so() -> None:
    world = in_flight()
    first = world.the_run
    assert first.capacity == "spot"
    failed = world.service.outcomes.explain("golden", first.run_id, "Train", "Interrupted")
    world.service.closing.close("golden", first.run_id, failed)
    world.service.noting.request(request(force=True))
    second = world.the_run
    assert (second.attempt, second.capacity) == (2, "on_demand")
    assert second.reasons[-1].startswith("it is trained on demand")
    task = {"task": "verify", "input": {"model_id": "golden", "run_id": second.run_id}}
    told = world.service.sequencing.run({**task, "execution": second.execution})
    assert told["run"]["pipeline_name"] == "pipeline-on-demand"


def test_data_that_arrive_during_a_run_are_trained_after_it() -> None:
    world = in_flight()
    world.upload(a_file(2))
    end(world)
    world.clock.forward(hours=2)
    world.service.evaluating.evaluate("golden")
    assert world.the_run.files == 2
    assert world.registry.lent[world.the_run.run_id] == 1


@dataclass
class BusyRegistry(FakeRegistry):
    """While a run is being opened, something happens."""

    meanwhile: Callable[[], None] = lambda: None
    looks: int = 0

    def approved(self, model_id: str) -> Iterator[ApprovedVersion]:
        self.looks += 1
        if self.looks == 2:  # the first look is the decision's, the second the opening's
            self.meanwhile()
        return super().approved(model_id)


def test_a_file_that_comes_while_a_run_is_opened_is_in_the_next_one() -> None:
    registry = BusyRegistry()
    world = World(registry=registry)
    registry.meanwhile = lambda: world.upload(a_file(2))
    world.upload(a_file(1))
    world.clock.forward(minutes=11)
    world.service.evaluating.due("golden")
    run = world.the_run
    assert world.bucket.file_ids("golden", run.dataset_id) == {"file0001"}
    end(world)
    world.clock.forward(hours=7)  # longer than the policy lets new data wait
    world.service.sweeping.model("golden", full=False)
    assert world.bucket.file_ids("golden", world.the_run.dataset_id) == {"file0001", "file0002"}


def test_a_site_that_moves_to_another_model_mid_run_is_in_that_run_and_in_no_later_one() -> None:
    world = in_flight()
    run = world.the_run
    world.configuration.has_sites = False
    end(world)
    assert world.bucket.file_ids("golden", run.dataset_id) == {"file0001"}
    world.clock.forward(hours=2)
    world.service.sweeping.model("golden", full=True)
    assert not world.memory.known
    assert len(world.memory.kept) == 1


def test_a_dataset_of_one_row_is_a_run_like_any_other() -> None:
    world = World()
    world.upload(a_file(1).model_copy(update={"rows": 1, "window_end": a_file(1).window_start}))
    world.let_timers_ring()
    assert world.the_run.files == 1


def held(serves: int, at: datetime) -> ModelHeld:
    return ModelHeld.of(
        subject=("golden", at),
        occurred_at=at,
        correlation_id="golden/hold",
        model_id="golden",
        serves=serves,
        taken_back=[],
        reason="bias",
        requested_by="ada",
    )


def released(at: datetime) -> ModelReleased:
    return ModelReleased.of(
        subject=("golden", at),
        occurred_at=at,
        correlation_id="golden/hold",
        model_id="golden",
        reason="mended",
        requested_by="ada",
    )


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("heard", "champion"),
    [
        ((), 3),
        ((held(2, START),), 2),
        ((held(2, START), held(1, START + SECOND)), 1),
        ((held(1, START + SECOND), held(2, START)), 1),
        ((held(2, START), released(START + SECOND)), 3),
        ((released(START + SECOND), held(2, START)), 3),
    ],
    ids=["nobody holds it", "held", "held anew", "in another order", "released", "late"],
)
def test_while_a_person_holds_a_model_its_challenger_is_compared_with_what_serves(
    heard: tuple[ModelHeld | ModelReleased, ...], champion: int
) -> None:
    world = World()
    world.registry.versions = [
        ApprovedVersion(number, f"arn/{number}", "s3://bucket/m", START) for number in (3, 2, 1)
    ]
    for message in heard:
        world.service.dispatching.handle(message)
    world.upload(a_file(1))
    world.let_timers_ring()
    assert world.registry.lent == {world.the_run.run_id: champion}


def test_the_champion_is_part_of_the_recipe() -> None:
    world = World()
    world.upload(a_file(1))
    world.registry.versions = [ApprovedVersion(7, "arn/7", "s3://bucket/m", START)]
    world.let_timers_ring()
    assert world.registry.lent == {world.the_run.run_id: 7}
