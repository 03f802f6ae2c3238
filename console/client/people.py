"""What people decide about models and versions, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from console import registry, trainer
from console.client import objects
from console.errors import ConsoleError
from console.target import System
from shared import names
from shared.messages import HoldRequested, RetrainRequested, RollbackRequested


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback would do.

    Attributes
    ----------
    seen
        The version that serves now.
    bars
        The versions that it bars, newest first.
    back
        The version that serves then; None where no earlier one is approved.
    loses
        Sites that the version in service knows and the one to go back to does not.
    """

    model_id: str
    to: int | None
    seen: int | None
    bars: tuple[int, ...]
    back: int | None
    loses: tuple[str, ...]


def require_evaluation(system: System, model: str, version: int) -> None:
    """Refuse a version that has no evaluation.

    Raises
    ------
    ConsoleError
        It has none, or there is no such version.
    """
    package = registry.version(system, model, version)
    if "run_id" not in package.get("CustomerMetadataProperties", {}):
        raise ConsoleError(
            f"model {model} version {version} has no evaluation that its answers could be compared with, so "
            "that it would not be deployed; say --unchecked --reason … if it shall be all the same"
        )


def decide(
    system: System, model: str, version: int, status: str, *, reason: str, by: str, **how: bool
) -> dict[str, Any]:
    """Approve or reject a version in a person's name; return it as it was before."""
    said = f"{names.BY}{by}: {reason}"
    return registry.decide(system, model, version, status, said, **how)


def retrain(
    system: System, model: str, reason: str, by: str, *, force: bool = False
) -> RetrainRequested:
    """Ask for a retrain now."""
    trainer.require_model(system, model)
    now = datetime.now(UTC)
    message = RetrainRequested.of(
        subject=(model, now),
        occurred_at=now,
        correlation_id=f"solar retrain {model}",
        model_id=model,
        reason=reason,
        requested_by=by,
        force=force,
    )
    system.send("trainer_trigger", message.model_dump_json())
    return message


def hold(system: System, model: str, reason: str, by: str, *, hold: bool) -> HoldRequested:
    """Ask for a model to be held, or to be released."""
    trainer.require_model(system, model)
    now = datetime.now(UTC)
    message = HoldRequested.of(
        subject=(model, hold, now),
        occurred_at=now,
        correlation_id=f"solar {'hold' if hold else 'release'} {model}",
        model_id=model,
        hold=hold,
        reason=reason,
        requested_by=by,
    )
    system.send("deployer", message.model_dump_json())
    return message


def plan_rollback(system: System, model: str, to: int | None = None) -> Rollback:
    """Return what a rollback would do."""
    trainer.require_model(system, model)
    seen, known = registry.serving(system, model), approved(system, model)
    barred = _barred_by(known, to, seen)
    before = next((each for each in known if each < min(barred, default=0)), None)
    back = to if to is not None else before
    serves = seen if seen is not None else next(iter(barred), None)
    lost = _lost_sites(system, model, serves, back)
    return Rollback(model, to, seen, tuple(barred), back, tuple(lost))


def roll_back(system: System, planned: Rollback, reason: str, by: str) -> RollbackRequested:
    """Ask for a rollback, with what its author saw."""
    now = datetime.now(UTC)
    message = RollbackRequested.of(
        subject=(planned.model_id, now),
        occurred_at=now,
        correlation_id=f"solar rollback {planned.model_id}",
        model_id=planned.model_id,
        to_version=planned.to,
        seen_version=planned.seen,
        reason=reason,
        requested_by=by,
    )
    system.send("deployer", message.model_dump_json())
    return message


def approved(system: System, model: str) -> list[int]:
    """Return a model's approved versions, newest first."""
    return [
        package["ModelPackageVersion"]
        for package in registry.versions(system, model)
        if package["ModelApprovalStatus"] == "Approved"
    ]


def _barred_by(known: list[int], to: int | None, seen: int | None) -> list[int]:
    """Return the versions that a rollback would bar, newest first."""
    if to is not None:
        return [number for number in known if number > to]
    return known[:1] if seen is None else [number for number in known if number == seen]


def _lost_sites(system: System, model: str, serves: int | None, back: int | None) -> list[str]:
    """Return the sites that the version in service knows and the one to go back to does not."""
    if serves is None or back is None:
        return []
    known = known_sites(system, model, back)
    return sorted(known_sites(system, model, serves) - known) if known else []


def known_sites(system: System, model: str, number: int) -> set[str]:
    """Return the sites that a version was evaluated on; none where that is not known any more."""
    about = registry.version(system, model, number).get("CustomerMetadataProperties", {})
    try:
        evaluation = objects.evaluation_of(system, about["run_id"])
    except (KeyError, ConsoleError):
        return set()  # a person must be able to go back all the same
    return {site.name for site in evaluation.challenger.by_site}
