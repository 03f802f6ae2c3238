"""Every metric that a dashboard or an alarm asks for, and who publishes it under which dimensions.

A graph or an alarm on anything else stays empty and green for ever. tests/infra compares the templates with
this, tests/e2e compares this with what was published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.client import dashboards
from infra.local import metric_search
from services.deployer.domain import alarms as endpoint_alarms
from tests.templates import read

ROOT = Path(__file__).parents[1]
FOUNDATION = ROOT / "infra/foundation.yaml"
OURS = "solar"
SERVICE = frozenset({"service"})
MODEL = frozenset({"model_id"})
BOTH = frozenset({"model_id", "service"})

# AWS's own, with the dimensions and the page of AWS's documentation that says so.
_LAMBDA = "Lambda developer guide, Types of metrics for Lambda functions"
_SQS = "SQS developer guide, Available CloudWatch metrics for Amazon SQS"
_STATES = "Step Functions developer guide, Monitoring metrics using CloudWatch"
_SAGEMAKER = "SageMaker developer guide, Metrics for monitoring SageMaker with CloudWatch"
_BILLING = "Billing user guide, Creating a billing alarm to monitor estimated charges"
AWS: dict[tuple[str, str], tuple[frozenset[str], str]] = {
    ("AWS/Lambda", "Errors"): (frozenset({"FunctionName"}), _LAMBDA),
    ("AWS/Lambda", "Throttles"): (frozenset({"FunctionName"}), _LAMBDA),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): (frozenset({"QueueName"}), _SQS),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): (frozenset({"QueueName"}), _SQS),
    ("AWS/States", "ExecutionsStarted"): (frozenset({"StateMachineArn"}), _STATES),
    ("AWS/States", "ExecutionsSucceeded"): (frozenset({"StateMachineArn"}), _STATES),
    ("AWS/States", "ExecutionsFailed"): (frozenset({"StateMachineArn"}), _STATES),
    ("AWS/States", "ExecutionsTimedOut"): (frozenset({"StateMachineArn"}), _STATES),
    ("AWS/SageMaker", "ModelLatency"): (frozenset({"EndpointName", "VariantName"}), _SAGEMAKER),
    ("AWS/SageMaker", "Invocations"): (frozenset({"EndpointName", "VariantName"}), _SAGEMAKER),
    ("AWS/SageMaker", "Invocation5XXErrors"): (
        frozenset({"EndpointName", "VariantName"}),
        _SAGEMAKER,
    ),
    ("AWS/SageMaker", "InvocationsPerInstance"): (
        frozenset({"EndpointName", "VariantName"}),
        _SAGEMAKER,
    ),
    ("AWS/Sagemaker/ModelBuildingPipeline", "ExecutionStarted"): (
        frozenset({"PipelineName"}),
        _SAGEMAKER,
    ),
    ("AWS/Sagemaker/ModelBuildingPipeline", "ExecutionSucceeded"): (
        frozenset({"PipelineName"}),
        _SAGEMAKER,
    ),
    ("AWS/Sagemaker/ModelBuildingPipeline", "ExecutionFailed"): (
        frozenset({"PipelineName"}),
        _SAGEMAKER,
    ),
    ("AWS/Billing", "EstimatedCharges"): (frozenset({"Currency"}), _BILLING),
}

# Ours, published by tests/e2e/test_story.py on its way; the story's last test says if one is not.
IN_THE_STORY: dict[str, set[frozenset[str]]] = {
    "FilesAccepted": {SERVICE},
    "FilesQuarantined": {SERVICE},
    "FilesSuperseded": {SERVICE},
    "RowsAccepted": {SERVICE},
    "RowsMasked": {SERVICE},
    "Sweeps": {SERVICE},
    "ModelsOverdue": {SERVICE},
    "EvaluationR2": {SERVICE, BOTH},
    "ChampionR2": {SERVICE, BOTH},
    "ChampionShortfall": {SERVICE, BOTH},
    "RunCost": {SERVICE, BOTH},
    "LiveR2": {MODEL},
    "LiveNmae": {MODEL},
    "LiveBias": {MODEL},
    "LiveCoverage": {MODEL},
    "SitesDegraded": {SERVICE},
    "SitesNotScored": {SERVICE},
}

# Ours, of what no story shows. Each is named in the module that publishes it, through the adapter that the
# story shows for the same service.
ELSEWHERE: dict[str, tuple[frozenset[str], str]] = {
    "FilesDuplicate": (SERVICE, "services/data_watcher/domain/facts.py"),
    "FilesRemoved": (SERVICE, "services/data_watcher/domain/facts.py"),
    "CompactionFaults": (SERVICE, "services/data_watcher/app/compacting.py"),
    "RuleFaults": (SERVICE, "services/trainer_trigger/app/deciding.py"),
    "SweepFaults": (SERVICE, "services/trainer_trigger/app/sweeping.py"),
    "ForecastsLate": (SERVICE, "services/deployer/app/live/issuing.py"),
    "FilesGivenUp": (SERVICE, "services/deployer/app/live/catching_up.py"),
    "HeldDays": (SERVICE, "services/deployer/app/live/watching.py"),
    "DeploymentSetbacks": (SERVICE, "services/deployer/app/live/watching.py"),
    # Its canaries are too short for the sweep that compares reference rows; the demo's are not.
    "ReferenceMismatch": (frozenset({"EndpointName"}), "services/deployer/domain/alarms.py"),
    "NoticesUndelivered": (SERVICE, "services/notifier/app/delivering.py"),
    "LinksNotSigned": (SERVICE, "services/notifier/app/delivering.py"),
    "MailUnheard": (SERVICE, "services/notifier/app/checking.py"),
    "LinksFailed": (SERVICE, "services/notifier/adapters/links.py"),
    "LinksRefused": (SERVICE, "services/notifier/adapters/links.py"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A metric that somebody asks for, with the names of its dimensions."""

    by: str
    namespace: str
    name: str
    dimensions: frozenset[str]

    def is_published(self) -> bool:
        """Whether anybody publishes it just so."""
        if self.namespace == OURS:
            elsewhere = ELSEWHERE.get(self.name)
            return self.dimensions in IN_THE_STORY.get(self.name, set()) or bool(
                elsewhere and elsewhere[0] == self.dimensions
            )
        documented = AWS.get((self.namespace, self.name))
        return documented is not None and documented[0] == self.dimensions


