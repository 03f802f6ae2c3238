"""Which configurations of a site were in force since when, by whom, and how two of them differ."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, TypedDict
from urllib.parse import quote, unquote

import yaml
from botocore.exceptions import ClientError

from console.errors import NotFoundError
from console.target import System
from shared import layout
from shared.aws import error_code

READERS = 8  # at once; a client has ten connections
PLAIN = " @+=,./:-"  # of a name, beside letters and digits, in the metadata of an object


class Version(TypedDict):
    """A configuration that was in force in [since, until); until None is now.

    `number` counts from 1, the oldest. `uploaded_at` is None where nobody noted the upload, `by` where it did
    not say whose it was. `text` is the YAML as it was uploaded, else `said`: what it says, written anew.
    """

    number: int
    since: str
    until: str | None
    config_version: str
    uploaded_at: str | None
    by: str | None
    text: str
    said: str


@dataclass(frozen=True, slots=True)
class _Span:
    """An object's version, and when it was the current one."""

    number: int
    version_id: str
    since: str
    until: str | None


def history(system: System, site: str, most: int | None = None) -> list[Version]:
    """Return a site's configurations that were in force, the newest first.

    Parameters
    ----------
    most
        How many of the newest; all of them by default.
    """
    key = layout.active_site(site)
    listed = _versions(system, key)
    spans = [
        _Span(number, each["VersionId"], _text(each["LastModified"]), until)
        for number, (each, until) in enumerate(_with_ends(listed), start=1)
    ]
    with ThreadPoolExecutor(READERS) as readers:
        return list(readers.map(lambda each: _version(system, site, key, each), spans[::-1][:most]))


def numbered(found: list[Version], number: int) -> Version:
    """Return a version by its number.

    Raises
    ------
    NotFoundError
        There is none.
    """
    for each in found:
        if each["number"] == number:
            return each
    known = ", ".join(str(each["number"]) for each in found[::-1])
    raise NotFoundError(f"no version {number} of this configuration; there are {known or 'none'}")


def difference(older: Version, newer: Version) -> list[str]:
    """Return how two of them differ, line by line, as `diff -u` has it; nothing where they are equal.

    As they were uploaded, or as written anew where one upload is not known.
    """
    kept = older["uploaded_at"] and newer["uploaded_at"]
    before, after = (
        (each["text"] if kept else each["said"]).splitlines() for each in (older, newer)
    )
    names = (_named(older), _named(newer))
    return list(difflib.unified_diff(before, after, *names, lineterm=""))


def written(config: Mapping[str, Any]) -> str:
    """Return what a configuration says as YAML, without what nobody stated."""
    return yaml.safe_dump(stated(config), sort_keys=False, allow_unicode=True)


def stated(config: Any) -> Any:
    """Return a configuration without what nobody stated."""
    if isinstance(config, Mapping):
        return {name: stated(value) for name, value in config.items() if value not in (None, {})}
    return [stated(each) for each in config] if isinstance(config, list | tuple) else config


def signed(by: str) -> dict[str, str]:
    """Return the metadata of an upload that says who it is of; S3 takes plain signs only."""
    return {layout.BY: quote(by, safe=PLAIN)}


def _versions(system: System, key: str) -> list[dict[str, Any]]:
    """Return the versions of an object, the oldest first."""
    pages = system.client("s3").get_paginator("list_object_versions")
    found = [
        each
        for page in pages.paginate(Bucket=system.bucket, Prefix=key)
        for each in page.get("Versions", ())
        if each["Key"] == key
    ]
    found.reverse()  # the listing has the newest first; its times are of whole seconds
    return sorted(found, key=lambda each: each["LastModified"])


def _with_ends(
    listed: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    """Yield each version with when the next one took its place."""
    for each, after in zip_longest(listed, listed[1:]):
        yield each, _text(after["LastModified"]) if after else None


def _version(system: System, site: str, key: str, span: _Span) -> Version:
    body, said, _ = _read(system, key, span.version_id) or (b"{}", {}, None)
    config = json.loads(body)
    version = str(config.pop("config_version", ""))
    anew = written(config)
    upload = said.get(layout.UPLOAD)
    uploaded = _read(system, layout.site_config(site), upload) if upload else None
    text, signed_by, uploaded_at = uploaded or (anew.encode(), {}, None)
    return {
        "number": span.number,
        "since": span.since,
        "until": span.until,
        "config_version": version,
        "uploaded_at": uploaded_at,
        "by": unquote(signed_by[layout.BY]) if layout.BY in signed_by else None,
        "text": text.decode("utf-8-sig", errors="replace"),
        "said": anew,
    }


def _read(system: System, key: str, version_id: str) -> tuple[bytes, Mapping[str, str], str] | None:
    """Return an object's version, what it says of itself, and since when it is there; None if it is gone."""
    try:
        found = system.client("s3").get_object(Bucket=system.bucket, Key=key, VersionId=version_id)
    except ClientError as error:
        if error_code(error) in {"NoSuchKey", "NoSuchVersion"}:
            return None
        raise
    return found["Body"].read(), found.get("Metadata", {}), _text(found["LastModified"])


def _named(version: Version) -> str:
    return f"version {version['number']}, {version['since'][:16].replace('T', ' ')} UTC"


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
