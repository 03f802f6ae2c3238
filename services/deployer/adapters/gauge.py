"""The metric behind the mismatch alarm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.deployer.domain import alarms
from shared import names

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


@dataclass(frozen=True, slots=True)
class CloudWatchGauge:
    """The metric behind the mismatch alarm."""

    client: CloudWatchClient

    def mismatch(self, model_id: str, *, mismatched: bool) -> None:
        """Say whether the new version predicted the reference rows differently."""
        self.client.put_metric_data(
            Namespace=names.prefix(),
            MetricData=[
                {
                    "MetricName": alarms.MISMATCH,
                    "Dimensions": [{"Name": "EndpointName", "Value": names.endpoint(model_id)}],
                    "Value": float(mismatched),
                    "Unit": "None",
                }
            ],
        )
