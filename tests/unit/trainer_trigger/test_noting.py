"""What happened to a model is noted once, whatever repeats or comes late, and many uploads are one run."""

from __future__ import annotations

from shared.messages import RetrainStarted
from tests.unit.trainer_trigger.samples import START, a_file, accepted, withdrawn
from tests.unit.trainer_trigger.world import World


def test_many_uploads_are_one_run() -> None:
    world = World()
    world.upload(*(a_file(number) for number in range(1, 21)))
    assert len(world.timer.due) == 1
    world.let_timers_ring()
    assert world.sequence.starts == 1
    (started,) = world.told.of(RetrainStarted)
    assert started.files == 20
    assert world.the_run.started


def test_ten_thousand_uploads_in_a_minute_are_one_run() -> None:
    world = World()
    service_of_one_process = world.service
    file = a_file(1, days=1)
    for number in range(10_000):
        one = file.model_copy(update={"file_id": f"f{number}", "key": f"canonical/golden/{number}"})
        world.bucket.put(one)
        service_of_one_process.noting.accepted(accepted(one))
        world.clock.forward(milliseconds=6)
    world.let_timers_ring()
    assert world.sequence.starts == 1
    assert world.the_run.files == 10_000
    assert len(world.memory.kept) == 1


def test_a_repeated_message_changes_nothing() -> None:
    world = World()
    world.upload(a_file(1))
    world.clock.forward(minutes=5)
    for _ in range(3):
        world.service.noting.accepted(accepted(a_file(1)))
    assert world.memory.known["file0001"].first_seen_at == START


def test_a_late_message_does_not_train_on_a_withdrawn_file() -> None:
    world = World()
    world.upload(a_file(1))
    world.bucket.standing.clear()
    world.service.noting.withdrawn(withdrawn())
    world.service.noting.accepted(accepted(a_file(1)))
    world.let_timers_ring()
    assert not world.memory.known
    assert not world.memory.kept


def test_a_late_withdrawal_does_not_remove_a_restored_file() -> None:
    world = World()
    world.upload(a_file(1))
    world.service.noting.withdrawn(withdrawn())
    assert world.memory.known
