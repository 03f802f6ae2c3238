"""Proposes a site's YAML from sample files."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import output
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.given import check_names

if TYPE_CHECKING:
    from console.drafting.guess import Guess, SourceDraft
    from console.drafting.proof import Proof


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,32}", value):
        message = f"{value!r} is no name; use 1 to 32 of a-z, 0-9 and -"
        raise typer.BadParameter(message)
    return value


def draft_site(
    files: Annotated[list[Path], typer.Argument(help="Sample files, several of each kind.")],
    *,
    site: Annotated[str, typer.Option(help="Name of the plant.", callback=_name)] = "my-site",
    model: Annotated[str, typer.Option(help="Name of its model.", callback=_name)] = "my-model",
    latitude: Annotated[
        float | None, typer.Option(min=-90, max=90, help="Of the plant, degrees north.")
    ] = None,
    longitude: Annotated[
        float | None, typer.Option(min=-180, max=180, help="Of the plant, degrees east.")
    ] = None,
    ac_capacity_kw: Annotated[
        float | None,
        typer.Option(min=0.001, help="Nameplate of the inverters, which tells the unit of power."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Propose a site's YAML from sample files, with the evidence for each guess; correct it, then add it.

    All samples are read, and nothing is proposed that contradicts one of them. What cannot be known is left
    empty, and refused as long as it is. At the end the samples are read by the draft itself, so that a wrong
    guess shows at once: rows, masked rows, highest power, the middle of the day, irradiance.

    Example: solar sites draft power.csv weather.xlsx --site golden --longitude -105.2
    --ac-capacity-kw 3400 > golden.yaml

    Exit code 1 where a sample is not understood; the draft of the others is printed nevertheless.
    """
    # With NumPy and Arrow, for this verb only.
    from console.drafting import proof, text  # noqa: PLC0415
    from console.drafting.sample import draft  # noqa: PLC0415

    check_names(files, "solar sites draft {}/*")
    found = draft(files, ac_capacity_kw)
    if not found.sources:
        raise ConsoleError("\n".join(found.not_understood))
    plant = text.Plant(site, model, latitude, longitude, ac_capacity_kw)
    proved = proof.prove(found.sources, plant)
    if json:
        names = text.names_of(found.sources)
        output.as_json(
            [_plain(each, name, proved) for each, name in zip(found.sources, names, strict=True)]
        )
    else:
        came_out = list(proof.lines(proved, found.sources, found.not_understood))
        print("\n".join([*text.yaml(found.sources, plant), "", *came_out]))
        if not sys.stdout.isatty():  # it went into a file; the person sees it nevertheless
            print("\n".join(came_out), file=sys.stderr)
    if found.not_understood:
        if json:
            output.complain("\n".join(found.not_understood))
        raise typer.Exit(1)


def _plain(each: SourceDraft, name: str, proved: Proof) -> dict[str, Any]:
    from console.drafting.text import value_of  # noqa: PLC0415 - as above
    from console.trial import as_plain  # noqa: PLC0415

    def said(guesses: dict[str, Guess]) -> dict[str, Any]:
        return {
            name: {"value": None if g.is_open else value_of(g), "why": g.why}
            for name, g in guesses.items()
        }

    return {
        "files": each.files,
        "rows": dict(zip(each.files, each.rows, strict=True)),
        "glob": said({"files": each.glob})["files"],
        "format": each.format,
        **said(each.forecast),
        **said(each.layout),
        "timestamp": said(each.timestamp),
        "columns": {name: said(guesses) for name, guesses in each.columns.items()},
        "peak": each.peak,
        "noon": each.noon,
        "offset": each.offset,
        "unused": each.unused,
        "notes": [*each.warnings, *each.notes],
        "came_out": [
            as_plain(trial, None)
            for trial in proved.trials
            if trial.path in each.paths and trial.source in {name, None}
        ],
    }
