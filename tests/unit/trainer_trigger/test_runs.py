"""From uploads to one run, and from a run to its end, whatever repeats or vanishes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.trainer_trigger.app import deciding
from services.trainer_trigger.domain import deciding as rules
from services.trainer_trigger.domain.datasets import dataset_of
from services.trainer_trigger.domain.decision import RuleAnswer
from services.trainer_trigger.domain.model_state import ApprovedVersion, KnownFile
from services.trainer_trigger.domain.run import Run, Step
from shared.dataset import Exclusion
from shared.errors import NotFoundError, PermanentError
from shared.messages import (
    ChallengerRegistered,
    ChallengerRejected,
    ConfigAccepted,
    DataWithdrawn,
    RetrainFailed,
    RetrainRequested,
    RetrainStarted,
    RollbackRequested,
    SweepDue,
)
from tests.unit.trainer_trigger.fakes import (
    PACKAGE,
    START,
    FakeMemory,
    FakeRegistry,
    World,
    a_file,
    accepted,
    found,
)


def request(*, force: bool = False) -> RetrainRequested:
    return RetrainRequested.of(
        subject=("golden", "1"),
        occurred_at=START,
        correlation_id="ada",
        model_id="golden",
        reason="new inverter",
        requested_by="ada",
        force=force,
    )


def test_many_uploads_are_one_run() -> None:
    world = World()
    world.upload(*(a_file(number) for number in range(1, 21)))
    assert len(world.timer.due) == 1
    world.let_timers_ring()
    assert world.sequence.starts == 1
    (started,) = world.told.of(RetrainStarted)
    assert started.files == 20
    assert world.the_run.started


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


def withdrawn() -> DataWithdrawn:
    file = a_file(1)
    return DataWithdrawn.of(
        subject=(file.file_id, "withdrawn"),
        occurred_at=START,
        correlation_id="raw",
        site_id="golden",
        model_id="golden",
        file_id=file.file_id,
        canonical_uri=f"s3://bucket/{file.key}",
        reason="removed",
    )


def test_what_was_never_told_is_found_before_a_run_opens() -> None:
    world = World()
    world.bucket.put(a_file(1), a_file(2))
    world.service.noting.accepted(accepted(a_file(1)))
    world.let_timers_ring()
    assert world.the_run.files == 2


def test_a_registered_run_is_approved_published_and_closed() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    found(world, run)
    outcome = world.service.outcomes.collect("golden", run.run_id, "arn:pipeline/execution/1")
    assert isinstance(outcome, ChallengerRegistered)
    assert outcome.approval == "Approved"
    assert "by policy" not in world.registry.approvals[PACKAGE]
    assert outcome.cost_usd == pytest.approx(0.0192, abs=1e-4)
    world.service.closing.close("golden", run.run_id, outcome)
    assert world.memory.kept[run.run_id].status == "registered"
    assert world.memory.flying is None
    world.let_timers_ring()
    assert world.sequence.starts == 1, "the same data are not trained again against their own child"


def test_every_instance_that_preprocesses_is_counted_as_the_run_was_opened_with_it() -> None:
    world = World()
    world.configuration.config = world.configuration.config.model_copy(
        update={"preprocess_instances": 4}
    )
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    world.configuration.config = world.configuration.config.model_copy(
        update={"preprocess_instances": 20}
    )
    checked = world.service.verifying.verify("golden", run.run_id, run.execution)
    assert checked["run"]["preprocess_instances"] == "4"
    found(world, run)
    world.pipeline.done += (Step("Preprocess", "Succeeded", "", 900.0, None),)
    outcome = world.service.outcomes.collect("golden", run.run_id, "arn:pipeline/execution/1")
    assert isinstance(outcome, ChallengerRegistered)
    assert outcome.cost_usd == pytest.approx(0.115 * (4 * 900 + 600) / 3600, abs=1e-4)


def test_a_person_approves_where_the_policy_or_the_evaluation_says_so() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    found(world, world.the_run, approval="person")
    outcome = world.service.outcomes.collect("golden", world.the_run.run_id, "arn")
    assert isinstance(outcome, ChallengerRegistered)
    assert outcome.approval == "PendingManualApproval"
    assert not world.registry.approvals


def test_a_rejected_recipe_is_not_trained_again_until_its_settings_change() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
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


def test_a_forced_retrain_is_another_attempt_at_the_same_recipe() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    first = world.the_run
    found(world, first, verdict="reject")
    world.service.closing.close(
        "golden", first.run_id, world.service.outcomes.collect("golden", first.run_id, "arn")
    )
    world.service.noting.request(request(force=True))
    assert world.the_run.run_id == f"{first.recipe_id}-2"


def test_data_that_arrive_during_a_run_are_trained_after_it() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    first = world.the_run
    world.upload(a_file(2))
    found(world, first)
    world.service.closing.close(
        "golden", first.run_id, world.service.outcomes.collect("golden", first.run_id, "arn")
    )
    world.clock.forward(hours=2)
    world.service.evaluating.evaluate("golden")
    assert world.the_run.files == 2
    assert world.registry.lent[world.the_run.run_id] == 1


def test_a_failure_names_stage_cause_and_next_step() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    world.pipeline.arns[world.the_run.run_id] = "arn"
    world.pipeline.done = (
        Step("Train", "Failed", "CapacityError: Insufficient capacity for ml.m5.large", 0, None),
    )
    failed = world.service.outcomes.explain("golden", world.the_run.run_id, "Pipeline", "Failed")
    assert isinstance(failed, RetrainFailed)
    assert failed.stage == "Train"
    assert "another instance_type" in failed.next_step


def test_a_sequence_that_vanished_is_ended_by_the_sweep() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    world.sequence.executions.clear()
    world.service.sweeping.model("golden", full=False)
    assert world.memory.kept[run.run_id].status == "failed"
    assert len(world.told.of(RetrainFailed)) == 1


def test_a_broken_sequence_is_ended_with_the_machines_own_words() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    world.sequence.executions[run.execution] = "FAILED"
    world.service.sweeping.model("golden", full=False)
    assert "the service restarted" in (world.memory.kept[run.run_id].failure or "")


def test_an_unknown_model_started_by_hand_is_answered_in_words() -> None:
    answer = World().service.verifying.verify("../x", None, "by-hand")
    assert answer == {"proceed": False, "reason": "no model '../x'; known: golden"}


def test_a_person_is_answered_even_if_the_answer_is_the_same_as_before() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    found(world, run, verdict="reject")
    world.service.closing.close(
        "golden", run.run_id, world.service.outcomes.collect("golden", run.run_id, "arn")
    )
    world.service.noting.request(request())
    assert "--force" in world.memory.recorded[-1].reasons[0]


def test_a_sequence_that_ended_without_telling_is_told_by_the_sweep() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    found(world, run)
    world.sequence.executions[run.execution] = "SUCCEEDED"
    world.service.sweeping.model("golden", full=False)
    assert world.memory.kept[run.run_id].status == "registered"
    assert len(world.told.of(ChallengerRegistered)) == 1


def test_a_run_past_its_deadline_is_stopped_and_explained() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    world.pipeline.arns[run.run_id] = "arn"
    world.clock.forward(hours=7)
    world.service.sweeping.model("golden", full=False)
    assert world.pipeline.stopped == ["arn"]
    assert world.memory.kept[run.run_id].status == "failed"


def stopped(world: World) -> Run:
    """Let a person stop the execution of the run in flight."""
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    world.pipeline.arns[run.run_id] = "arn"
    world.sequence.executions[run.execution] = "ABORTED"
    return run


def test_a_run_whose_execution_was_stopped_is_ended_at_once() -> None:
    world = World()
    run = stopped(world)
    said = json.dumps({"model_id": "golden", "run_id": run.run_id})
    for _ in range(2):  # events come twice
        world.service.looking_after.execution_ended(run.execution, said)
    assert world.pipeline.stopped == ["arn"]
    assert world.memory.kept[run.run_id].status == "failed"
    assert len(world.told.of(RetrainFailed)) == 1


@pytest.mark.parametrize(
    ("execution", "said"),
    [("another", '{"model_id": "golden"}'), ("", ""), ("", "[]"), ("", '{"model_id": 1}')],
)
def test_an_execution_that_is_not_of_the_run_in_flight_ends_nothing(
    execution: str, said: str
) -> None:
    world = World()
    run = stopped(world)
    world.service.looking_after.execution_ended(execution or run.execution, said)
    assert world.memory.kept[run.run_id].status == "running"


def test_an_event_that_is_late_does_not_end_a_run_that_goes_on() -> None:
    world = World()
    run = stopped(world)
    world.sequence.executions[run.execution] = "RUNNING"
    world.service.looking_after.execution_ended(run.execution, '{"model_id": "golden"}')
    assert world.memory.kept[run.run_id].status == "running"


def test_a_run_that_was_opened_but_not_started_is_taken_up_again() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    world.memory.kept[run.run_id] = replace(run, started=False)
    world.sequence.executions.clear()
    world.clock.forward(minutes=3)
    world.service.sweeping.model("golden", full=False)
    assert world.sequence.executions == {run.execution: "RUNNING"}
    assert len(world.told.of(RetrainStarted)) == 1, "the repeat has the same id"


def test_started_by_hand_with_only_a_model_opens_a_run() -> None:
    world = World()
    world.upload(a_file(1))
    answer = world.service.verifying.verify("golden", None, "by-hand")
    assert answer["proceed"]
    assert world.the_run.execution == "by-hand"
    again = world.service.verifying.verify("golden", None, "by-hand-2")
    assert not again["proceed"]
    assert "in flight" in again["reason"]


def test_verifying_an_unknown_run_says_so() -> None:
    with pytest.raises(NotFoundError, match="no run nope"):
        World().service.verifying.verify("golden", "nope", "x")


def test_a_success_without_evaluation_is_a_failure_not_a_silence() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    with pytest.raises(PermanentError, match="wrote no evaluation"):
        world.service.outcomes.collect("golden", world.the_run.run_id, "arn")


@settings(max_examples=60)
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
    ended(world, "register")
    assert not world.service.sweeping.model("golden", full=False)
    world.clock.forward(days=61)
    assert world.service.sweeping.model("golden", full=False)


def test_a_rejected_challenger_is_no_success() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    ended(world, "reject")
    world.clock.forward(days=61)
    world.service.sweeping.sweep(sweep())
    assert world.measures.counted["ModelsOverdue"] == 1


def ended(world: World, verdict: str) -> None:
    """Let the run in flight end with a verdict."""
    run = world.the_run
    found(world, run, verdict)
    outcome = world.service.outcomes.collect("golden", run.run_id, "arn:pipeline/execution/1")
    world.service.closing.close("golden", run.run_id, outcome)


def test_a_sweep_reads_the_runs_of_a_model_once() -> None:
    world, asked = World(), []
    world.upload(a_file(1))
    runs = world.memory.runs
    world.memory.runs = lambda model_id: (asked.append(model_id), runs(model_id))[1]
    world.service.sweeping.sweep(sweep())
    assert asked == ["golden"]


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


@dataclass
class CountingMemory(FakeMemory):
    """Counts how often all files of a model are read: at a fleet's size that is most of a decision."""

    reads: int = 0

    def files(self, model_id: str) -> tuple[KnownFile, ...]:
        self.reads += 1
        return super().files(model_id)


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


