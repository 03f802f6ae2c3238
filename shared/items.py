"""DynamoDB's items as plain Python, and its pages as one stream.

A codec of its own for the few kinds that the services keep: boto3's would bring boto3 along, which costs
every function a twentieth of a second at its start and is used for nothing else there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Item = dict[str, Any]


def put(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as DynamoDB wants it.

    Raises
    ------
    TypeError
        A value is none of text, whole number, truth, list and mapping.
    """
    return {name: _write(value) for name, value in item.items()}


def get(item: Mapping[str, Any]) -> Item:
    """Return an item as Python has it."""
    return {name: _read(value) for name, value in item.items()}


def items(read: Callable[..., Any], **arguments: Any) -> Iterator[Item]:
    """Yield the items of a query or scan, page by page."""
    while True:
        page = read(**arguments)
        yield from map(get, page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


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
        case dict():
            return {"M": put(value)}
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
        case "M":
            return get(value)
    message = f"no kind of value that is kept in a table: {kind}"
    raise TypeError(message)
