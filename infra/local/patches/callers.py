"""Policies that name their caller, and simulations of somebody's rights, as IAM understands them."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from infra.local import emulator

_USERNAME = "${aws:username}"
_NOBODY = "\0"  # no name of a user


def apply() -> None:
    """Change how ministack reads policies, and whose rights a simulation is about."""
    emulator.replace(emulator.iam_evaluator, "evaluate", _with_username)
    emulator.replace(emulator.iam_actions, "extract_resource_arn", _with_simulated)


def _with_username(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    """Put the caller's name where a policy has the variable; for who is no user, it matches nothing."""

    def changed(context: Any, *layers: Any) -> Any:
        _, is_user, name = context.principal_arn.rpartition(":user/")
        username = name.rpartition("/")[2] if is_user else _NOBODY
        return evaluate(context, *(_filled(layer, username) for layer in layers))

    return changed


def _filled(layer: Any, username: str) -> Any:
    return [[_named(each, username) for each in statements] for statements in layer]


def _named(statement: Any, username: str) -> Any:
    if not any(_USERNAME in each for each in statement.resources):
        return statement
    names = [each.replace(_USERNAME, username) for each in statement.resources]
    return replace(statement, resources=names)


def _with_simulated(extract: Callable[..., Any]) -> Callable[..., Any]:
    def changed(service: str, *request: Any) -> Any:
        found = extract(service, *request)
        if service != "iam":
            return found
        body, query = request[3], request[4]
        asked = urllib.parse.parse_qs(body.decode(errors="replace")) | query
        return next(iter(asked.get("PolicySourceArn", ())), found)

    return changed
