"""Versions: which there are, which serves, and what a person may decide about them."""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import Annotated, Any

import typer

from console import output, registry, times, trainer
from console.client import people, sites, versions
from console.commands import live
from console.commands.local import JsonOption
from console.commands.runs import ModelOption, ReasonOption
from console.errors import ConsoleError
from console.state import changing, state

# As tables show what the registry says.
_APPROVALS = {"PendingManualApproval": "pending approval"}


def models(*, json: JsonOption = False) -> None:
    """List registered versions, their approval, scores, and which serves.

    Example: solar models --json
    """
    held = registry.holds(state.system)
    found = [
        each | {"held": held.get(model_id)}
        for model_id in trainer.models(state.system)
        for each in versions.of_model(state.system, model_id)
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
    for model_id, hold in held.items():
        output.say(output.held(model_id, hold))


@changing
def approve(
    version: int,
    model: str,
    reason: ReasonOption = "approved",
    *,
    unchecked: Annotated[
        bool,
        typer.Option(
            help="Although it has no evaluation that its answers can be compared with: it is only asked "
            "whether they are plausible."
        ),
    ] = False,
    now: Annotated[
        bool,
        typer.Option(
            "--now",
            help="Although an alarm of the endpoint rings for what serves; that alarm then does not take the "
            "new version back, its tests and the other alarms do.",
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Approve a version; it is tested, and then serves.

    Examples: solar approve 3 golden --reason "the shift is the new inverter"
              solar approve 4 golden --unchecked --reason "registered by hand"
              solar approve 5 golden --now --reason "it mends the errors of 4"
    """
    if not unchecked:
        people.require_evaluation(state.system, model, version)
    by = getpass.getuser()
    before = people.decide(
        state.system,
        model,
        version,
        "Approved",
        reason=reason,
        by=by,
        unchecked=unchecked,
        at_once=now,
    )
    _say_decided(before, model, "Approved", json=json)


@changing
def reject(
    version: int, model: str, reason: ReasonOption = "rejected", *, json: JsonOption = False
) -> None:
    """Reject a version: it is not deployed; one that serves is taken back where another can serve.

    Then the newest approved version serves. `rollback` does the same without naming the version.

    Example: solar reject 3 golden --reason "an hour off since March"
    """
    before = people.decide(
        state.system, model, version, "Rejected", reason=reason, by=getpass.getuser()
    )
    _say_decided(before, model, "Rejected", json=json)


@changing
def rollback(
    model: str,
    to: Annotated[
        int | None, typer.Option(help="Version to go back to; else the one before.")
    ] = None,
    reason: ReasonOption = "rolled back by hand",
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask, whatever it bars and loses.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Take back the version that serves; it is barred, with the reason, and the one before serves.

    The model is then held: nothing newer is deployed by itself until you release it, or approve a version.

    Examples: solar rollback golden --reason "an hour off since Monday"
              solar rollback golden --to 3 --reason "before the new weather source" --yes
    """
    planned = people.plan_rollback(state.system, model, to)
    barred, lost = planned.bars, planned.loses
    if planned.seen is None and not barred and to is None:
        raise ConsoleError(
            f"no version of {model} serves and none is approved, so nothing can be taken back; "
            f"see `solar models`, or keep it from being deployed: `solar hold {model}`"
        )
    if (len(barred) > 1 or lost) and not yes:
        listed = f"the version{'s' if barred[1:] else ''} {', '.join(map(str, barred))}"
        more = f" and loses the site{'s' if lost[1:] else ''} {', '.join(lost)}" if lost else ""
        raise ConsoleError(f"that bars {listed}{more}; say --yes if that is what you want")
    message = people.roll_back(state.system, planned, reason, getpass.getuser())
    if json:
        said = {"id": message.id, "model_id": model, "seen_version": planned.seen, "bars": barred}
        output.as_json(said)
    else:
        output.say("asked; see `solar models` and `solar served-at`")


@changing
def hold(model: str, reason: ReasonOption = "held by hand", *, json: JsonOption = False) -> None:
    """Hold a model: nothing newer is deployed by itself until you release it, or approve a version.

    Runs still train and register. Example: solar hold golden --reason "inverters are being replaced"
    """
    _ask_for_hold(model, reason, hold=True, json=json)


@changing
def release(
    model: str, reason: ReasonOption = "released by hand", *, json: JsonOption = False
) -> None:
    """Release a held model: the newest approved version is deployed again.

    Example: solar release golden --reason "the inverters are back"
    """
    _ask_for_hold(model, reason, hold=False, json=json)


def _ask_for_hold(model: str, reason: str, *, hold: bool, json: bool) -> None:
    message = people.hold(state.system, model, reason, getpass.getuser(), hold=hold)
    if json:
        output.as_json({"id": message.id, "model_id": model, "hold": hold})
    else:
        output.say("asked; see `solar models`")


def deployments(model: ModelOption = None, *, json: JsonOption = False) -> None:
    """List what happened to versions on their way to the endpoint, and why; the newest last.

    Example: solar deployments --model golden
    """
    log = state.system.ask("deployer", "deployments", model_id=model)["deployments"]
    if json:
        output.as_json(log)
        return
    rows = [
        (
            model_id,
            entry["version"],
            entry["event"].replace("_", " "),
            output.when(entry["at"]),
            entry["previous"],
            entry["reason"],
        )
        for model_id, entries in log.items()
        for entry in entries
    ]
    columns = ["model", "version", "what", "when", "before", "why"]
    output.table("Deployments", columns, rows, "nothing was deployed yet")


def served_at(
    at: Annotated[
        datetime | None, typer.Argument(parser=times.moment, metavar="[TIME]", help=times.HELP)
    ] = None,
    model: ModelOption = None,
    site: Annotated[
        str | None, typer.Option(help="Say only of this site what was predicted.")
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Say which version of which data served at a time, and what was predicted for it; without one, now.

    Of a model of many sites, name the one whose prediction you want by --site.

    Examples: solar served-at 2026-05-04
              solar served-at "2026-05-04 09:00 UTC" --site golden
    """
    moment = times.in_utc(at).isoformat() if at else None
    served = state.system.ask("deployer", "served", model_id=model, at=moment)["served"]
    gone = {
        model_id
        for model_id, entry in served.items()
        if at is None and entry and registry.serving(state.system, model_id) is None
    }
    predicted = {
        model_id: live.predicted_at(model_id, site, times.in_utc(at))
        for model_id in served
        if at is not None
    }
    if site is not None and not any(predicted.values()):
        sites.named(state.system, site)
    if json:
        for model_id, rows_of_model in predicted.items():
            if served[model_id] or rows_of_model:
                entry = served[model_id] or dict.fromkeys(("at", "version", "run_id", "dataset_id"))
                served[model_id] = entry | {"predicted": rows_of_model}
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
            output.short(entry["dataset_id"]),
        )
        for model_id, entry in served.items()
        if entry
    ]
    output.table(
        "Served",
        ["model", "version", "since", "run", "dataset"],
        rows,
        f"nothing {'served then' if at else 'serves'}",
    )
    told = [
        (
            row["site_id"],
            row["timestamp"],
            row["power_ac"],
            row["p10"],
            row["p90"],
            row["version"],
            output.when(row["made_at"]),
            live.made_from(row),
        )
        for rows_of_model in predicted.values()
        for row in rows_of_model
    ]
    if told:
        columns = ["site", "interval from (UTC)", "kW", "P10", "P90", "by version"]
        columns += ["made (UTC)", "from"]
        output.table("Predicted for it", columns, told, "")
    elif site and at:
        output.say(f"nothing was predicted for {site} then")


def _say_decided(before: dict[str, Any], model: str, status: str, *, json: bool) -> None:
    version, (approval, note) = before["ModelPackageVersion"], registry.decision_of(before)
    if json:
        was = {"approval": approval, "note": note}
        output.as_json({"model_id": model, "version": version, "approval": status, "before": was})
        return
    overruled = f" (it was {approval}, {note})" if note else ""
    output.say(f"{model} version {version}: {status}{overruled}")
