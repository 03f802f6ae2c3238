"""Reading a pipeline definition (schema 2020-12-01): its steps, what they wait for, its expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA = "2020-12-01"
STEP_TYPES = {"Processing", "Training", "RegisterModel", "Model", "Condition", "Fail"}
_TOKEN = re.compile(r"\.?([A-Za-z0-9_:-]+)|\[(?:'([^']*)'|\"([^\"]*)\"|(\d+))\]")
_STEP = re.compile(r"Steps\.([A-Za-z0-9_-]+)\.?(.*)", re.DOTALL)
_NUMBERS = (int, float)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda left, right: left == right,
    "GreaterThan": lambda left, right: left > right,
    "GreaterThanOrEqualTo": lambda left, right: left >= right,
    "LessThan": lambda left, right: left < right,
    "LessThanOrEqualTo": lambda left, right: left <= right,
}
_OPTIONAL_STEP_MEMBERS = {
    *("DisplayName", "Description", "DependsOn", "PropertyFiles"),
    *("CacheConfig", "RetryPolicies"),  # accepted; see infra/local/inert.py
}


class DefinitionError(Exception):
    """The definition cannot be run: names the step and what is wrong."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step, where it stands, and which steps it waits for."""

    name: str
    type: str
    content: dict[str, Any]
    waits_for: frozenset[str]
    branch: tuple[str, str] | None  # the condition it hangs on, and the outcome that runs it

    @property
    def arguments(self) -> dict[str, Any]:
        """The step's arguments, unresolved."""
        arguments: dict[str, Any] = self.content.get("Arguments", {})
        return arguments


@dataclass(slots=True)
class Definition:
    """A definition that was read and makes sense."""

    parameters: list[dict[str, Any]]
    steps: dict[str, Step] = field(default_factory=dict)

    def order(self) -> list[Step]:
        """Return all steps so that each comes after what it waits for.

        Raises
        ------
        DefinitionError
            Some wait for each other.
        """
        left, ordered = dict(self.steps), []
        while left:
            ready = [step for step in left.values() if not step.waits_for & left.keys()]
            if not ready:
                message = f"the steps {sorted(left)} wait for each other"
                raise DefinitionError(message)
            ordered += ready
            for step in ready:
                del left[step.name]
        return ordered


