"""How traffic moves from the old processes to the new: stages, bake times, alarms that call it off."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from infra.local import emulator
from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.store import Record

BAKE_SCALE_VARIABLE = "SOLAR_LOCAL_BAKE_SCALE"
_LOOK_EVERY = 0.2  # [s]
_WHOLE = 100.0  # [%]
_MOST_CANARY = 50.0  # [%]


@dataclass(frozen=True, slots=True)
class Stage:
    """A share of the traffic that the new fleet gets, and for how long before the next stage."""

    share: float
    seconds: float
    name: str


class AlarmedError(Exception):
    """An alarm of the auto-rollback configuration went off."""


class CancelledError(Exception):
    """The platform goes down."""


def stages(deployment: Record, config: Record) -> list[Stage]:
    """Return the stages of a deployment configuration.

    Raises
    ------
    ApiError
        The configuration contradicts itself, or is of a kind that the platform does not know.
    """
    if "RollingUpdatePolicy" in deployment:
        raise invalid("The local platform does not know RollingUpdatePolicy.")
    policy = deployment.get("BlueGreenUpdatePolicy")
    if policy is None:
        return [Stage(1.0, 0.0, "")]
    routing = policy["TrafficRoutingConfiguration"]
    wait, last = (
        float(routing["WaitIntervalInSeconds"]),
        float(policy.get("TerminationWaitInSeconds", 0)),
    )
    kind = routing["Type"]
    if kind == "ALL_AT_ONCE":
        return [Stage(1.0, wait + last, "TerminationWaitInSeconds")]
    member = "CanarySize" if kind == "CANARY" else "LinearStepSize"
    if member not in routing:
        raise invalid(f"{member} is required for traffic routing of type {kind}.")
    size = _share(routing[member], config, member)
    if kind == "CANARY":
        steps = [size, 1.0]
    else:
        count = max(2, round(1.0 / size))
        steps = [min(1.0, size * number) for number in range(1, count)] + [1.0]
    return [Stage(step, last if step >= 1.0 else wait, _bake_name(step)) for step in steps]


def _bake_name(step: float) -> str:
    return "TerminationWaitInSeconds" if step >= 1.0 else "WaitIntervalInSeconds"


def _share(size: Record, config: Record, member: str) -> float:
    instances = sum(int(each["InitialInstanceCount"]) for each in config["ProductionVariants"])
    percent = float(size["Value"])
    if size["Type"] == "INSTANCE_COUNT":
        percent = _WHOLE * percent / instances
    if percent > _MOST_CANARY:
        raise invalid(
            f"{member} must be less than or equal to 50% of the variant's total instance count "
            f"({size['Value']} of {instances} instance(s) is {percent:.0f}%)."
        )
    if instances < 2 and size["Type"] == "CAPACITY_PERCENT":  # noqa: PLR2004  # one cannot be parted
        raise invalid(f"{member} needs at least two instances: one cannot be divided.")
    return percent / _WHOLE


def check_alarms(deployment: Record) -> list[str]:
    """Return the names of the alarms that are watched.

    Raises
    ------
    ApiError
        One of them does not exist.
    """
    alarms = deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    names = [str(alarm["AlarmName"]) for alarm in alarms]
    for name in names:
        if _alarm(name) is None:
            raise invalid(f"Alarm {name} of the auto-rollback configuration does not exist.")
    return names


def _alarm(name: str) -> Record | None:
    found: Record | None = emulator.alarms.get(name) or emulator.composite_alarms.get(name)
    return found


def bake(seconds: float, alarms: list[str], cancelled: threading.Event) -> None:
    """Wait and watch.

    Parameters
    ----------
    seconds
        As the configuration says; `SOLAR_LOCAL_BAKE_SCALE` makes it shorter for demos and tests. [s]
    alarms
        Names of the alarms that end it.
    cancelled
        Ends it too.

    Raises
    ------
    AlarmedError
        Names the alarms that are in ALARM.
    CancelledError
        `cancelled` was set.
    """
    scale = float(os.environ.get(BAKE_SCALE_VARIABLE, "1"))
    deadline = time.monotonic() + seconds * scale
    for _ in _ticks(deadline):
        firing = [name for name in alarms if (_alarm(name) or {}).get("StateValue") == "ALARM"]
        if firing:
            raise AlarmedError(", ".join(firing))
        if cancelled.wait(min(_LOOK_EVERY, max(0.0, deadline - time.monotonic()))):
            raise CancelledError


def _ticks(deadline: float) -> Iterator[None]:
    yield
    while time.monotonic() < deadline:
        yield
