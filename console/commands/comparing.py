"""`solar compare`: two versions side by side, as evaluated and as they did live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from console import output, registry
from console.client import versions
from console.commands.live import only_model, percent
from console.commands.local import JsonOption
from console.commands.runs import evaluation_of
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
    name = only_model(model)
    numbers = (first, second)
    found = versions.compare(state.system, name, numbers, _A_YEAR)
    if json:
        output.as_json(found)
        return
    rows = [(what, *map(show, found)) for what, show in _ROWS]
    columns = ["", f"version {first}", f"version {second}"]
    output.table(f"{name}: versions {first} and {second}", columns, rows, "")
    output.say(_of_which_days(found))


def _of_which_days(found: Sequence[Mapping[str, Any]]) -> str:
    """Say whether the live figures can be set against each other."""
    one, other = found
    if not (one["live"] and other["live"]):
        return "A version without live days predicted nothing for which power came since."
    if one["live_same_days"]:
        count = output.counted(one["days_of_both"], "site-day")
        return f"Live figures are of {count} that both were scored on."
    spans = " and ".join(f"{each['live_first']} to {each['live_last']}" for each in found)
    return f"No day was scored for both ({spans}): the live figures are of different weather."


def evaluation_of_version(model: str, number: int) -> Evaluation | None:
    """Return what the run of a version found; None for a version that no run of ours made."""
    about = registry.version(state.system, model, number).get("CustomerMetadataProperties", {})
    run_id = about.get("run_id")
    return evaluation_of(run_id) if run_id else None


def _evaluated(name: str, *, share: bool = False) -> Any:
    def show(version: dict[str, Any]) -> Any:
        if version["evaluation"] is None:
            return ""
        value = version["evaluation"]["challenger"]["all"][name]
        return percent(value, digits=2) if share else value

    return show


def _lived(name: str, *, share: bool = False) -> Any:
    def show(version: dict[str, Any]) -> Any:
        lived = version["live_same_days"] or version["live"]
        if lived is None:
            return ""
        value = lived[name]
        return percent(value, digits=2, signed=name == "energy_bias") if share else value

    return show


def _said(name: str, part: str = "") -> Any:
    def show(version: dict[str, Any]) -> Any:
        found = version["evaluation"]
        if found is None:
            return "no evaluation"
        return found[name][part][:10] if part else found[name]

    return show


_ROWS: list[tuple[str, Any]] = [
    ("model type", _said("model_type")),
    ("trained until", _said("train_window", "end")),
    ("tested until", _said("test_window", "end")),
    ("test: R²", _evaluated("r2")),
    ("test: nMAE", _evaluated("nmae", share=True)),
    (
        "test: in P10-P90",
        lambda each: each["evaluation"] and percent(each["evaluation"]["coverage_p10_p90"]),
    ),
    (
        "live: days scored",
        lambda each: each["live"]["days"].get("scored", 0) if each["live"] else "none yet",
    ),
    ("live: R²", _lived("r2")),
    ("live: nMAE", _lived("nmae", share=True)),
    ("live: bias of energy", _lived("energy_bias", share=True)),
    ("live: in P10-P90", _lived("coverage_p10_p90", share=True)),
    ("live: skill", _lived("skill")),
]