def read(text: str) -> Definition:
    """Read and check a definition.

    Raises
    ------
    DefinitionError
        It is no JSON, of another schema, or uses what the local platform does not know (by name).
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        message = f"the definition is no JSON: {error}"
        raise DefinitionError(message) from error
    if not isinstance(content, dict) or content.get("Version") != SCHEMA:
        message = f"the definition's Version must be {SCHEMA}"
        raise DefinitionError(message)
    definition = Definition(parameters=list(content.get("Parameters") or []))
    for parameter in definition.parameters:
        if parameter.get("Type") not in _CONVERSIONS:
            message = (
                f"parameter {parameter.get('Name')}: type {parameter.get('Type')!r} is not known"
            )
            raise DefinitionError(message)
    _index(definition, content.get("Steps") or [], None)
    _check_references(definition)
    definition.order()
    return definition


def _index(definition: Definition, steps: list[Any], branch: tuple[str, str] | None) -> None:
    for content in steps:
        name, kind = str(content.get("Name")), str(content.get("Type"))
        if kind not in STEP_TYPES:
            message = f"step {name}: type {kind!r} is not known to the local platform"
            raise DefinitionError(message)
        unknown = content.keys() - {"Name", "Type", "Arguments"} - _OPTIONAL_STEP_MEMBERS
        if unknown:
            message = f"step {name}: {sorted(unknown)} is not known to the local platform"
            raise DefinitionError(message)
        if name in definition.steps:
            message = f"two steps are named {name}"
            raise DefinitionError(message)
        arguments = content.get("Arguments", {})
        own = {
            key: value for key, value in arguments.items() if key not in {"IfSteps", "ElseSteps"}
        }
        waits_for = set(_steps_in(own)) | {
            each if isinstance(each, str) else each["Step"] for each in content.get("DependsOn", [])
        }
        if branch:
            waits_for.add(branch[0])
        definition.steps[name] = Step(name, kind, content, frozenset(waits_for), branch)
        if kind == "Condition":
            _index(definition, arguments.get("IfSteps", []), (name, "true"))
            _index(definition, arguments.get("ElseSteps", []), (name, "false"))


def _check_references(definition: Definition) -> None:
    names = {parameter["Name"] for parameter in definition.parameters}
    for step in definition.steps.values():
        missing = step.waits_for - definition.steps.keys()
        if missing:
            message = f"step {step.name} refers to {sorted(missing)}, which the definition lacks"
            raise DefinitionError(message)
        for path in _gets(step.arguments):
            kind, _, rest = path.partition(".")
            if kind == "Parameters" and rest not in names:
                message = (
                    f"step {step.name} refers to the parameter {rest!r}, which is not declared"
                )
                raise DefinitionError(message)
            if kind not in {"Parameters", "Execution", "Steps"}:
                message = (
                    f"step {step.name}: the reference {path!r} is not known to the local platform"
                )
                raise DefinitionError(message)


def _gets(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("Get"), str):
            yield value["Get"]
        for inner in value.values():
            yield from _gets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _gets(inner)


def _steps_in(value: Any) -> Iterator[str]:
    for path in _gets(value):
        match = _STEP.fullmatch(path)
        if match:
            yield match[1]


# --- parameters ------------------------------------------------------------------


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}[str(value).lower()]


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "String": str,
    "Integer": int,
    "Float": float,
    "Boolean": _boolean,
}


def parameter_values(definition: Definition, given: Mapping[str, str]) -> dict[str, Any]:
    """Return every parameter's value: what was given, else its default.

    Raises
    ------
    DefinitionError
        A value is missing, unknown, of another type, or not one of those allowed.
    """
    unknown = given.keys() - {parameter["Name"] for parameter in definition.parameters}
    if unknown:
        message = f"Unknown parameters {sorted(unknown)} for pipeline."
        raise DefinitionError(message)
    values = {}
    for parameter in definition.parameters:
        name, kind = parameter["Name"], parameter["Type"]
        if name not in given and "DefaultValue" not in parameter:
            message = f"Parameter [{name}] value should be provided."
            raise DefinitionError(message)
        raw = given.get(name, parameter.get("DefaultValue"))
        try:
            values[name] = _CONVERSIONS[kind](raw)
        except (ValueError, TypeError, KeyError) as error:
            message = f"Parameter [{name}] value {raw!r} should be of type {kind}."
            raise DefinitionError(message) from error
        allowed = parameter.get("EnumValues")
        if allowed and values[name] not in allowed:
            message = f"Parameter [{name}] value {raw!r} should be one of {allowed}."
            raise DefinitionError(message)
    return values


# --- expressions -------------------------------------------------------------------


@dataclass(slots=True)
class Scope:
    """What expressions refer to while an execution runs.

    Parameters
    ----------
    parameters
        Values by name.
    execution
        Values of `Execution.…`.
    properties
        What steps that ended have to offer, by name.
    read_file
        Returns the text of a property file, by step and file name, or of an S3 URI with no step.
    """

    parameters: Mapping[str, Any]
    execution: Mapping[str, Any]
    properties: dict[str, Any]
    read_file: Callable[[str, str], str]

    def resolve(self, value: Any) -> Any:
        """Return a value with every expression in it replaced.

        Raises
        ------
        DefinitionError
            An expression refers to nothing.
        """
        if isinstance(value, list):
            return [self.resolve(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"Get"}:
            return self._get(value["Get"])
        if value.keys() == {"Std:Join"}:
            parts = value["Std:Join"]
            return str(parts["On"]).join(_text(self.resolve(part)) for part in parts["Values"])
        if value.keys() == {"Std:JsonGet"}:
            return self._json_get(value["Std:JsonGet"])
        function = next((key for key in value if key.startswith("Std:")), None)
        if function:
            message = f"the function {function} is not known to the local platform"
            raise DefinitionError(message)
        return {key: self.resolve(inner) for key, inner in value.items()}

    def _get(self, path: str) -> Any:
        kind, _, rest = path.partition(".")
        if kind == "Parameters":
            return self.parameters[rest]
        if kind == "Execution":
            if rest not in self.execution:
                message = f"{path!r} is not known to the local platform"
                raise DefinitionError(message)
            return self.execution[rest]
        match = _STEP.fullmatch(path)
        if match is None:
            message = f"{path!r} is no reference"
            raise DefinitionError(message)
        return walk(self.properties.get(match[1], {}), match[2])

    def _json_get(self, arguments: Mapping[str, Any]) -> Any:
        if "PropertyFile" in arguments:
            step, _, name = arguments["PropertyFile"]["Get"].removeprefix("Steps.").partition(".")
            text = self.read_file(step, name.removeprefix("PropertyFiles."))
        else:
            text = self.read_file("", self.resolve(arguments["S3Uri"]))
        try:
            content = json.loads(text)
        except ValueError as error:
            message = f"the property file of {arguments} is no JSON: {error}"
            raise DefinitionError(message) from error
        return walk(content, arguments["Path"])

    def holds(self, condition: Mapping[str, Any]) -> bool:
        """Tell whether a condition holds.

        Raises
        ------
        DefinitionError
            It is of an unknown type, or compares what cannot be compared.
        """
        kind = condition["Type"]
        if kind == "Not":
            return not self.holds(condition["Expression"])
        if kind == "Or":
            return any(self.holds(each) for each in condition["Conditions"])
        if kind == "In":
            return bool(self.resolve(condition["QueryValue"]) in self.resolve(condition["Values"]))
        if kind not in _COMPARISONS:
            message = f"the condition {kind!r} is not known to the local platform"
            raise DefinitionError(message)
        left, right = self.resolve(condition["LeftValue"]), self.resolve(condition["RightValue"])
        if not _comparable(left, right):
            message = f"{left!r} cannot be compared with {right!r}"
            raise DefinitionError(message)
        return _COMPARISONS[kind](left, right)


def walk(value: Any, path: str) -> Any:
    """Return what a path like `a.b['c'].d[0]` leads to.

    Raises
    ------
    DefinitionError
        It leads nowhere.
    """
    position = 0
    while position < len(path):
        match = _TOKEN.match(path, position)
        if match is None:
            message = f"{path!r} is no path"
            raise DefinitionError(message)
        key = next(group for group in match.groups() if group is not None)
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            message = f"{path!r} leads nowhere: there is no {key!r}"
            raise DefinitionError(message) from error
        position = match.end()
    return value


def _comparable(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return type(left) is type(right)
    both_numbers = isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS)
    return both_numbers or type(left) is type(right)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
