"""The server of the pages: which link leads where, live news, and what is said when something fails."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from console import target, trainer
from console.client import fleet as fleet_client
from console.client import rights
from console.errors import ConsoleError, NotFoundError
from console.target import System
from console.web import rendering
from console.web.actions import ACTIONS
from console.web.guard import Guard, Guarding
from console.web.pages import acting, decisions, files, fleet, forecast, model, plant, runs, system

CHARTS = "plotly.min.js"  # in the package, of which nothing is imported
FLEET_SECONDS = 15.0  # for which an answer about the whole fleet is good enough to turn a page
SETTLING_SECONDS = 60.0  # in which a service has handled a command
NEWS_SECONDS = 2.0
NOT_FOUND, NOT_DONE = 404, 400
A_WEEK = "private, max-age=604800"


def application(connected: System, guard: Guard, by: str) -> Starlette:
    """Return the pages of a system.

    Parameters
    ----------
    by
        The caller's name, which goes with every change.
    """
    templates = rendering.environment()
    fleet = Brief(lambda: fleet_client.fleet(connected))
    templates.globals["done_texts"] = {name: each.done for name, each in ACTIONS.items()}
    site = rendering.Site(
        connected,
        guard,
        by,
        templates,
        fleet,
        cache(lambda: rights.missing(connected)),
    )
    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(Guarding, guard=guard), Middleware(GZipMiddleware)],
        exception_handlers={
            ConsoleError: _explain,
            ClientError: _explain,
            BotoCoreError: _explain,
            HTTPException: _no_page,
        },
    )
    app.state.site, app.state.fleet = site, fleet
    return app


def _routes() -> list[Route | Mount]:
    here = Path(__file__).parent
    pages: dict[str, Callable[[Request], Response]] = {
        "/": fleet.fleet,
        "/models": model.first_model,
        "/models/{model}": model.model,
        "/models/{model}/compare": model.compare,
        "/sites/{site}": plant.plant,
        "/sites/{site}/history": plant.history,
        "/files": files.files,
        "/file": files.file,
        "/balance": files.balance,
        "/runs": runs.runs,
        "/runs/{run}": runs.run,
        "/runs/{run}/live": runs.live,
        "/runs/{run}/report": runs.report,
        "/costs": runs.costs,
        "/decisions": decisions.models,
        "/decisions/{model}": decisions.decisions,
        "/forecast": forecast.models,
        "/forecast/{model}/{site}": forecast.forecast,
        "/forecast/{model}/{site}/latest.{kind}": forecast.download,
        "/status": system.status,
        "/notices": system.notices,
        "/do/{action}": acting.confirm,
    }
    return [
        Route("/charts.js", _charts),
        Route("/news/{model}", _news),
        Route("/do/{action}", _do, methods=["POST"]),
        *(Route(path, page, methods=["GET"]) for path, page in pages.items()),
        Mount("/static", StaticFiles(directory=here / "static")),
    ]


@cache
def _charts_file() -> Path:
    found = find_spec("plotly")
    if found is None or found.origin is None:
        raise ConsoleError("the charts are not installed; run `make setup-local`")
    return Path(found.origin).with_name("package_data") / CHARTS


def _charts(_: Request) -> Response:
    return FileResponse(
        _charts_file(), media_type="text/javascript", headers={"Cache-Control": A_WEEK}
    )


async def _do(request: Request) -> Response:
    form = await acting.form_of(request)
    if form is None:
        return Response("the form is too large", status_code=acting.TOO_LARGE)
    request.app.state.fleet.changed()
    return await run_in_threadpool(acting.do, request, form)


async def _news(request: Request) -> Response:
    """Tell a page, as long as it is open, whenever something about a model changed."""
    site: rendering.Site = request.app.state.site
    name = request.path_params["model"]

    def stamp() -> str:
        runs_now = [
            (each["run_id"], each["status"]) for each in trainer.runs(site.system, name)[-3:]
        ]
        log = site.system.ask("deployer", "deployments", model_id=name)["deployments"]
        return json.dumps([runs_now, len(log.get(name, []))])

    async def told() -> AsyncIterator[str]:
        before = None
        while not await request.is_disconnected():
            try:
                now = await run_in_threadpool(stamp)
            except (ConsoleError, ClientError, BotoCoreError):
                now = before or ""  # the page says itself what does not answer
            if before is not None and now != before:
                yield "event: changed\ndata: {}\n\n"
            else:
                yield ": nothing new\n\n"
            before = now
            await asyncio.sleep(NEWS_SECONDS)

    return StreamingResponse(told(), media_type="text/event-stream")


def _explain(request: Request, error: Exception) -> Response:
    said = str(error) if isinstance(error, ConsoleError) else target.explain(error)
    code = NOT_FOUND if isinstance(error, NotFoundError) else NOT_DONE
    site: rendering.Site = request.app.state.site
    return site.page(request, "failed.html", status_code=code, said=said)


def _no_page(request: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, HTTPException) else NOT_FOUND
    said = "There is no such page." if code == NOT_FOUND else str(error)
    site: rendering.Site = request.app.state.site
    return site.page(request, "failed.html", status_code=code, said=said)


class Brief:
    """The fleet as it was some seconds ago, at most: whoever turns pages asks for the same again.

    After a change it is asked for anew each time, until services have surely heard of it.
    """

    def __init__(self, ask: Callable[[], fleet_client.Fleet]) -> None:
        self._ask = ask
        self._known: tuple[float, fleet_client.Fleet] | None = None
        self._changed = float("-inf")

    def __call__(self) -> fleet_client.Fleet:
        """Return the fleet."""
        now = time.monotonic()
        is_settled = now - self._changed > SETTLING_SECONDS
        if self._known is None or not is_settled or now - self._known[0] > FLEET_SECONDS:
            self._known = (now, self._ask())
        return self._known[1]

    def changed(self) -> None:
        """Note that somebody changed something."""
        self._changed = time.monotonic()
