"""Time ranges of a site that must not be trained on."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import typer
import yaml
from botocore.exceptions import ClientError
from pydantic import ValidationError

from console import output, times
from console.bucket import json_at
from console.commands.local import JsonOption
from console.errors import ConsoleError
from console.state import changing, state
from shared import layout
from shared.aws import error_code
from shared.exclusions import ExcludedRange, SiteExclusions
from shared.solar.zones import tzinfo_of

TRIES = 5
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
    try:
        added = ExcludedRange(start=begin, end=until, reason=reason, excluded_by=getpass.getuser())
    except ValidationError as error:
        first = error.errors()[0]
        raise ConsoleError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    _answer(_change(site, lambda stated: stated.excluding(added)), json=json)


@changing
def include(
    site: SiteArgument, start: StartArgument, end: EndArgument, *, json: JsonOption = False
) -> None:
    """Let a time range of a site be trained on again; excluded ranges are cut where they overlap it.

    Example: solar include golden 2024-07-02 2024-07-04
    """
    begin, until = _range(site, start, end)
    _answer(_change(site, lambda stated: stated.including(begin, until)), json=json)


def exclusions(site: SiteArgument, *, json: JsonOption = False) -> None:
    """List a site's excluded time ranges in force.

    Example: solar exclusions golden
    """
    found = json_at(layout.active_exclusions(site)) or {"site_id": site, "exclusions": []}
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


def _change(site: str, change: Callable[[SiteExclusions], SiteExclusions]) -> SiteExclusions:
    """Change what is stated; a change that somebody else made meanwhile is read first.

    Raises
    ------
    ConsoleError
        Others kept changing it, or what stands there cannot be read.
    """
    key = layout.exclusions_config(site)
    for _ in range(TRIES):
        stated, etag = _stated(site, key)
        changed = change(stated)
        if changed == stated:
            return stated
        body = yaml.safe_dump(changed.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
        condition: dict[str, Any] = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            state.system.client("s3").put_object(
                Bucket=state.system.bucket, Key=key, Body=body.encode(), **condition
            )
        except ClientError as error:
            if error_code(error) in {"PreconditionFailed", "ConditionalRequestConflict"}:
                continue
            raise
        return changed
    raise ConsoleError(f"others keep changing {key}; try again")


def _stated(site: str, key: str) -> tuple[SiteExclusions, str | None]:
    try:
        found = state.system.client("s3").get_object(Bucket=state.system.bucket, Key=key)
    except ClientError as error:
        if error_code(error) == "NoSuchKey":
            return SiteExclusions(site_id=site), None
        raise
    try:
        stated = SiteExclusions.model_validate(yaml.safe_load(found["Body"].read()))
    except (yaml.YAMLError, ValidationError) as error:
        raise ConsoleError(f"{key} cannot be read; correct it and upload it again") from error
    return stated, found["ETag"]


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
