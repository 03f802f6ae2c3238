"""The alarms of an endpoint: all tell people, and `WATCHES` roll a canary back.

They exist before the endpoint does: a guardrail without alarms never rolls back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared import names
from shared.model_config import Mode

VARIANT = "main"
MISMATCH = "ReferenceMismatch"
INVOCATIONS_PER_INSTANCE = (
    600.0  # per minute; an instance answers many times that, see docs/model.md
)
SLOW_MICROSECONDS = 500_000  # a row takes about a millisecond; half a second is a fault, not a load


@dataclass(frozen=True, slots=True)
class Watch:
    """One alarm of an endpoint."""

    name: str
    what: str
    namespace: str  # '' is ours, which has the stage's name
    metric: str
    statistic: dict[str, str]
    threshold: float
    periods: int

    def alarm_name(self, model_id: str) -> str:
        """Return the alarm's name."""
        return names.endpoint_alarm(model_id, self.name)

    def definition(self, model_id: str, alarms_topic_arn: str) -> dict[str, Any]:
        """Return the arguments of PutMetricAlarm, which replaces what was there."""
        dimensions = [{"Name": "EndpointName", "Value": names.endpoint(model_id)}]
        if self.namespace == "AWS/SageMaker":
            dimensions.append({"Name": "VariantName", "Value": VARIANT})
        return {
            "AlarmName": self.alarm_name(model_id),
            "AlarmDescription": f"{self.what} Runbook: docs/runbooks/deployer.md#endpoint-{self.name}",
            "Namespace": self.namespace or names.prefix(),
            "MetricName": self.metric,
            "Dimensions": dimensions,
            **self.statistic,
            "Period": 60,
            "EvaluationPeriods": self.periods,
            "Threshold": self.threshold,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [alarms_topic_arn],
            "OKActions": [alarms_topic_arn],
            "Tags": names.tag_list(),
        }


def may_be_ignored(alarm: str, model_id: str) -> bool:
    """Whether an alarm may ring for what serves; the mismatch alarm rings only for a new version."""
    return any(alarm == watch.alarm_name(model_id) for watch in WATCHES if watch.metric != MISMATCH)


ERRORS = Watch(
    "errors",
    "The endpoint answers with errors of its own (5XX).",
    "AWS/SageMaker",
    "Invocation5XXErrors",
    {"Statistic": "Sum"},
    1,
    1,
)
LATENCY = Watch(
    "latency",
    "The model takes longer than half a second (p99).",
    "AWS/SageMaker",
    "ModelLatency",
    {"ExtendedStatistic": "p99"},
    SLOW_MICROSECONDS,
    2,
)
WATCHES = (
    ERRORS,
    LATENCY,
    Watch(
        "mismatch",
        "A new version predicts the reference rows differently than its evaluation did.",
        "",
        MISMATCH,
        {"Statistic": "Maximum"},
        1,
        1,
    ),
)
# Half as many requests again as scaling aims at, for a quarter of an hour: it has no more instances to add.
# That is no fault of a version, and takes none back.
CAPACITY = Watch(
    "capacity",
    "The endpoint gets more requests than its most instances are meant for.",
    "AWS/SageMaker",
    "InvocationsPerInstance",
    {"Statistic": "Sum"},
    1.5 * INVOCATIONS_PER_INSTANCE,
    15,
)
ALL = (*WATCHES, CAPACITY)


def of(mode: Mode) -> tuple[Watch, ...]:
    """Return the alarms of a mode.

    Only a canary is rolled back by them. A serverless endpoint answers many sites at once and starts cold, so
    that its time says nothing; where no endpoint is, the function's own alarms watch.
    """
    return {"realtime": ALL, "serverless": (ERRORS,), "none": ()}[mode]
