"""How the served models do, by the last daily watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from console.client.words import counted, percent, short
from console.target import System


def how_they_do(
    system: System, models: Sequence[str] | None = None
) -> dict[str, dict[str, Any] | None]:
    """Return how models do live, by the last daily watch; None for one that was not looked at yet.

    Parameters
    ----------
    models
        At most 200; None is all.
    """
    return dict(system.ask("deployer", "live", model_ids=models)["live"])


def in_words(model: str, summary: dict[str, Any] | None) -> list[str]:
    """Return a line on how a model does live, and one for each site that is worse than promised."""
    if summary is None or summary["last"] is None:
        return [
            f"{model} live: not judged yet; once a day its last days are compared with its promise"
        ]
    versions = ", ".join(map(str, summary["versions"]))
    said = (
        f"{model} live, version {versions}, {summary['first']} to {summary['last']}: "
        f"R² {short(summary['r2'])}, nMAE {percent(summary['nmae'])}, "
        f"energy bias {percent(summary['energy_bias'], signed=True)}, "
        f"{summary['sites_scored']} of {counted(summary['sites'], 'site')} scored"
    )
    lines = [said + ("" if summary["standing"] else f"; {_as_promised(summary)}")]
    lines += [f"  {each['site_id']}: {_stands(each)}" for each in summary["standing"]]
    if summary["more_standing"]:
        lines.append(f"  and {counted(summary['more_standing'], 'more site')}")
    return lines


def _stands(each: Mapping[str, Any]) -> str:
    """Return what is wrong at a site, and since when, where the reason does not say that itself."""
    since, why = each["since"], each["why"]
    known = f" since {since}" if since and since not in why else ""
    return f"{what(each)}{known}: {why}"


def _as_promised(summary: Mapping[str, Any]) -> str:
    judged, sites = summary["sites_judged"], summary["sites"]
    if summary.get("inputs") == "forecast":
        return "forecasts are scored by lead, and not judged against a promise"
    if not judged:
        return "no site can be judged now"
    if judged < sites:
        return (
            f"as promised at {judged} of {counted(sites, 'site')}; the others cannot be judged now"
        )
    return "as promised everywhere"


def of_one_kind(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines of a scorecard that belong together: of measured weather, else of forecasts in time.

    One day or site has a line for each kind of input, and one for what was made only afterwards.
    """
    for kind in ("measured", "forecast"):
        found = [dict(each) for each in lines if each["inputs"] == kind]
        if any(each["n"] for each in found):
            return found
    first = min((each["inputs"] for each in lines), default="")
    return [dict(each) for each in lines if each["inputs"] == first]


def degradations(
    system: System,
    model: str,
    *,
    first: str | None = None,
    last: str | None = None,
    days: int | None = None,
) -> dict[str, Any]:
    """Return what people were told of a model's sites in some days: `{first, last, degradations}`."""
    return system.ask("deployer", "degradations", model_id=model, first=first, last=last, days=days)


def what(each: Mapping[str, Any]) -> str:
    """Return what is wrong at a site, in words."""
    return "cannot be scored" if each["kind"] == "data" else "worse than promised"


MOST_ZONES = 3  # that are named


def grouped(answer: Mapping[str, Any]) -> str:
    """Return what a line of a scorecard is, of hours by whose clock."""
    if answer["by"] != "hour":
        return str(answer["by"])
    zones = answer["zones"]
    known = 0 < len(zones) <= MOST_ZONES
    return f"hour, {', '.join(zones) if known else 'each site by its own clock'}"


def named(each: Mapping[str, Any]) -> str:
    """Return a line's name; what is not of measured weather says so."""
    return each["name"] if each["inputs"] == "measured" else f"{each['name']} ({each['inputs']})"
