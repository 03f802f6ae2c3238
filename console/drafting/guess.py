"""A guess, and cells as what they may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any


@dataclass(frozen=True, slots=True)
class Guess:
    """A value, and what speaks for it."""

    value: Any
    why: str


class NotUnderstoodError(Exception):
    """A file in which no time stamps were found."""


def moment_of(cell: Any, form: str | None) -> datetime | None:
    """Return the time that a cell holds in a strptime form, or in ISO 8601 without one; None for none."""
    if isinstance(cell, date):  # midnight in a spreadsheet is a date
        found = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
        return found if form is None else None
    if not isinstance(cell, str) or len(cell.strip()) < 8:  # noqa: PLR2004 - the shortest date
        return None
    try:
        if form is None:
            return datetime.fromisoformat(cell.strip())
        return datetime.strptime(cell.strip(), form)  # noqa: DTZ007 - the zone is guessed apart
    except ValueError:
        return None


def number_of(cell: Any, decimal: str) -> float | None:
    """Return the number that a cell holds, or None."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    try:
        return float(str(cell).strip().replace(decimal, "."))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """How files of one kind seem to read.

    Attributes
    ----------
    files
        Names of the files that read so.
    peak
        Highest power [kW], None where there is none.
    noon
        Hour of the files' clock around which the sun is centred.
    offset
        Offset that the stamps carry.
    unused
        Columns of numbers that no quantity is taken from.
    """

    files: tuple[str, ...]
    format: str
    layout: dict[str, Guess]
    timestamp: dict[str, Guess]
    columns: dict[str, dict[str, Guess]] = field(default_factory=dict)
    peak: float | None = None
    noon: float | None = None
    offset: str | None = None
    unused: tuple[str, ...] = ()
