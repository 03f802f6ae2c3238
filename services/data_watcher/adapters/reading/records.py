"""JSON: a list of records somewhere inside, lists of values side by side, or one record a line."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import pyarrow as pa

from services.data_watcher.adapters.reading import faults, header, json_series, json_shapes
from services.data_watcher.adapters.reading.encodings import utf8
from services.data_watcher.adapters.reading.places import Places
from services.data_watcher.adapters.reading.table import Raw
from services.data_watcher.ports import Content
from shared.errors import UnreadableFileError
from shared.solar.site import SourceFormat

_ANY = "*"  # any name in a path
SERIES = "series"  # the column that holds it
_DEEPEST = 8  # levels of lists
_SHOWN = 100  # characters of a record in a message
_FEW = 5  # lists that are named
_NUMBERS = re.compile(r"\d+")
_FIRST = 200  # records whose names are the file's


def load(data: Content, source: SourceFormat) -> Raw:
    """Take the named fields out of a list of records."""
    faults.check_held(len(data))
    try:
        path, found = _records(bytes(utf8(data)).decode("utf-8-sig"), source)
    except RecursionError as error:
        message = "it is nested too deeply"
        raise faults.unreadable(message) from error
    fields = [dict(json_series.flat(each)) if isinstance(each, dict) else {} for each in found]
    if not any(fields):
        raise _unlike(found, path) or faults.empty("it holds no record")
    names = list(dict.fromkeys(name for each in fields[:_FIRST] for name in each))
    try:
        columns = header.find(source, [name.strip() for name in names])
    except UnreadableFileError as error:
        inner = _unlike(found, path) if error.code == "missing_column" else None
        raise inner or _without_star(source, names, error) or error from error
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


def _without_star(
    source: SourceFormat, names: list[str], error: UnreadableFileError
) -> UnreadableFileError | None:
    """Return what to do where the YAML asks for the name in the place of a star, and has none."""
    asked = source.sum_by == SERIES or SERIES in source.where
    if error.code != "missing_column" or not asked or SERIES in names:
        return None
    return UnreadableFileError(
        error.code,
        error.reason,
        f"write a star in records, in the place of the name that {SERIES!r} is to hold, like "
        f"Body.{_ANY}.Values (or in sum_by and where the column that names the inverters)",
    )


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
    beside = json_series.NOTHING
    if source.records is not None and _ANY in source.records:
        return source.records, _of_any(content, source.records)
    if source.records is not None:
        content, beside = _inside(content, source.records)
    within = source.records or ""
    if isinstance(content, list) and source.records is not None:
        found = {within: _of_list(content) or content}
    else:
        found = lists(content, within, beside)
    if not found:
        message = "it holds no list of records, and no lists of values of one length side by side"
        raise _unlike(content, within) or faults.unreadable(message)
    if len(found) > 1:
        raise faults.unreadable(
            f"it holds {len(found)} lists of records ({_some(found)}), and the site's YAML does not say "
            "which",
            f"say in the site's YAML which list holds the measurements, like records: {next(iter(found))}"
            f"{_added_up([*found])}; the file is then read again without a new upload",
        )
    return next(iter(found.items()))


def _of_any(content: Any, path: str) -> list[Any]:
    """Return the records of all lists that a path with a star leads to, each with the name in its place."""
    before, _, after = path.partition(_ANY)
    around, beside = (
        _inside(content, before.strip(".")) if before else (content, json_series.NOTHING)
    )
    if not isinstance(around, dict):
        raise _nowhere(path, "no names are in the place of the star")
    found: list[Any] = []
    for name, each in around.items():
        try:
            inner, own = _inside(each, after.strip("."), beside.within(around))
        except UnreadableFileError:
            continue  # beside those that are meant
        some = (
            _of_list(inner) or inner if isinstance(inner, list) else _only(inner, own, path, name)
        )
        found += [{SERIES: name} | record for record in some if isinstance(record, dict)]
    if not found:
        raise _nowhere(path, "no name in the place of the star has a list")
    return found


def _only(content: Any, beside: json_series.Beside, path: str, name: str) -> list[Any]:
    """Return the records of what a star leads to; of several lists nobody knows which is meant."""
    found = lists(content, "", beside)
    if len(found) > 1:
        named = [f"{path.replace(_ANY, name, 1)}.{each}" for each in found]
        all_of_them = _added_up(named)
        like = f"{named[0]}{all_of_them}" if all_of_them else f"{path}.{next(iter(found))}"
        raise faults.unreadable(
            f"records: {path} leads to more than one list of {name!r} ({_some(found)})",
            "say in the site's YAML which of them holds the measurements, like records: "
            f"{like}; the file is then read again without a new upload",
        )
    return next(iter(found.values()), [])


def _some(paths: Iterable[str]) -> str:
    """Return a few of the paths to lists, in words."""
    shown = [*paths]
    return ", ".join(shown[:_FEW]) + (", …" if shown[_FEW:] else "")


def _added_up(paths: list[str]) -> str:
    """Return what adds up lists whose paths differ by a number in one name, as of inverters; '' without."""
    first, *others = (each.split(".") for each in paths)
    for other in others:
        apart = [
            (at, *names)
            for at, names in enumerate(zip(first, other, strict=False))
            if len({*names}) > 1
        ]
        if len(other) != len(first) or len(apart) != 1:
            continue
        at, one, another = apart[0]
        if _NUMBERS.sub("", one) == _NUMBERS.sub("", another) and "[" not in one:
            star = ".".join([*first[:at], _ANY, *first[at + 1 :]])
            return (
                f" for one of them alone; records: {star} with sum_by: {SERIES} adds up inverters"
            )
    return ""


def _nowhere(path: str, why: str) -> UnreadableFileError:
    return faults.unreadable(
        f"records: {path} leads nowhere; {why}",
        "correct records of the source in the site's YAML (the file is then read again without a new "
        "upload), or export the file as it was",
    )


def _inside(
    content: Any, path: str, beside: json_series.Beside = json_series.NOTHING
) -> tuple[Any, json_series.Beside]:
    """Return what the YAML's path leads to, and what is beside it."""
    for name in filter(None, re.sub(r"\[(\d+)\]", r".[\1]", path).split(".")):
        place = re.fullmatch(r"\[(\d+)\]", name)
        if place and isinstance(content, list) and int(place[1]) < len(content):
            content = content[int(place[1])]
            continue
        if not isinstance(content, dict) or name not in content:
            there = ", ".join(map(repr, [*content][:_FEW])) if isinstance(content, dict) else ""
            raise _nowhere(path, f"{name!r} is not there" + (f", only {there}" if there else ""))
        beside = beside.within(content)
        content = content[name]
    return content, beside


