"""Where things came from and went: datasets, lineage, and what another policy would have done."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from console import output, times, trainer
from console.client import history as client_history
from console.client import lineage as client_lineage
from console.commands import configuring
from console.commands.local import JsonOption
from console.commands.runs import ModelOption, find_run
from console.datasets import frozen
from console.errors import ConsoleError, NotFoundError
from console.state import state
from shared.active import ActiveModel
from shared.errors import InvalidConfigError

_NO_RUN = {"run_id": None, "status": "in no run yet", "model_package_version": None, "served": None}

_BECAME = ["run", "ended", "version", "served since (UTC)"]


def datasets(model: ModelOption = None, *, json: JsonOption = False) -> None:
    """List the frozen datasets, and the runs that used them.

    Example: solar datasets --model golden
    """
    found = frozen(state.system, model)
    if json:
        output.as_json(found)
        return
    rows = [
        (
            each["dataset_id"],
            each["model_id"],
            each["files"],
            ", ".join(map(output.short_run, each["run_ids"])),
        )
        for each in found
    ]
    output.table(
        "Datasets", ["dataset", "model", "files", "runs"], rows, "no dataset is frozen yet"
    )


def lineage(
    what: Annotated[
        str, typer.Argument(help="A raw key (or its end), a run (its beginning), or a version.")
    ],
    model: ModelOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Follow a file to datasets, runs, versions and deployments, or a run or a version back to its files.

    Examples: solar lineage power_2012-03.csv
              solar lineage f715376c-2
              solar lineage 2 --model golden
    """
    if not what.isdecimal() and not _is_key(what):
        _of_run(_run_meant(what, model), json=json)
        return
    if what.isdecimal():
        found = client_lineage.of_version(state.system, int(what), model)
    else:
        found = client_lineage.of_file(state.system, what)
    if json:
        output.as_json(found)
    else:
        _show_files(f"Lineage of {what}", found)


def _run_meant(what: str, model: str | None) -> str:
    try:
        return find_run(what, model)
    except NotFoundError as error:
        raise NotFoundError(
            f"no run, version or file {what!r}: of a file say the end of its name with what comes after the "
            "point, as in power_2012-03.csv; see `solar runs` and `solar files`"
        ) from error


def _is_key(what: str) -> bool:
    return "/" in what or "." in what


def _of_run(run_id: str, *, json: bool) -> None:
    """Show what a run was made of, and the files of its dataset."""
    run = client_history.run(state.system, run_id)
    progress = client_history.progress(state.system, run["model_id"], run_id)
    if progress is None:
        raise ConsoleError(f"run {run_id} is gone")
    made = client_lineage.of_run(state.system, progress)
    files = client_lineage.files_of_run(state.system, run)
    if json:
        output.as_json(made | {"files": files})
        return
    output.facts(f"Run {output.short_run(run_id)} of {run['model_id']}", client_lineage.told(made))
    _show_keys(files)


def _show_keys(files: list[dict[str, Any]]) -> None:
    rows = [(each["key"], each["state"]) for each in files]
    output.table(
        "Files",
        ["file", "state"],
        rows,
        "the ledger knows none of its files any more",
        whole="file",
    )
    if files:
        output.say(f"{output.counted(len(files), 'file')} in all")


def _show_files(title: str, found: list[dict[str, Any]]) -> None:
    """Show files with their runs; runs that all of them have in common only once."""
    if len(found) > 1 and all(each["runs"] == found[0]["runs"] for each in found):
        runs = [_became(each) for each in found[0]["runs"] or [_NO_RUN]]
        output.table(title, _BECAME, runs, "")
        _show_keys(found)
        return
    rows = [
        (each["key"], each["state"], *_became(run))
        for each in found
        for run in each["runs"] or [_NO_RUN]
    ]
    output.table(title, ["file", "state", *_BECAME], rows, "no file is known of it", whole="file")


def _became(run: dict[str, Any]) -> tuple[Any, ...]:
    return (
        output.short_run(run["run_id"]),
        run["status"],
        run["model_package_version"],
        output.when(run["served"]),
    )


def replay(
    model: str,
    policy: Annotated[Path, typer.Option(help="A model's YAML with the policy to try.")],
    since: Annotated[
        datetime,
        typer.Option("--from", parser=times.moment, metavar="TIME", help=times.HELP),
    ],
    *,
    json: JsonOption = False,
) -> None:
    """Run another policy over the recorded arrivals: how many runs, when, why, at what cost.

    Example: solar replay golden --policy weekly.yaml --from 2026-01-01
    """
    trainer.require_model(state.system, model)
    moment = times.in_utc(since).isoformat()
    answer = state.system.ask(
        "trainer_trigger", "replay", model_id=model, policy=_policy(policy), since=moment
    )
    if json:
        output.as_json(answer)
        return
    rows = [
        (output.when(run["at"]), run["files"], "; ".join(run["reasons"])) for run in answer["runs"]
    ]
    output.table(f"{model} with {policy.name}", ["at (UTC)", "files", "because"], rows, "no run")
    cost = (
        ""
        if answer["cost_usd"] is None
        else f"; cost in all [USD]: {output.cost(answer['cost_usd'])}"
    )
    output.say(f"{output.counted(len(rows), 'run')} instead of {answer['recorded_runs']}{cost}")


def _policy(path: Path) -> dict[str, Any]:
    """Read the policy of a model's YAML, refused here, with its line, as an upload would be."""
    from services.data_watcher.domain import validation  # noqa: PLC0415 - with pydantic, only for this

    if not path.is_file():
        raise ConsoleError(f"no such file: {path}")
    try:
        active = validation.read(configuring.config_key(path), path.read_bytes())
    except InvalidConfigError as error:
        line = f"line {error.line}: " if error.line else ""
        raise ConsoleError(f"{path.name}: refused: {line}{error.reason}") from error
    if not isinstance(active, ActiveModel):
        raise ConsoleError(f"{path.name}: this is no model's YAML")
    return active.policy.model_dump(mode="json")
