"""JSON of monitoring systems: pairs of a time and a value, series below each other, seconds since a start."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.data_watcher.adapters.reading.stamp_text import is_since_1970

Records = list[dict[str, Any]]

STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
LEAST = 3  # values that are a series
_DEEPEST = 5  # levels of names that are joined by a point
_PAIR = 2
_SECONDS = re.compile(r"\d{1,8}")  # three years


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside values, or around them: when they begin, and their unit."""

    start: datetime | None = None
    unit: str | None = None

    def within(self, content: dict[str, Any]) -> Beside:
        """Return what is beside the values inside of this."""
        said = {name.lower(): each for name, each in content.items() if isinstance(each, str)}
        unit = said.get("unit", self.unit)
        start = said.get("start", "")
        return Beside(datetime.fromisoformat(start) if _is_stamp(start) else self.start, unit)


NOTHING = Beside()


def is_time(value: Any) -> bool:
    """Whether a value is a time in ISO 8601, or counts from 1970."""
    if isinstance(value, str):
        return bool(STAMP.match(value)) or is_since_1970(value)
    return isinstance(value, int | float) and is_since_1970(f"{value:.0f}")


def pairs(items: Sequence[Any]) -> Records:
    """Return the records of pairs of a time and a value, in whichever order; none of other lists."""
    if len(items) < LEAST or not all(
        isinstance(each, list) and len(each) == _PAIR for each in items
    ):
        return []
    times, values = zip(*items, strict=True)
    if not all(map(is_time, times)):
        times, values = values, times
    if not all(map(is_time, times)) or any(isinstance(each, dict | list) for each in values):
        return []
    return [{"time": time, "value": value} for time, value in zip(times, values, strict=True)]


def by_time(content: dict[str, Any], beside: Beside) -> Records:
    """Return values whose names are their times, {"2024-06-01 12:00": 4491}; none of others.

    Where a start stands beside them, the names may count the seconds since then: {"0": 4491, "300": 4510}.
    """
    if len(content) < LEAST or any(isinstance(each, dict | list) for each in content.values()):
        return []
    if all(map(STAMP.match, content)):
        return [{"time": name, "value": each} for name, each in content.items()]
    if beside.start is None or not all(map(_SECONDS.fullmatch, content)):
        return []
    unit = {"unit": beside.unit} if beside.unit else {}
    return [
        {"time": (beside.start + timedelta(seconds=int(name))).isoformat(), "value": each} | unit
        for name, each in content.items()
    ]


def table(content: dict[str, Any]) -> Records:
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


def side_by_side(content: dict[str, Any]) -> Records:
    """Return lists of values of one length beside each other, a list for each name, as records."""
    columns = _lists(content)
    if (
        len(columns) < _PAIR
        or len({len(each) for each in columns.values()}) > 1
        or not all(columns.values())
        or any(isinstance(value, dict | list) for each in columns.values() for value in each)
    ):
        return []
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def below_each_other(items: Sequence[Any]) -> Records:
    """Return the records of series that have labels, like those of several inverters, each with its labels.

    Nothing is returned where no label tells several series apart.
    """
    found: Records = []
    labels = []
    for item in items:
        own = _series(item) if isinstance(item, dict) else []
        if not own:
            return []  # as of nearly all records
        said = dict(flat({name: each for name, each in item.items() if not isinstance(each, list)}))
        if said.keys() & own[0].keys():
            return []
        labels.append(said)
        found += [said | record for record in own]
    differ = len({tuple(map(str, each.items())) for each in labels}) == len(labels)
    return found if differ else []


def _series(item: dict[str, Any]) -> Records:
    """Return the measurements in one of several series; none of what is a measurement itself."""
    if rows := table(item):
        return rows
    some = [each for each in _lists(item).values() if len(each) >= LEAST]
    if len(some) > 1:
        own = side_by_side(item)
        return own if own and any(all(map(is_time, each)) for each in _lists(item).values()) else []
    if not some:
        return []
    if all(isinstance(each, dict) for each in some[0]):
        own = [dict(flat(each)) for each in some[0]]
        return own if all(any(map(is_time, each.values())) for each in own) else []
    return pairs(some[0])


def _lists(content: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: each for name, each in content.items() if isinstance(each, list)}


def _is_stamp(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return bool(STAMP.match(text))


def flat(record: dict[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a record; those inside others are named by a path with points."""
    for name, value in record.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from flat(value, f"{prefix}{name}.", depth + 1)
        else:
            yield f"{prefix}{name}", value
