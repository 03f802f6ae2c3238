"""GetMetricData: ministack knows neither searches nor metric math, and takes no dimension for any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.local import emulator, metric_data
from infra.local.metric_data import Data, Points, Result, Window
from infra.local.metric_search import Metric


def apply() -> None:
    """Let graphs be asked for as on AWS."""
    emulator.replace(emulator.cloudwatch, "_get_metric_data", _with_expressions)


def _with_expressions(original: Callable[..., Any]) -> Callable[..., Any]:
    def changed(params: Any, content: Any, is_cbor: Any, is_json: Any = False) -> Any:  # noqa: FBT002  # ministack's signature
        if not (is_cbor or is_json):
            return original(params, content, is_cbor, is_json)
        window = Window(
            emulator.timestamp(content["StartTime"]), emulator.timestamp(content["EndTime"])
        )
        found = metric_data.answer(content.get("MetricDataQueries", []), window, _published())
        rows = [row for result in found for row in _rows(result)]
        if is_cbor:
            return emulator.cbor_answer(
                {"MetricDataResults": [emulator.cbor_metric_data_result(row) for row in rows]}
            )
        return emulator.json_answer({"MetricDataResults": rows})

    return changed


def _rows(result: Result) -> list[dict[str, Any]]:
    if result.error:
        said = [{"Code": "ArgumentError", "Value": result.error}]
        return [
            {
                "Id": result.id,
                "Label": result.id,
                "StatusCode": "InternalError",
                "Messages": said,
                "Timestamps": [],
                "Values": [],
            }
        ]
    return [
        {
            "Id": result.id,
            "Label": series.label,
            "StatusCode": "Complete",
            "Timestamps": [emulator.iso_timestamp(start) for start in series.values],
            "Values": list(series.values.values()),
        }
        for series in result.series
    ]


def _published() -> Data:
    pairs = [
        (Metric(namespace, name, points[0].get("Dimensions", {})), points)
        for (namespace, name, _), points in list(emulator.metrics.items())
        if points
    ]
    return Data(pairs, _statistic)


def _statistic(points: Points, name: str) -> float | None:
    value: float | None = emulator.statistic(emulator.statistics(points), name, points)
    return value
