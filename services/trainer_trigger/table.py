"""The table as the service uses it: one partition per model, items by name, writes under a condition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class Table:
    """Reads items consistently, and writes them under conditions that decide races."""

    client: DynamoDBClient
    table: str

    def _all(self, model_id: str, prefix: str) -> Iterator[dict[str, Any]]:
        """Yield the items of a partition whose names begin so, as of now."""
        pages = self.client.get_paginator("query").paginate(**self._beginning(model_id, prefix))
        return (item for page in pages for item in page["Items"])

    def _beginning(self, model_id: str, prefix: str) -> dict[str, Any]:
        """Return what asks for them."""
        return {
            "TableName": self.table,
            "KeyConditionExpression": "model_id = :m AND begins_with(#item, :p)",
            "ExpressionAttributeNames": {"#item": "item"},
            "ExpressionAttributeValues": {":m": {"S": model_id}, ":p": {"S": prefix}},
            "ConsistentRead": True,
        }

    def _update(
        self, model_id: str, expression: str, values: dict[str, Any], condition: str | None = None
    ) -> bool:
        """Change what is remembered of a model; return False where the condition does not hold."""
        arguments: dict[str, Any] = {"UpdateExpression": expression}
        if values:
            arguments["ExpressionAttributeValues"] = values
        if condition:
            arguments["ConditionExpression"] = condition
        key = key_of(model_id, "state")
        return _holds(lambda: self.client.update_item(TableName=self.table, Key=key, **arguments))

    def _write_if(
        self,
        model_id: str,
        item: str,
        attributes: dict[str, Any],
        condition: str,
        *,
        names: dict[str, str] | None = None,
        values: dict[str, Any] | None = None,
    ) -> bool:
        """Write an item; return False where the condition does not hold."""
        arguments: dict[str, Any] = {"ConditionExpression": condition}
        used = {"#item": "item"} if "#item" in condition else {}
        if names or used:
            arguments["ExpressionAttributeNames"] = {**used, **(names or {})}
        if values:
            arguments["ExpressionAttributeValues"] = values
        whole = {**attributes, **key_of(model_id, item)}
        return _holds(lambda: self.client.put_item(TableName=self.table, Item=whole, **arguments))

    def _transact(self, *writes: dict[str, Any]) -> bool:
        """Make all writes or none; return False where another writer came first."""
        try:
            self.client.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]
        except ClientError as error:
            if _lost(error):
                return False
            raise
        return True


def key_of(model_id: str, item: str) -> dict[str, Any]:
    """Return the key of an item."""
    return {"model_id": {"S": model_id}, "item": {"S": item}}


def _holds(write: Callable[[], Any]) -> bool:
    try:
        write()
    except ClientError as error:
        if error_code(error) == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _lost(error: ClientError) -> bool:
    """Return whether a transaction was cancelled because another writer came first, and for nothing else."""
    reasons = {each["Code"] for each in error.response.get("CancellationReasons", [])}
    return bool(reasons) and reasons <= {"None", "ConditionalCheckFailed", "TransactionConflict"}
