"""Reviews `{"span": "day" | "week", "last"?, "tell"?}`; with `tell`, people get it."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.notifier.app.reviewing import Reviewing
from services.notifier.composition import reviewing
from services.notifier.settings import ReviewSettings
from shared import observability

logger = observability.logger("notifier")


@cache
def service() -> Reviewing:
    """Wire the service, once per process."""
    return reviewing(ReviewSettings.from_environment())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Review a day or a week."""
    return service().answer(event)
