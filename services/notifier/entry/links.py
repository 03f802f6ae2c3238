"""Answers whoever opens a link of a message."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.notifier.app.opening import Opening
from services.notifier.composition import opening
from services.notifier.domain.links.exchange import answer_event, request_of
from services.notifier.settings import LinksSettings
from shared import observability

logger = observability.logger("notifier")
metrics = observability.metrics("notifier")


@cache
def service() -> Opening:
    """Wire the service, once per process."""
    return opening(LinksSettings.from_environment(), metrics)


@metrics.log_metrics
@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer one request of the function's URL."""
    return answer_event(service().answer(request_of(event)))
