"""Under which names files are uploaded: one that holds forecasts beside measurements has a second one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