def test_a_sequence_started_by_hand_reads_the_files_once() -> None:
    memory = CountingMemory()
    world = World(memory=memory)
    world.upload(a_file(1))
    world.service.verifying.verify("golden", None, "by-hand")
    assert world.the_run.execution == "by-hand"
    assert memory.reads == 1


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
    found(world, run)
    world.service.closing.close(
        "golden", run.run_id, world.service.outcomes.collect("golden", run.run_id, "arn")
    )
    world.clock.forward(hours=7)  # longer than the policy lets new data wait
    world.service.sweeping.model("golden", full=False)
    assert world.bucket.file_ids("golden", world.the_run.dataset_id) == {"file0001", "file0002"}


def excluded(days: int = 5) -> Exclusion:
    start = datetime(2024, 1, 10, tzinfo=UTC)
    end = start + timedelta(days=days)
    return Exclusion(site_id="golden", start=start, end=end, reason="logger clock was wrong")


def poisoned_world() -> World:
    """Version 1 was trained without the excluded range, version 2 with it."""
    world = World()
    world.upload(a_file(2), a_file(1))
    config, sites = world.configuration.config, world.configuration.sites("golden")
    dataset = dataset_of("golden", config, sites, (a_file(2),), ())
    with_it = dataset_of("golden", config, sites, (a_file(1),), ())
    world.bucket.freeze(dataset)
    world.bucket.freeze(with_it)
    world.registry.versions = [
        ApprovedVersion(2, "arn/2", "s3://bucket/2", START, with_it.dataset_id),
        ApprovedVersion(1, "arn/1", "s3://bucket/1", START, dataset.dataset_id),
    ]
    return world


