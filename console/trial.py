"""Reads files as an upload would, by the product's own reader and checks, and changes nothing.

What the ledger knows is not asked here: whether a file was uploaded before, and what stands in others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.data_watcher.adapters.readers import read_file
from services.data_watcher.domain import admission, facts
from services.data_watcher.domain.versions import Fault, RowSummary
from shared import layout
from shared.active import ActiveSite
from shared.errors import UnreadableFileError
from shared.ids import sha256_hex
from shared.solar.site import names_of, source_of


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of a file.

    Attributes
    ----------
    source
        Name of the source that reads it; None where none does.
    fault
        Why it would be refused; None where it would be accepted.
    rows
        What its canonical rows would be; None where it would be refused.
    parquet
        The canonical rows.
    content
        SHA-256 of the file's bytes; empty where it need not even be read.
    """

    path: Path
    key: str
    source: str | None
    fault: Fault | None = None
    rows: RowSummary | None = None
    parquet: bytes = field(default=b"", repr=False)
    content: str = ""

    @property
    def name(self) -> str:
        """Return the name under which it would be uploaded."""
        return self.key.rpartition("/")[2]

    @property
    def state(self) -> str:
        """Return the word of the ledger for it."""
        return "quarantined" if self.fault else "accepted"


def try_files(paths: Iterable[Path], site: ActiveSite | None, site_id: str) -> list[Trial]:
    """Read files as they would be read below `raw/<site_id>/`, under each name that they would have there.

    Parameters
    ----------
    site
        The configuration by which they are read; None where none is in force.
    """
    named = ((path, name) for path in paths for name in names_of(site, path.name))
    return [_try(path, f"{layout.RAW}{site_id}/{name}", site) for path, name in named]


def _try(path: Path, key: str, site: ActiveSite | None) -> Trial:
    """Read a file as it would be read, were it uploaded now."""
    admitted = admission.admit(site, key, path.stat().st_size)
    source = source_of(site, key) if site else None
    name = source.name if source else None
    if isinstance(admitted, Fault):
        return Trial(path, key, name, admitted)
    data = path.read_bytes()
    content = sha256_hex(data)
    try:
        reading = read_file(data, key, admitted, datetime.now(UTC))
    except UnreadableFileError as error:
        fault = Fault(error.code, error.reason, error.remedy)
        return Trial(path, key, name, fault, content=content)
    return Trial(path, key, name, None, reading.rows, reading.parquet, content)


def as_plain(trial: Trial, site: ActiveSite | None) -> dict[str, Any]:
    """Return a trial for machines, with the names that `solar files --json` has."""
    fault, rows = trial.fault, trial.rows
    return {
        "file": str(trial.path),
        "key": trial.key,
        "source": trial.source,
        "state": trial.state,
        "reason_code": fault.code if fault else None,
        "reason": fault.reason if fault else None,
        "remedy": fault.remedy if fault else None,
        "rows": rows.count if rows else None,
        "rows_masked": rows.masked if rows else None,
        "masks": dict(rows.masks) if rows else {},
        "note": rows.note if rows else None,
        **facts.issued(rows),
        "columns": list(rows.columns) if rows else [],
        "window_start": rows.window_start.isoformat() if rows else None,
        "window_end": rows.window_end.isoformat() if rows else None,
        "figures": figures_of([trial], site) if rows and site else None,
    }


def figures_of(trials: Sequence[Trial], site: ActiveSite) -> dict[str, Any]:
    """Return what stands out in the rows of some files, taken together."""
    from console.figures import figures  # noqa: PLC0415 - with NumPy and Arrow, for accepted files only

    return figures([each.parquet for each in trials if each.rows], site)
