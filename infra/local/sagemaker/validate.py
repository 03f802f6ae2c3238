"""Requests and answers against botocore's own description of SageMaker.

botocore refuses unknown and missing members on the client's side, but a pipeline's steps, a state
machine's tasks and other languages never pass through it: AWS checks again, and so do we.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator

from infra.local.sagemaker.errors import ApiError, invalid

_VALIDATOR = ParamValidator()
_MOST_FAULTS_SHOWN = 10


@cache
def service_model(service: str = "sagemaker") -> ServiceModel:
    """Return botocore's description of a service."""
    return botocore.session.get_session().get_service_model(service)


def operation(name: str) -> OperationModel:
    """Return botocore's description of an operation.

    Raises
    ------
    ApiError
        SageMaker has no such operation.
    """
    if name not in service_model().operation_names:
        raise ApiError("UnknownOperationException", f"SageMaker has no operation {name}")
    return service_model().operation_model(name)


def request(name: str, members: Mapping[str, Any]) -> None:
    """Check an operation's request as AWS would.

    Raises
    ------
    ApiError
        Names every member that is unknown, missing, of the wrong type or out of bounds.
    """
    shape = operation(name).input_shape
    if shape is None:
        return
    report = _VALIDATOR.validate(members, shape)
    structural = report.generate_report().splitlines() if report.has_errors() else []
    faults = structural or list(faults_of(members, shape))
    if not faults:
        return
    plural = "s" if len(faults) > 1 else ""
    shown = "; ".join(faults[:_MOST_FAULTS_SHOWN])
    raise invalid(f"{len(faults)} validation error{plural} detected: {shown}")


def answer(name: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return those members of a record that an operation's answer has."""
    return _project(record, operation(name).output_shape)


def summaries(name: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return records as a list operation shows them."""
    _, item = listed(name)
    return [_project(record, item) for record in records]


def listed(name: str) -> tuple[str, Any]:
    """Return the member of a list operation's answer that holds the items, and an item's shape."""
    shape: Any = operation(name).output_shape
    if shape is not None:
        for member, inner in shape.members.items():
            if inner.type_name == "list":
                return member, inner.member
    message = f"{name} lists nothing"
    raise ValueError(message)


def _project(record: Mapping[str, Any], shape: Any) -> dict[str, Any]:
    if shape is None:
        return {}
    return {member: record[member] for member in shape.members if record.get(member) is not None}


def faults_of(members: Mapping[str, Any], shape: Any) -> Iterator[str]:
    """Yield, in AWS's words, what botocore lets through: enumerations, patterns, lengths and bounds."""
    yield from _faults(members, shape, "")


def _faults(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Yield what ParamValidator does not check: enumerations, patterns, lengths and bounds."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        yield from _structure(value, shape, path)
    elif kind == "list" and isinstance(value, list):
        yield from _length(value, shape, path)
        for index, inner in enumerate(value, start=1):
            yield from _faults(inner, shape.member, f"{path}.{index}.member")
    elif kind == "map" and isinstance(value, dict):
        for key, inner in value.items():
            yield from _faults(key, shape.key, f"{path}.{key}")
            yield from _faults(inner, shape.value, f"{path}.{key}")
    elif kind == "string" and isinstance(value, str):
        yield from _text(value, shape, path)
    elif isinstance(value, (int, float)):
        low, high = shape.metadata.get("min", value), shape.metadata.get("max", value)
        if not low <= value <= high:
            yield _failed(value, path, f"Member must be between {low} and {high}")


def _structure(value: dict[str, Any], shape: Any, path: str) -> Iterator[str]:
    for member, inner in value.items():
        if member not in shape.members:
            yield f"Value at '{_name(path)}' has an unknown member {member!r}"
        else:
            yield from _faults(inner, shape.members[member], f"{path}.{_lower(member)}")


def _text(value: str, shape: Any, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield _failed(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    yield from _length(value, shape, path)
    pattern = shape.metadata.get("pattern")
    if pattern and not _matches(pattern, value):
        yield _failed(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _length(value: Any, shape: Any, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
    if len(value) < low:
        yield _failed(value, path, f"Member must have length greater than or equal to {low}")
    if high is not None and len(value) > high:
        yield _failed(value, path, f"Member must have length less than or equal to {high}")


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return None  # a few patterns use Java's classes, which Python does not know


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


def _failed(value: Any, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{_name(path)}' failed to satisfy constraint: {constraint}"


def _name(path: str) -> str:
    return path.lstrip(".") or "request"


def _lower(member: str) -> str:
    return member[:1].lower() + member[1:]
