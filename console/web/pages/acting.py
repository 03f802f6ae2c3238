"""A change: first what it will do, then that it was done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.errors import ConsoleError
from console.web.actions import ACTIONS, Action
from console.web.cards import ask
from console.web.guard import LARGEST_FORM
from console.web.pages.common import LONGEST, given, of
from console.web.rendering import to

LONGEST_REASON = 500
SEE_OTHER, FORBIDDEN, TOO_LARGE = 303, 403, 413


def confirm(request: Request) -> Response:
    """Say what a change will do, and ask for a reason."""
    site = of(request)
    action, name = _named(request)
    about = _about(action, partial(given, request))
    _require(action, about, action.needs, "in the link")
    shown = ask(lambda: {**action.shows(site.system, about), **about})
    said = ask(lambda: action.says(site.system, shown.value)) if shown.value is not None else shown
    return site.page(
        request,
        "confirm.html",
        action=action,
        name=name,
        about=action.about({each: about[each] for each in action.needs}),
        carried=_carried(action, shown.value or about),
        said=said,
        reason=given(request, "reason")[:LONGEST_REASON],
        chosen=bool(action.choice and about.get(action.choice[0])),
        lacking=site.lacking().get(action.changes),
        back=action.back(about),
    )


async def form_of(request: Request) -> dict[str, str] | None:
    """Return the fields of a form that was sent; None where it is larger than any of ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            return None
    fields = parse_qs(body.decode("utf-8", errors="replace"), keep_blank_values=True)
    return {name: values[-1].strip()[:LONGEST] for name, values in fields.items()}


def do(request: Request, form: dict[str, str]) -> Response:
    """Do a change in the caller's name, and lead back to the page that shows it."""
    site = of(request)
    action, name = _named(request)
    if why := site.guard.why_not(request, form.get("token", "")):
        return site.page(request, "refused.html", status_code=FORBIDDEN, why=why)
    about = _about(action, lambda each: form.get(each, ""))
    reason = form.get("reason", "")[:LONGEST_REASON]
    request.state.form = to(request.url.path, **about, reason=reason)
    _require(action, about, (*action.needs, *action.carries), "in the form; open it anew")
    if not reason and action.asks_why:
        raise ConsoleError("a reason is needed; it is kept, and whoever looks later reads it")
    action.do(site.system, about, reason, site.by)
    back = action.back(about)
    return RedirectResponse(f"{back}{'&' if '?' in back else '?'}done={name}", SEE_OTHER)


def _named(request: Request) -> tuple[Action, str]:
    name = request.path_params["action"]
    if name not in ACTIONS:
        raise ConsoleError(f"there is nothing called {name!r} to do")
    return ACTIONS[name], name


def _about(action: Action, field: Callable[[str], str]) -> dict[str, str]:
    """Return what a link or a form says that a change is of; what it does not need may be missing."""
    names = (*action.needs, *action.carries, *action.may)
    found = {name: field(name) for name in names}
    return {name: value for name, value in found.items() if value or name in action.needs}


def _carried(action: Action, about: dict[str, str]) -> dict[str, str]:
    """Return what the form holds unseen; a choice is a box of its own."""
    return {
        name: value
        for name, value in about.items()
        if not action.choice or name != action.choice[0]
    }


def _require(action: Action, about: dict[str, str], names: tuple[str, ...], where: str) -> None:
    lacking = [name for name in names if not about.get(name)]
    if lacking:
        raise ConsoleError(f"{action.title}: {', '.join(lacking)} is missing {where}")