def lists(
    content: Any, path: str = "", beside: json_series.Beside = json_series.NOTHING
) -> dict[str, list[Any]]:
    """Return the lists of records in JSON by the path of names to each.

    Lists of values side by side, a list for each name, are records, too. Where there are none, pairs of a
    time and a value are.
    """
    return dict(_records_in(content, path, 0, beside)) or dict(_pairs_in(content, path))


def _pairs_in(content: Any, path: str, depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(content, list):
        if records := json_series.pairs(content):
            yield path, records
    elif isinstance(content, dict) and depth < _DEEPEST:
        for name, each in content.items():
            yield from _pairs_in(each, f"{path}.{name}".strip("."), depth + 1)


def _records_in(
    content: Any, path: str, depth: int, beside: json_series.Beside
) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(content, list):
        if records := json_series.below_each_other(content):
            yield path, records
        elif any(isinstance(each, dict) for each in content):
            inner = (
                [*_records_in(content[0], f"{path}[0]", depth, beside)]
                if len(content) == 1 and depth < _DEEPEST
                else []
            )
            yield from inner or [(path, content)]
    elif isinstance(content, dict) and depth < _DEEPEST:
        if (
            records := json_series.table(content)
            or json_series.by_time(content, beside)
            or _columns(content)
        ):
            yield path, records
            return
        beside = beside.within(content)
        for name, each in content.items():
            yield from _records_in(each, f"{path}.{name}".strip("."), depth + 1, beside)


def _of_list(items: list[Any]) -> list[dict[str, Any]]:
    """Return the records of a list of series, or of pairs; none of a list of records."""
    return json_series.below_each_other(items) or json_series.pairs(items)


def _columns(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return lists of one length side by side; with labels of their own they are a series with a time."""
    if any(isinstance(each, dict) for each in content.values()):
        return json_series.below_each_other([content])
    return json_series.side_by_side(content)


def _column(records: list[dict[str, Any]], name: str) -> pa.Array:
    values = [each.get(name) for each in records]
    if all(
        each is None or (isinstance(each, int | float) and not isinstance(each, bool))
        for each in values
    ):
        return pa.array(values, pa.float64())
    return pa.array([None if each is None else str(each) for each in values], pa.string())
