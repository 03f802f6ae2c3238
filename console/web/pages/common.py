"""What pages share: the site that they are of, and what stands in their links."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request

from console import times
from console.errors import ConsoleError
from console.web.rendering import Site

LONGEST = 1024


def of(request: Request) -> Site:
    """Return what every page needs."""
    site: Site = request.app.state.site
    return site


def given(request: Request, name: str, otherwise: str = "") -> str:
    """Return a value of the link, cut to what a name may be long."""
    return request.query_params.get(name, otherwise).strip()[:LONGEST]


def number(request: Request, name: str, otherwise: int, most: int) -> int:
    """Return a whole number of the link, within [1, most].

    Raises
    ------
    ConsoleError
        It is none.
    """
    return max(1, min(whole(request, name, otherwise), most)) if given(request, name) else otherwise


def whole(request: Request, name: str, otherwise: int) -> int:
    """Return a whole number of the link as it is.

    Raises
    ------
    ConsoleError
        It is none.
    """
    text = given(request, name)
    if not text:
        return otherwise
    if not text.isdecimal():
        raise ConsoleError(f"{name}: {text!r} is no whole number")
    return int(text[:9])


def only(request: Request, *names: str) -> None:
    """Refuse a link with a field that a page does not know: without it, it would answer something else.

    Raises
    ------
    ConsoleError
        Says which fields there are.
    """
    if unknown := sorted(set(request.query_params) - {*names, "done"}):
        raise ConsoleError(
            f"{', '.join(unknown)}: this page has no such field; it has {', '.join(names)}"
        )


def moment(request: Request, name: str) -> datetime | None:
    """Return a moment of the link.

    Raises
    ------
    ConsoleError
        It is none.
    """
    text = given(request, name)
    if not text:
        return None
    try:
        return times.in_utc(times.written(text)).astimezone(UTC)
    except ValueError as error:
        raise ConsoleError(f"{name}: {text!r} is no time; write 2026-11-24T07:19Z") from error
