"""Metrics in the embedded format, and warnings in the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from shared import names

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger, Metrics


@dataclass(frozen=True, slots=True)
class PowertoolsMeasures:
    """Metrics in the embedded format, and warnings in the log."""

    metrics: Metrics
    logger: Logger

    def count(self, name: str, value: float) -> None:
        """Put a count into CloudWatch; it leaves with the invocation's log."""
        self.metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)

    def figure(self, name: str, value: float, model_id: str) -> None:
        """Put a figure without a unit into CloudWatch: for its model, and among those of all models."""
        self.metrics.add_metric(name=name, unit=MetricUnit.NoUnit, value=value)
        with single_metric(name, MetricUnit.NoUnit, value, namespace=names.prefix()) as own:
            own.add_dimension(name="model_id", value=model_id)
            own.add_dimension(name="service", value="trainer_trigger")

    def warn(self, text: str) -> None:
        """Write a warning into the log."""
        self.logger.warning(text)
