"""Validates the YAML of sites and models, and says in plain words and with the line what is wrong."""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from services.data_watcher.domain import units
from services.data_watcher.domain.configuration import KINDS, LARGEST_CONFIG, Active
from shared import layout
from shared.errors import InvalidConfigError
from shared.notifications import ActiveNotifications, Notifications
from shared.solar.site import ColumnFormat, Site, canonical_unit

Schema = TypeVar("Schema", bound=BaseModel)

DEEPEST = 20
MOST_FAULTS = 5
_KEY = re.compile(r"config/(sites|models|exclusions)/([a-z0-9-]{1,32})\.yaml")


class _Loader(yaml.SafeLoader):
    """YAML whose scalars mean what they look like: `+10:00` is no number, `no` is no boolean."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"^(?:true|false|True|False)$", "tfTF"),
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|)$", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$",
        "-+0123456789.",
    ),
):
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))


def read(key: str, body: bytes) -> Active:
    """Validate a YAML file of `config/`.

    Raises
    ------
    InvalidConfigError
        With the reason, and the line where one line is to blame.
    """
    if key == layout.notifications_config():
        return ActiveNotifications.of(_validate(Notifications, _compose(body)))
    match = _KEY.fullmatch(key)
    if match is None:
        message = (
            f"{key!r} is no place for a configuration; use {layout.site_config('<site_id>')}, "
            f"{layout.model_config('<model_id>')} or {layout.exclusions_config('<site_id>')}, names of "
            f"a-z, 0-9 and -, at most 32 characters, or {layout.notifications_config()}"
        )
        raise InvalidConfigError(message)
    root = _compose(body)
    _, schema, active, id_field = KINDS[match[1]]
    config = _validate(schema, root)
    said = getattr(config, id_field)
    if said != match[2]:
        message = (
            f"{id_field} is {said!r} but the file is called {match[2]}.yaml; make them the same"
        )
        raise InvalidConfigError(message, _line(root, (id_field,)))
    if isinstance(config, Site):
        _check_units(config, root)
    in_force: Active = active.of(config)
    return in_force


# --- YAML -------------------------------------------------------------------------------------------


def _compose(body: bytes) -> yaml.MappingNode:
    if len(body) > LARGEST_CONFIG:
        message = f"the file has {len(body)} bytes; a configuration has at most {LARGEST_CONFIG}"
        raise InvalidConfigError(message)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        message = "this is no UTF-8 text; save the file as UTF-8"
        raise InvalidConfigError(message, line) from error
    try:
        _refuse_aliases_and_depth(text)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise _no_yaml(error) from error
    if not isinstance(root, yaml.MappingNode):
        message = "the file must be a list of 'name: value' lines"
        raise InvalidConfigError(message, 1)
    return root


def _refuse_aliases_and_depth(text: str) -> None:
    """Refuse what would grow without end, at the first such place: 64 KiB of "[" would take half an hour."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            message = "aliases (*name) are not read; write the values out"
            raise InvalidConfigError(message, _at(event))
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            message = "the file is nested too deeply"
            raise InvalidConfigError(message, _at(event))


def _no_yaml(error: yaml.YAMLError) -> InvalidConfigError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it is no YAML"
    return InvalidConfigError(
        f"{problem}; check indentation, colons and quotes here",
        mark.line + 1 if mark else None,
    )


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        plain: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in plain:
                message = f"{name!r} is here for the second time"
                raise InvalidConfigError(message, _at(key))
            plain[name] = _plain(value)
        return plain
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value) for value in node.value]
    if node.tag not in _SCALARS:
        message = f"the tag {node.tag!r} is not read; write a plain value"
        raise InvalidConfigError(message, _at(node))
    return _SCALARS[node.tag](str(node.value))


_SCALARS: dict[str, Any] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:bool": lambda text: text.lower() == "true",
    "tag:yaml.org,2002:null": lambda _: None,
}


def _at(node: yaml.Node | yaml.Event) -> int:
    """Return the line on which something begins, counted from one."""
    return node.start_mark.line + 1 if node.start_mark else 1


def _blame(root: yaml.Node, error: Any) -> int:
    """Return the line of an error; one that begins with a name, or with a source, is where that is."""
    line, node = _follow(root, error["loc"])
    source = re.match(r"Value error, source ([^:]+): ", error["msg"])
    if source and not error["loc"]:
        return next((_at(each) for each in _sources(root) if _called(each) == source[1]), line)
    named = re.match(r"Value error, '([^']+)' is no ", error["msg"])
    keys = (key for key in _keys(node) if named and key.value == named[1])
    return next(map(_at, keys), line)


def _sources(root: yaml.Node) -> list[yaml.Node]:
    found = _follow(root, ("sources",))[1]
    return found.value if isinstance(found, yaml.SequenceNode) else []


