"""What this service remembers, in its DynamoDB table: one partition per model.

item = state               the deployment in progress
item = log#<start>#<event> the deployment log, append-only
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import TypeAdapter

from services.deployer.domain import InProgress
from services.deployer.ports import LogEntry
from shared.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PROGRESS = TypeAdapter(InProgress)
_ENTRY = TypeAdapter(LogEntry)


@dataclass(frozen=True, slots=True)
class DynamoMemory:
    """Remembers in one table; every write is conditional or can be repeated."""

    client: DynamoDBClient
    table: str

    def in_progress(self, model_id: str) -> InProgress | None:
        """Return the deployment that was begun and has not ended."""
        item = self.client.get_item(
            TableName=self.table, Key=_key(model_id, "state"), ConsistentRead=True
        ).get("Item", {})
        if "progress" not in item:
            return None
        begun = _PROGRESS.validate_json(item["progress"]["S"])
        called = item.get("taken", {}).get("BOOL", False)
        return InProgress(begun.version, begun.previous, begun.started_at, called=called)

    def begin(self, model_id: str, progress: InProgress) -> bool:
        """Begin a deployment, unless one is on its way at AWS; False then."""
        return self._update(
            model_id,
            "SET progress = :p, taken = :no",
            {":p": {"S": _PROGRESS.dump_json(progress).decode()}, ":no": {"BOOL": False}},
            "attribute_not_exists(progress) OR taken = :no",
        )

    def mark_called(self, model_id: str, progress: InProgress) -> None:
        """Remember that AWS took the request."""
        self._update(
            model_id,
            "SET taken = :yes",
            {":yes": {"BOOL": True}, ":p": {"S": _dump_uncalled(progress)}},
            "progress = :p",
        )

    def finish(self, model_id: str, progress: InProgress) -> None:
        """End a deployment; one that has ended, or another one, is left alone."""
        self._update(
            model_id,
            "REMOVE progress, taken",
            {":p": {"S": _dump_uncalled(progress)}},
            "progress = :p",
        )

    def append(self, model_id: str, key: str, entry: LogEntry) -> None:
        """Append to the deployment log; a repeat changes nothing."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    **_key(model_id, f"log#{key}"),
                    "body": {"S": _ENTRY.dump_json(entry).decode()},
                },
                ConditionExpression="attribute_not_exists(#item)",
                ExpressionAttributeNames={"#item": "item"},
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise

    def log(self, model_id: str) -> tuple[LogEntry, ...]:
        """Return the deployment log, oldest first."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="model_id = :m AND begins_with(#item, :p)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={":m": {"S": model_id}, ":p": {"S": "log#"}},
        )
        found = [
            _ENTRY.validate_json(item["body"]["S"]) for page in pages for item in page["Items"]
        ]
        return tuple(sorted(found, key=lambda entry: entry.at))

    def settle(self, model_id: str, request_id: str, unwanted: tuple[int, ...]) -> tuple[int, ...]:
        """Keep which versions a request does not want; a repeat gets what was kept the first time."""
        key = _key(model_id, f"request#{request_id}")
        try:
            self.client.put_item(
                TableName=self.table,
                Item={**key, "unwanted": {"S": json.dumps(unwanted)}},
                ConditionExpression="attribute_not_exists(#item)",
                ExpressionAttributeNames={"#item": "item"},
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            kept = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)["Item"]
            return tuple(json.loads(kept["unwanted"]["S"]))
        return unwanted

    def models(self) -> set[str]:
        """Return the models that were ever deployed."""
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.table, ProjectionExpression="model_id"
        )
        return {item["model_id"]["S"] for page in pages for item in page["Items"]}

    def _update(
        self, model_id: str, expression: str, values: dict[str, Any], condition: str
    ) -> bool:
        try:
            self.client.update_item(
                TableName=self.table,
                Key=_key(model_id, "state"),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _dump_uncalled(progress: InProgress) -> str:
    """Return the bytes under which a deployment was begun, when it was not called yet."""
    begun = InProgress(progress.version, progress.previous, progress.started_at)
    return _PROGRESS.dump_json(begun).decode()


def _key(model_id: str, item: str) -> dict[str, Any]:
    return {"model_id": {"S": model_id}, "item": {"S": item}}
