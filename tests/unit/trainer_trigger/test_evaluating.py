"""One evaluation decides from what is in the bucket, and does what was decided."""

from __future__ import annotations

import pytest

from services.trainer_trigger.app import deciding
from services.trainer_trigger.domain import deciding as rules
from services.trainer_trigger.domain.decision import RuleAnswer
from services.trainer_trigger.domain.model_state import ApprovedVersion
from shared.messages import ChallengerRejected
from tests.unit.trainer_trigger.fakes import CountingMemory
from tests.unit.trainer_trigger.samples import START, a_file, accepted, request
from tests.unit.trainer_trigger.world import World, end, found, in_flight


def test_what_was_never_told_is_found_before_a_run_opens() -> None:
    world = World()
    world.bucket.put(a_file(1), a_file(2))
    world.service.noting.accepted(accepted(a_file(1)))
    world.let_timers_ring()
    assert world.the_run.files == 2


def test_a_rejected_recipe_is_not_trained_again_until_its_settings_change() -> None:
    world = in_flight()
    first = world.the_run
    found(world, first, verdict="reject")
    outcome = world.service.outcomes.collect("golden", first.run_id, "arn")
    assert isinstance(outcome, ChallengerRejected)
    world.service.closing.close("golden", first.run_id, outcome)
    world.service.noting.request(request())
    assert world.memory.flying is None
    assert world.memory.asked is None, "the request is answered by saying that it was trained"
    config = world.configuration.config
    world.configuration.config = config.model_copy(update={"accuracy_threshold": 0.85})
    world.service.evaluating.evaluate("golden")
    second = world.the_run
    assert second.dataset_id == first.dataset_id
    assert second.recipe_id != first.recipe_id


def test_a_person_is_answered_even_if_the_answer_is_the_same_as_before() -> None:
    world = in_flight()
    end(world, "reject")
    world.service.noting.request(request())
    assert "--force" in world.memory.recorded[-1].reasons[0]


def test_a_model_that_lacks_only_a_place_waits_in_the_queue_and_is_woken() -> None:
    world = World(maximum_runs=1)
    world.memory.others = ["another-run"]
    world.upload(a_file(1))
    world.clock.forward(minutes=11)
    world.service.evaluating.due("golden")
    assert world.memory.queue == ["golden"]
    assert not world.memory.kept
    world.memory.others.clear()
    world.timer.due.clear()
    world.service.arming.wake_waiting()
    assert world.timer.due, "it is looked at as soon as a place is free"
    world.service.evaluating.due("golden")
    assert world.the_run.files == 1
    assert not world.memory.queue


def test_a_broken_rule_is_counted_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object) -> RuleAnswer:
        raise KeyError("x")

    monkeypatch.setattr(
        deciding, "decide", lambda state, policy, now: rules.decide(state, policy, now, [wrong])
    )
    world = World()
    world.service.evaluating.evaluate("golden")
    assert world.measures.counted["RuleFaults"] == 1
    assert "the rule wrong is broken" in world.measures.warnings[0]


def test_a_model_without_sites_waits_for_one() -> None:
    world = World()
    world.configuration.has_sites = False
    assert world.service.evaluating.evaluate("golden").reasons == ("no accepted file yet",)


def test_a_decision_that_retrains_reads_the_files_once_and_once_more_after_a_correction() -> None:
    for gone, reads in (((), 1), ((a_file(2),), 2)):
        memory = CountingMemory()
        world = World(memory=memory)
        world.upload(a_file(1), a_file(2))
        for file in gone:
            del world.bucket.standing[file.key]
        world.clock.forward(minutes=11)
        world.service.evaluating.evaluate("golden")
        assert world.the_run.files == 2 - len(gone)
        assert memory.reads == reads


def test_a_run_that_another_evaluation_opened_first_is_not_started_twice() -> None:
    world = World()
    world.upload(a_file(1))
    world.clock.forward(minutes=11)
    world.memory.open_run = lambda run, maximum_runs: False  # type: ignore[method-assign]
    world.service.evaluating.evaluate("golden")
    assert world.sequence.starts == 0
    assert not world.told.sent


def test_what_is_known_of_places_and_of_who_is_ahead_is_gathered() -> None:
    world = World(maximum_runs=3)
    world.memory.others = ["another-run"]
    world.memory.queue = ["west", "east", "golden", "north"]
    state = world.service.looking.state("golden", world.configuration.config)
    assert (state.places, state.ahead, state.is_queued) == (2, ("west", "east"), True)
    other = world.service.looking.state("south", world.configuration.config)
    assert not other.is_queued
    assert len(other.ahead) == 4


def test_what_is_known_after_a_run_is_gathered() -> None:
    world = in_flight()
    run = world.the_run
    flying = world.service.looking.state("golden", world.configuration.config)
    assert flying.in_flight is not None
    assert flying.in_flight.run_id == run.run_id
    assert flying.last_run is None
    end(world)
    world.memory.degraded = "site golden"
    state = world.service.looking.state("golden", world.configuration.config)
    assert state.consumed == {"file0001"}
    assert state.last_run is not None
    assert state.last_run.run_id == run.run_id
    assert state.champion is not None
    assert state.champion.version == 1
    assert state.config_id == run.config_id
    assert (state.in_flight, state.degraded) == (None, "site golden")
    assert state.spent_usd > 0


def test_the_recipes_history_is_that_of_the_same_data_settings_and_champion() -> None:
    world = in_flight()
    run = end(world, "reject")
    state = world.service.looking.state("golden", world.configuration.config)
    assert (state.recipe.outcome, state.recipe.run_id) == ("rejected", run.run_id)
    world.registry.versions = [ApprovedVersion(7, "arn/7", "s3://bucket/m", START)]
    other = world.service.looking.state("golden", world.configuration.config)
    assert other.recipe.outcome is None


def test_a_run_that_ends_wakes_who_waits_for_its_place() -> None:
    world = in_flight()
    world.memory.queue = ["west"]
    end(world)
    assert world.timer.models[-1] == "west"
