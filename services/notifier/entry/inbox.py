"""Takes facts, alarms and sweeps from the inbox of notifier."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.notifier.app.dispatching import Dispatching
from services.notifier.composition import notifier
from services.notifier.settings import NotifierSettings
from shared import batch, observability

logger = observability.logger("notifier")


@cache
def service() -> Dispatching:
    """Wire the service, once per process."""
    return notifier(NotifierSettings.from_environment())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Handle one batch of the inbox."""
    return batch.process(event, service().handle, logger)
