"""Who serves a model follows from what was written down and from what AWS has, in every mode."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.validate import validate_parameters

from services.deployer.adapters.configurations import Configurations
from services.deployer.adapters.lines import EndpointLine, FunctionLine, ServingLine
from services.deployer.domain import alarms
from services.deployer.domain.deployment import (
    TESTING,
    Action,
    Endpoint,
    InProgress,
    configuration_name,
    in_mode_of,
    next_action,
    settled,
)
from services.deployer.domain.serving import Serving, Standing, is_tested_beside, seen
from shared import names
from shared.errors import NotReadyError
from shared.model_config import EndpointConfig, Mode
from tests.unit.deployer.fakes import START, a_version

OLD, NEW = "solar-golden-v1-00000000", "solar-golden-v2-00000000"
FIRST = Endpoint("InService", OLD, 1, mode="serverless")
CANDIDATE = Standing(2, NEW, "serverless")
SECOND = Endpoint("InService", NEW, 2, mode="serverless")


def test_without_anything_written_down_the_endpoint_serves() -> None:
    assert seen(Serving(), FIRST, None) == FIRST
    assert seen(Serving(), None, None) is None


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (None, "InService"),
        (replace(SECOND, status="Creating"), "Updating"),
        (SECOND, TESTING),
        (replace(SECOND, status="Failed", failure_reason="no room"), "InService"),
        (replace(SECOND, status="Deleting"), "InService"),
        (replace(SECOND, configuration="solar-golden-v9-00000000"), "InService"),
    ],
)
def test_a_second_endpoint_is_tested_once_it_is_there(second: Endpoint | None, status: str) -> None:
    found = seen(Serving(candidate=CANDIDATE), FIRST, second)
    assert found is not None
    assert (found.status, found.version) == (status, 1), "what served serves on"
    assert found.candidate == (2 if status == TESTING else None)
    if second is not None and second.status == "Failed":
        assert found.failure_reason == "no room"


def test_a_candidate_that_took_over_is_no_candidate_any_more() -> None:
    assert seen(Serving(candidate=CANDIDATE), SECOND, SECOND) == SECOND
    updating = replace(FIRST, status="Updating")
    assert seen(Serving(candidate=CANDIDATE), updating, SECOND) == updating


def test_a_candidate_that_aws_took_back_is_not_tested_again() -> None:
    given = replace(CANDIDATE, was_given=True)
    found = seen(Serving(candidate=given), FIRST, SECOND)
    assert found == FIRST
    begun = InProgress(2, 1, START, called=True, mode="serverless")
    assert next_action(2, found, begun) is Action.TAKE_BACK


def test_what_the_function_answers_with_serves_whatever_endpoints_there_are() -> None:
    written = Serving(Standing(3, "solar-golden-v3-00000000", "none"))
    for first in (None, FIRST):
        found = seen(written, first, None)
        assert found is not None
        assert (found.version, found.mode, found.status) == (3, "none", "InService")
    coming = replace(written, candidate=CANDIDATE)
    found = seen(coming, SECOND, None)
    assert found is not None
    assert (found.status, found.version, found.candidate) == (TESTING, 3, 2)


def test_only_who_began_it_tests_a_candidate() -> None:
    tested = replace(FIRST, status=TESTING, candidate=2)
    assert next_action(2, tested, InProgress(2, 1, START, called=True)) is Action.TRY_OUT
    assert next_action(3, tested, InProgress(3, 1, START)) is Action.DROP
    assert next_action(2, tested, None) is Action.DROP


@pytest.mark.parametrize(
    ("before", "after", "goes_back", "beside"),
    [
        ("realtime", "realtime", False, False),  # a canary
        ("serverless", "serverless", False, True),
        ("serverless", "serverless", True, False),
        ("none", "none", False, True),
        ("none", "none", True, False),
        ("realtime", "serverless", True, True),
        ("realtime", "none", True, True),
        ("none", "realtime", True, True),
        ("none", "serverless", True, True),
        ("serverless", "none", True, True),
        ("serverless", "realtime", True, False),  # AWS keeps the one until the other serves
    ],
)
def test_what_is_tested_beside_what_serves(
    before: Mode, after: Mode, *, goes_back: bool, beside: bool
) -> None:
    assert is_tested_beside(before, after, goes_back=goes_back) is beside


def test_a_silent_yaml_keeps_the_mode_and_a_new_model_is_serverless() -> None:
    silent = EndpointConfig()
    assert settled(silent, "realtime").mode == "realtime"
    assert settled(silent, "none").mode == "none"
    assert settled(silent, None).mode == "serverless"
    assert settled(EndpointConfig(mode="none"), "realtime").mode == "none"
    assert in_mode_of(EndpointConfig(mode="none"), FIRST).mode == "serverless"


def test_no_name_of_a_configuration_with_instances_changed_by_the_new_setting() -> None:
    version = a_version(3)
    plain = configuration_name(version, EndpointConfig())
    assert configuration_name(version, EndpointConfig(mode="realtime")) == plain
    others = {
        configuration_name(version, EndpointConfig(mode="serverless")),
        configuration_name(version, EndpointConfig(mode="serverless", memory_mb=4096)),
        configuration_name(version, EndpointConfig(mode="none")),
        plain,
    }
    assert len(others) == 4
    night = EndpointConfig(mode="realtime", night_instance_count=1)
    assert configuration_name(version, night) == plain, "only scaling changes at night"


def test_the_alarms_of_a_mode_are_those_that_can_ring_there() -> None:
    assert alarms.of("realtime") == alarms.ALL
    assert [each.name for each in alarms.of("serverless")] == ["errors"]
    assert alarms.of("none") == ()


def test_the_second_endpoint_of_a_model_has_a_name_that_no_other_model_has() -> None:
    assert names.model_of(names.second_endpoint("golden")) == "golden"
    assert names.model_of("solar-golden-next-12345678") == "golden-next-12345678"
    assert names.model_of("solar-golden") == "golden"
    longest = names.second_endpoint("m" * 32).replace(names.prefix(), "abcdefgh-solar", 1)
    assert len(longest) <= 63


# --- what AWS is asked for ------------------------------------------------------------------------

MODEL = botocore.session.get_session().get_service_model("sagemaker")


class SageMaker:
    """Nothing exists yet; what is made is checked as botocore would."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}

    def __getattr__(self, operation: str) -> Any:
        name = "".join(part.title() for part in operation.split("_"))

        def call(**asked: Any) -> None:
            if operation.startswith("describe"):
                error = {"Error": {"Code": "ValidationException", "Message": "none"}}
                raise ClientError(error, name)  # type: ignore[arg-type]
            validate_parameters(asked, MODEL.operation_model(name).input_shape)
            self.made[name] = asked

        return call


