"""JSON: a list of records somewhere inside, lists of values side by side, or one record a line."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import pyarrow as pa

from services.data_watcher.adapters.reading import faults, header, json_shapes
from services.data_watcher.adapters.reading.encodings import utf8
from services.data_watcher.adapters.reading.places import Places
from services.data_watcher.adapters.reading.table import Raw
from services.data_watcher.ports import Content
from shared.errors import UnreadableFileError
from shared.solar.site import SourceFormat

_DEEPEST = 5  # levels of names that are joined by a point
_SHOWN = 100  # characters of a record in a message
_FEW = 5  # lists that are named
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_LEAST_BY_TIME = 3  # values
_FIRST = 200  # records whose names are the file's


def load(data: Content, source: SourceFormat) -> Raw:
    """Take the named fields out of a list of records."""
    faults.check_held(len(data))
    try:
        path, found = _records(bytes(utf8(data)).decode("utf-8-sig"), source)
    except RecursionError as error:
        message = "it is nested too deeply"
        raise faults.unreadable(message) from error
    fields = [dict(flat(each)) if isinstance(each, dict) else {} for each in found]
    if not any(fields):
        raise _unlike(found, path) or faults.empty("it holds no record")
    names = list(dict.fromkeys(name for each in fields[:_FIRST] for name in each))
    try:
        columns = header.find(source, names)
    except UnreadableFileError as error:
        inner = _unlike(found, path) if error.code == "missing_column" else None
        raise inner or error from error
    faults.check_size(len(fields), len(columns.all))
    wanted = {names[at] for at in columns.all}
    whole = [_is_whole(each, wanted, set(names)) for each in fields]
    records = [each for each, is_whole in zip(fields, whole, strict=True) if is_whole]
    others = [each for each, is_whole in zip(found, whole, strict=True) if not is_whole]
    return Raw(
        {at: pa.chunked_array([_column(records, names[at])]) for at in columns.all},
        columns,
        skipped={"ragged_row": len(others)} if others else {},
        examples={"ragged_row": tuple(json.dumps(each)[:_SHOWN] for each in others[:1])},
        places=Places.beginning_at(1),
        header=names,
    )


def _unlike(content: Any, path: str) -> UnreadableFileError | None:
    """Return the fault of measurements without names, or inside of records; None without them."""
    said = json_shapes.unlike(content, path)
    if said is None:
        return None
    what, todo = said
    return UnreadableFileError("unreadable", f"{what}; {json_shapes.READ}", todo)


def _is_whole(record: dict[str, Any], wanted: AbstractSet[str], names: AbstractSet[str]) -> bool:
    """Whether a record is like the first ones; what is wanted may be missing, but not under another name."""
    return bool(record) and (wanted <= record.keys() or record.keys() <= names)


def _parse(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(
            name for name, count in Counter(name for name, _ in pairs).items() if count > 1
        )
        raise faults.unreadable(f"the field {twice!r} is in a record more than once")
    return found


def _constant(name: str) -> str | None:
    """Return nothing for NaN; an infinite value is none, and is counted as a cell without a number."""
    return None if name == "NaN" else name


def _records(text: str, source: SourceFormat) -> tuple[str, list[Any]]:
    """Return the records of a text, with their path: its lines, the list of the YAML, or its only one."""
    try:
        content = _parse(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if error.msg != "Extra data" or not lines:
            message = f"it is no JSON: {error.msg} in line {error.lineno}"
            raise faults.unreadable(message) from error
        content = [_parse(line) for line in lines]
    if source.records is not None:
        for name in re.sub(r"\[(\d+)\]", r".[\1]", source.records).split("."):
            place = re.fullmatch(r"\[(\d+)\]", name)
            if place and isinstance(content, list) and int(place[1]) < len(content):
                content = content[int(place[1])]
                continue
            if not isinstance(content, dict) or name not in content:
                raise faults.unreadable(
                    f"records: {source.records} leads nowhere; {name!r} is not there"
                )
            content = content[name]
    within = source.records or ""
    found = {within: content} if isinstance(content, list) else dict(lists(content, within))
    if not found:
        message = "it holds no list of records, and no lists of values of one length side by side"
        raise _unlike(content, within) or faults.unreadable(message)
    if len(found) > 1:
        some = ", ".join([*found][:_FEW]) + (", …" if len(found) > _FEW else "")
        raise faults.unreadable(
            f"it holds {len(found)} lists of records ({some}), and the site's YAML does not say which",
            f"say in the site's YAML which list holds the measurements, like records: {next(iter(found))}; "
            "the file is then read again without a new upload",
        )
    return next(iter(found.items()))


def lists(content: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of records in JSON, each with the path of names to it.

    Lists of values side by side, a list for each name, are records, too.
    """
    if isinstance(content, list):
        if any(isinstance(each, dict) for each in content):
            inner = (
                [*lists(content[0], f"{path}[0]", depth)]
                if len(content) == 1 and depth < _DEEPEST
                else []
            )
            yield from inner or [(path, content)]
    elif isinstance(content, dict) and depth < _DEEPEST:
        if table := _table(content) or _by_time(content):
            yield path, table
            return
        if _is_side_by_side(content):
            columns = _columns(content)
            rows = zip(*columns.values(), strict=True)
            yield path, [dict(zip(columns, row, strict=True)) for row in rows]
            return
        for name, each in content.items():
            yield from lists(each, f"{path}.{name}".strip("."), depth + 1)


def _table(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return rows whose names stand in a list beside them, as of InfluxDB and pandas; none without them."""
    names = content.get("columns")
    rows = next((content[each] for each in ("values", "data") if each in content), None)
    if not isinstance(names, list) or not isinstance(rows, list) or not rows:
        return []
    if not all(isinstance(each, str) for each in names) or len(set(names)) < len(names):
        return []
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return []
    found = [dict(zip(names, row, strict=True)) for row in rows]
    index = content.get("index")
    if isinstance(index, list) and len(index) == len(rows) and "index" not in names:
        found = [{"index": each} | row for each, row in zip(index, found, strict=True)]
    return found


def _by_time(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return values whose names are their times, {"2024-06-01 12:00": 4491}; none of others."""
    if len(content) < _LEAST_BY_TIME or not all(map(_STAMP.match, content)):
        return []
    if any(isinstance(each, dict | list) for each in content.values()):
        return []
    return [{"time": name, "value": each} for name, each in content.items()]


def _is_side_by_side(content: dict[str, Any]) -> bool:
    """Whether fields are lists of values, and as long as each other; what is one value is beside them."""
    columns = [*_columns(content).values()]
    return (
        not any(isinstance(each, dict) for each in content.values())
        and len(columns) > 1
        and all(columns)
        and len({len(each) for each in columns}) == 1
        and not any(isinstance(value, dict | list) for each in columns for value in each)
    )


def _columns(content: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: each for name, each in content.items() if isinstance(each, list)}


def flat(record: dict[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a record; those inside others are named by a path with points."""
    for name, value in record.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from flat(value, f"{prefix}{name}.", depth + 1)
        else:
            yield f"{prefix}{name}", value


def _column(records: list[dict[str, Any]], name: str) -> pa.Array:
    values = [each.get(name) for each in records]
    if all(
        each is None or (isinstance(each, int | float) and not isinstance(each, bool))
        for each in values
    ):
        return pa.array(values, pa.float64())
    return pa.array([None if each is None else str(each) for each in values], pa.string())
