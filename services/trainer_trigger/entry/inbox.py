"""Reads the inbox: data, configuration, requests, timers, ended executions and sweeps."""

from __future__ import annotations

from typing import Any

from services.trainer_trigger.composition import dispatching
from services.trainer_trigger.settings import MessageSettings
from shared import batch, observability

logger = observability.logger("trainer_trigger")
metrics = observability.metrics("trainer_trigger")
service = dispatching(MessageSettings.from_environment(), metrics, logger)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Handle one batch of SQS records."""
    return batch.process(event, service.handle, logger)
