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


@cache
def service() -> Opening:
    """Wire the service, once per process."""
    return opening(LinksSettings.from_environment())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer one request of the function's URL; whatever fails, a person gets a page, and it is counted."""
    try:
        answer = service().answer(request_of(event))
    except Exception:  # the border of the process
        logger.exception("a link could not be answered")
        answer = service().failed()
    return answer_event(answer)
