"""Versions: which there are, which serves, and what a person may decide about them."""

from __future__ import annotations

import getpass
import json as json_module
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from console import output, registry, times, trainer
from console.commands.local import JsonOption
from console.commands.runs import ModelOption, ReasonOption, evaluation_of
from console.state import changing, state
from shared.messages import RollbackRequested

# As tables show what the registry says.
_APPROVALS = {"PendingManualApproval": "pending approval"}


def models(*, json: JsonOption = False) -> None:
    """List registered versions, their approval, scores, and which serves."""
    found = [
        _shown(model_id, package, serving)
        for model_id in trainer.models(state.system)
        for serving in [registry.serving(state.system, model_id)]
        for package in registry.versions(state.system, model_id)
    ]
    if json:
        output.as_json(found)
        return
    rows = [
        (
            each["model_id"],
            each["version"],
            _APPROVALS.get(each["approval"], each["approval"]),
            "deployed" if each["deployed"] else "",
            each["metrics"].get("r2"),
            each["metrics"].get("daylight_r2"),
            each["metrics"].get("nmae"),
            output.short(each["dataset_id"]),
        )
        for each in found
    ]
    columns = ["model", "version", "approval", "serves", "R²", "R² day", "nMAE", "dataset"]
    output.table("Models", columns, rows, "no version is registered yet")


@changing
def approve(
    version: int, model: str, reason: ReasonOption = "approved", *, json: JsonOption = False
) -> None:
    """Approve a version; it is deployed by canary."""
    _decide(version, model, "Approved", reason, json=json)


@changing
def reject(
    version: int, model: str, reason: ReasonOption = "rejected", *, json: JsonOption = False
) -> None:
    """Reject a version: it is not deployed; one that serves is taken back where another can serve.

    Then the newest approved version serves. `rollback` does the same without naming the version.
    """
    _decide(version, model, "Rejected", reason, json=json)


@changing
def rollback(
    model: str,
    to: Annotated[
        int | None, typer.Option(help="Version to go back to; else the one before.")
    ] = None,
    reason: ReasonOption = "rolled back by hand",
    *,
    json: JsonOption = False,
) -> None:
    """Take back the version that serves; it is barred, with the reason, and the one before serves."""
    trainer.require_model(state.system, model)
    now = datetime.now(UTC)
    message = RollbackRequested.of(
        subject=(model, now),
        occurred_at=now,
        correlation_id=f"solar rollback {model}",
        model_id=model,
        to_version=to,
        reason=reason,
        requested_by=getpass.getuser(),
    )
    state.system.send("deployer", message.model_dump_json())
    if json:
        output.as_json({"id": message.id, "model_id": model})
    else:
        output.say("asked; see `solar models` and `solar served-at`")


def served_at(
    at: Annotated[
        datetime | None, typer.Argument(parser=times.moment, metavar="[TIME]", help=times.HELP)
    ] = None,
    model: ModelOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Say which version of which data served at a time; without one, which serves now.

    Examples: solar served-at 2026-05-04
              solar served-at "2026-05-04 09:00 UTC"
    """
    moment = times.in_utc(at).isoformat() if at else None
    served = state.system.ask("deployer", "served", model_id=model, at=moment)["served"]
    gone = {
        model_id
        for model_id, entry in served.items()
        if at is None and entry and registry.serving(state.system, model_id) is None
    }
    if json:
        output.as_json(served | dict.fromkeys(gone))
        return
    rows = [
        (model_id, "no endpoint now", "", "", "")
        if model_id in gone
        else (
            model_id,
            entry["version"],
            output.when(entry["at"]),
            output.short_run(entry["run_id"]),
            entry["dataset_id"],
        )
        for model_id, entry in served.items()
        if entry
    ]
    output.table("Served", ["model", "version", "since", "run", "dataset"], rows, "nothing served")


def _shown(model_id: str, package: dict[str, Any], served: int | None) -> dict[str, Any]:
    about = package.get("CustomerMetadataProperties", {})
    metrics: dict[str, Any] = {}
    if run_id := about.get("run_id"):
        evaluation = evaluation_of(run_id)
        metrics = {
            **evaluation.challenger.all.model_dump(),
            "daylight_r2": evaluation.challenger.daylight.r2,
        }
    return {
        "model_id": model_id,
        "version": package["ModelPackageVersion"],
        "approval": package["ModelApprovalStatus"],
        "approval_reason": package.get("ApprovalDescription"),
        "deployed": package["ModelPackageVersion"] == served,
        "dataset_id": about.get("dataset_id"),
        "run_id": about.get("run_id"),
        "metrics": metrics,
        "model_card": json_module.loads(
            package.get("ModelCard", {}).get("ModelCardContent", "null")
        ),
    }


def _decide(version: int, model: str, status: str, reason: str, *, json: bool) -> None:
    said = f"by {getpass.getuser()}: {reason}"
    registry.decide(state.system, model, version, status, said)
    if json:
        output.as_json({"model_id": model, "version": version, "approval": status})
    else:
        output.say(f"{model} version {version}: {status}")
