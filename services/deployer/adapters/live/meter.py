"""Metrics of models; figures of single sites are only in the table, or a fleet would pay for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared import names

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef


@dataclass(frozen=True, slots=True)
class CloudWatchMeter:
    """Tells figures of a model, with the dimension `model_id`."""

    client: CloudWatchClient

    def tell(self, model_id: str, figures: Mapping[str, float]) -> None:
        """Tell figures of a model by name."""
        self._put({"Name": "model_id", "Value": model_id}, figures)

    def tell_worst(self, figures: Mapping[str, float]) -> None:
        """Tell figures of any model, of which alarms look at the largest: an alarm cannot search."""
        self._put({"Name": "service", "Value": "deployer"}, figures)

    def _put(self, dimension: DimensionTypeDef, figures: Mapping[str, float]) -> None:
        if not figures:
            return
        self.client.put_metric_data(
            Namespace=names.prefix(),
            MetricData=[
                {
                    "MetricName": name,
                    "Dimensions": [dimension],
                    "Value": float(value),
                    "Unit": "None",
                }
                for name, value in sorted(figures.items())
            ],
        )
