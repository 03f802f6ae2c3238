"""Status: the health of everything. Notices: what people were told."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from console.client import health
from console.web.cards import ask
from console.web.pages.common import given, of

NOTICES = 25


def status(request: Request) -> Response:
    """Show functions, queues, alarms, endpoints and holds."""
    site = of(request)
    return site.page(request, "status.html", found=ask(lambda: health.health(site.system)))


def notices(request: Request) -> Response:
    """Show a page of what people were told, the newest first."""
    site = of(request)
    following = given(request, "next") or None
    found = ask(lambda: site.system.ask("notifier", "notices", limit=NOTICES, next=following))
    return site.page(request, "notices.html", found=found)
