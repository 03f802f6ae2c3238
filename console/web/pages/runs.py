"""Runs: which there were; one run with its stages, their log, its verdict and what it was made of. Costs."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from console import trainer
from console.client import costs as client_costs
from console.client import history, job_logs, lineage, objects, reports
from console.errors import ConsoleError
from console.web.cards import Card, ask, asked
from console.web.guard import REPORT_POLICY
from console.web.pages.common import given, number, of
from console.web.rendering import Site
from shared import compared

LIMIT = 50
LOG_LINES = 200


def runs(request: Request) -> Response:
    """Show a page of runs, the newest first."""
    site = of(request)
    model, status = given(request, "model"), given(request, "status")
    place = number(request, "page", 1, 1_000_000)

    def page() -> dict[str, Any]:
        every = [
            each
            for each in trainer.runs(site.system, model or None)
            if status in {"", each["status"]}
        ]
        every.sort(key=lambda each: str(each["started_at"]), reverse=True)
        return {
            "rows": every[(place - 1) * LIMIT : place * LIMIT],
            "found": len(every),
            "pages": -(-len(every) // LIMIT),
        }

    return site.page(request, "runs.html", found=ask(page), model=model, status=status, place=place)


def run(request: Request) -> Response:
    """Show one run."""
    site = of(request)
    found = _named(request)
    run_id = found["run_id"]
    progress = ask(lambda: _progress(site, found))
    cards = asked(
        evaluation=lambda: _evaluation(site, run_id) if found["evaluation_uri"] else None,
        expected=lambda: history.expected_seconds(_before(site, found)),
        log=lambda: _log(request, progress.value) if progress.value else None,
        made=lambda: lineage.of_run(site.system, progress.value) if progress.value else None,
    )
    live = _live(request, found, progress, cards["log"])
    return site.page(request, "run.html", run=found, cards=cards, told=lineage.told, **live)


def _evaluation(site: Site, run_id: str) -> dict[str, Any]:
    """Return what a run found, and how it did against what served, in words."""
    found = objects.evaluation_of(site.system, run_id)
    return {**found.model_dump(mode="json"), "compared": compared.of_evaluation(found)}


def live(request: Request) -> Response:
    """Show the part of a run's page that changes while it goes on: its stages, and the log of one."""
    site = of(request)
    found = _named(request)
    progress = ask(lambda: _progress(site, found))
    log = ask(lambda: _log(request, progress.value) if progress.value else None)
    return site.page(request, "run_live.html", run=found, **_live(request, found, progress, log))


def _named(request: Request) -> dict[str, Any]:
    model = given(request, "model") or None
    return history.run(of(request).system, request.path_params["run"], model)


def _progress(site: Site, run: dict[str, Any]) -> dict[str, Any]:
    found = history.progress(site.system, run["model_id"], run["run_id"])
    if found is None:
        raise ConsoleError(f"how far run {run['run_id']} came is not known any more")
    return found


def _before(site: Site, run: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the runs of the same model that began earlier."""
    every = trainer.runs(site.system, run["model_id"])
    return [each for each in every if each["started_at"] < run["started_at"]]


def _log(request: Request, progress: dict[str, Any]) -> job_logs.Tail:
    stage = job_logs.chosen(progress["stages"], given(request, "stage") or None)
    return job_logs.tail(of(request).system, stage, LOG_LINES)


def _live(request: Request, run: dict[str, Any], progress: Card, log: Card) -> dict[str, Any]:
    return {
        "progress": progress,
        "stages": history.stages(progress.value),
        "elapsed": history.seconds(run),
        "log": log,
        "wanted": given(request, "stage"),
    }


def report(request: Request) -> Response:
    """Show the report of a run: a document of its own, which may do nothing."""
    body = reports.of_run(of(request).system, request.path_params["run"])
    return HTMLResponse(body, headers={"Content-Security-Policy": REPORT_POLICY})


def costs(request: Request) -> Response:
    """Show what retraining cost by month and model."""
    site = of(request)
    found = ask(lambda: client_costs.by_month_and_model(trainer.runs(site.system)))
    total = sum(each.cost_usd for each in found.value or [])
    return site.page(request, "costs.html", found=found, total=total)
