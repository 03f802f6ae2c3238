"""EventBridge Scheduler: the context attributes in a schedule's input, and what its role may do."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infra.local import emulator, roles, telemetry
from infra.local.roles import RefusedError

SOURCE = "aws.scheduler"
_LOG = logging.getLogger("solar.schedules")
_NAMESPACE = "AWS/Scheduler"
_UNTRUSTED = (
    "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
)
# What a schedule does to its target, by the target's service.
_ACTIONS = {
    "lambda": "lambda:InvokeFunction",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
    "states": "states:StartExecution",
}


def apply() -> None:
    """Change how ministack hands a schedule's input to its target."""
    emulator.replace(emulator.eventbridge, "_invoke_target", _with_context)
    emulator.replace(emulator.eventbridge, "_invoke_target", _as_role)
    emulator.replace(emulator.scheduler, "_create_schedule", _trusted)
    emulator.replace(emulator.scheduler, "_update_schedule", _trusted)
    schedule = emulator.resource_handlers["AWS::Scheduler::Schedule"]
    for verb in ("create", "update"):
        schedule[verb] = _trusted_in_template(schedule[verb])


def _with_context(invoke: Callable[..., Any]) -> Callable[..., Any]:
    def changed(
        target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None
    ) -> Any:
        if event.get("Source") == SOURCE and target.get("Input"):
            target = {**target, "Input": substituted(target["Input"], event, rule)}
        return invoke(target, event, rule, view)

    return changed


def _as_role(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Reach a schedule's target only where the schedule's role may; else count it, as AWS does."""

    def changed(
        target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None
    ) -> Any:
        if event.get("Source") == SOURCE:
            try:
                _require(target, rule)
            except RefusedError as error:
                _LOG.warning("schedule %s reaches no target: %s", rule.get("Name"), error)
                group = {"ScheduleGroup": rule.get("GroupName", "default")}
                for metric in ("TargetErrorCount", "InvocationDroppedCount"):
                    telemetry.metric(_NAMESPACE, metric, 1.0, "Count", group)
                return None
        return invoke(target, event, rule, view)

    return changed


def _require(target: dict[str, Any], schedule: dict[str, Any]) -> None:
    role = roles.assume(
        target.get("RoleArn", ""), roles.SCHEDULER, str(schedule.get("Name")), _group(schedule)
    )
    if role is not None:
        role.require(*_right(target))


def _right(target: dict[str, Any]) -> tuple[str, str]:
    """Return the action on what that reaching a target is."""
    service, arn = target["Arn"].split(":")[2], target["Arn"]
    if service in _ACTIONS:
        return _ACTIONS[service], arn
    called, operation = arn.split(":")[-2:]  # of arn:aws:scheduler:::aws-sdk:codebuild:startBuild
    action = f"{called}:{operation[0].upper()}{operation[1:]}"
    if action != "codebuild:StartBuild":
        return action, "*"
    project = json.loads(target["Input"])["ProjectName"]
    where = f"{emulator.responses.get_region()}:{emulator.responses.get_account_id()}"
    return action, f"arn:aws:codebuild:{where}:project/{project}"


def _group(schedule: dict[str, Any]) -> str:
    """Return the ARN that Scheduler shows to a role's trust: that of the schedule's group."""
    where = f"{emulator.responses.get_region()}:{emulator.responses.get_account_id()}"
    return f"arn:aws:scheduler:{where}:schedule-group/{schedule.get('GroupName', 'default')}"


def _trusted(keep: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a schedule whose role Scheduler may not assume."""

    def changed(name: str, body: dict[str, Any]) -> Any:
        if not _is_trusted(body):
            return emulator.responses.error_response_json("ValidationException", _UNTRUSTED, 400)
        return keep(name, body)

    return changed


def _trusted_in_template(make: Callable[..., Any]) -> Callable[..., Any]:
    def changed(*arguments: Any) -> Any:
        if not _is_trusted(next(each for each in reversed(arguments) if isinstance(each, dict))):
            raise ValueError(_UNTRUSTED)
        return make(*arguments)

    return changed


def _is_trusted(schedule: dict[str, Any]) -> bool:
    """Whether Scheduler may assume a schedule's role."""
    role = schedule["Target"].get("RoleArn", "")
    try:
        roles.assume(role, roles.SCHEDULER, "", _group(schedule))
    except RefusedError:
        return False
    return True


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
