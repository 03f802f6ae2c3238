"""Runs: asking for one, listing them, and what each found."""

from __future__ import annotations

import getpass
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from console import output, trainer
from console.client import objects, people, reports
from console.commands.local import JsonOption
from console.errors import ConsoleError, NotFoundError
from console.state import changing, state
from shared import compared
from shared.evaluation import Evaluation, ModelScores, Window

ModelOption = Annotated[str | None, typer.Option("--model", help="Only of this model.")]
ReasonOption = Annotated[str, typer.Option(help="Why; it is kept.")]


def all_runs(model: str | None = None) -> list[dict[str, Any]]:
    """Return the runs, oldest first."""
    shown = (
        "run_id model_id dataset_id status started_at ended_at reasons evaluation_uri "
        "model_package_version cost_usd failure"
    )
    return [
        {name: run[name] for name in shown.split()} for run in trainer.runs(state.system, model)
    ]


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
    message = people.retrain(state.system, model, reason, getpass.getuser(), force=force)
    if json:
        output.as_json({"id": message.id, "model_id": model})
    else:
        output.say(
            f"asked; see `solar runs --model {model}`, or `solar why {model}` if none starts"
        )


def runs(
    model: ModelOption = None,
    month: Annotated[
        str | None,
        typer.Option(help="Only those begun in this month (UTC), like 2026-11.", metavar="MONTH"),
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """List runs: why they began, how they ended, what they cost.

    Example, what retraining cost this month: solar runs --month 2026-11
    """
    if month is not None and not re.fullmatch(r"\d{4}-\d{2}", month):
        raise ConsoleError(f"{month!r} is no month; write 2026-11")
    found = [each for each in all_runs(model) if each["started_at"].startswith(month or "")]
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
    output.table("Runs", columns, rows, f"no run in {month}" if month else "no run yet")
    if month is not None and found:
        known = [each["cost_usd"] for each in found if each["cost_usd"] is not None]
        unknown = len(found) - len(known)
        said = f"; of {unknown} more the cost is not known" if unknown else ""
        output.say(f"{output.counted(len(known), 'run')} in {month}: {sum(known):.4f} USD{said}")


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
    _refuse_while_it_runs(run_id)
    evaluation = evaluation_of(run_id)
    if save is not None:
        save.write_text(reports.of_run(state.system, run_id, evaluation.model_id), encoding="utf-8")
    if json:
        output.as_json(evaluation.model_dump(mode="json"))
        return
    show_evaluation(evaluation)
    if save is not None:
        output.say(f"report: {save}")


def _refuse_while_it_runs(run_id: str) -> None:
    """Say of a run that has no report yet that it runs."""
    (run,) = (each for each in all_runs() if each["run_id"] == run_id)
    if run["status"] == "running":
        raise ConsoleError(
            f"run {output.short_run(run_id)} of {run['model_id']} runs since "
            f"{output.when(run['started_at'])} UTC; its report comes with its evaluation. "
            f"Follow it with `solar watch {output.short_run(run_id)}`"
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
        raise NotFoundError(f"no run or version {run_or_version!r}; see `solar runs`")
    if len(fitting) > 1:
        shown = ", ".join(map(output.short_run, fitting))
        raise ConsoleError(f"{run_or_version!r} fits several runs: {shown}; name more of it")
    return str(next(iter(fitting)))


def evaluation_of(run_id: str) -> Evaluation:
    """Return what a run found.

    Raises
    ------
    ConsoleError
        It left no evaluation.
    """
    return objects.evaluation_of(state.system, run_id)


def _is_meant(written: str, run_id: str) -> bool:
    if run_id.startswith(written):
        return True
    beginning, _, attempt = written.replace("…", "").rpartition("-")
    return bool(beginning) and run_id.startswith(beginning) and run_id.endswith(f"-{attempt}")


def show_evaluation(evaluation: Evaluation) -> None:
    """Show what a run found: verdict, scores, champion, reasons."""
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
            **_unmasked(evaluation.challenger),
            "R² in daylight": evaluation.challenger.daylight.r2,
            "nMAE": evaluation.challenger.all.nmae,
            "bias": evaluation.challenger.all.mbe,
        }
        | ({"champion": said} if (said := compared.of_evaluation(evaluation)) else {}),
    )
    for title, lines in (
        ("because", evaluation.reasons),
        ("would help", evaluation.what_would_help),
    ):
        for line in lines:
            output.say(f"  {title}: {line}")


def _unmasked(scores: ModelScores) -> dict[str, float | None]:
    """Return the score on every measured row; nothing in evaluations from before it was computed."""
    return {"R² with masked rows": scores.unmasked.r2} if scores.unmasked else {}


def _span(window: Window) -> str:
    return f"{window.start:%Y-%m-%d} .. {window.end:%Y-%m-%d}"
