"""What is wrong with a value of a call, in our words instead of those of the library that read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Let a value that is refused be refused in plain words."""
    try:
        yield
    except typer.BadParameter as error:
        error.message = _said(error)
        raise


def _said(error: typer.BadParameter) -> str:
    faults = getattr(error.__cause__, "errors", None)  # of pydantic, which need not be loaded
    return _plain(faults()[0], error.message) if faults else error.message


def _plain(fault: dict[str, Any], otherwise: str) -> str:
    value, about = fault["input"], fault.get("ctx", {})
    match fault["type"]:
        case "int_parsing" | "int_type" | "int_from_float":
            return f"{value!r} is no whole number"
        case "float_parsing" | "float_type":
            return f"{value!r} is no number"
        case "greater_than_equal":
            return f"{value} is too small; the least is {about['ge']}"
        case "less_than_equal":
            return f"{value} is too large; the most is {about['le']}"
        case "value_error":
            return otherwise.removeprefix("Value error, ")
    return otherwise
