"""What AWS is asked for when an endpoint is moved to another version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from services.deployer.adapters.endpoints import SageMakerEndpoints
from services.deployer.domain import alarms
from shared import names
from shared.errors import OperatorFaultError
from shared.model_config import LONGEST_BAKE, EndpointConfig
from tests.unit.deployer.fakes import a_version

MODEL = botocore.session.get_session().get_service_model("sagemaker")
GUARDS = {watch.alarm_name("golden") for watch in alarms.WATCHES}


class SageMaker:
    """An endpoint with this product's tags, or without; its models and configurations exist."""

    def __init__(self, *, ours: bool = True, refuses: str = "") -> None:
        self.tags = names.tag_list() if ours else []
        self.refuses = refuses
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def describe_endpoint(self, **_: Any) -> dict[str, Any]:
        return {
            "EndpointArn": "arn",
            "EndpointStatus": "InService",
            "EndpointConfigName": "solar-golden-v1-0a1b2c3d",
        }

    def list_tags(self, **_: Any) -> dict[str, Any]:
        return {"Tags": self.tags}

    def describe_model(self, **_: Any) -> None:
        pass

    def describe_endpoint_config(self, **_: Any) -> None:
        pass

    def update_endpoint(self, **asked: Any) -> None:
        if self.refuses:
            error = {"Error": {"Code": self.refuses, "Message": "it cannot be done"}}
            raise ClientError(error, "UpdateEndpoint")  # type: ignore[arg-type]
        validate_parameters(asked, MODEL.operation_model("UpdateEndpoint").input_shape)
        self.asked.append(("update", asked))

    def delete_endpoint(self, **asked: Any) -> None:
        self.asked.append(("delete", asked))


class Anything:
    """Takes every call, and remembers its name."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: self.calls.append(name)


def endpoints(client: SageMaker, beside: Anything | None = None) -> SageMakerEndpoints:
    fake: Any = client
    other: Any = beside or Anything()
    return SageMakerEndpoints(fake, other, other, other, "role", "key", "b", "topic", (), (), other)


def updated(config: EndpointConfig, **how: Any) -> dict[str, Any]:
    client = SageMaker()
    endpoints(client).update(a_version(2), config, **how)
    ((_, asked),) = client.asked
    return asked


def test_a_new_version_comes_by_a_canary_that_every_guard_alarm_watches() -> None:
    config = EndpointConfig(bake=LONGEST_BAKE, canary_percent=10)
    asked = updated(config, goes_back=False)["DeploymentConfig"]
    policy = asked["BlueGreenUpdatePolicy"]
    routing = policy["TrafficRoutingConfiguration"]
    assert routing["CanarySize"] == {"Type": "CAPACITY_PERCENT", "Value": 10}
    assert routing["WaitIntervalInSeconds"] == 3600
    assert 3600 < policy["MaximumExecutionTimeoutInSeconds"] <= 28800
    watched = {each["AlarmName"] for each in asked["AutoRollbackConfiguration"]["Alarms"]}
    assert watched == GUARDS


def test_an_alarm_that_a_person_says_to_ignore_does_not_watch_the_canary() -> None:
    ignored = min(GUARDS)
    asked = updated(EndpointConfig(), goes_back=False, ignores=(ignored,))["DeploymentConfig"]
    watched = {each["AlarmName"] for each in asked["AutoRollbackConfiguration"]["Alarms"]}
    assert watched == GUARDS - {ignored}


def test_what_goes_back_moves_at_once_and_no_alarm_stops_it() -> None:
    asked = updated(EndpointConfig(bake=timedelta(minutes=30)), goes_back=True)["DeploymentConfig"]
    routing = asked["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing == {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    assert "AutoRollbackConfiguration" not in asked


@pytest.mark.parametrize("goes_back", [True, False])
def test_a_fleet_that_scaled_out_keeps_its_size_and_not_its_capture(*, goes_back: bool) -> None:
    asked = updated(EndpointConfig(), goes_back=goes_back)
    assert asked["RetainAllVariantProperties"] is True
    assert asked["ExcludeRetainedVariantProperties"] == [
        {"VariantPropertyType": "DataCaptureConfig"}
    ]


@pytest.mark.parametrize(
    "code", ["ResourceLimitExceeded", "ThrottlingException", "AccessDeniedException"]
)
def test_what_aws_refuses_is_no_fault_of_the_version(code: str) -> None:
    with pytest.raises(OperatorFaultError, match=f"{code}: it cannot be done"):
        endpoints(SageMaker(refuses=code)).update(a_version(2), EndpointConfig(), goes_back=False)


def test_what_is_not_ours_is_neither_changed_nor_deleted() -> None:
    client, beside = SageMaker(ours=False), Anything()
    found = endpoints(client, beside)
    with pytest.raises(OperatorFaultError, match="is not this product's"):
        found.update(a_version(2), EndpointConfig(), goes_back=False)
    with pytest.raises(OperatorFaultError, match="is not this product's"):
        found.delete("golden")
    assert client.asked == []
    assert beside.calls == [], "no alarm and no scaling either"
