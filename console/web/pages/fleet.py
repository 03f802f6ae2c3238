"""Fleet: every site and model with its lights, those first that need a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console.client import fleet as client
from console.web.cards import ask
from console.web.pages.common import given, number, of

ROWS = 20
FEW = 50  # sites that are asked about one by one before any is shown


def fleet(request: Request) -> Response:
    """Show a page of sites."""
    site = of(request)
    wanted = {name: given(request, name) for name in ("text", "model", "light", "kind")}
    place = number(request, "page", 1, 1_000_000)

    def rows() -> dict[str, Any]:
        known = site.fleet()
        many = len(known.models) > client.MANY_MODELS
        few = len(known.rows) <= FEW
        missing: list[str] = []
        if few:  # so that filter and order count what is asked about each
            detailed, missing = client.with_details(site.system, known.rows)
            known = replace(known, rows=tuple(detailed))
        found = known.found(**wanted)
        shown = list(found[(place - 1) * ROWS : place * ROWS])
        if not few:
            shown, missing = client.with_details(site.system, shown, of_models=many)
        lights = [each.worst for each in known.rows]
        return {
            "rows": shown,
            "found": len(found),
            "all": len(known.rows),
            "models": known.models[: client.MANY_MODELS],
            "missing": [*known.missing, *missing],
            "bad": lights.count("bad"),
            "warn": lights.count("warn"),
            "pages": -(-len(found) // ROWS),
        }

    return site.page(
        request, "fleet.html", fleet=ask(rows), wanted=wanted, place=place, lights=client.LIGHTS
    )
