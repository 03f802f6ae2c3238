"""What this service remembers, in its DynamoDB table: one partition per model.

item = state               the deployment in progress
item = log#<start>#<event> the deployment log, append-only
item = request#<id>        which versions a person's request does not want
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pydantic import TypeAdapter

from services.deployer.domain.deployment import InProgress, LogEntry
from shared.store import Item, Store

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY = ("model_id", "item")
_NEW = "attribute_not_exists(#item)"
_PROGRESS = TypeAdapter(InProgress)
_ENTRY = TypeAdapter(LogEntry)


@dataclass(frozen=True, slots=True)
class DynamoMemory:
    """Implements the ports `Progress`, `Log` and `Requests`."""

    store: Store

    @classmethod
    def of(cls, client: DynamoDBClient, table: str) -> Self:
        """Remember in a table."""
        return cls(Store(client, table, _KEY))

    def in_progress(self, model_id: str) -> InProgress | None:
        """Return the deployment that was begun and has not ended."""
        item = self.store.item(**_state(model_id)) or {}
        if "progress" not in item:
            return None
        begun = _PROGRESS.validate_json(item["progress"])
        called = item.get("taken", False)
        return InProgress(begun.version, begun.previous, begun.started_at, called=called)

    def begin(self, model_id: str, progress: InProgress) -> bool:
        """Begin a deployment, unless one is on its way at AWS; False then."""
        return self.store.update(
            _state(model_id),
            "SET progress = :progress, taken = :no",
            "attribute_not_exists(progress) OR taken = :no",
            progress=_begun(progress),
            no=False,
        )

    def mark_called(self, model_id: str, progress: InProgress) -> None:
        """Remember that AWS took the request."""
        self.store.update(
            _state(model_id),
            "SET taken = :yes",
            "progress = :progress",
            yes=True,
            progress=_begun(progress),
        )

    def finish(self, model_id: str, progress: InProgress) -> None:
        """End a deployment; one that has ended, or another one, is left alone."""
        self.store.update(
            _state(model_id),
            "REMOVE progress, taken",
            "progress = :progress",
            progress=_begun(progress),
        )

    def append(self, model_id: str, key: str, entry: LogEntry) -> None:
        """Append to the deployment log; a repeat changes nothing."""
        body = _ENTRY.dump_json(entry).decode()
        self.store.put({**_key(model_id, f"log#{key}"), "body": body}, _NEW)

    def log(self, model_id: str) -> tuple[LogEntry, ...]:
        """Return the deployment log, oldest first."""
        found = self.store.query(
            "model_id = :model AND begins_with(#item, :log)", {":model": model_id, ":log": "log#"}
        )
        entries = (_ENTRY.validate_json(item["body"]) for item in found)
        return tuple(sorted(entries, key=lambda entry: entry.at))

    def models(self) -> set[str]:
        """Return the models that were ever deployed."""
        return {item["model_id"] for item in self.store.scan(show="model_id")}

    def settle(self, model_id: str, request_id: str, unwanted: tuple[int, ...]) -> tuple[int, ...]:
        """Keep which versions a request does not want; a repeat gets what was kept the first time."""
        key = _key(model_id, f"request#{request_id}")
        if self.store.put({**key, "unwanted": json.dumps(unwanted)}, _NEW):
            return unwanted
        kept = self.store.item(**key) or {"unwanted": "[]"}
        return tuple(json.loads(kept["unwanted"]))


def _begun(progress: InProgress) -> str:
    """Return the bytes under which a deployment was begun, when AWS was not called yet."""
    begun = InProgress(progress.version, progress.previous, progress.started_at)
    return _PROGRESS.dump_json(begun).decode()


def _state(model_id: str) -> Item:
    return _key(model_id, "state")


def _key(model_id: str, item: str) -> Item:
    return {"model_id": model_id, "item": item}
