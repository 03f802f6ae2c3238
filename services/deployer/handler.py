"""Reads the inbox: registry and endpoint events, timers, rollback requests and sweeps."""

from __future__ import annotations

from typing import Any

from services.deployer.composition import deployer
from services.deployer.domain import model_of_endpoint
from services.deployer.settings import DeployerSettings
from shared import batch, observability
from shared.errors import InvalidMessageError
from shared.inbox import Incoming, ServiceEvent
from shared.messages import DeploymentCheckDue, RollbackRequested, SweepDue

logger = observability.logger("deployer")
service = deployer(DeployerSettings.from_environment())


def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Handle one batch of SQS records."""
    return batch.process(event, handle, logger)


def handle(incoming: Incoming) -> None:
    """Hand one message to what it is about; events only say where to look."""
    match incoming:
        case ServiceEvent(detail={"ModelPackageGroupName": str(group)}):
            service.reconcile(model_of_endpoint(group))
        case ServiceEvent(detail={"EndpointName": str(name)}):
            service.reconcile(model_of_endpoint(name))
        case DeploymentCheckDue():
            service.reconcile(incoming.model_id)
        case RollbackRequested():
            service.roll_back(incoming)
        case SweepDue():
            for model_id in sorted(service.configuration.models()):
                service.reconcile(model_id)
        case _:
            raise InvalidMessageError(f"not for this service: {type(incoming).__name__}")
