"""`solar watch`: follows a run or a model until there is a verdict."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from console import output, trainer
from console.client import history
from console.commands.local import JsonOption
from console.commands.runs import ModelOption, all_runs, find_run
from console.errors import ConsoleError
from console.state import state
from console.watching import Look, Watch

_LOCAL, _AWS = 1.0, 5.0  # between two looks [s]
_GRACE = 10.0  # in which an upload that was just made leads to a look at the model [s]


def watch(
    what: Annotated[str, typer.Argument(metavar="RUN|MODEL", help="A run, or a model.")],
    model: ModelOption = None,
    minutes: Annotated[float, typer.Option(help="Give up after so long.", min=0.1)] = 120.0,
    *,
    json: JsonOption = False,
) -> None:
    """Follow a run to its verdict, or a model until its next version serves.

    Each stage with the time it takes and what it took the last time. Exit code 0 where the version serves,
    is registered or waits for a person; 1 where it was rejected, failed or taken back, and where nothing
    goes on.

    Examples: solar watch golden
              solar watch f715376c-2
    """
    name, made = _watch_of(what, model)
    end = time.monotonic() + minutes * 60
    begun = time.monotonic()
    look = _look(name, made)
    with output.errors.status(escape(made.doing(look))) as status:
        while True:
            for line in made.see(look):
                if not json:
                    output.say_plainly(f"{_clock()}  {line}")
            if made.verdict.startswith("nothing goes on") and time.monotonic() - begun < _GRACE:
                made.verdict = ""
            if made.verdict:
                break
            if time.monotonic() > end:
                raise ConsoleError(
                    f"gave up after {minutes:g} minutes: {made.doing(look)}; look again with "
                    f"`solar watch {what}`, or see `solar why {name}`"
                )
            time.sleep(_LOCAL if state.system.kind == "local" else _AWS)
            look = _look(name, made)
            status.update(escape(made.doing(look)))
    if json:
        output.as_json(
            {
                "model_id": name,
                "verdict": made.verdict,
                "succeeded": made.succeeded,
                "run": look.progress,
            }
        )
    else:
        output.say_plainly(f"{_clock()}  {made.verdict}")
    if not made.succeeded:
        raise typer.Exit(1)


def _clock() -> str:
    return f"{datetime.now().astimezone():%H:%M:%S}"


def _watch_of(what: str, model: str | None) -> tuple[str, Watch]:
    """Return the model to look at, and what is followed: its next run, one that runs, or a named one."""
    if what in trainer.models(state.system):
        newest = _progress(what)
        ended = newest is not None and newest["status"] != "running"
        if ended and newest and newest["status"] == "registered" and _on_its_way(what, newest):
            ended = False
        return what, Watch(before=newest["run_id"] if ended and newest else None)
    run_id = find_run(what, model)
    name = next(each["model_id"] for each in all_runs() if each["run_id"] == run_id)
    return name, Watch(run_id=run_id, until_it_serves=False)


def _on_its_way(model: str, run: dict[str, Any]) -> bool:
    """Whether a registered version was neither deployed nor taken back yet, and waits for nobody."""
    version = run["model_package_version"]
    log = state.system.ask("deployer", "deployments", model_id=model)["deployments"][model]
    over = {"deployed", "rolled_back", "failed", "set_back"}
    return not any(each["version"] == version and each["event"] in over for each in log)


def _look(model: str, made: Watch) -> Look:
    decided = state.system.ask("trainer_trigger", "decisions", model_id=model, limit=1)
    waiting = decided["waiting"].get(model) or {}
    log = state.system.ask("deployer", "deployments", model_id=model)["deployments"]
    pending = state.system.ask("deployer", "pending", model_id=model)["pending"]
    return Look(
        now=datetime.now(UTC),
        decision=next(iter(decided["decisions"][model]), None),
        unseen=waiting.get("files", 0),
        progress=_progress(model, made.run_id),
        log=tuple(log.get(model, ())),
        pending=tuple(each["version"] for each in pending.get(model, ())),
    )


def _progress(model: str, run_id: str | None = None) -> dict[str, Any] | None:
    return history.progress(state.system, model, run_id)
