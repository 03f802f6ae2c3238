"""Which columns of a file hold what a source names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from services.data_watcher.adapters.reading import day_rows, faults
from shared.errors import UnreadableFileError
from shared.solar.site import ColumnFormat, SourceFormat

_VALUE = re.compile(r"[-+]?[.,]?\d")  # no name begins so
# What people call a column of units.
UNITS = {
    "unit",
    "units",
    "uom",
    "einheit",
    "eenheid",
    "unité",
    "unite",
    "unidad",
    "unidade",
    "unità",
    "unita",
    "jednostka",
    "jednotka",
    "enhed",
    "enhet",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions of a source's columns in a file.

    Attributes
    ----------
    stamps
        Of the time stamp, or of date and time of day.
    values
        By canonical name: one position, or one per inverter.
    names
        By name: of the columns that say which sensor or inverter a row is of.
    issue
        Of the column that says when a row was issued; None where there is none.
    unit
        Of the column that says the unit of a row's only quantity; None where there is none.
    """

    stamps: tuple[int, ...]
    values: dict[str, tuple[int, ...]]
    names: dict[str, int]
    issue: int | None = None
    unit: int | None = None

    @property
    def moments(self) -> tuple[int, ...]:
        """Return the positions that hold times."""
        return self.stamps if self.issue is None else (*self.stamps, self.issue)

    @property
    def in_order(self) -> list[int]:
        """Return every position that is read, in the order in which a source names them."""
        named = [at for some in self.values.values() for at in some]
        return [*self.moments, *self.names.values(), *named]

    @property
    def all(self) -> list[int]:
        """Return every position that is read, in order and once."""
        unit = () if self.unit is None else (self.unit,)
        return sorted({*self.in_order, *unit})


Line = tuple[list[str], int, int]


def choose(source: SourceFormat, lines: Iterable[Line]) -> Line | None:
    """Return which of a file's first lines is the header: the first that names all that is wanted.

    Loggers write comments and meta data above it. Where no line names everything, two or three together may,
    as below merged cells; else it is the one that names most of it, then the longest, so that the fault can
    say what is missing.

    Parameters
    ----------
    lines
        The fields of each line, before anything else is known of it; read only as far as needed.
    """
    found: tuple[tuple[int, int], Line] | None = None
    seen = []
    for line in lines:
        seen.append(line)
        lacking = len(missing(source, line[0]))
        if not lacking:
            return line
        rank = (-lacking, len(line[0]))
        if found is None or rank > found[0]:
            found = rank, line
    stacked = [*_stacked(seen)]
    whole = next((each for each in stacked if not missing(source, each[0])), None)
    if whole or found is None:
        return whole
    best = found[1]
    return _without_gaps(source, best, stacked) if "" in best[0] else best


def _without_gaps(source: SourceFormat, best: Line, stacked: Iterable[Line]) -> Line:
    """Return two rows of a header together where they name as much as the best one, and all columns."""

    def lacking(line: Line) -> int:
        return len(missing(source, line[0]))

    most = min(lacking(best), len(missing(source, [])) - 1)
    fuller = (each for each in stacked if "" not in each[0] and lacking(each) <= most)
    return min(fuller, key=lacking, default=best)


