"""Files: the ledger, page by page; and one file with what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console.client import ledger
from console.errors import ConsoleError
from console.web.cards import ask, asked
from console.web.pages.common import given, moment, of, only
from shared import layout

LIMIT = 50
READS = 4  # of the ledger, 1 MB each: a page comes in time, even if it is not full
STATES = ("accepted", "quarantined", "duplicate", "superseded", "pending", "removed")
FIELDS = ("site", "state", "reason", "contains", "since")
_QUOTED = re.compile(r"(?<!\w)'([^']{2,200})'(?!\w)")
_LINE = re.compile(r"\b(?:line|row) (\d{1,6})\b")


def files(request: Request) -> Response:
    """Show a page of the ledger."""
    site = of(request)
    wanted = {name: given(request, name) for name in FIELDS}

    def page() -> dict[str, Any]:
        since = moment(request, "since")
        if wanted["state"] not in {"", *STATES}:
            raise ConsoleError(f"state: {wanted['state']!r} is none of {', '.join(STATES)}")
        return ledger.page(
            site.system,
            site_id=wanted["site"] or None,
            state=wanted["state"] or None,
            reason_code=wanted["reason"] or None,
            contains=wanted["contains"] or None,
            since=since.isoformat() if since else None,
            limit=LIMIT,
            reads=READS,
            next=given(request, "next") or None,
        )

    cards = asked(
        page=page,
        counts=lambda: (
            site.system.ask("data_watcher", "counts", site_ids=[wanted["site"]])["counts"][
                wanted["site"]
            ]
            if wanted["site"]
            else None
        ),
    )
    return site.page(request, "files.html", cards=cards, wanted=wanted, states=STATES)


def balance(request: Request) -> Response:
    """Compare the ledger with S3's listing; of a large bucket that takes its time."""
    site = of(request)
    name = given(request, "site")
    only(request, "site")
    found = ledger.balance(site.system, name or None)
    return site.page(request, "balance.html", found=found, name=name)


def file(request: Request) -> Response:
    """Show one file: its versions, and of a refused one its beginning with the fault marked."""
    site = of(request)
    key = ledger.full_key(given(request, "key"))
    versions = ledger.versions_of(site.system, key)
    newest = ledger.chosen(versions)
    head = ask(
        lambda: ledger.head(site.system, newest) if newest["state"] == "quarantined" else None
    )
    lines = marked(head.value, newest["reason"] or "") if head.value else []
    return site.page(
        request,
        "file.html",
        key=key,
        name=key.removeprefix(layout.RAW),
        file=newest,
        versions=versions,
        head=head,
        lines=lines,
    )


def marked(text: str, reason: str, most: int = 40) -> list[tuple[int, list[tuple[str, bool]]]]:
    """Return the first lines of a file: their numbers, and their parts with whether the reason names them.

    Parameters
    ----------
    reason
        What the ledger says of the file: whatever it quotes is marked, and the line that it numbers.
    """
    quoted = [re.escape(each) for each in _QUOTED.findall(reason)]
    numbered = {int(each) for each in _LINE.findall(reason)}
    found: list[tuple[int, list[tuple[str, bool]]]] = []
    for number, line in enumerate(text.splitlines()[:most], 1):
        if number in numbered or not quoted:
            parts = [(line, number in numbered)]
        else:
            pieces = re.split(f"({'|'.join(quoted)})", line)
            parts = [(each, place % 2 == 1) for place, each in enumerate(pieces) if each]
        found.append((number, parts))
    return found
