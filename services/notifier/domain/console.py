"""Which page of `solar console` shows what a notice is about."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from services.notifier.domain.notice import Notice
from services.notifier.domain.offer import Link, Verb
from shared import layout

_OF_A_KIND = {
    "alarm": "/status",
    "alarm_over": "/status",
    "channel_refused": "/status",
    "subscription": "/status",
    "budget": "/costs",
    "digest": "/notices",
    "file_quarantined": "/files",
    "file_settled": "/files",
    "config_rejected": "/status",
}


def links(notice: Notice, console_url: str) -> list[Link]:
    """Return the link to the page about a notice; none where nobody said where the console is."""
    if not console_url:
        return []
    address = f"{console_url.rstrip('/')}{path(notice)}"
    return [Link(Verb.CONSOLE, "In the console", address)]


def path(notice: Notice) -> str:
    """Return the path of the page: of the file or run that it offers, else of its kind, site or model."""
    about: dict[str, str] = {}
    for each in notice.offers:
        about = {**each.about, **about}
    if about.get("key", "").startswith(layout.RAW):
        return f"/file?{urlencode({'key': about['key']})}"
    if "run_id" in about:
        return f"/runs/{quote(about['run_id'], safe='')}"
    if notice.kind in _OF_A_KIND:
        page = _OF_A_KIND[notice.kind]
        return (
            f"{page}?{urlencode({'site': notice.site})}"
            if page == "/files" and notice.site
            else page
        )
    if notice.site:
        return f"/sites/{quote(notice.site, safe='')}"
    return f"/models/{quote(notice.model, safe='')}" if notice.model else "/"


def run(about: Mapping[str, str], console_url: str) -> str:
    """Return the address of the page of a link's run or model; '' where there is none."""
    if not console_url:
        return ""
    if "run_id" in about:
        return f"{console_url.rstrip('/')}/runs/{quote(about['run_id'], safe='')}"
    if "model_id" in about:
        return f"{console_url.rstrip('/')}/models/{quote(about['model_id'], safe='')}"
    return ""
