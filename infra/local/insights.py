"""Filters of CloudWatch Logs Insights on fields of JSON lines: equal, one of, joined by `or` and `and`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Row = Mapping[str, Any]
Predicate = Callable[[Row], bool]
_VALUE = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_CONDITION = re.compile(
    rf"""\s*(?P<field>[\w.@]+)\s*(?:(?P<operator>!?=)\s*(?P<value>{_VALUE})"""
    rf"""|(?P<negated>not\s+)?in\s*\[\s*(?P<values>{_VALUE}(?:\s*,\s*{_VALUE})*)\s*\])""",
    re.IGNORECASE,
)
_JOINT = re.compile(r"\s+(or|and)\s+", re.IGNORECASE)
_MESSAGE = "@message"


def predicate(stage: str) -> Predicate | None:
    """Return what a `filter` stage asks of a row, or None where it is of a form that is not known here.

    `or` binds less than `and`, as in CloudWatch; brackets are not known.
    """
    text = stage.strip()
    if not re.match(r"(?i)filter\s", text):
        return None
    alternatives: list[list[Predicate]] = [[]]
    place = len("filter ")
    while True:
        found = _CONDITION.match(text, place)
        if not found:
            return None
        alternatives[-1].append(_condition(found))
        place = found.end()
        if not text[place:].strip():
            break
        joint = _JOINT.match(text, place)
        if not joint:
            return None
        if joint[1].lower() == "or":
            alternatives.append([])
        place = joint.end()
    return lambda row: any(all(each(row) for each in every) for every in alternatives)


def field_of(row: Row, name: str) -> Any:
    """Return a field of a row: one of its own, or one of the JSON object that its line is; None without."""
    if name in row:
        return row[name]
    found: Any = _line(row)
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _condition(found: re.Match[str]) -> Predicate:
    name = found["field"]
    if found["values"] is not None:
        wanted = {_text(each) for each in re.findall(_VALUE, found["values"])}
        is_negated = bool(found["negated"])
    else:
        wanted, is_negated = {_text(found["value"])}, found["operator"] == "!="
    return lambda row: (_shown(field_of(row, name)) in wanted) is not is_negated


def _text(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted[1:-1])


def _shown(value: Any) -> str | None:
    return None if value is None else str(value)


def _line(row: Row) -> Any:
    line = str(row.get(_MESSAGE, ""))
    if not line.lstrip().startswith("{"):
        return None
    try:
        return json.loads(line)
    except ValueError:
        return None
