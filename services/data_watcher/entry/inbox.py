"""Takes S3 events and sweeps from the inbox of data_watcher."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from services.data_watcher import composition
from services.data_watcher.app.dispatching import Dispatching
from services.data_watcher.settings import WatcherSettings
from shared import batch, observability
from shared.inbox import Incoming, ObjectChanged

logger = observability.logger("data_watcher")


@cache
def watcher() -> Dispatching:
    """Wire the service, once per process."""
    return composition.watcher(WatcherSettings.from_environment())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Handle one batch of the inbox: what is new and simple together, the rest one by one."""
    done: set[str] = set()

    def prepare(first_tries: Sequence[Incoming]) -> None:
        done.update(_take(first_tries))

    def handle(incoming: Incoming) -> None:
        if not (isinstance(incoming, ObjectChanged) and incoming.key in done):
            watcher().handle(incoming)

    return batch.process(event, handle, logger, prepare)


def _take(first_tries: Sequence[Incoming]) -> set[str]:
    """Take in new files that were never tried before; a record that came back may have killed its process."""
    try:
        return watcher().take(first_tries)
    except Exception:  # whatever happened, each record is handled by itself and fails by itself
        logger.exception("files go one by one")
        return set()
