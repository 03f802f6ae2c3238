"""A model's YAML that asks for other instances is followed soon, without another version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.deployer.adapters.endpoints import SageMakerEndpoints
from services.deployer.domain.deployment import (
    Action,
    Placed,
    configuration_name,
    place_name,
)
from shared import names
from shared.ids import content_id
from shared.messages import (
    DeploymentCheckDue,
    DeploymentFailed,
    DeploymentStarted,
    ModelDeployed,
    SweepDue,
)
from shared.model_config import EndpointConfig
from tests.unit.deployer.fakes import World, a_version
from tests.unit.deployer.test_deployer import deployed

LARGER = {"instance_type": "ml.m5.xlarge"}


def sweep(world: World, scope: str = "quick") -> None:
    """Let a sweep come, and everything that it sent."""
    world.later.clear()
    due = SweepDue.of(subject=(scope,), occurred_at=world.now, correlation_id="s", scope=scope)
    world.service.handle(due)
    for message, _ in world.later:
        world.service.handle(message)


def is_as_the_yaml_says(world: World) -> bool:
    endpoint = world.endpoints.endpoint
    assert endpoint is not None
    assert endpoint.status == "InService"
    return endpoint.configuration == configuration_name(a_version(endpoint.version), world.config)


def changed(world: World) -> World:
    """Change the instance type, and let the next sweep begin what follows."""
    world.now += timedelta(minutes=1)
    world.configure(**LARGER)
    world.now += timedelta(minutes=10)
    sweep(world)
    return world


def test_the_next_sweep_gives_the_endpoint_other_instances_and_the_version_stays() -> None:
    world = changed(deployed(1, 2))
    assert world.endpoints.calls[-1] == "back to 2", "it is known to be good: at once"
    begun = world.told(DeploymentStarted)[-1]
    assert (begun.model_package_version, begun.settings) == (2, True)
    world.endpoints.settle()
    world.now += timedelta(minutes=1)
    world.reconcile()
    assert is_as_the_yaml_says(world)
    assert world.memory.progress is None
    assert world.told(ModelDeployed)[-1].compared == "only how it is served changed"
    calls = list(world.endpoints.calls)
    sweep(world)
    assert world.endpoints.calls == calls


def test_where_nothing_changed_a_sweep_does_not_ask_for_settings() -> None:
    world = deployed(1)
    sweep(world)
    assert world.later == []
    world.configure(maximum_instance_count=9)
    scaled = world.endpoints.scaled
    sweep(world)
    assert world.endpoints.scaled == scaled + 1, "the scaling is set without a new fleet"
    assert world.endpoints.watched == 1, "alarms that somebody deleted come back"
    assert world.endpoints.calls == ["create 1"]
    world.now += timedelta(days=2)
    sweep(world)
    assert world.later == []


def test_a_deployment_of_the_stacks_moves_endpoints_into_another_network() -> None:
    world = deployed(1, 2)
    private = place_name("role", ("subnet-b", "subnet-a"), ("sg-1",))
    world.config = Placed(**world.config.model_dump(), place=private)
    world.now += timedelta(days=3)
    sweep(world)
    assert not is_as_the_yaml_says(world), "a quick sweep asks AWS no more than it must"
    sweep(world, "full")
    world.endpoints.settle()
    world.now += timedelta(minutes=1)
    world.reconcile()
    assert is_as_the_yaml_says(world)
    calls = list(world.endpoints.calls)
    sweep(world, "full")
    assert world.endpoints.calls == calls


def test_a_network_is_the_same_in_whatever_order_its_subnets_are_named() -> None:
    assert place_name("r", ("a", "b"), ("c",)) == place_name("r", ("b", "a"), ("c",))
    assert place_name("r", ("a",), ("c",)) != place_name("r", ("a", "b"), ("c",))
    assert place_name("r", (), ()) != place_name("s", (), ()), (
        "a role that went takes its endpoint along"
    )
    plain, version = EndpointConfig(), a_version(3)
    assert configuration_name(version, Placed()) == configuration_name(version, plain)


def test_what_aws_cannot_do_is_told_once_tried_again_and_bars_nothing() -> None:
    world = deployed(1)
    world.endpoints.refuses = "no capacity"
    changed(world)
    for _ in range(8):
        world.now += timedelta(minutes=15)
        sweep(world)
    assert len([each for each in world.sent if isinstance(each, DeploymentFailed)]) == 1
    assert world.memory.progress is None
    world.endpoints.refuses = ""
    world.now += timedelta(hours=2)
    sweep(world)
    world.endpoints.settle()
    world.reconcile()
    assert is_as_the_yaml_says(world)


@pytest.mark.parametrize(
    "reason", ["Insufficient capacity", "The primary container did not pass the ping health check."]
)
def test_an_update_that_aws_takes_back_does_not_count_as_done_and_bars_nothing(reason: str) -> None:
    world = changed(deployed(1))
    world.endpoints.roll_back(rang="", reason=reason)
    world.reconcile()
    assert not world.registry.barred
    assert world.told(DeploymentFailed)[-1].will_retry
    assert not is_as_the_yaml_says(world)
    world.now += timedelta(minutes=15)
    sweep(world)
    world.endpoints.settle()
    world.reconcile()
    assert is_as_the_yaml_says(world)


def test_a_version_that_fails_on_other_instances_is_not_barred_and_a_person_is_asked() -> None:
    world = changed(deployed(1, 2))
    world.endpoints.wrong_answers = {2}
    world.endpoints.settle()
    world.reconcile()
    assert not world.registry.barred
    (told,) = world.told(DeploymentFailed)
    assert "on its new instances" in told.cause
    assert "`endpoint` of the model's YAML" in told.next_step
    assert world.memory.progress is None


def test_a_newer_version_takes_the_new_settings_with_it() -> None:
    world = deployed(1)
    world.configure(**LARGER)
    world.registry.approve(2)
    sweep(world)
    assert world.endpoints.calls[-1] == "update 2"
    world.endpoints.settle()
    world.reconcile()
    assert is_as_the_yaml_says(world)


def test_a_look_at_settings_of_a_model_without_an_endpoint_does_nothing() -> None:
    world = World()
    assert world.reconcile(settings=True) is Action.NOTHING


def test_an_earlier_release_reads_the_same_message() -> None:
    message = DeploymentCheckDue.of(
        subject=("golden",), occurred_at=World().now, correlation_id="g", model_id="golden"
    )
    assert message.settings is False


def test_the_next_sweep_changes_what_is_captured_and_the_version_stays() -> None:
    world = deployed(1, 2)
    world.now += timedelta(minutes=1)
    world.configure(capture_percent=20)
    sweep(world)
    assert world.endpoints.calls[-1] == "back to 2"
    world.endpoints.settle()
    world.reconcile()
    assert is_as_the_yaml_says(world)
    calls = list(world.endpoints.calls)
    sweep(world)
    assert world.endpoints.calls == calls


def test_what_is_captured_names_a_configuration_only_where_it_is_not_everything() -> None:
    """An endpoint from before the setting keeps its configuration, and is not moved by the upgrade."""
    version = a_version(3)
    whole, part, nothing = (
        configuration_name(version, EndpointConfig(capture_percent=percent))
        for percent in (100, 20, 0)
    )
    assert whole == names.endpoint_configuration("golden", 3, content_id("ml.m5.large", 2))
    assert len({whole, part, nothing}) == 3


class SageMaker:
    """Has a model, and no configuration yet."""

    def __init__(self) -> None:
        self.created: dict[str, Any] = {}

    def describe_model(self, **_: Any) -> None:
        pass

    def describe_endpoint_config(self, **_: Any) -> None:
        error = {"Error": {"Code": "ValidationException", "Message": "none"}}
        raise ClientError(error, "DescribeEndpointConfig")  # type: ignore[arg-type]

    def create_endpoint_config(self, **asked: Any) -> None:
        self.created = asked

    def create_endpoint(self, **_: Any) -> None:
        pass


class Alarms:
    def put_metric_alarm(self, **_: Any) -> None:
        pass

    def keep(self, _: str) -> None:
        pass


@pytest.mark.parametrize(("percent", "is_on"), [(100, True), (20, True), (0, False)])
def test_an_endpoint_captures_the_share_that_the_yaml_says(percent: int, *, is_on: bool) -> None:
    client: Any = SageMaker()
    alarms: Any = Alarms()
    endpoints = SageMakerEndpoints(
        client, None, None, alarms, "role", "key", "b", "t", (), (), alarms
    )
    endpoints.create(a_version(3), EndpointConfig(capture_percent=percent))
    captured = client.created["DataCaptureConfig"]
    assert captured["InitialSamplingPercentage"] == percent
    assert captured["EnableCapture"] is is_on
