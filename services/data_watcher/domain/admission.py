"""By which configuration a file is read, or why it need not even be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from services.data_watcher.domain.versions import Fault
from shared import layout
from shared.active import ActiveSite
from shared.ids import content_id
from shared.solar.site import Site, SourceFormat, source_of

READER_VERSION = (
    8  # raised when the reader's answer for some file changes; every file is read again
)
FOLDER = "folder"  # the fault of a key that ends in a slash; nobody needs to hear of it
LARGEST_FILE = 1024**3  # what the function has room for on its disk


def reading_of(site: Site | None, key: str) -> str:
    """Name everything besides its bytes that decides what becomes of a file.

    A change of a site's configuration that does not touch this name does not touch the file.
    """
    if site is None:
        return "no-site"
    source = source_of(site, key)
    if source is None:
        return content_id("no-source", [each.files for each in site.sources])
    return content_id(READER_VERSION, *_said_of(site, source))


def source_id_of(site: Site, key: str) -> str:
    """Name all that a site's configuration says about reading a file that one of its sources reads."""
    source = source_of(site, key)
    return source_id(site, source) if source else ""


def source_id(site: Site, source: SourceFormat) -> str:
    """Name all that a site's configuration says about reading one of its sources, whatever reads it."""
    return content_id(*_said_of(site, source))


def _said_of(site: Site, source: SourceFormat) -> tuple[Any, ...]:
    return (
        site.timezone,
        site.ac_capacity_kw,
        site.latitude,
        site.longitude,
        site.most_masked.share if site.most_masked else None,
        # Defaults left out: a field that a later release adds does not read every file again.
        source.model_dump(mode="json", exclude_defaults=True),
    )


def readings_of(site: Site | None) -> Callable[[str], str]:
    """Return `reading_of` for many keys of a site: it is the same for all that one source reads."""
    known: dict[int, str] = {}

    def reading(key: str) -> str:
        source = source_of(site, key) if site else None
        name = id(source)
        if name not in known:
            known[name] = reading_of(site, key)
        return known[name]

    return reading


def admit(site: ActiveSite | None, key: str, size: int) -> ActiveSite | Fault:
    """Return the site by whose configuration a file is to be read, or why it need not even be read."""
    if fault := _misplaced(key):
        return fault
    if site is None:
        return _unknown(layout.raw_site(key))
    return _no_source(site, key) or _wrong_size(size) or site


def _misplaced(key: str) -> Fault | None:
    if key.endswith("/"):
        return Fault(FOLDER, "this is a folder, not a file", "nothing is to be done")
    if not layout.raw_site(key) or any(part in {"", ".", ".."} for part in key.split("/")):
        return Fault(
            "bad_key",
            f"{key!r} is not in the folder of a site",
            "upload it to raw/<site_id>/<file name>, without empty or dotted folder names",
        )
    return None


def _unknown(site_id: str) -> Fault:
    valid = re.fullmatch("[a-z0-9-]{1,32}", site_id)
    return Fault(
        "unknown_site",
        f"there is no configuration of a site {site_id!r}",
        f"upload {layout.site_config(site_id)}, as `solar sites add` does; the file is then read without a "
        "new upload. Where the folder is misspelt, upload the file to the right one, and dismiss this one: "
        "`solar files dismiss KEY… --reason …`"
        if valid
        else "upload it to the folder of a site; those are called a-z, 0-9 and -, at most 32",
    )


def _no_source(site: Site, key: str) -> Fault | None:
    if source_of(site, key) is not None:
        return None
    globs = ", ".join(each.files for each in site.sources)
    return Fault(
        "no_source",
        f"the name {key.rpartition('/')[2]!r} fits none of the site's sources ({globs})",
        "rename the file, or add a source for such names to the site's YAML",
    )


def _wrong_size(size: int) -> Fault | None:
    if size == 0:
        return Fault("empty", "the file has no bytes", "upload it again; the transfer broke off")
    if size > LARGEST_FILE:
        return Fault(
            "too_large",
            f"the file has {size / 1024**2:.0f} MiB; at most {LARGEST_FILE // 1024**2} are read",
            "split it, for example into one file per month",
        )
    return None
