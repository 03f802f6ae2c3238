"""`solar logs`: what the job of a run's stage wrote."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from console import output
from console.client import history, job_logs
from console.client.job_logs import Line
from console.commands.local import JsonOption
from console.commands.runs import ModelOption, find_run
from console.errors import ConsoleError
from console.state import state

_LOCAL, _AWS = 1.0, 5.0  # between two looks [s]
_ALONE = "algo-1"  # the only instance of most jobs, which need not be named


def logs(
    run_or_version: Annotated[str, typer.Argument(help="A run (its beginning), or a version.")],
    model: ModelOption = None,
    stage: Annotated[
        str | None,
        typer.Option(help="Preprocess, Train or Evaluate; without it the one that runs or failed."),
    ] = None,
    lines: Annotated[
        int, typer.Option(help="How many of the last.", min=1, max=job_logs.MOST_LINES)
    ] = job_logs.LINES,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what is written, until the run ends.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show the last lines of what a run's stage wrote, from CloudWatch Logs.

    Examples: solar logs f715376c-2
              solar logs 3 --model golden --stage train --lines 500
              solar logs f715376c-2 --follow
    """
    if follow and json:
        message = "--follow shows lines as they come; leave out --json, or --follow"
        raise ConsoleError(message)
    run = history.run(state.system, find_run(run_or_version, model))
    if follow:
        _follow(run, stage, lines)
        return
    begun = job_logs.chosen(_progress(run)["stages"], stage)
    tail = job_logs.tail(state.system, begun, lines)
    if json:
        output.as_json({"run_id": run["run_id"], "model_id": run["model_id"], **tail.as_data()})
        return
    output.say_plainly(f"{tail.stage} of run {output.short_run(run['run_id'])}: {tail.status}")
    if tail.older:
        output.say_plainly(
            f"  the last {output.counted(len(tail.lines), 'line')}; more of them by --lines"
        )
    _show(tail.lines)
    if tail.note:
        output.say_plainly(tail.note)


def _progress(run: dict[str, Any]) -> dict[str, Any]:
    found = history.progress(state.system, run["model_id"], run["run_id"])
    if found is None:
        raise ConsoleError(f"run {run['run_id']} is gone")
    return found


def _follow(run: dict[str, Any], stage: str | None, most: int) -> None:
    """Print what stages write until the run is over, and what comes late."""
    following = job_logs.Following(state.system, stage, most)
    told, is_over, is_last = "", False, False
    while not is_last:
        is_last, progress = is_over, _progress(run)
        is_over = progress["status"] != "running"
        for name, lines in following.see(progress["stages"]):
            if name != told:
                output.say_plainly(f"{name}:")
                told = name
            _show(lines)
        if not is_last:
            time.sleep(_LOCAL if state.system.kind == "local" else _AWS)
    output.say_plainly(f"the run is over: {progress['status']}")


def _show(lines: Iterable[Line]) -> None:
    for each in lines:
        host = "" if each.host == _ALONE else f"{each.host}  "
        output.say_folded(f"{each.at:%H:%M:%S}  {host}{each.text}")
