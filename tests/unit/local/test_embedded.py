"""Metrics in log lines are found, and only those."""

from __future__ import annotations

import json

from infra.local.embedded import embedded_metrics


def line(**values):
    directive = {
        "Namespace": "Solar",
        "Dimensions": [["service"], []],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in values],
    }
    return json.dumps({"_aws": {"CloudWatchMetrics": [directive]}, "service": "s", **values})


def test_every_value_of_every_dimension_set_is_found():
    found = list(embedded_metrics(f"START\n{line(Files=[1, 2])}\nEND"))
    assert found == [
        ("Solar", "Files", 1.0, "Count", {"service": "s"}),
        ("Solar", "Files", 2.0, "Count", {"service": "s"}),
        ("Solar", "Files", 1.0, "Count", {}),
        ("Solar", "Files", 2.0, "Count", {}),
    ]


def test_other_lines_carry_none():
    lines = ["plain", '{"message": "no metrics"}', 'broken {"_aws": ', '{"_aws": 1}']
    assert list(embedded_metrics("\n".join(lines))) == []
