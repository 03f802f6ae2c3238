"""Runs, versions, reports and what a person may decide about them."""

from __future__ import annotations

import getpass
import json as json_module
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError

from console import output, registry, times
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.state import changing, state
from shared import layout
from shared.aws import error_code
from shared.evaluation import Evaluation, Window
from shared.messages import RetrainRequested, RollbackRequested

ModelOption = Annotated[str | None, typer.Option("--model", help="Only of this model.")]
ReasonOption = Annotated[str, typer.Option(help="Why; it is kept.")]

# As tables show what the registry says.
_APPROVALS = {"PendingManualApproval": "pending approval"}


def all_models() -> list[str]:
    """Return the models that are configured or named by a site."""
    models = state.system.ask("trainer_trigger", "models")["models"]
    return [each["model_id"] for each in models]


def all_runs(model: str | None = None) -> list[dict[str, Any]]:
    """Return the runs, oldest first."""
    runs = state.system.ask("trainer_trigger", "runs", model_id=model)["runs"]
    shown = (
        "run_id model_id dataset_id status started_at ended_at reasons evaluation_uri "
        "model_package_version cost_usd failure"
    )
    return [{name: run[name] for name in shown.split()} for run in runs]


@changing
def retrain(
    model: str,
    reason: ReasonOption = "asked by hand",
    *,
    force: Annotated[
        bool, typer.Option(help="Even if the same data were trained with the same settings.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Ask for a retrain now; quiet period, minimum and cool-down do not hold it.

    Example: solar retrain golden --reason "inverter replaced"
    """
    _known_model(model)
    now = datetime.now(UTC)
    message = RetrainRequested.of(
        subject=(model, now),
        occurred_at=now,
        correlation_id=f"solar retrain {model}",
        model_id=model,
        reason=reason,
        requested_by=getpass.getuser(),
        force=force,
    )
    state.system.send("trainer_trigger", message.model_dump_json())
    if json:
        output.as_json({"id": message.id, "model_id": model})
    else:
        output.say(
            f"asked; see `solar runs --model {model}`, or `solar why {model}` if none starts"
        )


def runs(model: ModelOption = None, *, json: JsonOption = False) -> None:
    """List runs: why they began, how they ended, what they cost."""
    found = all_runs(model)
    if json:
        output.as_json(found)
        return
    rows = [
        (
            output.short_run(run["run_id"]),
            run["model_id"],
            run["status"],
            run["model_package_version"],
            output.when(run["started_at"]),
            output.took(run["started_at"], run["ended_at"]),
            output.cost(run["cost_usd"]),
            output.sentences("; ".join(run["reasons"]), run["failure"]),
        )
        for run in found
    ]
    columns = [
        "run",
        "model",
        "status",
        "version",
        "started",
        "took",
        "USD",
        "why",
    ]
    output.table("Runs", columns, rows, "no run yet")


def models(*, json: JsonOption = False) -> None:
    """List registered versions, their approval, scores, and which serves."""
    found = [
        _shown(model_id, package, serving)
        for model_id in all_models()
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


def report(
    run_or_version: Annotated[str, typer.Argument(help="A run (its beginning), or a version.")],
    model: ModelOption = None,
    save: Annotated[Path | None, typer.Option(help="Write report.html here.")] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Show what a run found: verdict, reasons, scores; the report with charts by --save.

    Examples: solar report 3 --model golden
              solar report a1b2c3 --save report.html
    """
    run_id = find_run(run_or_version, model)
    evaluation = Evaluation.model_validate_json(_object(layout.evaluation(run_id)))
    if save is not None:
        save.write_bytes(_object(layout.report(run_id)))
    if json:
        output.as_json(evaluation.model_dump(mode="json"))
        return
    _show_evaluation(evaluation)
    if save is not None:
        output.say(f"report: {save}")


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
    _known_model(model)
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


def why(
    model: str,
    at: Annotated[
        datetime | None,
        typer.Option(parser=times.moment, metavar="TIME", help=f"As known then. {times.HELP}"),
    ] = None,
    limit: Annotated[int, typer.Option(help="How many decisions.")] = 5,
    *,
    json: JsonOption = False,
) -> None:
    """Explain the latest decisions about a model: what, why, and when it is looked at again.

    Example: solar why golden --at 2026-05-04T09:00
    """
    _known_model(model)
    moment = times.in_utc(at).isoformat() if at else None
    answer = state.system.ask(
        "trainer_trigger", "decisions", model_id=model, limit=limit, at=moment
    )
    found = answer["decisions"][model]
    if json:
        output.as_json(found)
        return
    rows = [
        (
            output.when(each["at"]),
            each["outcome"],
            "; ".join(each["reasons"]),
            output.when(each["until"]),
        )
        for each in found
    ]
    columns = ["at (UTC)", "decided", "because", "looked at again"]
    output.table(f"Decisions about {model}", columns, rows, "nothing was decided yet")
    _say_what_waits(answer["waiting"].get(model))
    if found:
        rules = [(v["rule"], v["effect"], v["reason"]) for v in found[0]["verdicts"]]
        output.table("Rules of the latest", ["rule", "says", "because"], rows=rules, empty="")


def _say_what_waits(waiting: dict[str, Any] | None) -> None:
    """Say which files came after the latest decision: many uploads are looked at together, a little later."""
    if waiting and waiting["files"]:
        by = waiting["looked_at_by"]
        when = f"by {output.when(by)} UTC" if by else "by the next sweep, within five minutes"
        output.say(
            f"Since then {waiting['files']} files came, {waiting['rows']} rows; they are looked at {when}.\n"
        )


def find_run(run_or_version: str, model: str | None) -> str:
    """Return the run that a person means by a version, or by the beginning of its name.

    A plain number is a version before it is the beginning of a name; a name may be written as the
    tables show it, with something left out before the attempt (`f715376c…-2`).

    Raises
    ------
    ConsoleError
        None or several fit.
    """
    found = all_runs(model)
    if run_or_version.isdecimal():
        number = int(run_or_version)
        fitting = {
            r["run_id"]: r["model_id"] for r in found if r["model_package_version"] == number
        }
        if len(fitting) > 1:
            having = ", ".join(sorted(set(fitting.values())))
            raise ConsoleError(
                f"several models have a version {number}: {having}; name one by --model"
            )
        if fitting:
            return str(next(iter(fitting)))
    fitting = {r["run_id"]: r["model_id"] for r in found if _is_meant(run_or_version, r["run_id"])}
    if not fitting:
        raise ConsoleError(f"no run or version {run_or_version!r}; see `solar runs`")
    if len(fitting) > 1:
        shown = ", ".join(map(output.short_run, fitting))
        raise ConsoleError(f"{run_or_version!r} fits several runs: {shown}; name more of it")
    return str(next(iter(fitting)))


def _is_meant(written: str, run_id: str) -> bool:
    if run_id.startswith(written):
        return True
    beginning, _, attempt = written.replace("…", "").rpartition("-")
    return bool(beginning) and run_id.startswith(beginning) and run_id.endswith(f"-{attempt}")


def _shown(model_id: str, package: dict[str, Any], served: int | None) -> dict[str, Any]:
    about = package.get("CustomerMetadataProperties", {})
    metrics: dict[str, Any] = {}
    if run_id := about.get("run_id"):
        evaluation = Evaluation.model_validate_json(_object(layout.evaluation(run_id)))
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


def _show_evaluation(evaluation: Evaluation) -> None:
    output.facts(
        f"Run {evaluation.run_id}",
        {
            "verdict": evaluation.verdict
            + (" (a person approves)" if evaluation.approval == "person" else ""),
            "model type": evaluation.model_type,
            "trained on": _span(evaluation.train_window),
            "tested on": _span(evaluation.test_window),
            "R²": f"{evaluation.challenger.all.r2:.4f} of at least {evaluation.accuracy_threshold}"
            if evaluation.challenger.all.r2 is not None
            else "none: the measured power does not vary",
            "R² in daylight": evaluation.challenger.daylight.r2,
            "nMAE": evaluation.challenger.all.nmae,
            "bias": evaluation.challenger.all.mbe,
        },
    )
    for title, lines in (
        ("because", evaluation.reasons),
        ("would help", evaluation.what_would_help),
    ):
        for line in lines:
            output.say(f"  {title}: {line}")


def _span(window: Window) -> str:
    return f"{window.start:%Y-%m-%d} .. {window.end:%Y-%m-%d}"


def _object(key: str) -> bytes:
    s3 = state.system.client("s3")
    try:
        return bytes(s3.get_object(Bucket=state.system.bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error_code(error) == "NoSuchKey":
            raise ConsoleError(
                f"the run left no {key.rpartition('/')[2]} (it failed, or runs)"
            ) from error
        raise


def _decide(version: int, model: str, status: str, reason: str, *, json: bool) -> None:
    said = f"by {getpass.getuser()}: {reason}"
    registry.decide(state.system, model, version, status, said)
    if json:
        output.as_json({"model_id": model, "version": version, "approval": status})
    else:
        output.say(f"{model} version {version}: {status}")


def _known_model(model: str) -> None:
    known = all_models()
    if model not in known:
        raise ConsoleError(f"no model {model!r}; known: {', '.join(known) or 'none'}")
