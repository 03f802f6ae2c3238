"""Where a file belongs in the ledger, and what its rows are called."""

from __future__ import annotations

from shared import layout
from shared.ids import content_id

UNKNOWN_SITE = "(unknown)"  # no site can be called so


def site_of(key: str) -> str:
    """Return the ledger's partition of a raw key: its folder, or one for keys outside any folder."""
    return layout.raw_site(key) or UNKNOWN_SITE


def file_id_of(key: str, sha256: str, reading: str) -> str:
    """Name the canonical rows of some bytes under a key, read in a certain way."""
    return content_id(key, sha256, reading)
