"""What the templates create that costs by the month, and how often they wake something: counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.deploy import build, templates
from shared import names

_NAMES = {"NamePrefix": names.prefix_of("")}  # of a stage without a name
_PER_DAY = {"minute": 1440.0, "hour": 24.0, "day": 1.0}
_WEEK = 7.0
_DAY = 86_400  # s
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function, as far as it costs: GiB of memory, and whether it runs on arm64."""

    name: str
    gigabytes: float
    is_arm: bool


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the templates create.

    Attributes
    ----------
    alarm_metrics
        Metrics that alarms look at; an alarm of two metrics costs as two.
    custom_metrics
        Names of the product's own metrics that an alarm looks at.
    daily_metrics
        Those of them of which alarms look at whole days: a daily look sends them, once.
    polled_queues
        Queues that feed a function, which AWS asks all the time.
    functions
        Functions by their name in the template.
    wakes
        How often a day schedules wake each function, by its name in the template.
    """

    alarm_metrics: int
    custom_metrics: frozenset[str]
    daily_metrics: frozenset[str]
    dashboards: int
    keys: int
    secrets: int
    polled_queues: int
    functions: Mapping[str, Function]
    wakes: Mapping[str, float]


def inventory(bodies: Sequence[str] | None = None) -> Inventory:
    """Count what some templates create; the product's own where none are given."""
    if bodies is None:
        bodies = [build.template(path) for path in build.TEMPLATES]
    resources = [list(_resources(body)) for body in bodies]
    everything = [each for found in resources for each in found]
    alarms = [properties for _, kind, properties in everything if kind.endswith("::Alarm")]
    functions: dict[str, Function] = {}
    wakes: dict[str, float] = {}
    for found in resources:
        own = {name: _function(p) for name, kind, p in found if kind.endswith("Lambda::Function")}
        functions |= {each.name: each for each in own.values()}
        for name, times in _wakes(found):
            if name in own:
                wakes[own[name].name] = wakes.get(own[name].name, 0.0) + times
    return Inventory(
        alarm_metrics=sum(len(list(_metrics(each))) or 1 for each in alarms),
        custom_metrics=_own(alarms),
        daily_metrics=_own(alarms) - _own(each for each in alarms if each.get("Period") != _DAY),
        dashboards=_count(everything, "CloudWatch::Dashboard"),
        keys=_count(everything, "KMS::Key"),
        secrets=_count(everything, "SecretsManager::Secret"),
        polled_queues=_count(everything, "Lambda::EventSourceMapping"),
        functions=functions,
        wakes=wakes,
    )


def times_a_day(expression: str) -> float:
    """Return how often a day a schedule fires.

    Raises
    ------
    ValueError
        It is of a form that is not known here.
    """
    if found := _RATE.fullmatch(expression):
        return _PER_DAY[found[2]] / int(found[1])
    found = _CRON.fullmatch(expression)
    if found and found[1].isdigit() and found[2].isdigit():
        return 1.0 / _WEEK if found[5] not in {"?", "*"} else 1.0
    message = f"{expression} is no rate, and no cron of one time a day"
    raise ValueError(message)


def _resources(body: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, resource in templates.read(body).get("Resources", {}).items():
        yield name, resource["Type"], resource.get("Properties", {})


def _count(resources: Sequence[tuple[str, str, dict[str, Any]]], kind: str) -> int:
    return sum(each.endswith(kind) for _, each, _ in resources)


def _own(alarms: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    found = (each for alarm in alarms for each in _metrics(alarm))
    return frozenset(metric for space, metric in found if space == _NAMES["NamePrefix"])


def _metrics(alarm: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "MetricName" in alarm:
        yield _named(alarm["Namespace"]), alarm["MetricName"]
    for each in alarm.get("Metrics", []):
        if "MetricStat" in each:
            metric = each["MetricStat"]["Metric"]
            yield _named(metric["Namespace"]), metric["MetricName"]


def _named(node: Any) -> str:
    return templates.resolved(node, _NAMES)


def _function(properties: Mapping[str, Any]) -> Function:
    is_arm = properties.get("Architectures") == ["arm64"]
    name = _named(properties["FunctionName"])
    return Function(name, int(properties["MemorySize"]) / 1024, is_arm)


def _wakes(resources: Sequence[tuple[str, str, dict[str, Any]]]) -> Iterator[tuple[str, float]]:
    """Yield each schedule's function, by way of the queue that it fills, and its times a day."""
    fed = {
        _resource(properties["EventSourceArn"]): _resource(properties["FunctionName"])
        for _, kind, properties in resources
        if kind.endswith("EventSourceMapping")
    }
    for _, kind, properties in resources:
        if kind.endswith("Scheduler::Schedule"):
            target = _resource(properties["Target"]["Arn"])
            if target:
                yield fed.get(target, target), times_a_day(properties["ScheduleExpression"])


def _resource(reference: Any) -> str:
    """Return the name of the resource that `!Ref` or `!GetAtt` points at; '' for one outside the template."""
    if not isinstance(reference, Mapping):
        return ""
    return str(reference.get("Ref") or reference.get("Fn::GetAtt", [""])[0])
