"""Reads the inbox: registry and endpoint events, timers, rollback requests and sweeps."""

from __future__ import annotations

from typing import Any

from services.deployer.composition import deployer
from services.deployer.settings import DeployerSettings
from shared import batch, observability

logger = observability.logger("deployer")
service = deployer(DeployerSettings.from_environment())


def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Handle one batch of SQS records."""
    return batch.process(event, service.handle, logger)
