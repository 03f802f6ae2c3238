"""`solar dashboard` asks CloudWatch for what the dashboard's widgets ask for, and shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.client import dashboards
from console.commands.dashboard import bars
from tests.unit.console.systems import FakeSystem, solar, system

__all__ = ["system"]  # the fixture

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


def widget(metrics: list[Any], **properties: Any) -> dict[str, Any]:
    return {
        "type": "metric",
        "x": 0,
        "y": 0,
        "width": 12,
        "height": 6,
        "properties": {"title": "A graph", "metrics": metrics, **properties},
    }


def queries(metrics: list[Any], **properties: Any) -> list[Any]:
    (found,) = dashboards.widgets({"widgets": [widget(metrics, **properties)]})
    return list(found.queries)


def metric(query: dict[str, Any]) -> tuple[str, ...]:
    found = query["MetricStat"]["Metric"]
    dimensions = [each for pair in found["Dimensions"] for each in (pair["Name"], pair["Value"])]
    return (found["Namespace"], found["MetricName"], *dimensions)


def test_a_dot_is_as_before_and_three_are_everything_before_the_last() -> None:
    found = queries(
        [
            ["AWS/SQS", "Age", "QueueName", "one"],
            [".", "Visible", ".", "."],
            ["...", "two"],
            [".", "Age", ".", "three", {"label": "the third"}],
        ]
    )
    assert [metric(each) for each in found] == [
        ("AWS/SQS", "Age", "QueueName", "one"),
        ("AWS/SQS", "Visible", "QueueName", "one"),
        ("AWS/SQS", "Visible", "QueueName", "two"),
        ("AWS/SQS", "Age", "QueueName", "three"),
    ]
    assert found[3]["Label"] == "the third"


def test_a_metrics_own_statistic_and_period_count_before_the_graphs() -> None:
    own, of_graph = queries(
        [["N", "A", {"stat": "Sum", "period": 60}], ["N", "B"]], stat="Maximum", period=3600
    )
    assert (own["MetricStat"]["Stat"], own["MetricStat"]["Period"]) == ("Sum", 60)
    assert (of_graph["MetricStat"]["Stat"], of_graph["MetricStat"]["Period"]) == ("Maximum", 3600)


def test_math_is_asked_for_by_its_id_and_hidden_metrics_are_not_returned() -> None:
    share, bad = queries(
        [
            [{"expression": "100 * bad", "id": "share"}],
            ["N", "Bad", {"id": "bad", "visible": False}],
        ]
    )
    assert (share["Id"], share["Expression"], share["ReturnData"]) == ("share", "100 * bad", True)
    assert (bad["Id"], bad["ReturnData"]) == ("bad", False)


def test_lines_of_one_metric_are_called_by_what_they_are_of() -> None:
    one = queries([["AWS/Lambda", "Errors", "FunctionName", "watch"], ["...", "decide"]])
    assert [each["Label"] for each in one] == ["watch", "decide"]
    several = queries([["solar", "Files", "service", "x"], [".", "Rows", ".", "."]])
    assert [each["Label"] for each in several] == ["Files", "Rows"]


def test_widgets_are_read_from_top_to_bottom_and_from_left_to_right() -> None:
    places = [(12, 6), (0, 6), (0, 0)]
    content = [widget([["N", str(place)]]) | {"x": place[0], "y": place[1]} for place in places]
    found = dashboards.widgets({"widgets": content})
    assert [each.place[:2] for each in found] == [(0, 0), (0, 6), (12, 6)]


@pytest.mark.parametrize(
    ("values", "shown"), [([1.0], "▁"), ([0.0, 1.0], "▁█"), ([2.0, 2.0, 2.0], "▁▁▁")]
)
def test_bars_rise_from_the_lowest_to_the_highest(values: list[float], shown: str) -> None:
    assert bars(values) == shown


# --- against a CloudWatch that keeps one dashboard -----------------------------------------------------


@dataclass
class FakeCloudWatch:
    body: dict[str, Any] | None = None
    results: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    dashboards: list[str] = field(default_factory=list)

    def get_dashboard(self, DashboardName: str) -> dict[str, Any]:  # noqa: N803  # boto's spelling
        self.dashboards.append(DashboardName)
        if self.body is None:
            raise ClientError({"Error": {"Code": "ResourceNotFound"}}, "GetDashboard")
        return {"DashboardBody": json.dumps(self.body)}

    def get_paginator(self, name: str) -> Any:
        return self if name == "get_metric_data" else Alarms()

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(asked)
        yield {"MetricDataResults": self.results}


class Alarms:
    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"MetricAlarms": [{"AlarmName": "solar-one", "StateValue": "ALARM"}]}


@pytest.fixture
def cloudwatch(system: FakeSystem) -> FakeCloudWatch:
    text = {"type": "text", "properties": {"markdown": "## Read the runbook"}}
    arns = ["arn:aws:cloudwatch:eu-west-1:1:alarm:solar-one", "arn:…:alarm:solar-two"]
    alarms = {"type": "alarm", "properties": {"title": "Alarms", "alarms": arns}}
    made = FakeCloudWatch({"widgets": [text, alarms, widget([["N", "A"]])]})
    made.results = [
        {"Label": "A", "Timestamps": [NOW - timedelta(hours=1), NOW], "Values": [1.0, 3.0]},
        {"Label": "empty", "Timestamps": [], "Values": []},
    ]
    system.clients["cloudwatch"] = made
    return made


def test_each_widget_is_said_with_its_latest_values(cloudwatch: FakeCloudWatch) -> None:
    shown = solar("dashboard", "--hours", "2").output
    for words in ("Read the runbook", "solar-one", "ALARM", "solar-two", "not deployed", "A graph"):
        assert words in shown
    assert "▁█ 3" in shown
    (asked,) = cloudwatch.asked
    assert asked["EndTime"] - asked["StartTime"] == timedelta(hours=2)


def test_another_regions_dashboard_is_not_taken_for_this_ones(
    cloudwatch: FakeCloudWatch, system: FakeSystem
) -> None:
    solar("dashboard")
    assert cloudwatch.dashboards == [f"solar-retraining-{system.region}"]


def test_what_cloudwatch_cannot_answer_is_said(cloudwatch: FakeCloudWatch) -> None:
    cloudwatch.results[0] |= {"Messages": [{"Code": "E", "Value": "no such function"}]}
    shown = json.loads(solar("dashboard", "--json").stdout)
    assert shown[2]["faults"] == ["no such function"]


def test_the_page_has_a_graph_and_no_markup_of_others(
    cloudwatch: FakeCloudWatch, tmp_path: Path
) -> None:
    cloudwatch.results[0]["Label"] = "<script>"
    page = tmp_path / "d.html"
    assert solar("dashboard", "--save", str(page)).exit_code == 0
    text = page.read_text()
    assert "<polyline" in text
    assert "&lt;script&gt;" in text
    assert "<script>" not in text


def test_without_a_dashboard_the_command_that_makes_one_is_named(
    cloudwatch: FakeCloudWatch,
) -> None:
    cloudwatch.body = None
    answer = solar("dashboard")
    assert answer.exit_code == 1
    assert "run `solar deploy` first" in str(answer.exception)
