"""An approved version reaches its endpoint, or is taken back; never twice, never half."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.deployer.domain import deployment
from services.deployer.domain import reference as reference_rules
from services.deployer.domain import rollback as rules
from services.deployer.domain.deployment import Action, Version
from services.deployer.domain.reference import Answer, Reference
from shared import names
from shared.messages import (
    DeploymentFailed,
    DeploymentRolledBack,
    DeploymentStarted,
    ModelDeployed,
    RollbackRequested,
)
from shared.model_config import EndpointConfig
from tests.unit.deployer.fakes import START, World, a_version


def deployed(*numbers: int) -> World:
    world = World()
    for number in numbers:
        world.now += timedelta(minutes=1)
        world.registry.approve(number)
        world.reconcile()
        world.endpoints.settle()
        world.reconcile()
    return world


def rollback(to_version: int | None = None, request: str = "1") -> RollbackRequested:
    return RollbackRequested.of(
        subject=("golden", request),
        occurred_at=START,
        correlation_id="ada",
        model_id="golden",
        to_version=to_version,
        reason="bias",
        requested_by="ada",
    )


def test_the_first_approved_version_gets_an_endpoint() -> None:
    world = deployed(1)
    assert world.endpoints.calls == ["create 1"]
    assert len(world.told(DeploymentStarted)) == 1
    assert [message.model_package_version for message in world.told(ModelDeployed)] == [1]
    assert [entry.event for entry in world.memory.log("golden")] == ["started", "deployed"]
    assert world.endpoints.scaled == 1
    assert world.endpoints.endpoint is not None
    assert world.endpoints.tidied == [world.endpoints.endpoint.configuration]
    assert world.waits == [15]


def test_nothing_approved_is_nothing_to_do() -> None:
    assert World().reconcile() is Action.NOTHING


def test_a_newer_version_replaces_it_by_an_update() -> None:
    world = deployed(1, 2)
    assert world.endpoints.calls == ["create 1", "update 2"]
    assert world.told(ModelDeployed)[-1].previous_version == 1


def test_repeated_events_change_nothing() -> None:
    world = World()
    world.registry.approve(1)
    for _ in range(3):
        world.reconcile()
    world.endpoints.settle()
    for _ in range(3):
        world.reconcile()
    assert world.endpoints.calls == ["create 1"]
    assert len(world.told(DeploymentStarted)) == len(world.told(ModelDeployed)) == 1


def test_the_newest_wins_after_the_update_under_way() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.registry.approve(3)
    assert world.reconcile() is Action.WAIT
    world.endpoints.settle()
    world.reconcile()
    assert world.endpoints.calls == ["create 1", "update 2", "update 3"]


def test_an_automatic_rollback_bars_the_version_and_says_why() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.roll_back()
    world.reconcile()
    (message,) = world.told(DeploymentRolledBack)
    assert "endpoint-errors" in message.reason
    assert 2 in world.registry.barred
    assert world.reconcile() is Action.NOTHING
    assert world.endpoints.calls == ["create 1", "update 2"]


def test_a_version_that_answers_differently_than_its_evaluation_is_taken_back() -> None:
    world = deployed(1)
    world.endpoints.wrong_answers = {2}
    world.registry.approve(2)
    world.reconcile()
    world.reconcile()
    assert world.gauge.values == [True], "the canary is probed and the rollback alarm fed"
    world.endpoints.settle()
    world.reconcile()
    assert 2 in world.registry.barred
    assert world.endpoints.calls[-1] == "back to 1"


def test_a_first_version_that_fails_its_smoke_test_says_what_to_do() -> None:
    world = World()
    world.endpoints.wrong_answers = {1}
    world.registry.approve(1)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    (failed,) = world.told(DeploymentFailed)
    assert "Nothing served before" in failed.next_step
    assert not world.told(ModelDeployed)


def test_a_first_version_that_does_not_hold_serves_nobody() -> None:
    """Else it goes on answering wrongly, and its ringing alarms keep every better version away."""
    world = World()
    world.endpoints.errors = {1}
    world.registry.approve(1)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    assert world.endpoints.calls == ["create 1", "delete"]
    assert 1 in world.registry.barred
    world.endpoints.rings = ["solar-golden-endpoint-errors"]
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    assert world.endpoints.calls == ["create 1", "delete", "create 2"]
    assert [told.model_package_version for told in world.told(ModelDeployed)] == [2]


def test_an_endpoint_that_is_being_deleted_is_looked_at_again_soon() -> None:
    world = deployed(1)
    assert world.endpoints.endpoint is not None
    world.endpoints.endpoint = replace(world.endpoints.endpoint, status="Deleting")
    checks = world.checks
    world.reconcile()
    assert world.checks == checks + 1


def test_a_failed_endpoint_is_deleted_and_the_next_version_tried() -> None:
    world = World()
    world.registry.approve(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.fail()
    world.reconcile()
    world.reconcile()
    assert world.endpoints.calls == ["create 2", "delete", "create 1"]
    assert "ping health check" in world.registry.barred[2]


def test_a_person_rolls_back_to_the_version_before() -> None:
    world = deployed(1, 2)
    world.roll_back(rollback())
    assert world.endpoints.calls[-1] == "back to 1"
    assert "ada" in world.registry.barred[2]


def test_a_rollback_to_a_version_bars_everything_newer() -> None:
    world = deployed(1, 2, 3)
    world.roll_back(rollback(to_version=1))
    assert set(world.registry.barred) == {2, 3}
    assert world.endpoints.calls[-1] == "back to 1"


def test_a_rollback_that_comes_twice_takes_back_one_version() -> None:
    world = deployed(1, 2, 3)
    for _ in range(2):
        world.roll_back(rollback())
    assert set(world.registry.barred) == {3}
    world.endpoints.settle()
    world.reconcile()
    world.roll_back(rollback(request="2"))
    assert set(world.registry.barred) == {2, 3}, "a second request is another one"


@pytest.mark.parametrize("to_version", [7, None])
def test_a_rollback_to_nothing_bars_nothing_and_says_so(to_version: int | None) -> None:
    world = deployed(1)
    world.roll_back(rollback(to_version))
    assert not world.registry.barred
    (failed,) = world.told(DeploymentFailed)
    assert "cannot be done" in failed.cause
    assert "approved: 1" in failed.cause


def test_a_version_rejected_during_its_canary_is_not_confirmed() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.registry.barred[2] = "a person looked again"
    world.endpoints.settle()
    world.reconcile()
    (back,) = world.told(DeploymentRolledBack)
    assert back.reason == "it was rejected while it was being deployed: a person looked again"
    assert world.endpoints.calls[-1] == "back to 1"
    assert world.registry.barred[2] == "a person looked again"


def test_the_log_knows_run_and_data_of_what_was_deployed() -> None:
    world = deployed(1)
    (entry,) = [each for each in world.memory.log("golden") if each.event == "deployed"]
    assert (entry.run_id, entry.dataset_id) == ("run1", "data")


def test_after_a_failed_rollback_a_person_is_called() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    assert world.endpoints.endpoint is not None
    world.endpoints.endpoint = deployment.Endpoint("UpdateRollbackFailed", "c", 1, "no capacity")
    world.reconcile()
    assert "no capacity" in world.told(DeploymentFailed)[0].cause


def test_a_crash_before_aws_took_the_request_is_taken_up_again() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.memory.begin("golden", deployment.InProgress(2, 1, world.now))
    assert world.reconcile() is Action.UPDATE
    world.endpoints.settle()
    world.reconcile()
    assert world.endpoints.endpoint is not None
    assert world.endpoints.endpoint.version == 2


def test_what_was_begun_by_a_dead_worker_begins_when_aws_is_asked() -> None:
    """Else an alarm that rang while it waited, or a fault from before, would be held against it."""
    world = deployed(1)
    world.registry.approve(2)
    world.memory.begin("golden", deployment.InProgress(2, 1, world.now))
    world.endpoints.rings = ["solar-golden-endpoint-errors"]
    world.now += timedelta(hours=5)
    world.reconcile()
    world.endpoints.rings = []
    world.now += timedelta(minutes=1)
    world.reconcile()
    assert world.endpoints.calls[-1] == "update 2"
    assert world.memory.progress is not None
    assert world.memory.progress.started_at == world.now
    world.endpoints.settle()
    world.endpoints.silent = True
    world.reconcile()
    assert world.endpoints.calls[-1] == "update 2", "it has hours to answer"


def test_an_endpoint_that_does_not_answer_yet_is_asked_again_soon() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.silent = True
    world.reconcile()
    world.endpoints.settle()
    checks = world.checks
    world.reconcile()
    assert world.checks == checks + 1
    world.endpoints.silent = False
    world.reconcile()
    assert world.told(ModelDeployed)[-1].model_package_version == 2


def test_another_deployment_begun_meanwhile_is_left_alone() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.memory.progress = deployment.InProgress(3, 1, world.now, called=True)
    starting = world.service.reconciling.starting
    assert world.endpoints.endpoint is not None
    starting.update("golden", 2, world.endpoints.endpoint)
    assert world.endpoints.calls == ["create 1"]


def test_the_same_deployment_begun_by_another_worker_keeps_its_start() -> None:
    world = deployed(1)
    world.registry.approve(2)
    begun = deployment.InProgress(2, 1, world.now - timedelta(minutes=1), called=True)
    world.memory.progress = begun
    starting = world.service.reconciling.starting
    assert world.endpoints.endpoint is not None
    starting.update("golden", 2, world.endpoints.endpoint)
    assert world.endpoints.calls[-1] == "update 2"
    assert world.memory.progress == begun


def test_a_failed_endpoint_of_nobodys_deployment_is_told_and_replaced() -> None:
    world = deployed(1)
    world.endpoints.fail()
    world.reconcile()
    (failed,) = world.told(DeploymentFailed)
    assert (failed.model_package_version, failed.previous_version) == (1, None)
    assert "Endpoints/solar-golden" in failed.next_step
    assert world.endpoints.calls[-1] == "delete"
    assert world.memory.progress is None


@pytest.mark.parametrize(
    ("rang", "is_barred"), [(["solar-golden-endpoint-errors"], True), ([], False)]
)
def test_what_an_alarm_took_back_does_not_come_again_after_a_failed_rollback(
    rang: list[str], *, is_barred: bool
) -> None:
    """A person deletes the endpoint then; the newest approved version would be created, without a canary."""
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.endpoint = deployment.Endpoint("UpdateRollbackFailed", "c", 1, "no capacity")
    world.endpoints.rang = rang
    world.reconcile()
    assert (2 in world.registry.barred) is is_barred
    world.endpoints.endpoint = None
    world.reconcile()
    assert world.endpoints.calls[-1] == ("create 1" if is_barred else "create 2")


def test_after_a_failed_rollback_a_person_is_called_once() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.endpoint = deployment.Endpoint("UpdateRollbackFailed", "c", 1, "no capacity")
    world.reconcile()
    world.reconcile()
    assert len(world.told(DeploymentFailed)) == 1
    assert world.memory.progress is None


@pytest.mark.parametrize(
    ("approved", "to_version", "unwanted"),
    [
        ((3, 2, 1), None, (3,)),
        ((1,), None, ()),
        ((), None, ()),
        ((3, 2, 1), 1, (3, 2)),
        ((3, 2, 1), 3, ()),
        ((3, 1), 2, ()),
    ],
)
def test_a_rollback_bars_what_is_newer_and_nothing_where_nothing_else_could_serve(
    approved: tuple[int, ...], to_version: int | None, unwanted: tuple[int, ...]
) -> None:
    assert rules.unwanted(approved, to_version) == unwanted


@pytest.mark.parametrize(
    ("said", "agrees"),
    [((1.0, 2.0), True), ((1.1, 2.0), True), ((1.2, 2.0), False), ((1.0,), False), ((), False)],
)
def test_predictions_agree_within_the_tolerance_row_by_row(
    said: tuple[float, ...], *, agrees: bool
) -> None:
    reference = Reference({}, (1.0, 2.0), (0.1 + 1e-9,) * 2)
    assert reference_rules.agrees(reference, said) is agrees


def test_another_version_answering_fails_the_smoke_test_by_its_number() -> None:
    reference = Reference({}, (1.0,), (0.1,))
    fault = reference_rules.fault(reference, Answer(1, (1.0,)), 2)
    assert fault == "version 1 answered instead of 2"
    assert reference_rules.fault(reference, Answer(2, (1.0,)), 2) is None


def test_a_refused_rollback_names_the_goal_and_what_is_approved() -> None:
    world = deployed(1)
    world.roll_back(rollback(7))
    world.roll_back(rollback(None, request="2"))
    first, second = world.told(DeploymentFailed)
    assert "version 7 is not approved (approved: 1)" in first.cause
    assert "an earlier version is not approved" in second.cause
    assert first.model_package_version == 1
    empty = World()
    empty.roll_back(rollback())
    (told,) = empty.told(DeploymentFailed)
    assert "approved: none" in told.cause
    assert told.model_package_version == 0


def test_settings_that_differ_are_another_configuration() -> None:
    version = a_version(3)
    plain = deployment.configuration_name(version, EndpointConfig())
    assert plain.startswith("solar-golden-v3-")
    larger = EndpointConfig(instance_type="ml.m5.xlarge")
    more = EndpointConfig(instance_count=3)
    named = {deployment.configuration_name(version, each) for each in (larger, more)}
    assert len(named | {plain}) == 3
    assert deployment.configuration_name(version, EndpointConfig(canary_percent=10)) == plain


def test_names_tell_the_version() -> None:
    name = deployment.configuration_name(a_version(12), EndpointConfig())
    assert names.version_of_configuration(name) == 12
    assert names.version_of_configuration("somebody-else") is None


def test_the_last_three_configurations_are_kept() -> None:
    names = ["v5", "v4", "v3", "v2", "v1"]
    assert deployment.disposable(names, "v5") == ["v2", "v1"]
    assert deployment.disposable(names, "v1") == ["v3", "v2"]


def test_a_rejection_during_a_canary_stops_it_at_once() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.registry.reject(2)
    assert world.reconcile() is Action.WAIT
    assert world.endpoints.calls[-1].startswith("stop: it was rejected")


def test_a_version_that_cannot_answer_fails_its_smoke_test_and_is_not_waited_for() -> None:
    world = deployed(1)
    world.endpoints.errors = {2}
    world.registry.approve(2)
    world.reconcile()
    world.reconcile()
    assert world.gauge.values == [True], "an error of the new version is a mismatch, too"
    world.endpoints.settle()
    world.reconcile()
    assert "no number" in world.registry.barred[2]
    assert world.endpoints.calls[-1] == "back to 1"


def test_what_served_before_comes_back_although_an_alarm_rings() -> None:
    world = deployed(1, 2)
    world.endpoints.rings = ["solar-golden-endpoint-errors"]
    world.roll_back(rollback())
    assert world.endpoints.calls[-1] == "back to 1"
    world.endpoints.settle()
    world.reconcile()
    assert world.told(ModelDeployed)[-1].model_package_version == 1
    assert set(world.registry.barred) == {2}


def test_a_new_version_waits_while_an_alarm_rings() -> None:
    world = deployed(1)
    world.endpoints.rings = ["solar-golden-endpoint-latency"]
    world.registry.approve(2)
    world.reconcile()
    assert world.endpoints.calls == ["create 1"]
    world.endpoints.rings = []
    world.reconcile()
    assert world.endpoints.calls[-1] == "update 2"


def test_who_waits_for_an_alarm_for_long_is_told_once_what_a_person_can_do() -> None:
    world = deployed(1)
    world.endpoints.rings = ["solar-golden-endpoint-errors"]
    world.registry.approve(2)
    for _ in range(80):
        world.reconcile()
        world.now += timedelta(seconds=15)
    assert len([each for each in world.sent if isinstance(each, DeploymentFailed)]) == 1
    (told,) = world.told(DeploymentFailed)
    assert told.will_retry
    assert "solar-golden-endpoint-errors rings" in told.cause
    assert "`solar approve 2 golden --now" in told.next_step
    assert not world.registry.barred


def urgent(world: World, note: str = "by ada: it mends 1") -> None:
    """Let version 2 be approved with --now."""
    world.registry.versions[2] = replace(
        a_version(2), is_urgent=True, approval_note=note, decided_at=world.now
    )


ERRORS = "solar-golden-endpoint-errors"


def test_a_person_may_let_a_version_begin_that_mends_what_rings() -> None:
    world = deployed(1)
    world.now += timedelta(minutes=1)
    world.endpoints.rings = [ERRORS]
    urgent(world)
    world.reconcile()
    assert world.endpoints.calls[-1] == "update 2"
    assert world.endpoints.ignored == (ERRORS,)
    begun = world.told(DeploymentStarted)[-1]
    assert (begun.ignores, begun.decided_by) == ([ERRORS], "ada (it mends 1)")
    assert world.memory.log("golden")[-1].reason == (
        f"{ERRORS} rings and does not stop it, as ada (it mends 1) decided"
    )
    world.endpoints.settle()
    world.reconcile()
    assert world.told(ModelDeployed)[-1].model_package_version == 2


def test_an_alarm_that_was_to_be_ignored_is_no_evidence_and_others_are() -> None:
    world = deployed(1)
    world.endpoints.rings = [ERRORS]
    urgent(world)
    world.reconcile()
    world.endpoints.roll_back(rang=ERRORS, reason="internal")
    world.reconcile()
    assert not world.registry.barred
    world.now += timedelta(minutes=5)
    world.reconcile()
    world.endpoints.roll_back(rang="solar-golden-endpoint-latency")
    world.reconcile()
    assert "latency" in world.registry.barred[2]


@pytest.mark.parametrize(
    ("rings", "note"),
    [
        ("solar-golden-endpoint-mismatch", "by ada: it mends 1"),
        (ERRORS, "by policy: the policy says so"),
    ],
    ids=["the alarm of a new version", "no person said so"],
)
def test_nothing_else_makes_a_version_ignore_an_alarm(rings: str, note: str) -> None:
    world = deployed(1)
    world.endpoints.rings = [rings]
    urgent(world, note)
    world.reconcile()
    assert world.endpoints.calls == ["create 1"]


def test_what_aws_could_not_do_bars_nothing_is_told_once_and_tried_again_later() -> None:
    world = deployed(1)
    world.registry.approve(2)
    for attempt in range(3):
        world.reconcile()
        assert world.endpoints.calls[-1] == "update 2", attempt
        world.endpoints.roll_back(rang="", reason="Insufficient capacity for ml.m5.large")
        world.reconcile()
        calls = len(world.endpoints.calls)
        world.reconcile()
        assert len(world.endpoints.calls) == calls, "it waits before it asks again"
        world.now += timedelta(minutes=2 * 2**attempt)
    assert not world.registry.barred
    (told,) = world.told(DeploymentFailed)
    assert told.will_retry
    assert "capacity" in told.cause
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    assert world.told(ModelDeployed)[-1].model_package_version == 2
    assert world.memory.kept_setback is None


def test_what_was_set_back_waits_although_a_newer_version_is_not_deployed() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.roll_back(rang="", reason="Insufficient capacity for ml.m5.large")
    world.reconcile()
    world.registry.approve(3)
    world.registry.versions[3] = replace(
        world.registry.versions[3], run_id=None
    )  # waits for a person
    world.reconcile()
    assert world.endpoints.calls == ["create 1", "update 2"]


def test_a_request_that_aws_refuses_bars_nothing() -> None:
    world = World()
    world.endpoints.refuses = "ResourceLimitExceeded: ml.m5.large for endpoint usage is 0"
    world.registry.approve(1)
    world.reconcile()
    world.reconcile()
    assert not world.registry.barred
    (told,) = world.told(DeploymentFailed)
    assert "ResourceLimitExceeded" in told.cause
    assert "nothing serves until then" in told.next_step
    assert world.memory.progress is None
    world.endpoints.refuses = ""
    world.now += timedelta(hours=1)
    world.reconcile()
    assert world.endpoints.calls == ["create 1"]


def test_an_endpoint_that_failed_for_lack_of_capacity_bars_nothing() -> None:
    world = World()
    world.registry.approve(1)
    world.reconcile()
    world.endpoints.fail("Unable to provision requested ML compute capacity")
    world.reconcile()
    assert world.endpoints.calls == ["create 1", "delete"]
    assert not world.registry.barred
    assert [told.will_retry for told in world.told(DeploymentFailed)] == [True]


@pytest.mark.parametrize(
    ("said", "own"),
    [
        (
            "The primary container for production variant main did not pass the ping health check.",
            True,
        ),
        ("Failed to extract model data archive from s3://b/m: check the container logs", True),
        (
            "The primary container for production variant main did not pass the ping health check. Please "
            "check CloudWatch logs for this endpoint (/aws/sagemaker/Endpoints/solar-carole-limit).",
            True,
        ),
        ("Model data at s3://images/role/model.tar.gz is no usable tar.gz", True),
        ("The repository of the image does not grant ecr:GetDownloadUrlForLayer", False),
        ("Could not assume role arn:aws:iam::1:role/x for the primary container", False),
        ("Insufficient capacity", False),
        ("", False),
        ("something that nobody has seen before", False),
    ],
)
def test_only_what_the_container_did_is_held_against_a_version(said: str, *, own: bool) -> None:
    assert deployment.is_of_the_version(said) is own


def test_waits_grow_and_end_at_two_hours() -> None:
    found = None
    waits = []
    for _ in range(9):
        found = deployment.set_back(found, 2, START)
        waits.append((found.again_at - START).total_seconds() / 60)
    assert waits == [2, 4, 8, 16, 32, 64, 120, 120, 120]
    assert deployment.set_back(found, 3, START).times == 1, "another version begins anew"


def without_endpoint_and_capacity() -> World:
    """Versions 1 and 2 served, version 3 is approved, and the endpoint is gone."""
    world = deployed(1, 2)
    world.endpoints.endpoint = None
    world.registry.approve(3)
    return world


def tried(world: World) -> list[str]:
    """Look every minute until the newest serves, or for two hours; return what was asked for when."""
    begin = world.now
    asked: list[str] = []
    create = world.endpoints.create

    def noting(version: Version, config: EndpointConfig) -> None:
        asked.append(f"{version.number} after {(world.now - begin).seconds // 60} min")
        world.endpoints.refuses = "no capacity" if version.number in refused else ""
        create(version, config)

    refused = world.refused
    world.endpoints.create = noting  # type: ignore[method-assign]
    for _ in range(60):
        world.reconcile()
        world.now += timedelta(minutes=1)
        if world.endpoints.endpoint and world.endpoints.endpoint.status == "Creating":
            world.endpoints.settle()
    return asked


def test_where_nobody_serves_and_the_newest_cannot_be_had_an_older_one_comes_back() -> None:
    world = without_endpoint_and_capacity()
    world.refused = {3}
    assert tried(world) == ["3 after 0 min", "3 after 2 min", "3 after 6 min", "2 after 14 min"]
    served_ = world.told(ModelDeployed)[-1]
    assert served_.model_package_version == 2
    assert len([each for each in world.told(DeploymentFailed) if each.will_retry]) == 1
    assert world.endpoints.calls[-1] == "update 3", "the newest is tried again beside it"


def test_where_aws_can_do_nothing_both_are_tried_in_turn_and_people_told_once() -> None:
    world = without_endpoint_and_capacity()
    world.refused = {1, 2, 3}
    assert tried(world) == [
        "3 after 0 min",
        "3 after 2 min",
        "3 after 6 min",
        "2 after 14 min",
        "3 after 30 min",
    ]
    assert len([each for each in world.sent if isinstance(each, DeploymentFailed)]) == 1
    assert not world.registry.barred


def test_a_setback_of_a_version_that_was_rejected_since_is_over() -> None:
    world = without_endpoint_and_capacity()
    world.endpoints.refuses = "no capacity"
    world.reconcile()
    world.registry.reject(3)
    world.refused = {2}
    world.now += timedelta(minutes=2)
    assert tried(world)[:3] == ["2 after 0 min", "2 after 2 min", "2 after 6 min"]


def test_where_no_older_version_ever_served_the_newest_is_tried_on() -> None:
    world = World()
    world.registry.approve(1)
    world.registry.approve(2)
    world.refused = {1, 2}
    assert {each.partition(" ")[0] for each in tried(world)} == {"2"}


def test_a_version_without_an_evaluation_waits_for_a_person() -> None:
    world = deployed(1)
    world.registry.versions[2] = replace(a_version(2), run_id=None)
    for _ in range(3):
        world.reconcile()
    assert world.endpoints.calls == ["create 1"]
    (told,) = world.told(DeploymentFailed)
    assert "cannot be tested" in told.cause
    assert "--unchecked" in told.next_step
    world.registry.versions[2] = replace(a_version(2), run_id=None, is_unchecked=True)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    deployed_ = world.told(ModelDeployed)
    assert [(each.model_package_version, each.tested) for each in deployed_] == [
        (1, "evaluation"),
        (2, "plausible"),
    ]


def test_a_version_that_nothing_can_be_compared_with_says_so() -> None:
    world = World()
    world.registry.versions[1] = replace(a_version(1), run_id=None, is_unchecked=True)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    assert [each.tested for each in world.told(ModelDeployed)] == ["nothing"]


def test_an_unchecked_version_must_still_answer_as_a_plant_could() -> None:
    world = deployed(1)
    world.endpoints.wrong_answers = {2}
    world.registry.versions[2] = replace(a_version(2), run_id=None, is_unchecked=True)
    world.reconcile()
    world.endpoints.settle()
    world.reconcile()
    assert "predicts up to 9 kW" in world.registry.barred[2]
    assert world.endpoints.calls[-1] == "back to 1"


@pytest.mark.parametrize(
    ("power", "fault"),
    [
        ((0.5, 2.5), None),
        ((1.0, 1.0), "the same 1 kW"),
        ((0.0, 9.0), "up to 9 kW"),
        ((-9.0, 1.0), "up to 1 kW"),
        ((float("nan"), 1.0), "no number"),
        ((1.0,), "1 of 2 rows"),
    ],
)
def test_a_plausible_answer_is_finite_of_a_known_size_and_not_the_same_for_all(
    power: tuple[float, ...], fault: str | None
) -> None:
    reference = reference_rules.plausible(Reference({}, (1.0, 2.0), (0.1, 0.1)))
    found = reference_rules.fault(reference, Answer(2, power), 2)
    assert found is None if fault is None else fault in (found or "")


def test_an_endpoint_that_somebody_deleted_during_a_deployment_is_created_anew() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.reconcile()
    world.endpoints.endpoint = None
    world.registry.approve(3)
    world.reconcile()
    assert world.endpoints.calls[-1] == "create 3"


def test_a_model_at_rest_is_looked_at_without_taking_its_lease() -> None:
    world = deployed(1, 2)
    world.memory.lease = "another", world.now + timedelta(seconds=90)
    checks = world.checks
    assert world.reconcile() is Action.NOTHING
    assert world.checks == checks


def test_while_another_worker_acts_on_a_model_nothing_happens_but_another_look() -> None:
    world = deployed(1)
    world.registry.approve(2)
    world.memory.lease = "another", world.now + timedelta(seconds=90)
    checks = world.checks
    assert world.reconcile() is Action.WAIT
    assert (world.endpoints.calls, world.checks) == (["create 1"], checks + 1)
    world.now += timedelta(seconds=91)
    world.reconcile()
    assert world.endpoints.calls[-1] == "update 2", "a lease of the dead ends by itself"
    assert world.memory.lease is None


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(["approve", "reconcile", "settle", "roll back", "fail", "ask"]), max_size=40
    )
)
def test_whatever_happens_it_ends_on_the_newest_version_that_held(steps: list[str]) -> None:
    world = World()
    for step in steps:
        world.now += timedelta(seconds=7)
        endpoint = world.endpoints.endpoint
        busy = endpoint is not None and endpoint.status in {"Creating", "Updating"}
        match step:
            case "approve":
                world.registry.approve(len(world.registry.versions) + 1)
            case "reconcile":
                world.reconcile()
            case "settle" if busy:
                world.endpoints.settle()
            case "roll back" if busy and endpoint is not None and endpoint.status == "Updating":
                world.endpoints.roll_back()
            case "fail" if busy and endpoint is not None and endpoint.status == "Creating":
                world.endpoints.fail()
            case "ask":
                world.roll_back(rollback(request=str(world.now)))
    world.memory.held = None
    for _ in range(2 * len(world.registry.versions) + 6):
        world.now += timedelta(seconds=7)
        world.reconcile()
        if world.endpoints.endpoint and world.endpoints.endpoint.status in {"Creating", "Updating"}:
            world.endpoints.settle()
    approved = world.registry.approved("golden")
    assert world.memory.progress is None
    if approved:
        assert world.endpoints.endpoint is not None
        assert world.endpoints.endpoint.version == approved[0]
