"""Time ranges of a site that must not be trained on: what is in force, and how a person changes it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import yaml
from botocore.exceptions import ClientError
from pydantic import ValidationError

from console.client import objects
from console.errors import ConsoleError
from console.target import System
from shared import layout
from shared.aws import error_code
from shared.exclusions import ExcludedRange, SiteExclusions

TRIES = 5
READERS = 8  # at once; a client has ten connections
MOST_READ = 100  # sites with exclusions


def in_force(system: System, site: str) -> dict[str, Any]:
    """Return a site's exclusions in force."""
    found = objects.json_at(system, layout.active_exclusions(site))
    return found or {"site_id": site, "exclusions": []}


def of_sites(system: System, sites: Collection[str]) -> list[dict[str, Any]]:
    """Return the exclusions in force of some sites, each with its `site_id`, in the order of time.

    One listing tells which sites have any; of very many the first are read.
    """
    pages = system.client("s3").get_paginator("list_objects_v2")
    listed = pages.paginate(Bucket=system.bucket, Prefix=layout.all_active_exclusions())
    known = [
        each["Key"].rpartition("/")[2].removesuffix(".json")
        for page in listed
        for each in page.get("Contents", ())
    ]
    chosen = [site for site in known if site in sites][:MOST_READ]
    with ThreadPoolExecutor(READERS) as readers:
        found = list(readers.map(lambda site: in_force(system, site), chosen))
    every = [{**each, "site_id": one["site_id"]} for one in found for each in one["exclusions"]]
    return sorted(every, key=lambda each: datetime.fromisoformat(each["start"]))


def a_range(begin: datetime, until: datetime, reason: str, by: str) -> ExcludedRange:
    """Return a range as it would be excluded.

    Raises
    ------
    ConsoleError
        It makes no sense.
    """
    try:
        return ExcludedRange(start=begin, end=until, reason=reason, excluded_by=by)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConsoleError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def exclude(system: System, site: str, added: ExcludedRange) -> SiteExclusions:
    """Take a range out of training; return what is stated then."""
    return _change(system, site, lambda stated: stated.excluding(added))


def include(system: System, site: str, begin: datetime, until: datetime) -> SiteExclusions:
    """Let a range be trained on again; return what is stated then."""
    return _change(system, site, lambda stated: stated.including(begin, until))


def _change(
    system: System, site: str, change: Callable[[SiteExclusions], SiteExclusions]
) -> SiteExclusions:
    """Change what is stated; a change that somebody else made meanwhile is read first.

    Raises
    ------
    ConsoleError
        Others kept changing it, or what stands there cannot be read.
    """
    key = layout.exclusions_config(site)
    for _ in range(TRIES):
        stated, etag = _stated(system, site, key)
        changed = change(stated)
        if changed == stated:
            return stated
        body = yaml.safe_dump(changed.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
        condition: dict[str, Any] = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            system.client("s3").put_object(
                Bucket=system.bucket, Key=key, Body=body.encode(), **condition
            )
        except ClientError as error:
            if error_code(error) in {"PreconditionFailed", "ConditionalRequestConflict"}:
                continue
            raise
        return changed
    raise ConsoleError(f"others keep changing {key}; try again")


def _stated(system: System, site: str, key: str) -> tuple[SiteExclusions, str | None]:
    try:
        found = system.client("s3").get_object(Bucket=system.bucket, Key=key)
    except ClientError as error:
        if error_code(error) == "NoSuchKey":
            return SiteExclusions(site_id=site), None
        raise
    try:
        stated = SiteExclusions.model_validate(yaml.safe_load(found["Body"].read()))
    except (yaml.YAMLError, ValidationError) as error:
        raise ConsoleError(f"{key} cannot be read; correct it and upload it again") from error
    return stated, found["ETag"]
