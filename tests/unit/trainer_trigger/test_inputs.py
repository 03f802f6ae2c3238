"""A model learns from what it will be asked with: from forecasts, or from none."""

from __future__ import annotations

from services.trainer_trigger.domain.decision import Outcome
from tests.unit.trainer_trigger.samples import a_file, a_forecast
from tests.unit.trainer_trigger.world import World, end


def with_inputs(inputs: str) -> World:
    world = World()
    world.configuration.config = world.configuration.config.model_copy(update={"inputs": inputs})
    return world


def test_a_model_of_measured_weather_learns_from_no_forecast() -> None:
    world = with_inputs("measured")
    world.upload(a_file(1), a_forecast())
    world.let_timers_ring()
    assert world.bucket.file_ids("golden", world.the_run.dataset_id) == {"file0001"}


def test_forecasts_alone_start_no_retrain_of_it() -> None:
    world = with_inputs("measured")
    world.upload(a_forecast())
    world.clock.forward(hours=48)
    assert world.service.evaluating.evaluate("golden").outcome is not Outcome.RETRAIN


def test_a_model_of_forecasts_learns_from_power_and_forecasts() -> None:
    world = with_inputs("forecast")
    world.upload(a_file(1), a_forecast())
    world.let_timers_ring()
    assert world.bucket.file_ids("golden", world.the_run.dataset_id) == {"file0001", "file0100"}


def test_without_forecasts_it_waits_and_says_what_is_missing() -> None:
    world = with_inputs("forecast")
    world.upload(a_file(1))
    world.clock.forward(hours=48)
    decision = world.service.evaluating.evaluate("golden")
    assert decision.outcome is not Outcome.RETRAIN
    assert any("kind: forecast" in reason for reason in decision.reasons)


def test_new_forecasts_wait_for_new_power() -> None:
    world = with_inputs("forecast")
    world.upload(a_file(1), a_forecast())
    world.let_timers_ring()
    end(world)
    world.upload(a_forecast(101))
    world.clock.forward(hours=48)
    assert world.service.evaluating.evaluate("golden").outcome is not Outcome.RETRAIN
    world.upload(a_file(2))
    world.clock.forward(hours=48)
    assert world.service.evaluating.evaluate("golden").outcome is Outcome.RETRAIN
