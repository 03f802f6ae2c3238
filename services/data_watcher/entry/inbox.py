"""Takes S3 events and sweeps from the inbox of data_watcher."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.data_watcher import composition
from services.data_watcher.app.dispatching import Dispatching
from services.data_watcher.settings import WatcherSettings
from shared import batch, inbox, observability
from shared.errors import InvalidMessageError
from shared.inbox import Incoming, ObjectChanged

logger = observability.logger("data_watcher")


@cache
def watcher() -> Dispatching:
    """Wire the service, once per process."""
    return composition.watcher(WatcherSettings.from_environment())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Handle one batch of the inbox: what is new and simple together, the rest one by one."""
    done = _take(event)

    def handle(incoming: Incoming) -> None:
        if not (isinstance(incoming, ObjectChanged) and incoming.key in done):
            watcher().handle(incoming)

    return batch.process(event, handle, logger)


def _take(event: dict[str, Any]) -> set[str]:
    """Take in new files that were never tried before; a record that came back may have killed its process."""
    try:
        return watcher().take([each for record in event["Records"] for each in _first_try(record)])
    except Exception:  # whatever happened, each record is handled by itself and fails by itself
        logger.exception("files go one by one")
        return set()


def _first_try(record: dict[str, Any]) -> list[Incoming]:
    if int(record.get("attributes", {}).get("ApproximateReceiveCount", 1)) > 1:
        return []
    try:
        return inbox.read(record["body"])
    except InvalidMessageError:
        return []  # said when the record is handled by itself