def made(config: EndpointConfig) -> dict[str, dict[str, Any]]:
    client: Any = SageMaker()
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    role = "arn:aws:iam::123456789012:role/sagemaker-role"
    Configurations(client, role, key, "bucket", ("subnet-1",), ("sg-1",)).keep(a_version(2), config)
    found: dict[str, dict[str, Any]] = client.made
    return found


def test_a_serverless_endpoint_is_asked_for_without_what_aws_refuses_of_it() -> None:
    found = made(EndpointConfig(mode="serverless", memory_mb=3072, maximum_concurrency=7))
    (variant,) = found["CreateEndpointConfig"]["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 3072, "MaxConcurrency": 7}
    assert "InstanceType" not in variant
    assert "DataCaptureConfig" not in found["CreateEndpointConfig"]
    assert "VpcConfig" not in found["CreateModel"]
    assert found["CreateModel"]["EnableNetworkIsolation"] is False


def test_an_endpoint_with_instances_is_captured_isolated_and_in_the_network() -> None:
    found = made(EndpointConfig(mode="realtime"))
    (variant,) = found["CreateEndpointConfig"]["ProductionVariants"]
    assert variant["InitialInstanceCount"] == 2
    assert found["CreateEndpointConfig"]["DataCaptureConfig"]["EnableCapture"]
    assert found["CreateModel"]["VpcConfig"]["Subnets"] == ["subnet-1"]
    assert found["CreateModel"]["EnableNetworkIsolation"] is True


# --- who is asked ---------------------------------------------------------------------------------


class Function:
    """The function that answers, as it is told."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, []  # type: tuple[Any, list[dict[str, Any]]]

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.asked.append(json.loads(Payload))
        if isinstance(self.answer, Exception):
            raise self.answer
        body = io.BytesIO(json.dumps(self.answer).encode())
        return {
            "Payload": body,
            **({"FunctionError": "Unhandled"} if "errorType" in self.answer else {}),
        }

    def invoke_endpoint(self, **_: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(b'{"by": "endpoint"}'), "CustomAttributes": "a=1"}


GOOD = {"status": 200, "said": {"predictions": []}, "attributes": "model_package_version=4"}


def test_who_serves_is_asked_the_function_for_its_version_or_the_endpoint() -> None:
    function: Any = Function(GOOD)
    by_function = Serving(Standing(4, "solar-golden-v4-00000000", "none"))
    reply = ServingLine(function, function, lambda _: by_function).call("golden", {"rows": []})
    assert (reply.status, reply.attributes) == (200, "model_package_version=4")
    assert function.asked == [{"model_id": "golden", "version": 4, "request": {"rows": []}}]
    reply = ServingLine(function, function, lambda _: Serving()).call("golden", {"rows": []})
    assert json.loads(reply.said) == {"by": "endpoint"}
    assert EndpointLine(function).call("golden", {}).attributes == "a=1"


@pytest.mark.parametrize(
    "answer",
    [
        ReadTimeoutError(endpoint_url="x"),
        ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke"),
        {"errorType": "Runtime.OutOfMemory"},
    ],
)
def test_a_function_that_ends_or_does_not_answer_is_silence(answer: Any) -> None:
    function: Any = Function(answer)
    with pytest.raises(NotReadyError, match="the function that answers for golden"):
        FunctionLine(function, lambda _: 4).call("golden", {})
