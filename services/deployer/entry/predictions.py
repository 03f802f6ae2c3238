"""Reads the second inbox: files as they come and go, deployments, sweeps."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.deployer import composition
from services.deployer.app.live.following import Following, model_of
from services.deployer.settings import LiveSettings
from shared import batch, observability

logger = observability.logger("deployer")


@cache
def following() -> Following:
    """Wire the service, once per process."""
    return composition.following(LiveSettings.from_environment())


def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Handle one batch of SQS records: all of one model together."""
    return batch.process_together(event, model_of, following().handle, logger)
