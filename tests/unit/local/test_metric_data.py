"""Graphs show what CloudWatch would show: searches find what they find there, and math is done per period."""

from __future__ import annotations

import pytest

from infra.local import metric_data, metric_search
from infra.local.metric_data import Data, Window
from infra.local.metric_search import Metric, SearchError

LATENCY = Metric(
    "AWS/SageMaker", "ModelLatency", {"EndpointName": "solar-serf", "VariantName": "main"}
)
OF_OTHERS = Metric(
    "AWS/SageMaker", "ModelLatency", {"EndpointName": "shop-recommender", "VariantName": "main"}
)
OF_A_MODEL = Metric("Solar", "EvaluationR2", {"model_id": "serf"})
OF_A_SERVICE = Metric("Solar", "EvaluationR2", {"service": "trainer_trigger"})
ALL = (LATENCY, OF_OTHERS, OF_A_MODEL, OF_A_SERVICE)


def found(expression):
    return metric_search.read(expression).among(ALL)


def test_a_word_without_quotes_finds_the_values_that_contain_it_as_a_token():
    by = "SEARCH('{AWS/SageMaker,EndpointName,VariantName} ModelLatency EndpointName=solar', 'p99', 300)"
    assert found(by) == [LATENCY]


def test_a_word_in_quotes_is_the_whole_value_and_knows_no_wildcard():
    of = "SEARCH('{AWS/SageMaker,EndpointName,VariantName} EndpointName=\"solar-%s\"', 'p99', 300)"
    assert found(of % "*") == []
    assert found(of % "serf") == [LATENCY]


def test_a_part_of_a_token_is_no_token_but_a_capital_begins_one():
    by = "SEARCH('{AWS/SageMaker,EndpointName,VariantName} MetricName=%s', 'p99')"
    assert found(by % "Latency") == [OF_OTHERS, LATENCY]
    assert found(by % "Laten") == []


def test_a_schema_names_exactly_the_dimensions_of_a_metric():
    assert found("SEARCH('{Solar,model_id} MetricName=\"EvaluationR2\"', 'Average', 3600)") == [
        OF_A_MODEL
    ]
    assert found("SEARCH('{Solar,model_id,service} EvaluationR2', 'Average', 3600)") == []


@pytest.mark.parametrize(
    "expression",
    [
        "SEARCH({Solar} EvaluationR2, 'Average', 3600)",
        "SEARCH('EvaluationR2', 'Average', 3600)",
        "SEARCH('{Solar,model_id} LiveR2 OR LiveBias', 'Average', 3600)",
    ],
)
def test_a_search_that_is_not_known_is_refused_and_not_answered_with_nothing(expression):
    with pytest.raises(SearchError):
        metric_search.read(expression)


# --- over time -------------------------------------------------------------------------------------


def mean(points, _stat):
    return sum(each["Value"] for each in points) / len(points)


def data(**series):
    """Return metrics of the namespace Solar by name, each with (second, value) pairs."""
    return Data(
        [
            (
                Metric("Solar", name, {"model_id": "serf"}),
                [{"Timestamp": at, "Value": value} for at, value in points],
            )
            for name, points in series.items()
        ],
        mean,
    )


def metric(name, query_id, **more):
    dimensions = [{"Name": "model_id", "Value": "serf"}]
    asked = {"Namespace": "Solar", "MetricName": name, "Dimensions": dimensions}
    stat = {"Metric": asked, "Period": 60, "Stat": "Average"}
    return {"Id": query_id, "MetricStat": stat, **more}


def test_values_are_summed_up_by_period_and_only_within_the_window():
    published = data(LiveR2=[(0, 1.0), (60, 2.0), (119, 4.0), (120, 9.0)])
    (result,) = metric_data.answer([metric("LiveR2", "a")], Window(60, 120), published)
    (series,) = result.series
    assert series.values == {60: 3.0}


def test_a_metric_asked_for_with_other_dimensions_has_no_values():
    query = metric("LiveR2", "a")
    query["MetricStat"]["Metric"]["Dimensions"] = []
    (result,) = metric_data.answer([query], Window(0, 60), data(LiveR2=[(0, 1.0)]))
    assert result.series[0].values == {}


def test_math_is_done_period_by_period_over_metrics_that_need_not_be_shown():
    published = data(Bad=[(0, 1.0), (60, 3.0)], Good=[(0, 3.0)])
    queries = [
        {"Id": "share", "Expression": "bad / (bad + FILL(good, 0))"},
        metric("Bad", "bad", ReturnData=False),
        metric("Good", "good", ReturnData=False),
    ]
    (result,) = metric_data.answer(queries, Window(0, 120), published)
    assert result.series[0].values == {0: 0.25, 60: 1.0}


def test_a_search_is_a_series_for_each_metric_found_named_by_what_tells_it_apart():
    query = {
        "Id": "live",
        "Label": "",
        "Expression": "SEARCH('{Solar,model_id} LiveR2', 'Average')",
    }
    (result,) = metric_data.answer(
        [query], Window(0, 60), data(LiveR2=[(0, 0.9)], LiveNmae=[(0, 1)])
    )
    assert [(each.label, each.values) for each in result.series] == [("serf", {0: 0.9})]


def test_an_expression_that_is_not_known_says_so():
    queries = [metric("LiveR2", "a"), {"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(a)"}]
    _, result = metric_data.answer(queries, Window(0, 60), data(LiveR2=[(0, 1.0)]))
    assert "ANOMALY_DETECTION_BAND" in result.error
