"""CloudWatch's embedded metric format: metrics inside log lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Metric = tuple[str, str, float, str, dict[str, str]]
"""Namespace, name, value, unit and dimensions."""


def embedded_metrics(log: str) -> Iterator[Metric]:
    """Yield the metrics that lines in the embedded metric format carry; other lines carry none."""
    for line in log.splitlines():
        start = line.find("{")
        if start < 0 or '"_aws"' not in line:
            continue
        try:
            content = json.loads(line[start:])
        except ValueError:
            continue  # an ordinary line that happens to speak of "_aws"
        if not isinstance(content, dict) or not isinstance(content.get("_aws"), dict):
            continue
        for directive in content["_aws"].get("CloudWatchMetrics", []):
            yield from _directive_metrics(directive, content)


def _directive_metrics(directive: dict[str, Any], content: dict[str, Any]) -> Iterator[Metric]:
    for names in directive.get("Dimensions") or [[]]:
        dimensions = {name: str(content[name]) for name in names if name in content}
        for metric in directive.get("Metrics", []):
            found = content.get(metric["Name"])
            for value in found if isinstance(found, list) else [found]:
                if isinstance(value, (int, float)):
                    unit = metric.get("Unit", "None")
                    yield directive["Namespace"], metric["Name"], float(value), unit, dimensions
