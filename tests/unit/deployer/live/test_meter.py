"""Live figures have a line for each model; alarms, which cannot search, look at the worst of all models."""

from __future__ import annotations

from typing import Any

import pytest

from services.deployer.adapters.live.meter import CloudWatchMeter
from shared import names


class CloudWatch:
    def __init__(self) -> None:
        self.put: list[dict[str, Any]] = []

    def put_metric_data(self, **asked: Any) -> None:
        self.put.append(asked)


@pytest.mark.parametrize(
    ("tell", "dimension"),
    [
        (lambda meter: meter.tell("golden", {"LiveR2": 0.9}), ("model_id", "golden")),
        (lambda meter: meter.tell_worst({"LiveR2": 0.9}), ("service", "deployer")),
    ],
)
def test_a_figure_is_of_a_model_or_of_the_worst_one(tell: Any, dimension: tuple[str, str]) -> None:
    cloudwatch = CloudWatch()
    tell(CloudWatchMeter(cloudwatch))  # type: ignore[arg-type]
    (put,) = cloudwatch.put
    (figure,) = put["MetricData"]
    assert put["Namespace"] == names.prefix()
    assert figure["Dimensions"] == [dict(zip(("Name", "Value"), dimension, strict=True))]
    assert (figure["MetricName"], figure["Value"]) == ("LiveR2", 0.9)


def test_where_nothing_is_known_nothing_is_told() -> None:
    cloudwatch = CloudWatch()
    CloudWatchMeter(cloudwatch).tell("golden", {})  # type: ignore[arg-type]
    assert cloudwatch.put == []
