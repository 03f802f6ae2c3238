"""A CloudWatch dashboard as data: what its widgets ask for, and what they would show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from console.errors import ConsoleError
from console.target import System
from shared import names
from shared.aws import error_code

_PERIOD = 300  # of a graph that names none [s]
_STAT = "Average"  # likewise
_SAME = "."  # as in the metric before
_REST = "..."  # everything as in the metric before, but the last


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a graph: values by time, the oldest first."""

    label: str
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class Widget:
    """One part of a dashboard, where it is in the grid of 24 columns, and what it asks CloudWatch for."""

    kind: str
    title: str
    place: tuple[int, int, int, int]  # x, y, width, height
    region: str | None = None
    markdown: str = ""
    alarms: tuple[str, ...] = ()
    queries: tuple[Mapping[str, Any], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Shown:
    """A widget with what it shows now; `faults` say what CloudWatch could not answer."""

    widget: Widget
    series: tuple[Series, ...] = ()
    alarms: tuple[tuple[str, str], ...] = ()  # name and state
    faults: tuple[str, ...] = ()


def body(system: System) -> dict[str, Any]:
    """Return the deployed dashboard.

    Raises
    ------
    ConsoleError
        None is deployed.
    """
    cloudwatch = system.client("cloudwatch")
    try:
        found = cloudwatch.get_dashboard(DashboardName=names.dashboard(str(system.region)))
    except ClientError as error:
        if error_code(error) != "ResourceNotFound":
            raise
        message = f"no dashboard is deployed in {system.region}; run `solar deploy` first"
        raise ConsoleError(message) from error
    said: dict[str, Any] = json.loads(found["DashboardBody"])
    return said


def widgets(content: Mapping[str, Any]) -> list[Widget]:
    """Read the widgets of a dashboard's body, from top to bottom."""
    found = [_widget(each) for each in content["widgets"]]
    return sorted(found, key=lambda each: (each.place[1], each.place[0]))


def show(system: System, widget: Widget, start: datetime, end: datetime) -> Shown:
    """Ask CloudWatch for what a widget shows of [start, end)."""
    if widget.alarms:
        return Shown(widget, alarms=tuple(_alarm_states(system, widget.alarms)))
    if not widget.queries:
        return Shown(widget)
    series, faults = [], []
    pages = _cloudwatch(system, widget.region).get_paginator("get_metric_data")
    asked = pages.paginate(
        MetricDataQueries=[dict(each) for each in widget.queries],
        StartTime=start,
        EndTime=end,
        ScanBy="TimestampAscending",
    )
    for page in asked:
        for result in page["MetricDataResults"]:
            faults += [each["Value"] for each in result.get("Messages", [])]
            points = zip(result["Timestamps"], result["Values"], strict=True)
            series.append(Series(result["Label"], tuple(points)))
    return Shown(widget, series=tuple(series), faults=tuple(faults))


def _widget(content: Mapping[str, Any]) -> Widget:
    properties = content["properties"]
    x, y, width, height = (int(content.get(name, 0)) for name in ("x", "y", "width", "height"))
    return Widget(
        kind=content["type"],
        title=properties.get("title", ""),
        place=(x, y, width, height),
        region=properties.get("region"),
        markdown=properties.get("markdown", ""),
        alarms=tuple(properties.get("alarms", ())),
        queries=tuple(_queries(properties)),
    )


def _queries(properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a graph asks for, in the form that GetMetricData takes."""
    before: list[str] = []
    several = _has_several_names(properties.get("metrics", ()))
    for number, line in enumerate(properties.get("metrics", ())):
        *parts, last = line
        options = last if isinstance(last, dict) else {}
        given = parts if options else list(line)
        period = int(options.get("period", properties.get("period", _PERIOD)))
        query: dict[str, Any] = {
            "Id": options.get("id", f"m{number}"),
            "ReturnData": options.get("visible", True),
        }
        if "label" in options:
            query["Label"] = options["label"]
        if "expression" in options:
            yield query | {"Expression": options["expression"], "Period": period}
            continue
        before = _written_out(given, before)
        namespace, name, *dimensions = before
        pairs = zip(dimensions[::2], dimensions[1::2], strict=True)
        metric = {
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in pairs],
        }
        stat = options.get("stat", properties.get("stat", _STAT))
        query.setdefault("Label", _label(name, dimensions[1::2], several=several))
        yield query | {"MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}


def _written_out(given: Sequence[str], before: Sequence[str]) -> list[str]:
    """Write out a metric that is abbreviated by the one before."""
    if given[0] == _REST:
        own = list(given[1:])
        return [*before[: len(before) - len(own)], *own]
    return [
        old if new == _SAME else new for new, old in zip(given, [*before, *given], strict=False)
    ]


def _has_several_names(lines: Sequence[Sequence[Any]]) -> bool:
    """Whether names of metrics tell a graph's lines apart; `...` and `.` say none of their own."""
    spelled = {line[1] for line in lines if line[0] != _REST and len(line) > 1}
    return len({name for name in spelled if isinstance(name, str)} - {_SAME}) > 1


def _label(name: str, values: Sequence[str], *, several: bool) -> str:
    """Return the name of a metric, or where a graph has only one name what it is of."""
    return name if several or not values else values[-1].rpartition(":")[2]


def _alarm_states(system: System, arns: Sequence[str]) -> Iterator[tuple[str, str]]:
    wanted = [arn.rpartition(":")[2] for arn in arns]
    states: dict[str, str] = {}
    pages = system.client("cloudwatch").get_paginator("describe_alarms")
    for page in pages.paginate(AlarmNamePrefix=names.all_ours()):
        states |= {each["AlarmName"]: each["StateValue"] for each in page["MetricAlarms"]}
    for name in wanted:
        yield name, states.get(name, "not deployed")


def _cloudwatch(system: System, region: str | None) -> Any:
    """Return the client of the Region whose metrics a widget shows; charges are in one Region only."""
    if region is None or region == system.region:
        return system.client("cloudwatch")
    return system.session.create_client(
        "cloudwatch", region_name=region, endpoint_url=system.endpoint_url
    )
