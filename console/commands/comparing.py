"""`solar compare`: two versions side by side, as evaluated and as they did live."""

from __future__ import annotations

from typing import Annotated

import typer

from console import output, registry
from console.client import comparing, versions
from console.commands.live import only_model
from console.commands.local import JsonOption
from console.commands.runs import evaluation_of
from console.errors import ConsoleError
from console.state import state
from shared.evaluation import Evaluation

_A_YEAR = 365


def compare(
    first: Annotated[int, typer.Argument(help="A version.")],
    second: Annotated[int, typer.Argument(help="Another one.")],
    model: Annotated[
        str | None, typer.Option("--model", help="Their model; the only one, where there is one.")
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Put two versions side by side: what their evaluations promised, and how they did live.

    Live figures are of the days that both were scored on, where there are any; else of each version's own
    days, and the weather of these was not the same.

    Example: solar compare 5 6 --model golden
    """
    if first == second:
        raise ConsoleError("name two different versions; `solar models` lists them")
    name = only_model(model, " by --model")
    numbers = (first, second)
    found = versions.compare(state.system, name, numbers, _A_YEAR)
    if json:
        output.as_json(found)
        return
    rows = [(what, *values) for what, values in comparing.rows(found)]
    columns = ["", f"version {first}", f"version {second}"]
    output.table(f"{name}: versions {first} and {second}", columns, rows, "")
    output.say(comparing.of_which_days(found))


def evaluation_of_version(model: str, number: int) -> Evaluation | None:
    """Return what the run of a version found; None for a version that no run of ours made."""
    about = registry.version(state.system, model, number).get("CustomerMetadataProperties", {})
    run_id = about.get("run_id")
    return evaluation_of(run_id) if run_id else None
