"""Takes S3 events and sweeps from the inbox of data_watcher."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.data_watcher import composition
from services.data_watcher.app import Watcher
from services.data_watcher.settings import WatcherSettings
from shared import batch, observability

logger = observability.logger("data_watcher")


@cache
def watcher() -> Watcher:
    """Wire the service, once per process."""
    return composition.watcher(WatcherSettings.from_environment())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Handle one batch of the inbox."""
    return batch.process(event, watcher().handle, logger)
