"""Status: the health of everything. Notices: what people were told."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from console.client import dead_letters, health, schedules
from console.web.cards import Card, ask, asked
from console.web.pages.common import given, of
from console.web.rendering import Site

NOTICES = 25


def status(request: Request) -> Response:
    """Show functions, queues, dead letters, schedules, alarms, endpoints and holds."""
    site = of(request)
    cards = asked(
        found=lambda: health.health(site.system),
        letters=lambda: _letters(site),
        schedules=lambda: schedules.of_all(site.system),
    )
    return site.page(
        request,
        "status.html",
        found=cards["found"],
        letters=cards["letters"],
        schedules=cards["schedules"],
        failed=_failed(cards["letters"], given(request, "queue")),
        told=dead_letters.told,
        due=schedules.due,
    )


def _letters(site: Site) -> list[tuple[dead_letters.Letters, Card]]:
    """Return each queue that holds dead letters, with a look at some of them."""
    found = dead_letters.all_queues(site.system)
    return [(each, _look(site, each)) for each in found]


def _failed(letters: Card, queue: str) -> bool:
    """Return whether sending back the letters of a queue failed: then its card alone says so."""
    known = [each for each, _ in letters.value or [] if each.queue == queue]
    return any(each.move is not None and each.move.failed for each in known)


def _look(site: Site, letters: dead_letters.Letters) -> Card:
    return ask(lambda: dead_letters.heads(site.system, letters) if letters.waiting else [])


def notices(request: Request) -> Response:
    """Show a page of what people were told, the newest first."""
    site = of(request)
    following = given(request, "next") or None
    found = ask(lambda: site.system.ask("notifier", "notices", limit=NOTICES, next=following))
    return site.page(request, "notices.html", found=found)
