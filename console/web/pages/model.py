"""Model: what serves, how it does against its promise, its versions, and what a person may decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console import registry, trainer
from console.client import comparing, objects, standing, versions
from console.web.cards import Card, ask, asked
from console.web.pages import model_charts
from console.web.pages.common import given, number, of, only, whole
from console.web.rendering import Site

DAYS = 90
MOST_DAYS = 400
A_YEAR = 365
MOST_SITE_DAYS = 1000  # whose scores are added up without being asked for: a tenth of a second
MOST_HOUR_DAYS = 400  # the same by hour, of which a day has many
LEAST_DAYS = 7  # a shorter chart tells nothing
SHOWN = 25  # lines of a table
FIGURES = {  # of a table of scores, and what they are
    "R²": "1 is perfect, 0 is no better than the mean of what was measured",
    "nMAE": "mean absolute error, of AC capacity",
    "energy bias": "predicted over measured energy, minus 1",
    "in P10-P90": "share of the measurements in daylight between the two; 80 % are promised",
    "skill": "share of the error of yesterday's power, taken as the prediction, that is avoided",
}


def model(request: Request) -> Response:
    """Show a model."""
    site = of(request)
    system, name = site.system, request.path_params["model"]
    trainer.require_model(system, name)
    sites = _sites(site, name)
    days = number(request, "days", 0, MOST_DAYS) or _usual_days(sites)
    asks_hours = bool(given(request, "hours")) or sites * days <= MOST_HOUR_DAYS
    cards = asked(
        serves=lambda: _serves(system, name),
        by_day=lambda: _card(system, name, days, "day"),
        by_site=lambda: _card(system, name, days, "site"),
        by_hour=lambda: _card(system, name, days if asks_hours else 0, "hour"),
        by_sky=lambda: _card(system, name, days, "sky"),
        degradations=lambda: standing.degradations(system, name, days=days)["degradations"],
        versions=lambda: versions.of_model(system, name),
        live=lambda: standing.in_words(name, standing.how_they_do(system, [name]).get(name)),
        hold=lambda: registry.holds(system).get(name),
        log=lambda: system.ask("deployer", "deployments", model_id=name)["deployments"][name],
    )
    waiting = ask(lambda: versions.waiting(system, name, cards["versions"].value or []))
    by_day = cards["by_day"].value
    lines = standing.of_one_kind(by_day["lines"]) if by_day else []
    promise = ask(lambda: _promise(system, cards["serves"]))
    marked = ask(lambda: model_charts.marked(system, lines, cards))
    scored = [each for each in lines if each["n"]]
    charts = model_charts.charts(scored, _promised(cards["versions"]), marked.value or [], cards)
    return site.page(
        request,
        "model.html",
        name=name,
        days=days,
        cards=cards,
        promise=promise,
        charts=charts,
        waiting=waiting,
        marked=marked,
        shown=SHOWN,
        figures=FIGURES,
        hours=_hours(cards),
    )


def compare(request: Request) -> Response:
    """Set two versions of a model side by side."""
    site = of(request)
    name = request.path_params["model"]
    only(request, "first", "second")
    trainer.require_model(site.system, name)
    numbers = whole(request, "first", 1), whole(request, "second", 2)
    found = versions.compare(site.system, name, numbers, A_YEAR)
    said, rows = comparing.of_which_days(found), comparing.rows(found)
    return site.page(request, "compare.html", name=name, numbers=numbers, rows=rows, said=said)


def _sites(site: Site, name: str) -> int:
    """Return how many sites a model has, as far as the fleet is known."""
    known = ask(site.fleet)
    return max(len(known.value.found(model=name)), 1) if known.value else 1


def _usual_days(sites: int) -> int:
    """Return how many days are shown without being asked for: of many sites fewer, of very many none."""
    days = min(DAYS, MOST_SITE_DAYS // sites)
    return days if days >= LEAST_DAYS else 0


def _serves(system: Any, name: str) -> dict[str, Any]:
    entry = system.ask("deployer", "served", model_id=name)["served"].get(name)
    return {"version": registry.serving(system, name), "entry": entry}


def _card(system: Any, name: str, days: int, by: str) -> dict[str, Any] | None:
    """Return a scorecard; None where none was asked for."""
    if not days:
        return None
    found: dict[str, Any] = system.ask("deployer", "scorecard", model_id=name, days=days, by=by)
    return found


def _hours(cards: Mapping[str, Card]) -> dict[str, Any]:
    """Return by whose clock hours are, and of how many of the scored days they are known."""
    by_hour, by_day = cards["by_hour"].value, cards["by_day"].value
    if not by_hour or not by_day:
        return {"clock": "", "known": 0, "scored": 0}
    scored = sum(each["days"].get("scored", 0) for each in by_day["lines"])
    known = max((each["days"].get("scored", 0) for each in by_hour["lines"]), default=0)
    return {"clock": standing.grouped(by_hour), "known": known, "scored": scored}


def _promise(system: Any, serves: Card) -> dict[str, Any] | None:
    """Return what the evaluation of the version in service promised."""
    entry = serves.value["entry"] if serves.value else None
    if not entry or not entry["run_id"]:
        return None
    return dict(objects.evaluation_of(system, entry["run_id"]).model_dump(mode="json"))


def _promised(known: Card) -> dict[int, float]:
    """Return the nMAE that each version's test promised, where it is known."""
    found = {each["version"]: each["metrics"].get("nmae") for each in known.value or []}
    return {version: nmae for version, nmae in found.items() if nmae is not None}


def first_model(request: Request) -> Response:
    """Show which models there are."""
    site = of(request)
    found = ask(lambda: trainer.models(site.system))
    return site.page(request, "models.html", found=found, text=given(request, "text"))