def config_changed() -> ConfigAccepted:
    return ConfigAccepted.of(
        subject=("golden", "e1"),
        occurred_at=START,
        correlation_id="config/exclusions/golden.yaml",
        kind="site",
        name="golden",
        model_id="golden",
        config_version="e1",
    )


def test_an_exclusion_takes_the_poisoned_version_back_and_retrains_without_it() -> None:
    world = poisoned_world()
    world.configuration.excluded = (excluded(),)
    for _ in range(2):
        world.service.noting.configuration(config_changed())
    (asked,) = world.told.of(RollbackRequested)
    assert isinstance(asked, RollbackRequested)
    assert asked.to_version == 1
    assert "version 2 was trained on data that is now excluded" in asked.reason
    assert "logger clock was wrong" in asked.reason
    world.clock.forward(minutes=11)
    world.service.evaluating.evaluate("golden")
    assert world.the_run.champion_version == 1, "the poisoned one is no champion to compare with"
    assert world.bucket.frozen[world.the_run.dataset_id].exclusions == (excluded(),)


def test_what_was_excluded_while_a_run_trained_on_it_waits_for_a_person() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    world.configuration.excluded = (excluded(),)
    world.service.noting.configuration(config_changed())
    found(world, run)
    outcome = world.service.outcomes.collect("golden", run.run_id, "arn")
    assert isinstance(outcome, ChallengerRegistered)
    assert outcome.approval == "PendingManualApproval"
    assert not world.registry.approvals
    assert "excluded meanwhile" in outcome.reasons[0]
    world.service.closing.close("golden", run.run_id, outcome)
    assert world.bucket.frozen[world.the_run.dataset_id].exclusions == (excluded(),)