def dashboard_body() -> dict[str, Any]:
    """Return the dashboard's body, with what only a deployment knows left as its name."""
    properties = read(FOUNDATION)["Resources"]["Dashboard"]["Properties"]
    text, _ = properties["DashboardBody"]["Fn::Sub"]
    body: dict[str, Any] = json.loads(text.replace("${NamePrefix}", OURS))
    return body


def asked_by_dashboard() -> list[Asked]:
    """Return every metric that a widget asks for."""
    return [
        asked
        for widget in dashboards.widgets(dashboard_body())
        for query in widget.queries
        for asked in _asked(f"widget {widget.title!r}", query)
    ]


def asked_by_alarms(templates: list[Path]) -> list[Asked]:
    """Return every metric that an alarm of a template, or one of an endpoint, looks at."""
    of_templates = [
        asked
        for template in templates
        for resource in read(template)["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
        for asked in _of_alarm(resource["Properties"])
    ]
    of_endpoints = [
        asked
        for watch in endpoint_alarms.ALL
        for asked in _of_alarm(watch.definition("model", "arn"))
    ]
    return of_templates + of_endpoints


def _of_alarm(alarm: Mapping[str, Any]) -> Iterator[Asked]:
    name = f"alarm {alarm['AlarmName']}"
    if "Metrics" not in alarm:
        yield _metric(name, alarm)
    for query in alarm.get("Metrics", ()):
        yield from _asked(name, query)


def _asked(by: str, query: Mapping[str, Any]) -> Iterator[Asked]:
    if "MetricStat" in query:
        yield _metric(by, query["MetricStat"]["Metric"])
    elif metric_search.is_search(query["Expression"]):
        search = metric_search.read(query["Expression"])
        (name,) = [each.text for each in search.terms if each.designator == "MetricName"]
        yield Asked(by, search.namespace, name, search.dimensions)


def _metric(by: str, said: Mapping[str, Any]) -> Asked:
    dimensions = frozenset(each["Name"] for each in said["Dimensions"])
    return Asked(by, said["Namespace"], said["MetricName"], dimensions)
