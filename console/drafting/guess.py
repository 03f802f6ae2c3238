"""A guess, and what is guessed of the files of one kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Guess:
    """A value, and what speaks for it; the word GUESSED marks what a person must check.

    What begins with FILL IN is not written into the YAML, for nothing tells it; the value stands in for it
    where the samples are read.
    """

    value: Any
    why: str

    @property
    def is_open(self) -> bool:
        """Whether a person must say it."""
        return self.why.startswith("FILL IN")


@dataclass(frozen=True, slots=True)
class Changes:
    """A zone whose changes of summer time some stamps show, how they do, and which share lies in summer."""

    zone: str
    why: str
    share: float


class NotUnderstoodError(Exception):
    """A file of which no draft can be made, with what to do about it."""


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """How files of one kind seem to read.

    Attributes
    ----------
    paths
        The files that read so.
    rows
        How many rows of each were looked at.
    forecast
        kind, provider and issued of what somebody predicted; empty for measurements.
    is_beside
        Whether these are the forecasts in files that another source reads for what was measured.
    layout
        Delimiter, signs of numbers, which rows count.
    peak
        Highest power [kW], None where there is none.
    noon
        Hour of the files' clock around which the sun is centred.
    late
        How much later than mean noon the sun was highest on the files' days. [h]
    offset
        Zone that the stamps carry.
    summer
        The zones whose changes of summer time the stamps show.
    unused
        Columns of numbers that no quantity is taken from.
    notes, warnings
        What a person should know of the files and cannot be said in the YAML.
    """

    paths: tuple[Path, ...]
    rows: tuple[int, ...]
    glob: Guess
    format: str
    layout: dict[str, Guess]
    timestamp: dict[str, Guess]
    columns: dict[str, dict[str, Guess]] = field(default_factory=dict)
    peak: float | None = None
    noon: float | None = None
    late: float = 0.0
    offset: str | None = None
    summer: tuple[Changes, ...] = ()
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    forecast: dict[str, Guess] = field(default_factory=dict)
    is_beside: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """Return the names of the files."""
        return tuple(path.name for path in self.paths)
