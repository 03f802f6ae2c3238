"""Forecast: the newest issue of a site with its range, and what was forecast and came before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console import forecasts, trainer
from console.client import ledger, log, measurements, objects, sites
from console.errors import ConsoleError, NotFoundError
from console.target import System
from console.web.cards import ask, asked
from console.web.charts import Chart
from console.web.pages.common import given, of
from shared import layout

AHEAD_HOURS = 72.0
BEFORE = timedelta(days=2)
KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def models(request: Request) -> Response:
    """Show of which sites of a model there are forecasts."""
    site = of(request)
    name = given(request, "model")

    def found() -> dict[str, Any]:
        known = trainer.models(site.system)
        chosen = name or (known[0] if len(known) == 1 else "")
        if name and name not in known:
            raise ConsoleError(f"no model {name!r}")
        sites = site.system.ask("deployer", "forecasts", model_id=chosen)["sites"] if chosen else []
        return {"models": known, "chosen": chosen, "sites": sites}

    return site.page(request, "forecasts.html", found=ask(found))


def forecast(request: Request) -> Response:
    """Show the newest forecast of a site."""
    site = of(request)
    model, name = request.path_params["model"], request.path_params["site"]
    trainer.require_model(site.system, model)
    sites.named(site.system, name)
    cards = asked(
        ahead=lambda: _ahead(site.system, model, name),
        before=lambda: _before(site.system, model, name),
    )
    return site.page(request, "forecast.html", model=model, name=name, cards=cards)


def download(request: Request) -> Response:
    """Give the newest forecast of a site as it stands in the bucket."""
    model, name, kind = (request.path_params[each] for each in ("model", "site", "kind"))
    if kind not in KINDS:
        raise ConsoleError(f"a forecast can be had as {', '.join(KINDS)}")
    body = objects.bytes_at(of(request).system, layout.latest_forecast(model, name, kind))
    if body is None:
        raise NotFoundError(f"there is no forecast of {name} yet")
    headers = {"Content-Disposition": f'attachment; filename="{name}-forecast.{kind}"'}
    return Response(body, media_type=KINDS[kind], headers=headers)


def _ahead(system: System, model: str, name: str) -> dict[str, Any]:
    answer = system.ask("deployer", "forecasts", model_id=model, site_id=name)
    if not answer["sites"]:
        raise ConsoleError(
            f"there is no forecast of {name} yet: it takes a version of {model} with `inputs: forecast` that "
            "serves, and a file of a source with `kind: forecast` that came since"
        )
    known = answer["sites"][0]
    latest = objects.json_at(system, known["key"])
    if latest is None:
        raise ConsoleError(f"{known['key']} was deleted; the next issue writes it again")
    now = datetime.now(UTC)
    end = forecasts.ends_at(latest)
    return {
        "feeds": known["feeds"],
        "chart": _chart(forecasts.rows_within(latest, AHEAD_HOURS, now)),
        "late": forecasts.late(known["feeds"], now),
        "ended": forecasts.minute(end) if end <= now else "",
    }


def _chart(rows: list[dict[str, Any]]) -> Chart:
    chart = Chart("What comes", "kW")
    low, high, middle = (
        [(row["timestamp"], row[of_]) for row in rows] for of_ in ("p10", "p90", "p50")
    )
    chart.band("P10 to P90", low, high)
    chart.line("forecast", middle, "main")
    return chart


def _before(system: System, model: str, name: str) -> Chart | None:
    """Return what was forecast in time for the last days, beside what came; None where nothing was."""
    made = log.ask(system, model, name, None, None)["predictions"]
    made = [each for each in made if each["inputs"] == "forecast"]
    if not made:
        return None
    now = datetime.now(UTC)
    last = min(max(datetime.fromisoformat(each["window_end"]) for each in made), now)
    rows = [row for row in log.rows(system, made, last - BEFORE, last) if not row["hindsight"]]
    best = {row["timestamp"]: row for row in sorted(rows, key=_issued)}
    chart = Chart("What was forecast, and what came", "kW")
    ordered = [best[at] for at in sorted(best)]
    low, high, middle = (
        [(row["timestamp"], row[of_]) for row in ordered] for of_ in ("p10", "p90", "power_ac")
    )
    chart.band("P10 to P90", low, high)
    chart.line("forecast", middle, "main")
    files, _ = ledger.covering(system, name, last - BEFORE, last)
    power = measurements.power(system, files, last - BEFORE, last)
    chart.line(
        "measured", [(at.isoformat().replace("+00:00", "Z"), v) for at, v in power], "measured"
    )
    return chart


def _issued(row: Mapping[str, Any]) -> tuple[str, int]:
    return str(row["issued_at"]), row["version"]
