"""One DynamoDB table as plain Python: items, guarded writes, transactions, pages and their tokens.

The codec knows the few kinds of value that the services keep. That of boto3 would bring boto3 along, which
costs every function a twentieth of a second at its start and is used for nothing else there.

In every expression `#name` stands for the attribute `name`: DynamoDB reserves many ordinary words.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.aws import error_code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
Write = dict[str, Any]  # one write of a transaction

MOST_READ = 100  # items that one BatchGetItem returns
MOST_WRITTEN = 25  # items that one BatchWriteItem takes
_LOST = {"None", "ConditionalCheckFailed", "TransactionConflict"}


@dataclass(frozen=True, slots=True)
class Store:
    """A table. `key` names its key's attributes, the partition first."""

    client: DynamoDBClient
    table: str
    key: tuple[str, ...]

    # --- reading ------------------------------------------------------------------------------------

    def item(self, **key: str) -> Item | None:
        """Return an item, read consistently, or None where there is none."""
        answer = self.client.get_item(TableName=self.table, Key=encode(key), ConsistentRead=True)
        return decode(answer["Item"]) if "Item" in answer else None

    def some(self, keys: Sequence[Item]) -> Iterator[Item]:
        """Yield those of many items that exist, read consistently, in no particular order."""
        for start in range(0, len(keys), MOST_READ):
            wanted = [encode(each) for each in keys[start : start + MOST_READ]]
            while wanted:
                answer = self.client.batch_get_item(
                    RequestItems={self.table: {"Keys": wanted, "ConsistentRead": True}}
                )
                yield from map(decode, answer["Responses"].get(self.table, []))
                left: Any = answer.get("UnprocessedKeys", {}).get(self.table, {})
                wanted = left.get("Keys", [])

    def query(
        self,
        where: str,
        values: Item,
        *,
        only: str | None = None,
        index: str | None = None,
        after: Item | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        one_read: bool = False,
        show: str | None = None,
    ) -> Iterator[Item]:
        """Yield the items of a partition; consistently, but where an index is asked.

        Parameters
        ----------
        where, only
            The condition on the key, and a filter on whatever else the item holds.
        after
            The key behind which to go on.
        limit
            How many items at most.
        one_read
            Whether what fits into one read of the table (1 MB) is enough.
        show
            The attributes that are wanted, separated by commas; all by default.
        """
        extra: dict[str, Any] = {"IndexName": index} if index else {"ConsistentRead": True}
        shown: dict[str, Any] = {"ProjectionExpression": show} if show else {}
        pages = {"Limit": limit} if limit and not only else {}
        found = self._pages(
            self.client.query,
            KeyConditionExpression=where,
            ScanIndexForward=not newest_first,
            **_used(where, only, filter_expression=only),
            **_values(values),
            **_start(after),
            **extra,
            **shown,
            **pages,
            one_read=one_read,
        )
        return islice(found, limit)

    def scan(
        self,
        *,
        only: str | None = None,
        values: Item | None = None,
        after: Item | None = None,
        show: str | None = None,
    ) -> Iterator[Item]:
        """Yield the items of the whole table, or only the attributes of `show`, separated by commas."""
        shown: dict[str, Any] = {"ProjectionExpression": show} if show else {}
        return self._pages(
            self.client.scan,
            **shown,
            **_used(only, filter_expression=only),
            **_values(values or {}),
            **_start(after),
        )

    def page(
        self, found: Iterator[Item], limit: int, key: tuple[str, ...] | None = None
    ) -> tuple[list[Item], str | None]:
        """Return the next items of a query or scan, and the token to go on behind them, if any follow.

        Parameters
        ----------
        key
            What names an item there: an index has more attributes in its key than the table.
        """
        page = list(islice(found, limit + 1))
        if len(page) <= limit:
            return page, None
        return page[:limit], token({name: page[limit - 1][name] for name in key or self.key})

    def batches(
        self,
        read: Any,
        *,
        where: str | None = None,
        only: str | None = None,
        values: Item | None = None,
        after: Item | None = None,
        index: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[tuple[list[Item], Item | None]]:
        """Yield what each read of the table (1 MB) found, and the key to go on behind; None is the end.

        Parameters
        ----------
        read
            The client's `query` or `scan`.
        where, only
            The condition on the key (of a query), and a filter on whatever else the items hold.
        limit
            How many items one read takes at most, before the filter.
        """
        condition: dict[str, Any] = {"KeyConditionExpression": where} if where else {}
        place: dict[str, Any] = {"IndexName": index} if index else {}
        order: dict[str, Any] = {"ScanIndexForward": False} if newest_first else {}
        most: dict[str, Any] = {"Limit": limit} if limit else {}
        arguments = {
            **condition,
            **place,
            **order,
            **most,
            **_used(where, only, filter_expression=only),
            **_values(values or {}),
            **_start(after),
        }
        while True:
            page = read(TableName=self.table, **arguments)
            last = page.get("LastEvaluatedKey")
            yield [decode(each) for each in page["Items"]], decode(last) if last else None
            if last is None:
                return
            arguments["ExclusiveStartKey"] = last

    def page_of(
        self,
        batches: Iterator[tuple[list[Item], Item | None]],
        limit: int,
        reads: int | None,
        key: tuple[str, ...] | None = None,
    ) -> tuple[list[Item], str | None]:
        """Return the next items of some reads, and the token to go on behind them, if any may follow.

        After so many `reads` a page ends, however few items it holds; None reads on until it is full.
        `key` names an item there, as in `page`.
        """
        page: list[Item] = []
        last: Item | None = None
        for found, following in islice(batches, reads):
            page, last = page + found, following
            if len(page) > limit:
                names = key or self.key
                return page[:limit], token({name: page[limit - 1][name] for name in names})
        return page, token(last) if last else None

    def _pages(self, read: Any, *, one_read: bool = False, **arguments: Any) -> Iterator[Item]:
        while True:
            page = read(TableName=self.table, **arguments)
            yield from map(decode, page["Items"])
            if one_read or "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    # --- writing ------------------------------------------------------------------------------------

    def put(self, item: Item, condition: str | None = None, **values: Any) -> bool:
        """Write an item; return False where the condition does not hold.

        Every `:name` in the condition is the keyword argument `name`.
        """
        return _holds(self.client.put_item, self.putting(item, condition, **values)["Put"])

    def put_all(self, items: Sequence[Item]) -> None:
        """Write many items without a condition, 25 at a call; what DynamoDB leaves over is sent again."""
        for start in range(0, len(items), MOST_WRITTEN):
            batch = items[start : start + MOST_WRITTEN]
            left: Any = [{"PutRequest": {"Item": encode(each)}} for each in batch]
            while left:
                answer = self.client.batch_write_item(RequestItems={self.table: left})
                left = answer.get("UnprocessedItems", {}).get(self.table, [])

    def update(
        self, key: Item, expression: str, condition: str | None = None, **values: Any
    ) -> bool:
        """Change an item; return False where the condition does not hold."""
        change = self.updating(key, expression, condition, **values)
        return _holds(self.client.update_item, change["Update"])

    def updated(self, key: Item, expression: str, **values: Any) -> Item:
        """Change an item without a condition, and return it as it then is."""
        change = self.updating(key, expression, **values)["Update"]
        return decode(self.client.update_item(**change, ReturnValues="ALL_NEW")["Attributes"])

    def delete(self, **key: str) -> None:
        """Delete an item; deleting what does not exist is success."""
        self.client.delete_item(TableName=self.table, Key=encode(key))

    def transact(self, *writes: Write) -> bool:
        """Make all writes or none; return False where another writer came first."""
        try:
            self.client.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]
        except ClientError as error:
            reasons = {each["Code"] for each in error.response.get("CancellationReasons", [])}
            if reasons and reasons <= _LOST:
                return False
            raise
        return True

    def putting(self, item: Item, condition: str | None = None, **values: Any) -> Write:
        """Return the write of a transaction that puts an item."""
        return {"Put": {**self._guard(condition, values, condition), "Item": encode(item)}}

    def updating(
        self, key: Item, expression: str, condition: str | None = None, **values: Any
    ) -> Write:
        """Return the write of a transaction that changes an item."""
        guard = self._guard(condition, values, expression, condition)
        return {"Update": {**guard, "Key": encode(key), "UpdateExpression": expression}}

    def deleting_if(self, key: Item, condition: str, **values: Any) -> Write:
        """Return the write of a transaction that deletes an item, if a condition holds."""
        return {"Delete": {**self._guard(condition, values, condition), "Key": encode(key)}}

    def deleting(self, **key: str) -> Write:
        """Return the write of a transaction that deletes an item."""
        return {"Delete": {"TableName": self.table, "Key": encode(key)}}

    def _guard(
        self, condition: str | None, values: Item, *expressions: str | None
    ) -> dict[str, Any]:
        return {
            "TableName": self.table,
            **({"ConditionExpression": condition} if condition else {}),
            **_used(*expressions),
            **_values({f":{name}": value for name, value in values.items()}),
        }


