"""DynamoDB's items as plain Python, and its pages as one stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from services.data_watcher.records import Item

_WRITE = TypeSerializer().serialize
_READ = TypeDeserializer().deserialize


def put(item: Item) -> dict[str, Any]:
    """Return an item as DynamoDB wants it."""
    return {name: _WRITE(value) for name, value in item.items()}


def get(item: Mapping[str, Any]) -> Item:
    """Return an item as Python has it."""
    return {name: _READ(value) for name, value in item.items()}


def items(read: Callable[..., Any], **arguments: Any) -> Iterator[Item]:
    """Yield the items of a query or scan, page by page."""
    while True:
        page = read(**arguments)
        yield from map(get, page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]
