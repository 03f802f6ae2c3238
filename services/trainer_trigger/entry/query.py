"""Answers `{"query": "models" | "runs" | "decisions" | "replay", …}`; the service's README says more."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.trainer_trigger.app.answering import Answering
from services.trainer_trigger.composition import answering
from services.trainer_trigger.settings import QuerySettings
from shared import observability

logger = observability.logger("trainer_trigger")


@cache
def answers() -> Answering:
    """Wire the answers, once per process."""
    return answering(QuerySettings.from_environment())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer one question."""
    return answers().answer(event)