def _called(source: yaml.Node) -> str:
    return str(_follow(source, ("name",))[1].value)


def _keys(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield from _keys(value)


def _line(root: yaml.Node, path: tuple[Any, ...]) -> int:
    """Return the line of the deepest node on a path."""
    return _follow(root, path)[0]


def _follow(root: yaml.Node, path: tuple[Any, ...]) -> tuple[int, yaml.Node]:
    """Return the deepest node on a path, and its line: the key's own where there is one."""
    node, line = root, _at(root)
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                continue  # pydantic names unions and validators in its path; YAML does not have them
            line, node = _at(found[0][0]), found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = _at(node)
    return line, node


# --- what the values mean -----------------------------------------------------------------------


def _validate(schema: type[Schema], root: yaml.MappingNode) -> Schema:
    try:
        return schema.model_validate(_plain(root))
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False)
    # A list whose only item is wrong counts as too short as well.
    told = [each for each in errors if each["type"] != "too_short" or not _has_inner(each, errors)]
    faults = sorted((_blame(root, each), _explain(schema, each)) for each in told)
    (line, reason), *others = faults
    reason += "".join(f"; line {at}: {what}" for at, what in others[: MOST_FAULTS - 1])
    if len(faults) > MOST_FAULTS:
        reason += f"; and {len(faults) - MOST_FAULTS} more"
    raise InvalidConfigError(reason, line)


def _has_inner(error: Any, errors: Sequence[Any]) -> bool:
    """Whether another error is about a part of what an error is about."""
    at = error["loc"]
    return any(len(each["loc"]) > len(at) and each["loc"][: len(at)] == at for each in errors)


def _explain(schema: type[BaseModel], error: Any) -> str:
    path, name = error["loc"], error["loc"][-1] if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(name), list(_fields(schema, path[:-1])), 1)
        return f"{name!r} is not known" + (f"; did you mean {near[0]!r}?" if near else "")
    if error["type"] == "missing":
        return f"{name!r} is missing"
    where = ".".join(str(part) for part in path)
    if error.get("input", ...) is None:  # as a draft leaves what it asks for
        return f"{where} is empty; fill it in"
    what = error["msg"].removeprefix("Value error, ")
    return f"{where}: {what[:1].lower()}{what[1:]}" if where else what


def _fields(schema: type[BaseModel], path: tuple[Any, ...]) -> Iterator[str]:
    for part in path:
        found = schema.model_fields.get(str(part))
        inner = next(_models(found.annotation), None) if found else None
        if inner is not None:
            schema = inner
    yield from schema.model_fields


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif isinstance(annotation, UnionType) or typing.get_origin(annotation) is not None:
        for each in typing.get_args(annotation):
            yield from _models(each)


def _check_units(site: Site, root: yaml.MappingNode) -> None:
    for number, source in enumerate(site.sources):
        for name, column in source.columns.items():
            fault = _unit_fault(name, column)
            if fault and column.unit == "%" and canonical_unit(name) == "kW":
                fault += (
                    f"; for percent of the capacity of {site.ac_capacity_kw:g} kW say unit: kW and scale: "
                    f"{site.ac_capacity_kw / 100:g}"
                )
            if fault:
                path = ("sources", number, "columns", name, "unit")
                raise InvalidConfigError(fault, _line(root, path))


def _unit_fault(name: str, column: ColumnFormat) -> str | None:
    """Say what is wrong with the unit of a column; None for nothing."""
    canonical = canonical_unit(name) or ""
    if not units.is_known(canonical, column.unit):
        known = ", ".join(sorted(units.known(canonical)))
        return f"{column.unit!r} is no unit of {name}; use one of {known}"
    if column.kind == "averaged":
        return _averaged_fault(name, column, canonical)
    if column.kind == "value" or units.conversion(canonical, column.unit).per_interval:
        return None
    energies = [
        each for each in units.known(canonical) if units.conversion(canonical, each).per_interval
    ]
    if not energies and column.kind == "accumulated":
        return f"{name} cannot be accumulated; only irradiance adds up"
    if not energies:
        return f"{name} cannot be a counter; only power and irradiance can be counted as energy"
    what = "a counter of" if column.kind == "counter" else "accumulated"
    return f"{what} {name} counts energy, not {column.unit}; use one of {', '.join(energies)}"


def _averaged_fault(name: str, column: ColumnFormat, canonical: str) -> str | None:
    if canonical != "W/m2":
        return f"{name} cannot be averaged; only irradiance is"
    if units.conversion(canonical, column.unit).per_interval:
        return f"{name} is averaged, which is no energy like {column.unit}; use W/m2 or kW/m2"
    return None