def _stacked(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield lines with the names that the lines above them hold, down to the last of their names."""
    above: list[str] = []
    raw: list[str] = []
    for names, number, end in lines:
        if len(names) == len(above):
            filled, joined = together(above, names)[0], together(raw, names)[1]
            yield filled, number, end
            yield joined, number, end
            above, raw = filled, names
        else:
            above = raw = names


def together(upper: Sequence[str], lower: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names of two rows of a header as one: the lower where there is one, and both joined.

    A cell that is merged over several columns is written in the first of them: `Inverter 1`, ``, above
    `Power`, `Voltage` makes `Inverter 1 Power` and `Inverter 1 Voltage`.
    """
    filled = [below or name for name, below in zip(upper, lower, strict=True)]
    group, joined = "", []
    for name, below in zip(upper, lower, strict=True):
        group = name or (group if below else "")
        joined.append(" ".join(dict.fromkeys(filter(None, (group, below)))))
    return filled, joined


def check_merged(columns: Columns, names: Sequence[str], below: Sequence[str]) -> None:
    """Refuse a name that stands over several columns, each with a name of its own in the next row.

    Raises
    ------
    UnreadableFileError
        `missing_column`
    """
    if len(below) != len(names) or any(map(_VALUE.match, below)):
        return  # a row of data
    for at in (each for some in columns.values.values() for each in some):
        end = next((n for n in range(at + 1, len(names)) if names[n] or not below[n]), len(names))
        under = below[at:end]
        if len(under) > 1 and len(set(under)) == len(under):
            shown = ", ".join(map(repr, under))
            raise UnreadableFileError(
                "missing_column",
                f"{names[at]!r} stands above {len(under)} columns, and below it they are called {shown}",
                f"name them in the site's YAML (columns: a list of these names, or {names[at]} with one of "
                "them behind it)",
            )


def is_merged(columns: Columns, names: Sequence[str]) -> bool:
    """Whether a column without a name comes behind one that is read, as behind a merged cell."""
    return "" in names and any(
        at + 1 < len(names) and not names[at + 1] for some in columns.values.values() for at in some
    )


def find(source: SourceFormat, header: Sequence[str]) -> Columns:
    """Return the positions of a source's columns.

    Raises
    ------
    UnreadableFileError
        `missing_column`, `too_large` where there are too many, `unreadable` where a name occurs twice, or
        `day_rows` where a row is a whole day.
    """
    if len(header) > faults.MOST_COLUMNS:
        raise faults.too_wide(len(header))
    lacking = missing(source, header)
    if lacking:
        shown = ", ".join(repr(name) for name in header[:30]) + (", ..." if header[30:] else "")
        raise UnreadableFileError(
            "missing_column",
            f"the site's YAML (source {source.name!r}) expects "
            f"{', '.join(map(repr, lacking))}; the file has {shown}",
            "name the file's columns in the site's YAML, correct the delimiter there, or upload the "
            "file with the expected header",
        )
    if len(set(header)) < len(header):
        for name in source.names:
            if header.count(name) > 1:
                message = f"the column {name!r} is in the header more than once"
                raise faults.unreadable(message, _of_twins(source, name))
    values = {name: _positions(each, header) for name, each in source.columns.items()}
    day_rows.check(header, values)
    return Columns(
        tuple(map(header.index, source.timestamp.names)),
        values,
        {name: header.index(name) for name in source.series_names},
        next(map(header.index, source.issue_names), None),
        _unit(source, header),
    )


def _of_twins(source: SourceFormat, name: str) -> str:
    """Say what to do about columns that are called alike."""
    own = "export one device alone, or give each column a name of its own"
    if all(name != each.column for each in source.columns.values()):
        return own
    return (
        f"say columns: [{name}] in the site's YAML where all of them count, as of several inverters: they "
        f"are added up (or averaged, with combine: mean); else {own}"
    )


def _unit(source: SourceFormat, header: Sequence[str]) -> int | None:
    if len(source.columns) > 1:
        return None  # nothing tells of which of them it is
    return next((at for at, name in enumerate(header) if name.casefold() in UNITS), None)


def missing(source: SourceFormat, header: Sequence[str]) -> list[str]:
    """Return the names that a source expects and a header lacks."""
    there = set(header)
    lacking = [name for name in source.names if name not in there]
    lacking += [
        pattern
        for pattern in source.patterns
        if pattern not in there and not any(fnmatchcase(name, pattern) for name in header)
    ]
    return list(dict.fromkeys(lacking))


def _positions(column: ColumnFormat, header: Sequence[str]) -> tuple[int, ...]:
    if column.column is not None:
        return (header.index(column.column),)
    return tuple(
        at
        for at, name in enumerate(header)
        if any(name == pattern or fnmatchcase(name, pattern) for pattern in column.columns)
    )
