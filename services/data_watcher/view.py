"""What the ledger's table shows to those who only ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from services.data_watcher import records
from services.data_watcher.domain import State
from services.data_watcher.records import Item
from shared.store import encode, items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class DynamoView:
    """Implements the port `LedgerView`."""

    client: DynamoDBClient
    table: str

    def versions(
        self, site_id: str | None, state: State | None, limit: int, start: Item | None
    ) -> tuple[list[Item], Item | None]:
        """Return at most `limit` versions' items behind `start`, and where to go on, if anywhere."""
        begin = {"ExclusiveStartKey": encode(start)} if start else {}
        found = list(islice(self._files(site_id, state, **begin), limit + 1))
        if len(found) <= limit:
            return found, None
        return found[:limit], {name: found[limit - 1][name] for name in ("site_id", "item")}

    def files(self, site_id: str | None) -> Iterator[Item]:
        """Yield every version's item."""
        return self._files(site_id, None)

    def states(self, site_id: str | None) -> Iterator[tuple[str, str]]:
        """Yield site and state of every version."""
        return ((each["site_id"], each["state"]) for each in self._files(site_id, None))

    def configs(self) -> Iterator[Item]:
        """Yield what became of each YAML file."""
        return items(
            self.client.query,
            TableName=self.table,
            KeyConditionExpression="site_id = :configs",
            ExpressionAttributeValues=encode({":configs": records.CONFIG_PARTITION}),
        )

    def _files(self, site_id: str | None, state: State | None, **begin: Any) -> Iterator[Item]:
        names, values = {"#key": "key"}, {}
        wanted = "attribute_exists(#key) AND attribute_exists(version_id)"
        if state is not None:
            names["#state"], values[":state"] = "state", state.value
            wanted += " AND #state = :state"
        arguments: dict[str, Any] = {
            "TableName": self.table,
            "FilterExpression": wanted,
            "ExpressionAttributeNames": names,
            **begin,
        }
        if site_id is not None:
            values[":site"] = site_id
            arguments["KeyConditionExpression"] = "site_id = :site"
        if values:
            arguments["ExpressionAttributeValues"] = encode(values)
        return items(self.client.scan if site_id is None else self.client.query, **arguments)
