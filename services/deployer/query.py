"""Answers which version served when, and why; changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from services.deployer.memory import DynamoMemory
from services.deployer.ports import LogEntry
from services.deployer.settings import QuerySettings
from shared import aws, observability
from shared.errors import InvalidMessageError

logger = observability.logger("deployer")
settings = QuerySettings.from_environment()
memory = DynamoMemory(aws.lazy_client("dynamodb"), settings.table)
_ENTRY = TypeAdapter(LogEntry)


def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Answer one question: `deployments` (the log), or `served` (what served at a time)."""
    chosen = event.get("model_id")
    models = [chosen] if chosen else sorted(memory.models())
    match event.get("query"):
        case "deployments":
            return {"deployments": {each: _shown(memory.log(each)) for each in models}}
        case "served":
            at = datetime.fromisoformat(event["at"]) if event.get("at") else None
            return {"served": {each: _served(memory.log(each), at) for each in models}}
    raise InvalidMessageError(f"unknown query {event.get('query')!r}: deployments, served")


def _shown(log: tuple[LogEntry, ...]) -> list[dict[str, Any]]:
    return [dict(_ENTRY.dump_python(entry, mode="json")) for entry in log]


def _served(log: tuple[LogEntry, ...], at: datetime | None) -> dict[str, Any] | None:
    """Return the last deployment that was confirmed until then."""
    confirmed = [e for e in log if e.event == "deployed" and (at is None or e.at <= at)]
    return dict(_ENTRY.dump_python(confirmed[-1], mode="json")) if confirmed else None
