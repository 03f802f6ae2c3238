"""EventBridge Scheduler: the context attributes in a schedule's input."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infra.local import emulator

SOURCE = "aws.scheduler"


def apply() -> None:
    """Change how ministack hands a schedule's input to its target."""
    emulator.replace(emulator.eventbridge, "_invoke_target", _with_context)


def _with_context(invoke: Callable[..., Any]) -> Callable[..., Any]:
    def changed(
        target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None
    ) -> Any:
        if event.get("Source") == SOURCE and target.get("Input"):
            target = {**target, "Input": substituted(target["Input"], event, rule)}
        return invoke(target, event, rule, view)

    return changed


def substituted(text: str, event: dict[str, Any], schedule: dict[str, Any]) -> str:
    """Return a schedule's input with AWS's placeholders replaced by this run's values."""
    scheduled = datetime.fromtimestamp(float(event["Time"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    values = {
        "<aws.scheduler.scheduled-time>": scheduled,
        "<aws.scheduler.execution-id>": str(uuid.uuid4()),
        "<aws.scheduler.schedule-arn>": str(schedule.get("Arn", "")),
        "<aws.scheduler.attempt-number>": "1",
    }
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text
