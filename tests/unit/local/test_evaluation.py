"""Alarms change their state as CloudWatch's do."""

from __future__ import annotations

import pytest

from infra.local import evaluation
from infra.local.evaluation import UnknownMathError


def alarm(**more):
    return {
        "Namespace": "Solar",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        **more,
    }


def series(*values):
    """Return the value of each period, the latest first; None without data."""
    return lambda metric, start, end: values[round((600 - end) / 60)]


def state(definition, *values):
    return evaluation.evaluate(definition, 600, series(*values)).state


def test_one_breaching_period_is_an_alarm():
    assert state(alarm(), 2) == "ALARM"
    assert state(alarm(), 0) == "OK"


def test_m_of_n_periods_must_breach():
    three_of_five = alarm(EvaluationPeriods=5, DatapointsToAlarm=3)
    assert state(three_of_five, 1, 0, 1, 0, 1) == "ALARM"
    assert state(three_of_five, 1, 0, 0, 0, 1) == "OK"


@pytest.mark.parametrize(
    ("treatment", "expected"),
    [
        ("missing", "INSUFFICIENT_DATA"),
        ("notBreaching", "OK"),
        ("breaching", "ALARM"),
        ("ignore", None),
    ],
)
def test_missing_data_are_treated_as_told(treatment, expected):
    assert state(alarm(TreatMissingData=treatment), None) == expected


def test_a_gap_counts_as_told():
    two = alarm(EvaluationPeriods=2, TreatMissingData="breaching")
    assert state(two, 5, None) == "ALARM"
    assert state({**two, "TreatMissingData": "notBreaching"}, 5, None) == "OK"


def test_the_reason_says_what_was_seen():
    verdict = evaluation.evaluate(alarm(EvaluationPeriods=2), 600, series(3, None))
    assert verdict.reason.startswith("Threshold Crossed: 1 out of the last 2 datapoints [3, -]")


def test_a_rate_is_calculated_from_two_metrics():
    rate = alarm(
        Threshold=10,
        Metrics=[
            {"Id": "rate", "Expression": "IF(all > 0, 100 * failed / all, 0)"},
            {"Id": "failed", "ReturnData": False, "MetricStat": stat("Failed")},
            {"Id": "all", "ReturnData": "false", "MetricStat": stat("All")},
        ],
    )
    values = {"Failed": 1, "All": 5}
    verdict = evaluation.evaluate(
        rate, 600, lambda metric, start, end: values[metric["MetricName"]]
    )
    assert verdict.state == "ALARM"
    assert verdict.values == (20,)


def stat(name):
    return {"Metric": {"Namespace": "S", "MetricName": name}, "Period": 60, "Stat": "Sum"}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + b * 2", 7),
        ("-(a - b) / 2", 1),
        ("FILL(gone, 4)", 4),
        ("a + gone", None),
        ("a / 0", None),
        ("MAX([a, b, gone])", 3),
        ("SUM(a, b)", 4),
        ("a >= 1", 1),
    ],
)
def test_metric_math(expression, expected):
    assert evaluation.calculate(expression, {"a": 1, "b": 3, "gone": None}) == expected


@pytest.mark.parametrize("expression", ["ANOMALY_DETECTION_BAND(a)", "a +", "__import__('os')"])
def test_unknown_metric_math_is_named(expression):
    with pytest.raises(UnknownMathError):
        evaluation.calculate(expression, {"a": 1.0})
