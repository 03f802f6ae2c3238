"""Step Functions: starting twice is starting once, time limits, metrics, SNS message attributes."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infra.local import emulator, telemetry

_NAMESPACE = "AWS/States"
_SNS_PUBLISH = "arn:aws:states:::sns:publish"
_METRICS = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


def apply() -> None:
    """Change ministack's Step Functions."""
    emulator.replace(emulator.stepfunctions, "_start_execution", _idempotent)
    emulator.replace(emulator.stepfunctions, "_run_execution", _with_timeout)
    emulator.replace(emulator.stepfunctions, "_emit_execution_status_event", _with_metrics)
    emulator.integrations[_SNS_PUBLISH] = _with_attributes(emulator.integrations[_SNS_PUBLISH])


def _idempotent(start: Callable[..., Any]) -> Callable[..., Any]:
    """Answer a second start with the same name and input with the execution that runs, as AWS does."""

    def changed(request: dict[str, Any]) -> Any:
        machine, name = request.get("stateMachineArn", ""), request.get("name")
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        running = emulator.executions.get(arn)
        same = (
            name
            and running is not None
            and running["status"] == "RUNNING"
            and running["input"] == request.get("input", "{}")
        )
        if same:
            return emulator.responses.json_response(
                {"executionArn": arn, "startDate": running["startDate"]}
            )
        return start(request)

    return changed


def _with_timeout(run: Callable[..., Any]) -> Callable[..., Any]:
    """End an execution with TIMED_OUT when the machine's TimeoutSeconds are over."""

    def changed(arn: str) -> Any:
        seconds = _limit(arn)
        if seconds is None:
            return run(arn)
        timer = threading.Timer(seconds, contextvars.copy_context().run, args=(_time_out, arn))
        timer.daemon = True
        timer.start()
        try:
            return run(arn)
        finally:
            timer.cancel()

    return changed


def _limit(arn: str) -> float | None:
    execution = emulator.executions.get(arn)
    machine = execution and emulator.state_machines.get(execution["stateMachineArn"])
    if not machine:
        return None
    try:
        seconds = json.loads(machine["definition"]).get("TimeoutSeconds")
    except ValueError:
        return None  # ministack fails the execution and says why
    return None if seconds is None else float(seconds)


def _time_out(arn: str) -> None:
    execution = emulator.executions.get(arn)
    if execution is None or execution["status"] != "RUNNING":
        return
    execution.update(
        status="TIMED_OUT",
        stopDate=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )
    emulator.add_execution_event(execution, "ExecutionTimedOut", {})
    _with_metrics(emulator.emit_execution_event)(execution)


def _with_metrics(emit: Callable[..., Any]) -> Callable[..., Any]:
    """Count executions by outcome, and how long they took."""

    def changed(execution: dict[str, Any]) -> None:
        emit(execution)
        where = {"StateMachineArn": execution["stateMachineArn"]}
        metric = _METRICS.get(execution["status"])
        if metric:
            telemetry.metric(_NAMESPACE, metric, 1, "Count", where)
        if execution.get("stopDate"):
            started = datetime.fromisoformat(execution["startDate"])
            ended = datetime.fromisoformat(execution["stopDate"])
            took = (ended - started).total_seconds() * 1000
            telemetry.metric(_NAMESPACE, "ExecutionTime", took, "Milliseconds", where)

    return changed


def _with_attributes(publish: Callable[..., Any]) -> Callable[..., Any]:
    """Pass a task's MessageAttributes on in the form of SNS's query protocol."""

    def changed(resource: str, given: dict[str, Any]) -> Any:
        flat = {name: value for name, value in given.items() if name != "MessageAttributes"}
        attributes = given.get("MessageAttributes") or {}
        for number, (name, attribute) in enumerate(attributes.items(), start=1):
            entry = f"MessageAttributes.entry.{number}"
            flat[f"{entry}.Name"] = name
            for member, value in attribute.items():
                flat[f"{entry}.Value.{member}"] = value
        return publish(resource, flat)

    return changed
