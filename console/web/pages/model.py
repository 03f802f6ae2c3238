"""Model: what serves, how it does against its promise, its versions, and what a person may decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console import registry, trainer
from console.client import excluding, objects, standing, versions
from console.web.cards import Card, ask, asked
from console.web.charts import Chart, per_day
from console.web.charts import versions as mark_versions
from console.web.pages.common import given, number, of
from console.web.rendering import Site

DAYS = 90
MOST_DAYS = 400
A_YEAR = 365
MOST_SITE_DAYS = 1000  # whose scores are added up without being asked for: a tenth of a second
LEAST_DAYS = 7  # a shorter chart tells nothing
MOST_SITES = 5  # of which the exclusions are shown in the chart
PROMISED_INSIDE = 0.8  # share of the measurements between P10 and P90


def model(request: Request) -> Response:
    """Show a model."""
    site = of(request)
    system, name = site.system, request.path_params["model"]
    trainer.require_model(system, name)
    days = number(request, "days", 0, MOST_DAYS) or _usual_days(site, name)
    cards = asked(
        serves=lambda: _serves(system, name),
        by_day=lambda: _card(system, name, days, "day") if days else None,
        by_site=lambda: _card(system, name, days, "site") if days else None,
        versions=lambda: versions.of_model(system, name),
        live=lambda: standing.in_words(name, standing.how_they_do(system, [name]).get(name)),
        hold=lambda: registry.holds(system).get(name),
        decision=lambda: system.ask("trainer_trigger", "decisions", model_id=name, limit=1)[
            "decisions"
        ][name],
        log=lambda: system.ask("deployer", "deployments", model_id=name)["deployments"][name],
    )
    promise = ask(lambda: _promise(system, cards["serves"]))
    charts = ask(lambda: _charts(system, cards, promise.value))
    return site.page(
        request, "model.html", name=name, days=days, cards=cards, promise=promise, charts=charts
    )


def compare(request: Request) -> Response:
    """Set two versions of a model side by side."""
    site = of(request)
    name = request.path_params["model"]
    numbers = (number(request, "first", 1, 10**6), number(request, "second", 2, 10**6))
    found = ask(lambda: versions.compare(site.system, name, numbers, A_YEAR))
    return site.page(request, "compare.html", name=name, numbers=numbers, found=found)


def _usual_days(site: Site, name: str) -> int:
    """Return how many days are shown without being asked for: of many sites fewer, of very many none."""
    known = ask(site.fleet)
    sites = len(known.value.found(model=name)) if known.value else 1
    days = min(DAYS, MOST_SITE_DAYS // max(sites, 1))
    return days if days >= LEAST_DAYS else 0


def _serves(system: Any, name: str) -> dict[str, Any]:
    entry = system.ask("deployer", "served", model_id=name)["served"].get(name)
    return {"version": registry.serving(system, name), "entry": entry}


def _card(system: Any, name: str, days: int, by: str) -> dict[str, Any]:
    found: dict[str, Any] = system.ask("deployer", "scorecard", model_id=name, days=days, by=by)
    return found


def _promise(system: Any, serves: Card) -> dict[str, Any] | None:
    """Return what the evaluation of the version in service promised."""
    entry = serves.value["entry"] if serves.value else None
    if not entry or not entry["run_id"]:
        return None
    return dict(objects.evaluation_of(system, entry["run_id"]).model_dump(mode="json"))


def _charts(
    system: Any, cards: Mapping[str, Card], promise: Mapping[str, Any] | None
) -> list[Chart]:
    if cards["by_day"].value is None:
        return []
    kept = standing.of_one_kind(cards["by_day"].value["lines"])
    lines = [each for each in kept if each["n"]]
    error = Chart("Mean absolute error per day, of AC capacity", "nMAE", zooms=False, is_share=True)
    inside = Chart("Share of measurements between P10 and P90", "share", is_share=True)
    bias = Chart("Bias per day, of AC capacity", "MBE", is_share=True)
    error.line("nMAE", per_day(lines, "nmae"), "main")
    bias.line("MBE", per_day(lines, "mbe"), "main")
    inside.line("between P10 and P90", per_day(lines, "coverage_p10_p90"), "main")
    inside.line("promised", [(each["name"], PROMISED_INSIDE) for each in lines], "promise")
    if promise:
        promised = promise["challenger"]["all"]["nmae"]
        error.line("promised by the test", [(each["name"], promised) for each in lines], "promise")
    charts = [error, inside, bias]
    for chart in charts:
        mark_versions(chart, lines, note=chart is error)
    if lines:
        _mark_what_happened(error, lines, cards)
        _shade_exclusions(system, error, lines, cards)
    return charts


def _mark_what_happened(
    chart: Chart, lines: Sequence[Mapping[str, Any]], cards: Mapping[str, Card]
) -> None:
    first, last = lines[0]["name"], lines[-1]["name"]
    for entry in cards["log"].value or []:
        if first <= entry["at"][:10] <= last and entry["event"] != "started":
            what = entry["event"].replace("_", " ")
            chart.mark(entry["at"], "version", f"version {entry['version']} {what}")


def _shade_exclusions(
    system: Any, chart: Chart, lines: Sequence[Mapping[str, Any]], cards: Mapping[str, Card]
) -> None:
    first, last = lines[0]["name"], lines[-1]["name"]
    by_site = cards["by_site"].value
    for each in (by_site["lines"] if by_site else [])[:MOST_SITES]:
        for one in excluding.in_force(system, each["name"])["exclusions"]:
            if one["start"][:10] <= last and one["end"][:10] >= first:
                label = f"{each['name']} excluded: {one['reason']}"
                chart.stretch(one["start"], one["end"], "excluded", label)


def first_model(request: Request) -> Response:
    """Show which models there are."""
    site = of(request)
    found = ask(lambda: trainer.models(site.system))
    return site.page(request, "models.html", found=found, text=given(request, "text"))
