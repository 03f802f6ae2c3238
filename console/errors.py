"""What the command line says instead of a traceback, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.exceptions import TyperException

from infra.local.errors import PlatformError

NOT_DONE, WRONG_CALL, UNEXPECTED = "not_done", "wrong_call", "unexpected"


class ConsoleError(Exception):
    """Something that the person at the keyboard can do something about."""


class NotFoundError(ConsoleError):
    """What was asked for does not exist."""


def wants_json(arguments: Sequence[str]) -> bool:
    """Return whether a call asks for JSON; what comes after `--` is no option."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def for_machines(error: BaseException, said: str) -> dict[str, Any]:
    """Return an error as `--json` shows it: {"error": {"message", "code", "hint"}}.

    Parameters
    ----------
    said
        The error in words.
    """
    return {"error": {"message": said, "code": _code(error), "hint": _hint(error)}}


def _code(error: BaseException) -> str:
    """Return what kind of error it is: AWS's own code, or one of ours."""
    response = getattr(error, "response", None)  # of botocore, which need not be loaded
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", NOT_DONE))
    if type(error).__module__.startswith("botocore."):
        return NOT_DONE
    if isinstance(error, TyperException):
        return WRONG_CALL
    return NOT_DONE if isinstance(error, (ConsoleError, PlatformError, OSError)) else UNEXPECTED


def _hint(error: BaseException) -> str | None:
    """Return where it is said how to call a verb that was called wrongly."""
    if not isinstance(error, TyperException):
        return None
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context is not None else 'solar'} --help"
