"""Runs: which there were; and one run with its verdict and its report. Costs: what they add up to."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from console import trainer
from console.client import costs as client_costs
from console.client import history, objects, reports
from console.web.cards import ask, asked
from console.web.guard import REPORT_POLICY
from console.web.pages.common import given, number, of

LIMIT = 50


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
    run_id = request.path_params["run"]
    model = given(request, "model") or None
    found = history.run(site.system, run_id, model)
    cards = asked(
        evaluation=lambda: (
            objects.evaluation_of(site.system, run_id).model_dump(mode="json")
            if found["evaluation_uri"]
            else None
        ),
        stages=lambda: history.stages(history.progress(site.system, found["model_id"], run_id)),
        expected=lambda: history.expected_seconds(trainer.runs(site.system, found["model_id"])),
    )
    return site.page(request, "run.html", run=found, cards=cards, elapsed=history.seconds(found))


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
