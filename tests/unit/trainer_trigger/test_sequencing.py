"""The state machine's tasks: what each is given, what it answers, and what is measured."""

from __future__ import annotations

from typing import Any

import pytest

from services.trainer_trigger.domain.identity import request_token
from services.trainer_trigger.domain.run import Step
from shared import messages
from shared.errors import InvalidMessageError, PermanentError
from shared.messages import ChallengerRejected, RetrainFailed
from tests.unit.trainer_trigger.samples import a_file
from tests.unit.trainer_trigger.world import World, found, in_flight


def task(world: World, name: str, **given: Any) -> Any:
    return world.service.sequencing.run({"task": name, "model_id": "golden", **given})


def verify(world: World, **given: Any) -> Any:
    said = {"model_id": "golden", **given}
    return task(world, "verify", input=said, execution="by-hand")


def test_an_opened_run_goes_on_with_all_that_its_pipeline_needs() -> None:
    world = in_flight()
    run = world.the_run
    assert verify(world, run_id=run.run_id) == {
        "proceed": True,
        "reason": "; ".join(run.reasons),
        "run": {
            "model_id": "golden",
            "run_id": run.run_id,
            "dataset_id": run.dataset_id,
            "accuracy_threshold": str(run.accuracy_threshold),
            "instance_type": run.instance_type,
            "model_type": run.model_type,
            "preprocess_instances": "1",
            "pipeline_name": "pipeline",
            "request_token": request_token(run.run_id),
        },
        "poll_seconds": 30,
    }


def test_a_run_that_has_ended_does_not_go_on() -> None:
    world = in_flight()
    run = world.the_run
    failed = world.service.outcomes.explain("golden", run.run_id, "Train", "boom")
    world.service.closing.close("golden", run.run_id, failed)
    answer = verify(world, run_id=run.run_id)
    assert answer == {"proceed": False, "reason": f"run {run.run_id} has ended: failed"}


def test_a_run_whose_dataset_is_gone_cannot_go_on() -> None:
    world = in_flight()
    world.bucket.frozen.clear()
    with pytest.raises(PermanentError, match="is gone"):
        verify(world, run_id=world.the_run.run_id)


def test_an_execution_started_by_hand_gets_a_run_of_its_own() -> None:
    world = World()
    world.upload(a_file(1))
    assert verify(world)["run"]["run_id"] == world.the_run.run_id
    assert world.the_run.execution == "by-hand"
    assert world.sequence.starts == 0, "it is started already"


def collected(world: World, verdict: str = "register", **model: Any) -> Any:
    run = world.the_run
    found(world, run, verdict)
    evaluation = world.bucket.evaluated[run.run_id]
    champion = evaluation.challenger.model_copy(
        update={"all": evaluation.challenger.all.model_copy(update={"r2": model.get("champion")})}
    )
    world.bucket.evaluated[run.run_id] = evaluation.model_copy(
        update={"champion": champion if "champion" in model else None}
    )
    return task(world, "collect", run_id=run.run_id, pipeline_execution_arn="arn")


def test_a_collected_outcome_is_ready_to_be_published() -> None:
    world = in_flight()
    answer = collected(world, "reject")
    assert answer["type"] == "solar.challenger_rejected"
    outcome = messages.read(answer["body"])
    assert isinstance(outcome, ChallengerRejected)
    assert outcome.run_id == world.the_run.run_id


@pytest.mark.parametrize(
    ("champion", "shortfall"), [(0.90, 0.05), (0.95, 0.0), (0.99, 0.0), (None, None)]
)
def test_the_accuracy_of_challenger_and_champion_is_measured(
    champion: float | None, shortfall: float | None
) -> None:
    world = in_flight()
    collected(world, champion=champion)
    expected = {"EvaluationR2": 0.9}
    if champion is not None:
        expected |= {"ChampionR2": champion, "ChampionShortfall": pytest.approx(shortfall)}
    figures = {n: v for n, v in world.measures.figures.items() if n.endswith(("R2", "Shortfall"))}
    assert figures == expected
    assert world.measures.of_models == {world.the_run.model_id}


@pytest.mark.parametrize("ending", ["registered", "failed"])
def test_what_a_run_cost_is_measured_however_it_ended(ending: str) -> None:
    world = in_flight()
    if ending == "registered":
        said = collected(world)
    else:
        world.pipeline.arns[world.the_run.run_id] = "arn"
        world.pipeline.done = (Step("Train", "Failed", "Boom", 600.0, None),)
        said = task(world, "explain", run_id=world.the_run.run_id, stage="Train", cause="Boom")
    outcome = messages.read(said["body"])
    assert outcome.cost_usd > 0
    assert world.measures.counted["RunCost"] == outcome.cost_usd
    assert world.measures.of_models == {world.the_run.model_id}


def test_without_a_champion_only_the_challenger_is_measured() -> None:
    world = in_flight()
    collected(world)
    assert "ChampionR2" not in world.measures.counted
    assert world.measures.counted["EvaluationR2"] == 0.9


def test_a_failure_is_explained_and_a_run_closed_with_it() -> None:
    world = in_flight()
    run = world.the_run
    said = task(world, "explain", run_id=run.run_id, stage="StartPipeline", cause="AccessDenied")
    assert said["type"] == "solar.retrain_failed"
    outcome = messages.read(said["body"])
    assert isinstance(outcome, RetrainFailed)
    assert (outcome.stage, outcome.cause) == ("StartPipeline", "AccessDenied")
    task(world, "close", run_id=run.run_id, outcome=said["body"])
    assert world.memory.kept[run.run_id].status == "failed"


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"task": "dance", "model_id": "golden", "run_id": "r"},
        {"task": "verify", "input": {}, "execution": "x"},
        {"task": "verify", "input": {"model_id": 1}, "execution": "x"},
    ],
)
def test_what_is_no_task_is_refused_with_how_to_start_by_hand(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidMessageError, match="start it by hand"):
        World().service.sequencing.run(event)
