"""What JSON holds that is no list of records with names, and how it is to be written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

READ = (
    'JSON is read as a list of records ([{"time": …, "power": …}, …]), alone or below names, as one record a '
    'line, as lists of one length side by side ({"time": […], "power": […]}), or as pairs of a time and a '
    "value"
)
_DEEPEST = 8
_LOOKED_AT = 50  # items of a list
_LEAST = 2  # values that belong together
_SHOWN = 60  # characters


def unlike(content: Any, path: str = "") -> tuple[str, str] | None:
    """Return what the longest list of unnamed or nested measurements is, and what to do; None without one.

    Parameters
    ----------
    path
        Names that lead to the content.
    """
    found = max(_lists(content, path), key=lambda each: len(each[1]), default=None)
    if found is None:
        return None
    path, items, is_inside = found
    first = items[0]
    shown = json.dumps(first, ensure_ascii=False)[:_SHOWN]
    where = f"the list {path}" if path else "it"
    if isinstance(first, dict):
        if not is_inside:
            return None
        return (
            f"{where} holds {len(items)} records, like {shown}, inside of another list",
            f"write {path} as a file of its own, and each list beside it as another",
        )
    names = ["time", *(f"value{at or ''}" for at in range(len(first) - 1))]
    example = json.dumps(dict(zip(names, first, strict=True)), ensure_ascii=False)[: 2 * _SHOWN]
    return (
        f"{where} holds {len(items)} lists of {len(first)} values without names, like {shown}",
        f"write each with names, like [{example}, …]",
    )


def _lists(
    content: Any, path: str = "", depth: int = 0, *, inside: bool = False
) -> Iterator[tuple[str, list[Any], bool]]:
    """Yield lists of records or of short lists of values, with their path and whether they are in a list."""
    if depth > _DEEPEST:
        return
    if isinstance(content, dict):
        for name, each in content.items():
            yield from _lists(each, f"{path}.{name}".strip("."), depth + 1, inside=inside)
    elif isinstance(content, list) and content:
        some = content[:_LOOKED_AT]
        if all(isinstance(each, dict) for each in some) or _are_rows(some):
            yield path, content, inside
        for at, each in enumerate(some):
            yield from _lists(each, f"{path}[{at}]", depth + 1, inside=True)


def _are_rows(items: list[Any]) -> bool:
    """Whether all items are lists of values, and as long as each other."""
    return (
        all(isinstance(each, list) and len(each) >= _LEAST for each in items)
        and len({len(each) for each in items}) == 1
        and not any(isinstance(value, dict | list) for each in items for value in each)
    )
