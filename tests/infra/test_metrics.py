"""No graph and no alarm waits for a metric that nobody publishes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.client import dashboards
from tests import metrics
from tests.metrics import ROOT, Asked
from tests.templates import read

TEMPLATES = sorted((ROOT / "services").glob("*/template.yaml"))
BODY = metrics.dashboard_body()
WIDGETS = dashboards.widgets(BODY)


@pytest.mark.parametrize("asked", metrics.asked_by_dashboard(), ids=lambda each: each.name)
def test_every_metric_of_a_widget_is_published_with_its_dimensions(asked: Asked) -> None:
    assert asked.is_published(), f"{asked} stays empty for ever"


@pytest.mark.parametrize("asked", metrics.asked_by_alarms(TEMPLATES), ids=lambda each: each.by)
def test_every_metric_of_an_alarm_is_published_with_its_dimensions(asked: Asked) -> None:
    assert asked.is_published(), f"{asked} stays green for ever"


def test_a_metric_that_is_asked_for_with_other_dimensions_is_noticed() -> None:
    assert Asked("", "solar", "LiveR2", frozenset({"model_id"})).is_published()
    assert not Asked("", "solar", "LiveR2", frozenset({"model_id", "service"})).is_published()
    assert not Asked("", "AWS/Lambda", "Errors", frozenset({"QueueName"})).is_published()


@pytest.mark.parametrize(("name", "where"), sorted(metrics.ELSEWHERE.items()))
def test_what_no_story_shows_is_named_where_it_is_published(
    name: str, where: tuple[frozenset[str], str]
) -> None:
    _, module = where
    assert f'"{name}"' in (ROOT / module).read_text(), f"{module} no longer publishes {name}"


def test_no_metric_is_listed_that_nobody_asks_for() -> None:
    """AWS's own and those of trouble are listed for a graph or an alarm, and go with it."""
    asked = {*metrics.asked_by_dashboard(), *metrics.asked_by_alarms(TEMPLATES)}
    wanted = {(each.namespace, each.name) for each in asked}
    assert metrics.AWS.keys() - wanted == set()
    assert {(metrics.OURS, name) for name in metrics.ELSEWHERE} - wanted == set()


def test_the_dashboard_lists_every_alarm_of_the_templates() -> None:
    (widget,) = [each for each in WIDGETS if each.alarms]
    listed = {arn.replace("${Alarm}", "solar") for arn in widget.alarms}
    deployed = {
        resource["Properties"]["AlarmName"]
        for template in TEMPLATES
        for resource in read(template)["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert listed == deployed
    assert len(widget.alarms) <= 100, "CloudWatch shows no more in one widget"


def test_the_dashboard_links_to_runbooks_that_exist() -> None:
    (text,) = [each.markdown for each in WIDGETS if each.kind == "text"]
    linked = re.findall(r"\]\(\$\{Docs\}/([^)]+)\)", text)
    assert {Path(each).name for each in linked} == {
        each.name for each in (ROOT / "docs/runbooks").glob("*.md")
    }
    assert all((ROOT / "docs" / each).exists() for each in linked)


def test_no_two_widgets_of_the_dashboard_lie_on_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for widget in WIDGETS:
        x, y, width, height = widget.place
        assert x + width <= 24
        for place in ((c, r) for c in range(x, x + width) for r in range(y, y + height)):
            assert taken.setdefault(place, widget.title) == widget.title


def test_a_graph_searches_by_whole_values_or_by_words_and_never_with_a_wildcard() -> None:
    expressions = [
        query["Expression"]
        for widget in WIDGETS
        for query in widget.queries
        if "Expression" in query
    ]
    assert expressions
    assert not [each for each in expressions if each.startswith("SEARCH") and "*" in each]
