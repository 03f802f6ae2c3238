"""The charts of a model's page, and what is marked in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from console.client import excluding, standing
from console.errors import ConsoleError
from console.web.cards import Card
from console.web.charts import Chart, day_after, per_day, version_bands
from console.web.charts import versions as show_versions

MOST_MARKED = 200  # stretches of a chart; the table has them all
PROMISED_INSIDE = 0.8  # share of the measurements between P10 and P90


class Marked(TypedDict):
    """A stretch of days that people know of: a degradation, or what somebody excluded."""

    role: str
    begin: str
    end: str | None
    site_id: str
    what: str
    why: str


def marked(
    system: Any, lines: Sequence[Mapping[str, Any]], cards: Mapping[str, Card]
) -> list[Marked]:
    """Return the degradations and exclusions of the days that are shown, in the order of time.

    Raises
    ------
    ConsoleError
        Nobody could say what was degraded.
    """
    if cards["degradations"].error:
        raise ConsoleError(cards["degradations"].error)
    if not lines:
        return []
    first, last = lines[0]["name"], lines[-1]["name"]
    degraded: list[Marked] = [
        {
            "role": "unscored" if each["kind"] == "data" else "degraded",
            "begin": each["since"] or first,
            "end": each["until"],
            "site_id": each["site_id"],
            "what": standing.what(each),
            "why": each["why"],
        }
        for each in cards["degradations"].value
    ]
    by_site = cards["by_site"].value
    sites = {each["name"] for each in by_site["lines"]} if by_site else set()
    excluded: list[Marked] = [
        {
            "role": "excluded",
            "begin": each["start"],
            "end": each["end"],
            "site_id": each["site_id"],
            "what": "excluded",
            "why": each["reason"],
        }
        for each in excluding.of_sites(system, sites)
        if each["start"][:10] <= last and each["end"][:10] >= first
    ]
    return sorted([*degraded, *excluded], key=lambda each: (each["begin"], each["site_id"]))


def charts(
    lines: Sequence[Mapping[str, Any]],
    promised: Mapping[int, float],
    known: Sequence[Marked],
    cards: Mapping[str, Card],
) -> list[Chart]:
    """Return a model's charts by the day; none where nothing was scored.

    Parameters
    ----------
    promised
        The nMAE that each version's test promised; of some that is not known any more. [unitless]
    """
    if not lines:
        return []
    span = (lines[0]["name"], day_after(lines[-1]["name"]))
    error = Chart("Mean absolute error per day, of AC capacity", "nMAE", is_share=True, span=span)
    inside = Chart("Share of measurements between P10 and P90", "share", is_share=True, span=span)
    bias = Chart("Mean bias error per day, of AC capacity", "MBE", is_share=True, span=span)
    error.line("nMAE", per_day(lines, "nmae"), "main")
    bias.line("MBE", per_day(lines, "mbe"), "main")
    inside.line("between P10 and P90", per_day(lines, "coverage_p10_p90"), "main")
    inside.line("promised", [(each["name"], PROMISED_INSIDE) for each in lines], "promise")
    steps = _promised(lines, promised)
    if any(each[1] is not None for each in steps):
        error.line("promised by each version's test", steps, "promise", step=True)
    drawn = [error, inside, bias]
    for chart in drawn:
        show_versions(chart, lines, note=chart is error)
        _mark(chart, known, span[1])
    _mark_what_happened(error, span, cards)
    return drawn


def _promised(
    lines: Sequence[Mapping[str, Any]], promised: Mapping[int, float]
) -> list[tuple[str, float | None]]:
    """Return each day's promise, of the version that was scored; a day of several versions has none."""
    found: list[tuple[str, float | None]] = []
    for versions, days in version_bands(lines):
        only = versions[0] if len(versions) == 1 else None
        value = promised.get(only) if only is not None else None
        found += [(each, value) for each in days]
    return found


def _mark(chart: Chart, known: Sequence[Marked], last: str) -> None:
    """Shade what people know of; the table below the charts says it in words."""
    for each in known[:MOST_MARKED]:
        label = f"{each['site_id']} {each['what']}: {each['why']}"
        chart.stretch(each["begin"], each["end"] or last, each["role"], label, note=False)


def _mark_what_happened(chart: Chart, span: tuple[str, str], cards: Mapping[str, Card]) -> None:
    for entry in cards["log"].value or []:
        if span[0] <= entry["at"][:10] <= span[1] and entry["event"] != "started":
            what = entry["event"].replace("_", " ")
            chart.mark(entry["at"], "version", f"version {entry['version']} {what}")
