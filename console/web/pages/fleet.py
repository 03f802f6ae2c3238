"""Fleet: every site and model with its lights, those first that need a person; in groups, and by days."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console.client import completeness, groups, health
from console.client import fleet as client
from console.errors import ConsoleError
from console.web.cards import asked
from console.web.pages.common import given, number, of
from console.web.rendering import Site

ROWS = 20
LINES = 20  # of a calendar: each day of each site is a read
GROUPS = 50
DAYS, MOST_DAYS = 90, 366
FEW = 50  # sites that are asked about one by one before any is shown
NOT_COUNTED = (
    "order by refused files; until the next daily sweep each page counts those of its sites"
)
FILTERS = ("text", "model", "light", "kind", "topic")
VIEWS = {"": "Sites", "model": "By model", "topic": "By what is wrong", "calendar": "Days"}


def fleet(request: Request) -> Response:
    """Show a page of sites, of groups of them, or of their days."""
    site = of(request)
    wanted = {name: given(request, name) for name in FILTERS}
    view, place = given(request, "view"), number(request, "page", 1, 1_000_000)
    if view not in VIEWS:
        raise ConsoleError(f"view: {view!r} is none of {', '.join(filter(None, VIEWS))}")
    days = number(request, "days", DAYS, MOST_DAYS)

    def found() -> dict[str, Any]:
        known, missing = _known(site)
        rows = known.found(**wanted)
        lights = Counter(each.worst for each in known.rows)
        shown = _shown(site, (view, days), known, rows, place)
        return {
            "found": len(rows),
            "all": len(known.rows),
            "models": known.models[: client.MANY_MODELS],
            "bad": lights["bad"],
            "warn": lights["warn"],
            **shown,
            "missing": [*known.missing, *missing, *shown.get("told", [])],
        }

    cards = asked(fleet=found, alarms=lambda: health.ringing(site.system))
    return site.page(
        request,
        "fleet.html",
        fleet=cards["fleet"],
        alarms=cards["alarms"],
        wanted=wanted,
        place=place,
        view=view,
        views=VIEWS,
        days=days,
        lights=client.LIGHTS,
        topics=client.TOPICS,
        titled=groups.titled,
    )


def _known(site: Site) -> tuple[client.Fleet, list[str]]:
    """Return the fleet; of few sites with what is asked about each, so that filter and order count it."""
    known = site.fleet()
    if len(known.rows) > FEW:
        return known, [] if known.are_files_counted else [NOT_COUNTED]
    detailed, missing = client.with_details(
        site.system, known.rows, of_files=not known.are_files_counted
    )
    return replace(known, rows=tuple(detailed)), missing


def _shown(
    site: Site, view: tuple[str, int], known: client.Fleet, rows: tuple[client.Row, ...], place: int
) -> dict[str, Any]:
    match view:
        case ("model" | "topic" as way, _):
            some, pages = _page(groups.grouped(rows, way), place, GROUPS)
            return {"groups": some, "pages": pages}
        case ("calendar", days):
            some, pages = _page([each for each in rows if each.site_id], place, LINES)
            today = datetime.now(UTC).date()
            shown = completeness.calendar(site.system, some, days, today)
            return {"calendar": shown, "pages": pages}
    some, pages = _page(rows, place, ROWS)
    told: list[str] = []
    if len(known.rows) > FEW:
        some, told = client.with_details(
            site.system,
            some,
            of_files=not known.are_files_counted,
            of_models=len(known.models) > client.MANY_MODELS,
        )
    return {"rows": some, "told": told, "pages": pages}


def _page(every: Any, place: int, count: int) -> tuple[list[Any], int]:
    return list(every[(place - 1) * count : place * count]), -(-len(every) // count)
