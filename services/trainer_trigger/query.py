"""Answers questions about models, runs and decisions; changes nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.trainer_trigger.answers import Answers
from services.trainer_trigger.memory import DynamoMemory
from services.trainer_trigger.objects import S3Configuration
from services.trainer_trigger.settings import QuerySettings
from shared import aws, observability
from shared.clock import utc_now

logger = observability.logger("trainer_trigger")


@cache
def answers() -> Answers:
    """Wire the answers, once per process."""
    settings = QuerySettings.from_environment()
    return Answers(
        utc_now,
        S3Configuration(aws.S3Objects(aws.lazy_client("s3"), settings.data_bucket)),
        DynamoMemory(aws.lazy_client("dynamodb"), settings.table),
    )


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer `{"query": "models" | "runs" | "decisions" | "replay", …}`; docs in the service's README."""
    return answers().answer(event)