def guarded(revision: int) -> str:
    """Return the condition that nobody saved an item since its revision was read; 0 is a new item."""
    return "revision = :revision" if revision else "attribute_not_exists(revision)"


# --- page tokens ------------------------------------------------------------------------------------


def token(key: Item) -> str:
    """Return an opaque text for a key, as an answer gives it to whoever asks for the next page."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def opened(text: str | None, names: Sequence[str]) -> Item | None:
    """Return the key in a token; None where there is no token.

    Raises
    ------
    ValueError
        No earlier answer gave this token.
    """
    if text is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, binascii.Error) as error:
        raise ValueError(_UNKNOWN) from error
    if not isinstance(key, dict) or set(key) != set(names):
        raise ValueError(_UNKNOWN)
    return key


_UNKNOWN = "next: this is no token that an earlier answer gave"


# --- the codec --------------------------------------------------------------------------------------


def encode(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as DynamoDB wants it.

    Raises
    ------
    TypeError
        A value is none of text, whole number, truth, list, set of texts and mapping.
    """
    return {name: _write(value) for name, value in item.items()}


def decode(item: Mapping[str, Any]) -> Item:
    """Return an item as Python has it."""
    return {name: _read(value) for name, value in item.items()}


def _write(value: Any) -> dict[str, Any]:
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case list() | tuple():
            return {"L": [_write(each) for each in value]}
        case set() | frozenset():
            return {"SS": sorted(value)}
        case dict():
            return {"M": encode(value)}
    message = f"no kind of value that is kept in a table: {type(value).__name__}"
    raise TypeError(message)


def _read(attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value)
        case "L":
            return [_read(each) for each in value]
        case "SS":
            return frozenset(value)
        case "M":
            return decode(value)
    message = f"no kind of value that is kept in a table: {kind}"
    raise TypeError(message)


# --- what a call takes ------------------------------------------------------------------------------


def _used(*expressions: str | None, filter_expression: str | None = None) -> dict[str, Any]:
    names = {name for each in expressions if each for name in re.findall(r"#(\w+)", each)}
    return {
        **({"FilterExpression": filter_expression} if filter_expression else {}),
        **({"ExpressionAttributeNames": {f"#{each}": each for each in names}} if names else {}),
    }


def _values(values: Item) -> dict[str, Any]:
    return {"ExpressionAttributeValues": encode(values)} if values else {}


def _start(after: Item | None) -> dict[str, Any]:
    return {"ExclusiveStartKey": encode(after)} if after else {}


def _holds(write: Any, arguments: dict[str, Any]) -> bool:
    try:
        write(**arguments)
    except ClientError as error:
        if error_code(error) == "ConditionalCheckFailedException":
            return False
        raise
    return True
