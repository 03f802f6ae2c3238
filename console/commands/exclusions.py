"""Time ranges of a site that must not be trained on."""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import Annotated

import typer

from console import output, times
from console.bucket import json_at
from console.client import excluding
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.state import changing, state
from shared import layout
from shared.exclusions import SiteExclusions
from shared.solar.zones import tzinfo_of

SiteArgument = Annotated[str, typer.Argument(help="The site.")]
StartArgument = Annotated[
    str, typer.Argument(help="First moment, e.g. 2024-07-01 or 2024-07-01T06:00Z.")
]
EndArgument = Annotated[str, typer.Argument(help="First moment that is no longer meant.")]


@changing
def exclude(
    site: SiteArgument,
    start: StartArgument,
    end: EndArgument,
    reason: Annotated[str, typer.Option(help="Why; it stands in every dataset.")],
    *,
    json: JsonOption = False,
) -> None:
    """Take a time range of a site out of training; its models are looked at again.

    Times without an offset are the site's own clock; END itself is not excluded.

    Example: solar exclude golden 2024-07-01 2024-07-04 --reason "inverter swapped"
    """
    begin, until = _range(site, start, end)
    added = excluding.a_range(begin, until, reason, getpass.getuser())
    _answer(excluding.exclude(state.system, site, added), json=json)


@changing
def include(
    site: SiteArgument, start: StartArgument, end: EndArgument, *, json: JsonOption = False
) -> None:
    """Let a time range of a site be trained on again; excluded ranges are cut where they overlap it.

    Example: solar include golden 2024-07-02 2024-07-04
    """
    begin, until = _range(site, start, end)
    _answer(excluding.include(state.system, site, begin, until), json=json)


def exclusions(site: SiteArgument, *, json: JsonOption = False) -> None:
    """List a site's excluded time ranges in force.

    Example: solar exclusions golden
    """
    found = excluding.in_force(state.system, site)
    if json:
        output.as_json(found)
    else:
        _show(SiteExclusions.model_validate({k: found[k] for k in ("site_id", "exclusions")}))


def _range(site: str, start: str, end: str) -> tuple[datetime, datetime]:
    described = json_at(layout.active_site(site))
    zone = str(described["timezone"]) if described else None
    if described is None:
        output.complain(
            f"no site {site} is in force; see `solar sites list`. It holds once there is one"
        )
    begin, until = _moment(start, zone), _moment(end, zone)
    if until <= begin:
        raise ConsoleError(f"END {end} must come after START {start}")
    return begin, until


def _moment(text: str, zone: str | None) -> datetime:
    try:
        moment = times.written(text)
    except ValueError as error:
        raise ConsoleError(
            f"{text!r} is no time; write 2024-07-01, 2024-07-01T06:00Z or '2024-07-01 06:00 UTC'"
        ) from error
    if moment.tzinfo is not None:
        return moment
    if zone is None:
        raise ConsoleError(f"write {text} with its offset: the site has no configuration in force")
    return moment.replace(tzinfo=tzinfo_of(zone))


def _answer(stated: SiteExclusions, *, json: bool) -> None:
    if json:
        output.as_json(stated.model_dump(mode="json"))
    else:
        _show(stated)


def _show(stated: SiteExclusions) -> None:
    rows = [
        (each.start.isoformat(), each.end.isoformat(), each.reason, each.excluded_by)
        for each in stated.exclusions
    ]
    output.table(
        f"Excluded from training: {stated.site_id}",
        ["from", "until", "why", "by"],
        rows,
        "nothing is excluded",
    )
