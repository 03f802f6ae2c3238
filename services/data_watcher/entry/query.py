"""Answers questions about files, sites and the ledger's balance; changes nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.data_watcher.app.answering import Answering
from services.data_watcher.composition import answering
from services.data_watcher.settings import QuerySettings
from shared import observability

logger = observability.logger("data_watcher")


@cache
def answers() -> Answering:
    """Wire the answers, once per process."""
    return answering(QuerySettings.from_environment())


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer `{"query": "files" | "sites" | "balance" | "reasons" | "counts" | "open" | "overview", …}`."""
    return answers().answer(event)
