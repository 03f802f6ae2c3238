"""Check the retrain sequence as `make check` does: `python -m infra.checks.state_machine`.

The language is checked by cfn-lint's schema of the Amazon States Language, calls of AWS by botocore's model.
Beyond these, every state is reachable and leads on to a state that exists, every task ends in time, is tried
again and says who hears of its failure, and every way ends.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import yaml
from cfnlint.api import lint
from cfnlint.config import ManualArgs

DEFINITION = Path(__file__).resolve().parents[2] / "services/trainer_trigger/retrain.asl.yaml"
_SDK_CALL = re.compile(r"aws-sdk:(\w+):(\w+)$")
_ENDS = {"Succeed", "Fail"}
# Tasks on the way of a failure itself: whoever fails here is found by the sweep and the alarm.
_LAST_RESORT = {
    "PublishOutcome",
    "CloseRun",
    "Explain",
    "PublishFailure",
    "CloseFailedRun",
}


def faults(definition: dict[str, Any]) -> list[str]:
    """Return everything that is wrong with a state machine's definition, in words."""
    states: dict[str, Any] = definition["States"]
    found = list(_reachability(definition["StartAt"], states))
    if "TimeoutSeconds" not in definition:
        found.append("the machine has no TimeoutSeconds")
    for name, state in states.items():
        found += [f"{name}: {fault}" for fault in _state_faults(name, state)]
    return found


def language_faults(definition: dict[str, Any]) -> list[str]:
    """Return what is no Amazon States Language: unknown and missing fields, wrong types, wrong targets."""
    template = {
        "Resources": {
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": "arn:aws:iam::123456789012:role/any",
                    "Definition": definition,
                },
            }
        }
    }
    matches = lint(json.dumps(template, default=str), config=ManualArgs(regions=["us-east-1"]))
    return [f"{'/'.join(map(str, each.path[4:]))}: {each.message}" for each in matches]


def call_faults(definition: dict[str, Any]) -> Iterator[str]:
    """Yield what AWS's calls do not take: no operation, an argument unknown or missing."""
    session = botocore.session.get_session()
    for name, state in definition["States"].items():
        called = _SDK_CALL.search(state.get("Resource", ""))
        if not called:
            continue
        service, call = called.groups()
        operations = session.get_service_model(service).operation_names
        operation = call[:1].upper() + call[1:]
        if operation not in operations:
            yield f"{name}: {service} has no {operation}"
            continue
        shape: Any = session.get_service_model(service).operation_model(operation).input_shape
        given = {each.removesuffix(".$") for each in state.get("Parameters", {})}
        for wrong in sorted(given - shape.members.keys()):
            yield f"{name}: {operation} takes no {wrong}"
        for missing in sorted(set(shape.required_members) - given):
            yield f"{name}: {operation} needs {missing}"


def targets(state: dict[str, Any]) -> set[str]:
    """Return the states that a state can lead to."""
    choices = [choice["Next"] for choice in state.get("Choices", [])]
    catches = [catch["Next"] for catch in state.get("Catch", [])]
    return {*choices, *catches, *(state[key] for key in ("Next", "Default") if key in state)}


def _reachability(start: str, states: dict[str, Any]) -> Iterator[str]:
    reached, frontier = set(), {start}
    while frontier:
        name = frontier.pop()
        if name not in states:
            yield f"{name} does not exist but is led to"
            continue
        reached.add(name)
        frontier |= targets(states[name]) - reached
    for name in states.keys() - reached:
        yield f"{name} cannot be reached"


def _state_faults(name: str, state: dict[str, Any]) -> Iterator[str]:
    kind = state["Type"]
    if kind not in _ENDS and not state.get("End") and not targets(state):
        yield "leads nowhere"
    if kind == "Choice" and "Default" not in state:
        yield "a choice without Default fails on the unexpected"
    if kind != "Task":
        return
    if "TimeoutSeconds" not in state:
        yield "a task without TimeoutSeconds can wait for ever"
    if not any("MaxAttempts" in retry for retry in state.get("Retry", [])):
        yield "a task that is never tried again"
    if name not in _LAST_RESORT and not any(
        "States.ALL" in catch["ErrorEquals"] for catch in state.get("Catch", [])
    ):
        yield "a failure that nobody hears of (no Catch for States.ALL)"
    if state.get("ResultPath", "$") is not None and "ResultSelector" not in state:
        yield "keeps a whole result; select what is needed (256 KiB limit)"


def main() -> int:
    """Print the faults; exit code 1 where there are any."""
    definition = yaml.safe_load(DEFINITION.read_text())
    found = [*faults(definition), *language_faults(definition), *call_faults(definition)]
    for fault in found:
        print(f"{DEFINITION.name}: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
