"""Reads the inbox: data, configuration, requests, timers, ended executions and sweeps."""

from __future__ import annotations

from typing import Any

from services.trainer_trigger.composition import runs
from services.trainer_trigger.settings import MessageSettings
from shared import batch, observability
from shared.errors import InvalidMessageError
from shared.inbox import Incoming, ServiceEvent
from shared.messages import (
    AccuracyDegraded,
    ConfigAccepted,
    DataAccepted,
    DataWithdrawn,
    EvaluationDue,
    RetrainRequested,
    SweepDue,
)

logger = observability.logger("trainer_trigger")
metrics = observability.metrics("trainer_trigger")
service = runs(MessageSettings.from_environment(), metrics, logger)


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Handle one batch of SQS records."""
    return batch.process(event, handle, logger)


def handle(incoming: Incoming) -> None:
    """Hand one message to what it is about."""
    trigger = service.trigger
    match incoming:
        case DataAccepted():
            trigger.note_accepted(incoming)
        case DataWithdrawn():
            trigger.note_withdrawn(incoming)
        case ConfigAccepted():
            trigger.note_configuration(incoming)
        case RetrainRequested():
            trigger.note_request(incoming)
        case AccuracyDegraded():
            trigger.note_degraded(incoming)
        case EvaluationDue():
            trigger.evaluation_due(incoming.model_id)
        case ServiceEvent(source="aws.states", detail={"name": str(execution)}):
            service.execution_ended(execution, incoming.detail.get("input") or "")
        case SweepDue():
            service.sweep_all(incoming)
        case _:
            raise InvalidMessageError(f"not for this service: {type(incoming).__name__}")
