"""Figures about the service in CloudWatch's embedded format."""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from shared import names


class EmbeddedMeasures:
    """Implements the port `Measures`; most invocations have nothing to count, so each figure leaves alone."""

    def count(self, name: str, value: float) -> None:
        """Put a count into the metrics."""
        with single_metric(name, MetricUnit.Count, value, namespace=names.prefix()) as metric:
            metric.add_dimension(name="service", value="notifier")
