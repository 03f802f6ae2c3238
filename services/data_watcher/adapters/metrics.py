"""What an operator watches, as CloudWatch takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit


@dataclass(frozen=True, slots=True)
class EmfMeter:
    """Implements the port `Meter` by Powertools' embedded metric format."""

    metrics: Metrics

    def count(self, figures: Mapping[str, int]) -> None:
        """Add to metrics by name, at once: a batch that dies later has counted what it did."""
        for name, value in figures.items():
            self.metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
        self.metrics.flush_metrics()
