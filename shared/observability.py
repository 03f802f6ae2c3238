"""One logger and one set of metrics per function: JSON lines, and metrics in the embedded metric format."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics

from shared import names


def logger(service: str) -> Logger:
    """Return the structured logger of a service."""
    return Logger(service=service, utc=True)


def metrics(service: str) -> Metrics:
    """Return the metrics of a service; dimension `service`, namespace the stage's prefix."""
    return Metrics(namespace=names.prefix(), service=service)
