"""AUTH=true: SageMaker's actions are checked too; the loopback interface counts as encrypted."""

from __future__ import annotations

import json
import os
import re
import threading
import urllib.parse
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from infra.local import emulator
from infra.local.home import Home
from infra.local.patches import redrive
from infra.local.sagemaker import rights as sagemaker

RECORD_VARIABLE = "SOLAR_LOCAL_RECORD_RIGHTS"
SERVICE = "sagemaker"
METRICS = "monitoring"
LOGS = "logs"
QUEUES = "sqs"
# Of the request whose rights are checked just now.
_METRIC_NAMESPACE: ContextVar[str | None] = ContextVar("metric_namespace", default=None)
# AWS has no rights of their own for batches.
_BATCHES = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}
_SESSION = re.compile(r"arn:aws:sts::(\d*):assumed-role/([^/]+)/.*")
_INVOKE = "sagemaker:InvokeEndpoint"


def apply(home: Home) -> None:
    """Change how ministack checks a request's rights, and keep who used which."""
    if os.environ.get(RECORD_VARIABLE):
        emulator.replace(emulator.iam_evaluator, "evaluate", _Recording(home.rights).around)
    emulator.replace(emulator.iam_actions, "extract_iam_action", _with_sagemaker_action)
    emulator.replace(emulator.iam_actions, "extract_resource_arn", _with_sagemaker_resource)
    emulator.replace(emulator.gateway, "pin_request_origin", _as_encrypted)
    emulator.replace(emulator.iam_evaluator, "_resolve_condition_key", _with_role_arn)


class _Recording:
    """Keeps each use of a right once: who did what on what."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: set[tuple[str, ...]] = set()
        self._one_at_a_time = threading.Lock()

    def around(self, evaluate: Callable[..., Any]) -> Callable[..., Any]:
        def changed(context: Any, *policies: Any) -> Any:
            result = evaluate(context, *policies)
            principal = _SESSION.sub(r"arn:aws:iam::\1:role/\2", context.principal_arn)
            if result.decision == "Allow":
                self._keep(principal, context.action, context.resource_arn)
            return result

        return changed

    def _keep(self, *use: str) -> None:
        with self._one_at_a_time:
            if use in self._known:
                return
            self._known.add(use)
            with self._path.open("a", encoding="utf-8") as file:
                line = dict(zip(("principal", "action", "resource"), use, strict=True))
                file.write(json.dumps(line) + "\n")


def _as_encrypted(pin: Callable[..., Any]) -> Callable[..., Any]:
    """Let TLS-only policies admit requests that never leave the machine."""

    def changed(address: str, encrypted: bool) -> Any:  # noqa: ARG001, FBT001  # ministack's signature
        return pin(address, True)  # noqa: FBT003

    return changed


def _with_role_arn(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Let `aws:PrincipalArn` be the role of an assumed-role session, and know a metric's namespace."""

    def changed(key: str, context: Any) -> Any:
        value = resolve(key, context)
        if key.lower() == "cloudwatch:namespace":
            return value or _METRIC_NAMESPACE.get()
        if key.lower() == "aws:principalarn" and isinstance(value, str):
            return _SESSION.sub(r"arn:aws:iam::\1:role/\2", value)
        return value

    return changed


def _with_sagemaker_action(extract: Callable[..., Any]) -> Callable[..., Any]:
    def changed(service: str, method: str, path: str, headers: dict[str, str], *rest: Any) -> Any:
        if service != SERVICE:
            action = extract(service, method, path, headers, *rest)
            return _BATCHES.get(action, action)
        if path.startswith("/endpoints/"):
            return _INVOKE
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        return f"{SERVICE}:{operation}" if sagemaker.is_known(operation) else None

    return changed


def _with_sagemaker_resource(extract: Callable[..., Any]) -> Callable[..., Any]:
    def changed(service: str, method: str, path: str, headers: dict[str, str], *rest: Any) -> Any:
        if service != SERVICE:
            _METRIC_NAMESPACE.set(_member(rest[0], "Namespace") if service == METRICS else None)
            found = extract(service, method, path, headers, *rest)
            if service == METRICS and headers.get("x-amz-target", "").endswith(".DeleteAlarms"):
                return _doomed_alarm(rest[0], rest[2], rest[3]) or found
            return _looked_at(service, rest[0], rest[2], rest[3]) or found
        body, _, region, account = rest
        if path.startswith("/endpoints/"):
            where = f"arn:aws:sagemaker:{region}:{account}"
            return f"{where}:endpoint/{urllib.parse.unquote(path.split('/')[2])}"
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            request = json.loads(body)
        except ValueError:
            request = {}  # the operation itself refuses such a request
        return sagemaker.resource(operation, request, region, account)

    return changed


def _looked_at(service: str, body: bytes, region: str, account: str) -> str | None:
    """Return the dashboard, the first log group of a query, or the queue of a move; None for the rest."""
    if service == METRICS and (dashboard := _member(body, "DashboardName")):
        return f"arn:aws:cloudwatch::{account}:dashboard/{dashboard}"
    if service == LOGS and (group := _member(body, "logGroupNames")):
        return f"arn:aws:logs:{region}:{account}:log-group:{group}"
    if service == QUEUES and (handle := _member(body, "TaskHandle")):
        return redrive.source_of(handle)
    if service == QUEUES:
        return _member(body, "SourceArn")
    return None


def _doomed_alarm(body: bytes, region: str, account: str) -> str | None:
    """Return the alarm that is to be deleted; of several the first, as ministack does for objects."""
    name = _member(body, "AlarmNames")
    return f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}" if name else None


def _member(body: bytes, member: str) -> str | None:
    """Return what a request names, of several the first; None where it names none."""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    named = found.get(member) if isinstance(found, dict) else None
    named = named[0] if isinstance(named, list) and named else named
    return named if isinstance(named, str) else None
