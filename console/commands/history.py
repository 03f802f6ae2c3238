"""Where things came from and went: datasets, lineage, and what another policy would have done."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from console import output, registry, times, trainer
from console.commands import configuring
from console.commands.data import all_files
from console.commands.local import JsonOption
from console.commands.runs import ModelOption
from console.datasets import file_id_of, frozen, holding
from console.errors import ConsoleError
from console.state import state
from shared.active import ActiveModel
from shared.errors import InvalidConfigError

_NO_RUN = {"run_id": None, "status": "in no run yet", "model_package_version": None, "served": None}


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
    what: Annotated[str, typer.Argument(help="A raw key (or its end), or a version.")],
    model: ModelOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Follow a file to datasets, runs, versions and deployments, or a version back to its files.

    Examples: solar lineage power_2012-03.csv
              solar lineage 2 --model golden
    """
    found = _of_version(int(what), model) if what.isdecimal() else _of_file(what)
    if json:
        output.as_json(found)
        return
    rows = [
        (
            each["key"],
            each["state"],
            output.short_run(run["run_id"]),
            run["status"],
            run["model_package_version"],
            output.when(run["served"]),
        )
        for each in found
        for run in each["runs"] or [_NO_RUN]
    ]
    columns = ["file", "state", "run", "ended", "version", "served since (UTC)"]
    output.table(f"Lineage of {what}", columns, rows, "no file is known of it")


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
    cost = "unknown" if answer["cost_usd"] is None else f"{answer['cost_usd']:.2f} USD"
    output.say(f"{len(rows)} runs instead of {answer['recorded_runs']}; cost about {cost}")


def _of_file(ending: str) -> list[dict[str, Any]]:
    fitting = [each for each in all_files() if each["key"].endswith(ending)]
    if not fitting:
        raise ConsoleError(f"no uploaded file ends in {ending!r}; see `solar files`")
    every = frozen(state.system)
    return _traced(fitting, holding(state.system, every))


def _of_version(number: int, model: str | None) -> list[dict[str, Any]]:
    models = [model] if model else trainer.models(state.system)
    if len(models) != 1:
        raise ConsoleError("name the model of the version with --model")
    package = registry.version(state.system, models[0], number)
    dataset_id = package.get("CustomerMetadataProperties", {}).get("dataset_id")
    found = frozen(state.system, models[0])
    chosen = [each for each in found if each["dataset_id"] == dataset_id]
    held = holding(state.system, chosen)
    inside = [each for each in all_files() if file_id_of(each) in held]
    return _traced(inside, held)


def _traced(
    files: list[dict[str, Any]], held: dict[str, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    runs = {run["run_id"]: run for run in trainer.runs(state.system)}
    log = state.system.ask("deployer", "deployments")["deployments"]
    served = {
        entry["run_id"]: entry["at"]
        for entries in log.values()
        for entry in entries
        if entry["event"] == "deployed"
    }
    traced = []
    for file in files:
        inside = held.get(file_id_of(file), [])
        used = [runs[run_id] for each in inside for run_id in each["run_ids"] if run_id in runs]
        traced.append(
            {
                "key": file["key"],
                "version_id": file["version_id"],
                "state": file["state"],
                "dataset_ids": [each["dataset_id"] for each in inside],
                "runs": [
                    {
                        "run_id": run["run_id"],
                        "model_id": run["model_id"],
                        "status": run["status"],
                        "model_package_version": run["model_package_version"],
                        "served": served.get(run["run_id"]),
                    }
                    for run in used
                ],
            }
        )
    return traced


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
