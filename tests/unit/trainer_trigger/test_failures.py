"""People read what happened and what follows, in sentences that are true."""

from __future__ import annotations

import pytest

from services.trainer_trigger.domain.failures import explain
from tests.unit.trainer_trigger.samples import a_file
from tests.unit.trainer_trigger.world import World


def test_a_run_that_somebody_stopped_is_said_to_be_tried_again_as_it_is() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    first = world.the_run
    failed = world.service.outcomes.explain(
        "golden", first.run_id, "Retrain sequence", "ABORTED: by a person"
    )
    world.service.closing.close("golden", first.run_id, failed)

    assert "tried again" in explain(failed.stage, failed.cause).next_step
    world.clock.forward(hours=1)
    world.service.evaluating.evaluate("golden")
    assert world.sequence.starts == 2


@pytest.mark.parametrize("cause", ["ABORTED: by a person", "ABORTED: by a person."])
def test_a_failures_cause_and_next_step_are_sentences_of_their_own(cause: str) -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    failed = world.service.outcomes.explain("golden", run.run_id, "Retrain sequence", cause)
    world.service.closing.close("golden", run.run_id, failed)
    assert "by a person. Somebody" in (world.memory.kept[run.run_id].failure or "")
