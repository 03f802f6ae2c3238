"""Where a file belongs in the ledger, and what its rows are called."""

from __future__ import annotations

from shared import layout
from shared.ids import content_id

UNKNOWN_SITE = "(unknown)"  # no site can be called so


def site_of(key: str) -> str:
    """Return the ledger's partition of a raw key: its folder, or one for keys outside any folder."""
    return layout.raw_site(key) or UNKNOWN_SITE


def content_of(sha256: str, made_by: str) -> str:
    """Name what some bytes say, which counts once: what was measured, and the forecasts of each provider.

    A file may hold both, and is then uploaded under a name for each.

    Parameters
    ----------
    made_by
        Whose forecasts the bytes are read as; empty where as measurements.
    """
    return content_id(sha256, made_by) if made_by else sha256


def file_id_of(key: str, sha256: str, source: str, rows: str) -> str:
    """Name the canonical rows of some bytes under a key.

    Parameters
    ----------
    source
        Names all that the site's configuration says about reading them.
    rows
        Their own SHA-256: a release that reads the file again and finds the same brings no new data.
    """
    return content_id(key, sha256, source, rows)
