"""Logs are asked by the fields of their lines, as CloudWatch Logs Insights does."""

from __future__ import annotations

import json

import pytest

from infra.local import insights


def row(**fields):
    return {"@message": json.dumps(fields), "@logStream": "2026/11/29[1]abc"}


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ('filter correlation_id = "raw/a.csv"', True),
        ("filter correlation_id = 'raw/b.csv'", False),
        ('filter correlation_id != "raw/b.csv"', True),
        ('filter correlation_id in ["x", "raw/a.csv"]', True),
        ('filter correlation_id not in ["x", "raw/a.csv"]', False),
        ('filter level = "ERROR" or correlation_id = "raw/a.csv"', True),
        ('filter level = "ERROR" and correlation_id = "raw/a.csv"', False),
        ('filter about.rows = "96"', True),
        ('filter nothing = "None"', False),
        ("filter @logStream = '2026/11/29[1]abc'", True),
        (r'filter said = "he said \"no\""', True),
    ],
)
def test_a_filter_finds_lines_by_their_fields(stage, expected):
    line = row(correlation_id="raw/a.csv", level="INFO", about={"rows": 96}, said='he said "no"')
    assert insights.predicate(stage)(line) is expected


def test_a_line_that_is_no_json_has_no_fields():
    assert not insights.predicate('filter level = "INFO"')({"@message": "START {level=INFO"})
    assert not insights.predicate('filter level = "INFO"')({"@message": "{broken"})


@pytest.mark.parametrize(
    "stage",
    [
        "filter strlen(x) > 3",
        'filter (a = "1")',
        'filter a = "1" xor b = "2"',
        "filter a like /x/",
        "fields a",
    ],
)
def test_a_filter_of_another_form_is_not_taken_for_one_of_these(stage):
    assert insights.predicate(stage) is None