def test_without_a_clean_version_the_poisoned_one_goes_on_and_is_replaced() -> None:
    world = poisoned_world()
    del world.registry.versions[1]
    world.configuration.excluded = (excluded(),)
    world.service.noting.configuration(config_changed())
    assert not world.told.of(RollbackRequested)
    assert "no clean version exists" in world.measures.warnings[0]


def test_an_exclusion_of_what_nobody_trained_on_changes_no_version() -> None:
    world = poisoned_world()
    late = excluded().model_copy(update={"start": START, "end": START + timedelta(days=1)})
    world.configuration.excluded = (late,)
    world.service.noting.configuration(config_changed())
    assert not world.told.of(RollbackRequested)


def test_changed_exclusions_are_worth_a_retrain_of_the_same_files() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    first = world.the_run
    found(world, first, verdict="reject")
    world.service.closing.close(
        "golden", first.run_id, world.service.outcomes.collect("golden", first.run_id, "arn")
    )
    world.configuration.excluded = (excluded(),)
    world.service.noting.configuration(config_changed())
    assert world.the_run.dataset_id != first.dataset_id
    assert any("exclusions changed" in reason for reason in world.the_run.reasons)


def test_a_model_without_sites_waits_for_one() -> None:
    world = World()
    world.configuration.has_sites = False
    assert world.service.evaluating.evaluate("golden").reasons == ("no accepted file yet",)


def test_a_site_that_moves_to_another_model_mid_run_is_in_that_run_and_in_no_later_one() -> None:
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    world.configuration.has_sites = False
    found(world, run)
    world.service.closing.close(
        "golden", run.run_id, world.service.outcomes.collect("golden", run.run_id, "arn")
    )
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


def test_the_champion_is_part_of_the_recipe() -> None:
    world = World()
    world.upload(a_file(1))
    world.registry.versions = [ApprovedVersion(7, "arn/7", "s3://bucket/m", START)]
    world.let_timers_ring()
    assert world.registry.lent == {world.the_run.run_id: 7}
