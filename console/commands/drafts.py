"""Proposes a site's YAML from sample files."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from console import output
from console.commands.local import JsonOption
from console.drafting.guess import Guess, NotUnderstoodError, SourceDraft
from console.errors import ConsoleError
from shared.errors import UnreadableFileError

HOUR_OF_NOON = 12.0
_GAP = " # FILL IN"


def draft_site(
    files: Annotated[list[Path], typer.Argument(help="Sample files, one of each kind.")],
    *,
    site: Annotated[str, typer.Option(help="Name of the plant.")] = "my-site",
    model: Annotated[str, typer.Option(help="Name of its model.")] = "my-model",
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

    What it cannot know is left empty, and refused as long as it is.

    Example: solar sites draft power.csv weather.xlsx --site golden --longitude -105.2
    --ac-capacity-kw 3400 > golden.yaml
    """
    from console.drafting.sample import draft  # noqa: PLC0415 - with NumPy and Arrow, for this verb only

    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise ConsoleError(f"no such file: {', '.join(missing)}")
    try:
        drafts = _merged([draft(path, ac_capacity_kw) for path in files])
    except (NotUnderstoodError, UnreadableFileError) as error:
        raise ConsoleError(str(error)) from error
    if json:
        output.as_json([_plain(each) for each in drafts])
    else:
        names = {"site_id": site, "model_id": model}
        print("\n".join(_yaml(drafts, names, latitude, longitude, ac_capacity_kw)))


def _merged(drafts: list[SourceDraft]) -> list[SourceDraft]:
    """Return one draft for all files that read alike."""
    found: dict[str, SourceDraft] = {}
    for each in drafts:
        shape = json_module.dumps(
            [_glob(each.files[0]), each.format, each.offset]
            + [
                {name: guess.value for name, guess in part.items()}
                for part in (each.layout, each.timestamp, *each.columns.values())
            ]
        )
        peers = found.get(shape)
        found[shape] = _with(peers, each) if peers else each
    return list(found.values())


def _with(first: SourceDraft, other: SourceDraft) -> SourceDraft:
    peaks = [each for each in (first.peak, other.peak) if each is not None]
    return replace(first, files=first.files + other.files, peak=max(peaks, default=None))


def _yaml(
    drafts: list[SourceDraft],
    names: dict[str, str],
    latitude: float | None,
    longitude: float | None,
    capacity_kw: float | None,
) -> Iterator[str]:
    yield "# A draft: check every line that says GUESSED or FILL IN, then `solar sites add FILE`."
    for key, name in names.items():
        gap = "  # FILL IN: a-z, 0-9 and -, at most 32" if name.startswith("my-") else ""
        yield f"{key}: {name}{gap}"
    yield f"latitude: {latitude if latitude is not None else _GAP}"
    yield f"longitude: {longitude if longitude is not None else _GAP}"
    yield _zone(drafts, longitude)
    yield _capacity(drafts, capacity_kw)
    yield "sources:"
    for number, each in enumerate(drafts, start=1):
        kind = "power" if "power_ac" in each.columns else "weather"
        yield f"  - name: {kind}-{number}  # from {', '.join(each.files)}"
        yield f"    files: {_scalar(_glob(each.files[0]))}  # GUESSED from the name; it must fit all"
        yield f"    format: {each.format}"
        yield from _lines(each.layout, 4)
        yield "    timestamp:"
        yield from _lines(each.timestamp, 6)
        yield "      # label: right  # if a stamp is the END of its interval; center if its middle"
        yield "    columns:"
        for canonical, guesses in each.columns.items():
            yield f"      {canonical}:"
            yield from _lines(guesses, 8)
        if each.unused:
            yield f"      # not used: {', '.join(each.unused)}"


def _lines(guesses: dict[str, Guess], indent: int) -> Iterator[str]:
    for name, guess in guesses.items():
        yield f"{' ' * indent}{name}: {_scalar(guess.value)}  # {guess.why}"


def _scalar(value: Any) -> str:
    return (
        str(value)
        if isinstance(value, int | float)
        else json_module.dumps(value, ensure_ascii=False)
    )


def _glob(name: str) -> str:
    """Return a pattern for the files that will follow: digits change, the rest stays."""
    shape = ""
    for letter in name.removesuffix(".gz"):
        if not letter.isdigit():
            shape += letter
        elif not shape.endswith("*"):
            shape += "*"
    return shape


def _zone(drafts: list[SourceDraft], longitude: float | None) -> str:
    offset_said = next((each.offset for each in drafts if each.offset), None)
    if offset_said:
        return (
            f'timezone: "{offset_said}"  # the stamps carry it; if their clock may follow summer time '
            "nevertheless, name the zone, like Europe/Berlin: only then it is looked for"
        )
    noon = next((each.noon for each in drafts if each.noon is not None), None)
    if noon is None:
        return f"timezone: {_GAP}: neither power nor irradiance says where noon is"
    said = f"the sun is centred on {int(noon):02}:{int(noon % 1 * 60):02} by the files' clock"
    if longitude is None:
        return f"timezone: {_GAP}: {said}; with --longitude the offset is guessed"
    zone = f"{round(noon - HOUR_OF_NOON + longitude / 15):+03}:00"
    return (
        f'timezone: "{zone}"  # GUESSED: {said}; if the clock follows summer time, '
        "name the zone, like Europe/Berlin"
    )


def _capacity(drafts: list[SourceDraft], stated: float | None) -> str:
    if stated:
        return f"ac_capacity_kw: {stated:g}"
    peak = max((each.peak for each in drafts if each.peak is not None), default=None)
    if peak is None:
        return f"ac_capacity_kw: {_GAP}: no file holds power"
    return f"ac_capacity_kw: {peak:.4g}  # GUESSED: 999 of 1000 rows are below; take the inverters' nameplate"


def _plain(each: SourceDraft) -> dict[str, Any]:
    def said(guesses: dict[str, Guess]) -> dict[str, Any]:
        return {name: {"value": g.value, "why": g.why} for name, g in guesses.items()}

    return {
        "files": each.files,
        "format": each.format,
        **said(each.layout),
        "timestamp": said(each.timestamp),
        "columns": {name: said(guesses) for name, guesses in each.columns.items()},
        "peak": each.peak,
        "noon": each.noon,
        "offset": each.offset,
        "unused": each.unused,
    }
