"""Check the retrain sequence as `make check` does: `python -m infra.checks.state_machine`.

Every state is reachable and leads on to a state that exists, every task ends in time, is tried again and
says who hears of its failure, and every way ends.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

DEFINITION = Path(__file__).resolve().parents[2] / "services/trainer_trigger/retrain.asl.yaml"
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
    found = faults(yaml.safe_load(DEFINITION.read_text()))
    for fault in found:
        print(f"{DEFINITION.name}: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
