"""What a person may change about a model: what it will do, said with the versions that the page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from console import registry
from console.client import people
from console.errors import ConsoleError
from console.target import System
from console.web.rendering import when

Given = Mapping[str, str]
NONE = "none"  # where nothing serves


def version(given: Given) -> int:
    """Return the version that a change is about."""
    if not given["version"].isdecimal():
        raise ConsoleError(f"{given['version']!r} is no version")
    return int(given["version"])


def shows_serving(system: System, given: Given) -> dict[str, str]:
    """Return the version that serves, which the form carries: a change is of what its page showed."""
    return {"serves": str(registry.serving(system, given["model"]) or NONE)}


def _require_shown(given: Given, serves: int | None) -> None:
    """Refuse a form that is of another version than serves by now."""
    shown, now = given["serves"], str(serves or NONE)
    if shown == now:
        return
    if shown == NONE:
        raise ConsoleError(
            f"nothing served when the form was shown, and version {now} does now; nothing was changed"
        )
    others = "nothing does" if now == NONE else f"{now} does"
    raise ConsoleError(f"version {shown} no longer serves ({others}); nothing was changed")


def approve_says(system: System, given: Given) -> list[str]:
    """Say what an approval does."""
    people.require_evaluation(system, given["model"], version(given))
    return [
        f"Version {version(given)} of model {given['model']} is approved in your name.",
        "It is tested before it serves; on instances a part of the requests comes first.",
    ]


def decide(status: str) -> Callable[[System, Given, str, str], object]:
    """Return what approves or rejects a version."""

    def do(system: System, given: Given, reason: str, by: str) -> object:
        if status == "Approved":
            people.require_evaluation(system, given["model"], version(given))
        return people.decide(system, given["model"], version(given), status, reason=reason, by=by)

    return do


def reject_says(system: System, given: Given) -> list[str]:
    """Say what a rejection does, and whether the version serves now."""
    number, model = version(given), given["model"]
    said = f"Version {number} of model {model} is rejected in your name"
    serves = registry.serving(system, model)
    if serves != number:
        now = f"version {serves} does" if serves else "nothing does"
        return [f"{said}; it is not deployed.", f"It does not serve now ({now}); that stays."]
    others = [each for each in people.approved(system, model) if each != number]
    if not others:
        return [
            f"{said}. It serves now, and no other version is approved: it goes on until one is."
        ]
    return [f"{said}. It serves now: version {others[0]} takes its place."]


def rollback_says(system: System, given: Given) -> list[str]:
    """Say what a rollback does, and which version serves then."""
    model = given["model"]
    if given["serves"] == NONE:
        raise ConsoleError(f"nothing of model {model} serves, so nothing can be taken back")
    planned = people.plan_rollback(system, model)
    _require_shown(given, planned.seen)
    if not planned.bars:
        raise ConsoleError(f"version {planned.seen} of model {model} serves, and is not approved")
    if planned.back is None:
        raise ConsoleError(
            f"no version of model {model} before {planned.seen} is approved, so nothing else could serve; "
            "approve one first"
        )
    barred = ", ".join(map(str, planned.bars))
    said = [
        f"Version {barred} of model {model} is taken back and barred, with your reason.",
        f"Version {planned.back} serves again, {_approval(registry.version(system, model, planned.back))}.",
        "The model is held: nothing newer is deployed by itself until somebody releases it.",
    ]
    if planned.loses:
        said.append(
            f"Version {planned.back} does not know these sites: {', '.join(planned.loses)}."
        )
    return said


def _approval(package: Mapping[str, Any]) -> str:
    """Return when a version was approved, by whom and why, as far as the registry says it."""
    at = package.get("LastModifiedTime") or package.get("CreationTime")
    note = registry.decision_of(dict(package))[1]
    return f"approved{f' {when(at)}' if at else ''}{f' ({note})' if note else ''}"


def roll_back(system: System, given: Given, reason: str, by: str) -> object:
    """Take back the version that the form showed, if it still serves."""
    planned = people.plan_rollback(system, given["model"])
    _require_shown(given, planned.seen)
    return people.roll_back(system, planned, reason, by)


def hold_says(system: System, given: Given) -> list[str]:
    """Say what a hold does, and what serves on."""
    serves = given["serves"]
    _require_shown(given, registry.serving(system, given["model"]))
    now = "Nothing serves now" if serves == NONE else f"Version {serves} serves on"
    return [
        f"{now}; nothing newer of model {given['model']} is deployed by itself until somebody releases it, "
        "or approves a version.",
        "Runs still train and register.",
    ]


def hold(system: System, given: Given, reason: str, by: str) -> object:
    """Hold a model at the version that the form showed, if it still serves."""
    _require_shown(given, registry.serving(system, given["model"]))
    return people.hold(system, given["model"], reason, by, hold=True)


def unhold_says(system: System, given: Given) -> list[str]:
    """Say what a release does; there is none of a model that is not held."""
    model = given["model"]
    held = registry.holds(system, [model]).get(model)
    if held is None:
        raise ConsoleError(f"model {model} is not held; there is nothing to release")
    return [
        f"Model {model} is no longer held (by {held['by']} since {when(held['since'])}: {held['reason']}): "
        "its newest approved version is deployed again."
    ]


def unhold(system: System, given: Given, reason: str, by: str) -> object:
    """Release a model that is held."""
    unhold_says(system, given)
    return people.hold(system, given["model"], reason, by, hold=False)


def retrain_says(_: System, given: Given) -> list[str]:
    """Say what a retrain does."""
    return [
        f"A run of model {given['model']} starts now, whatever quiet period, minimum and cool-down say.",
        "A run in flight, a pause or a spent budget holds it: the decisions say so.",
        "The same data with the same settings is not trained twice, unless you say so below.",
    ]


def retrain(system: System, given: Given, reason: str, by: str) -> object:
    """Ask for a retrain, also of what was trained already where the form says so."""
    return people.retrain(system, given["model"], reason, by, force=bool(given.get("force")))
