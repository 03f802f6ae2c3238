"""Under which names files are uploaded: one that holds forecasts beside measurements has a second one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from console import output
from console.bucket import json_at
from shared import layout
from shared.aws import error_code

if TYPE_CHECKING:
    from shared.active import ActiveSite
    from shared.solar.site import Site

_DENIED = {"AccessDenied", "AccessDeniedException"}
Named = tuple[Path, str]


def in_force(site_id: str) -> ActiveSite | None:
    """Return a site's configuration in force; None where there is none."""
    from shared.active import ActiveSite  # noqa: PLC0415 - with pydantic, for uploads only

    found = json_at(layout.active_site(site_id))
    return ActiveSite.model_validate(found) if found else None


def of_upload(site_id: str, files: Sequence[Path]) -> list[Named]:
    """Return files with the names that they get below their site."""
    from shared.solar.site import names_of  # noqa: PLC0415 - as above

    try:
        site = in_force(site_id)
    except ClientError as error:  # who may only upload cannot read it
        if error_code(error) not in _DENIED:
            raise
        output.errors.print(
            "the site's configuration may not be read with these rights, so each file is sent under its own "
            "name alone; where a source says in_files_of, send it again under its second name"
        )
        site = None
    return [(path, name) for path in files for name in names_of(site, path.name)]


def said(named: Iterable[Named]) -> Iterator[str]:
    """Yield which files have a second name."""
    second = [(path.name, name) for path, name in named if path.name != name]
    if second:
        (own, other), more = second[0], len(second) - 1
        yield (
            f"{own} goes to two sources, a second time as {other}, for the forecasts in it"
            + (f"; so {'do' if more > 1 else 'does'} {more} more" if more else "")
        )


def of_files(site_id: str, names: Collection[str]) -> list[str]:
    """Return which of a site's files are there under one of their names only, where that can be known."""
    try:
        site = in_force(site_id)
    except ClientError as error:  # who may ask for the ledger need not be allowed to read the site
        if error_code(error) not in _DENIED:
            raise
        site = None
    return list(alone(site, names)) if site is not None else []


def alone(site: Site, names: Collection[str]) -> Iterator[str]:
    """Yield which files are there under one of their names only, so that one source lacks their rows."""
    from shared.solar.site import names_of, source_of  # noqa: PLC0415 - as above

    there = sorted(set(names))
    for source in (each for each in site.sources if each.in_files_of is not None):
        lacking = [
            (name, second)
            for name in there
            if (second := source.second_name(name)) in names_of(site, name) and second not in names
        ]
        orphans = [
            (name, own)
            for name in there
            if source_of(site, name) == source
            and (own := name.removeprefix(source.second_name(""))) not in names
        ]
        yield from _alone(lacking, f"the forecasts of {source.name}", site.site_id)
        yield from _alone(orphans, "the measurements", site.site_id)


def _alone(found: Sequence[tuple[str, str]], what: str, site_id: str) -> Iterator[str]:
    if found:
        (name, other), more = found[0], len(found) - 1
        others = f", and so {'are' if more > 1 else 'is'} {more} more" if more else ""
        yield (
            f"{name} is there, and not as {other}{others}: {what} in {'them' if more else 'it'} are not "
            f"read. `solar upload {site_id} FILE…` sends a file under both names; a plant that writes to S3 "
            "by itself puts it there twice"
        )


def unread(site: Site) -> Iterator[str]:
    """Yield which sources get no file, because one above them takes all that they name."""
    for at, each in enumerate(site.sources):
        above = next((one for one in site.sources[:at] if fnmatchcase(each.files, one.files)), None)
        if above is None:
            continue
        said = (
            f"source {each.name} gets no file: {above.name} stands above it and takes {each.files}"
        )
        if each.is_forecast:
            second = each.second_name(above.files)
            yield (
                f"{said}; where these files hold both, say in_files_of: {above.name} and files: {second!r} "
                f"of {each.name}, and move it above {above.name}"
            )
        else:
            yield f"{said}; make the globs differ, or move {each.name} above it"
