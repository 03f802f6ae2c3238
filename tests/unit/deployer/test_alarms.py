"""Every endpoint has alarms on metrics that exist, and a canary is rolled back by them."""

from __future__ import annotations

import pytest

from services.deployer.domain import alarms

TOPIC = "arn:aws:sns:us-east-1:123456789012:solar-alarms"
BY_NAME = {watch.name: watch for watch in alarms.ALL}


def test_errors_latency_and_mismatch_are_watched() -> None:
    assert set(BY_NAME) == {"errors", "latency", "mismatch", "capacity"}


def test_too_many_requests_are_told_and_take_no_version_back() -> None:
    assert alarms.CAPACITY not in alarms.WATCHES
    defined = alarms.CAPACITY.definition("golden", TOPIC)
    assert defined["Threshold"] == 1.5 * alarms.INVOCATIONS_PER_INSTANCE
    assert defined["EvaluationPeriods"] == 15


@pytest.mark.parametrize("name", BY_NAME)
def test_an_alarm_is_named_after_the_model_and_tells_the_alarms_topic(name: str) -> None:
    defined = BY_NAME[name].definition("golden", TOPIC)
    assert (
        defined["AlarmName"]
        == BY_NAME[name].alarm_name("golden")
        == f"solar-golden-endpoint-{name}"
    )
    assert defined["AlarmActions"] == defined["OKActions"] == [TOPIC]
    assert defined["Period"] == 60
    assert defined["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert defined["TreatMissingData"] == "notBreaching", "an idle endpoint is no fault"
    assert defined["AlarmDescription"].endswith(f"docs/runbooks/deployer.md#endpoint-{name}")
    assert {tag["Key"]: tag["Value"] for tag in defined["Tags"]} == {
        "project": "solar-retraining",
        "solar-stage": "solar",
    }


@pytest.mark.parametrize("name", ["errors", "latency", "capacity"])
def test_sagemakers_own_metrics_are_those_of_the_endpoints_variant(name: str) -> None:
    defined = BY_NAME[name].definition("golden", TOPIC)
    assert defined["Namespace"] == "AWS/SageMaker"
    assert defined["Dimensions"] == [
        {"Name": "EndpointName", "Value": "solar-golden"},
        {"Name": "VariantName", "Value": "main"},
    ]


def test_our_own_metric_is_that_of_the_endpoint() -> None:
    defined = BY_NAME["mismatch"].definition("golden", TOPIC)
    assert (defined["Namespace"], defined["MetricName"]) == ("solar", "ReferenceMismatch")
    assert defined["Dimensions"] == [{"Name": "EndpointName", "Value": "solar-golden"}]


def test_one_error_is_enough_and_slowness_must_last() -> None:
    errors, latency = (BY_NAME[name].definition("golden", TOPIC) for name in ("errors", "latency"))
    assert (errors["Statistic"], errors["Threshold"], errors["EvaluationPeriods"]) == ("Sum", 1, 1)
    assert latency["ExtendedStatistic"] == "p99"
    assert (latency["Threshold"], latency["EvaluationPeriods"]) == (500_000, 2), "microseconds"
