"""Answers questions about files, sites and the ledger's balance; changes nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.data_watcher.answers import Answers
from services.data_watcher.objects import S3RawObjects
from services.data_watcher.settings import QuerySettings
from services.data_watcher.view import DynamoView
from shared import observability
from shared.aws import lazy_client

logger = observability.logger("data_watcher")


@cache
def answers() -> Answers:
    """Wire the answers, once per process."""
    settings = QuerySettings.from_environment()
    return Answers(
        DynamoView(lazy_client("dynamodb"), settings.ledger_table),
        S3RawObjects(lazy_client("s3"), settings.data_bucket),
        settings.data_bucket,
    )


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer `{"query": "files" | "sites" | "balance", …}`; docs in the service's README."""
    return answers().answer(event)
