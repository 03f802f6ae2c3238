"""How a file writes its numbers: decimal sign, separators of thousands, a unit after the number.

All cells of a column are read in the same way. A column that can be read in two ways is refused, and the
message shows both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.domain import units
from shared.errors import UnreadableFileError

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SPACES = "\u00a0\u202f\u2009\u2007 "  # which people and spreadsheets put between thousands
_TICKS = "'\u2019"
NUMBER = r"^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$"
_DASHES = "\u2212\u2013"
_OTHER_SIGNS = rf'^[{_DASHES}="]|\d-$'
_AS_SIGNED = {
    r'^=?"(.*)"$': r"\1",
    rf"^[{_DASHES}] ?": "-",
    rf"^(\d[\d.,{_TICKS}{SPACES}]*)-$": r"-\1",
}
_JUMP = 100.0  # between neighbours: a wrong reading makes it, a measurement hardly ever
_LEAST_JUMPS = 2
_WHOLE = re.compile(r"^\+?[1-9]\d{0,2}$")
_LEAST_WHOLE, _SOME = 3, 0.02  # different ones; of the numbers with a mark


@dataclass(frozen=True, slots=True)
class Writing:
    """A way to write numbers; `thousands` holds all marks that mean the same, '' where there are none."""

    decimal: str
    thousands: str

    @property
    def pattern(self) -> str:
        """Return the pattern of a number that is written so.

        Groups have three digits; in India the last has three and the others two.
        """
        decimal = re.escape(self.decimal)
        simple = rf"^[-+]?(?:\d+{decimal}?\d*|{decimal}\d+)(?:[eE][-+]?\d+)?$"
        if not self.thousands:
            return simple
        mark = f"[{re.escape(self.thousands)}]"
        groups = rf"^[-+]?\d{{1,3}}(?:{mark}\d{{2,3}})*{mark}\d{{3}}(?:{decimal}\d*)?$"
        return f"(?:{simple})|(?:{groups})"

    def plain(self, text: str) -> str:
        """Return a number in plain digits with a point."""
        for mark in self.thousands:
            text = text.replace(mark, "")
        return text.replace(self.decimal, ".")


# In this order: of two that fit alike, the first is the simpler one.
_WAYS = (
    Writing(".", ""),
    Writing(",", ""),
    Writing(".", ","),
    Writing(",", "."),
    Writing(".", SPACES),
    Writing(",", SPACES),
    Writing(".", _TICKS),
    Writing(",", _TICKS),
)


_DOTS = Writing(",", ".")
_GROUPS_OR_LESS = r"^[-+]?\d{1,3}(?:\.\d{3})*$"


def as_signed(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts with a sign before their number as computers write it.

    Some countries' programs write a dash of typography (\u22125), some ledgers the sign behind (5-), and some
    portals a formula, lest a spreadsheet turn the number into a date (="5"). Quotes are left where a
    blank is before them.
    """
    if not pc.any(pc.match_substring_regex(text, _OTHER_SIGNS)).as_py():
        return text  # as in nearly every file
    for pattern, plain in _AS_SIGNED.items():
        text = pc.replace_substring_regex(text, pattern, plain)
    return text


def signed(text: str) -> str:
    """Return one text like `as_signed`."""
    if re.search(_OTHER_SIGNS, text):
        for pattern, plain in _AS_SIGNED.items():
            text = re.sub(pattern, plain, text)
    return text


def numbers(
    text: pa.ChunkedArray, decimal: str | None, thousands: str | None, column: str
) -> tuple[Values, Mask]:
    """Return texts as numbers, NaN where a text is none, and where a text is a number.

    Parameters
    ----------
    text
        Trimmed cells; null where there is none.
    decimal, thousands
        What the YAML says; None where it leaves that to the column.
    column
        The column's name, for messages.

    Raises
    ------
    UnreadableFileError
        `number_format`: both readings of the column are possible, or it contradicts the YAML.
    """
    way = _way(text, decimal, thousands, column)
    good = _matches(text, way.pattern)
    plain = pc.if_else(good, text, None)
    for mark in way.thousands:
        plain = pc.replace_substring(plain, mark, "")
    if way.decimal != ".":
        plain = pc.replace_substring(plain, way.decimal, ".")
    values = pc.cast(plain, pa.float64()).to_numpy()
    return values if values.flags.writeable else values.copy(), _mask(good)


def _way(text: pa.ChunkedArray, decimal: str | None, thousands: str | None, column: str) -> Writing:
    """Return how a column is written: as stated, or the one way in which its cells make sense."""
    marks = {" ": SPACES, "'": _TICKS}.get(thousands or "", thousands)
    ways = [
        way
        for way in _WAYS
        if decimal in {None, way.decimal} and (marks is None or marks in {"", way.thousands})
    ]
    if marks and decimal:
        return Writing(decimal, marks)
    if (
        ways
        and ways[0] == _WAYS[0]
        and _count(text, ways[0].pattern) == len(text) - text.null_count
    ):
        dotted = decimal is None and marks is None and _is_grouped(text)
        simple = ways[0]  # as in nearly every file
        return _told_apart(text, simple, _DOTS, column, stated=None) if dotted else simple
    counts = [_count(text, way.pattern) for way in ways]
    most = max(counts, default=0)
    best = [way for way, count in zip(ways, counts, strict=True) if count == most]
    if not best or not most:
        return best[0] if best else Writing(decimal or ".", marks or "")
    simple = best[0]
    if marks:
        return next((way for way in best if way.thousands), simple)
    # The other reading, in which the decimal sign separates thousands, is tried even where the YAML says
    # one: many YAMLs were guessed.
    other = Writing("." if simple.decimal == "," else ",", simple.decimal)
    if simple.thousands or not _uses(text, other) or _count(text, other.pattern) < most:
        return simple
    return _told_apart(text, simple, other, column, stated=decimal)


def _is_grouped(text: pa.ChunkedArray) -> bool:
    """Whether points may separate thousands: three digits after each, and nowhere a fourth before."""
    return _uses(text, _DOTS) and _count(text, _GROUPS_OR_LESS) == len(text) - text.null_count


def _told_apart(
    text: pa.ChunkedArray, simple: Writing, grouped: Writing, column: str, *, stated: str | None
) -> Writing:
    """Decide between a decimal sign and separators of thousands: by which neighbours fit each other.

    Raises
    ------
    UnreadableFileError
        `number_format`, where neither reading, or not the stated one, makes the column steady.
    """
    cells = [each for each in text.to_pylist() if each]
    marked = [each for each in cells if set(each) & set(grouped.thousands)]
    example = marked[0]
    as_simple, as_grouped = simple.plain(example), grouped.plain(example)
    if any(re.match(r"^[-+]?0\d*\D", each) for each in marked):
        return simple  # no group of thousands begins with a zero
    mark = grouped.thousands[0]
    whole = _whole(cells, len(marked))
    jumps = {way: _jumps(cells, way) for way in (simple, grouped)}
    if not whole and jumps[grouped] >= jumps[simple] + _LEAST_JUMPS:
        return simple
    if whole or jumps[simple] >= jumps[grouped] + _LEAST_JUMPS:
        if stated is None:
            return grouped
        jumping = (
            f"jumps {jumps[simple]} times: {example!r} would be {as_simple}, and only as {as_grouped} it "
            "fits its neighbours"
        )
        mixed = (
            f"has whole numbers like {whole!r} and others with three decimals each like {example!r}, which "
            f"is {as_grouped} rather than {as_simple}"
        )
        raise UnreadableFileError(
            "number_format",
            f"the YAML says decimal: {stated!r}, but then column {column!r} {mixed if whole else jumping}",
            f"say decimal: {grouped.decimal!r} and thousands: {mark!r} in the site's YAML, or export the "
            "file without separators of thousands",
        )
    if stated is not None or simple.decimal == ".":
        return simple
    raise UnreadableFileError(
        "number_format",
        f"the numbers of column {column!r} can be read in two ways: {example!r} is {as_simple} or "
        f"{as_grouped}",
        f"say which in the site's YAML: decimal: {simple.decimal!r} for {as_simple}, or thousands: "
        f"{mark!r} for {as_grouped}",
    )


def _whole(cells: list[str], marked: int) -> str | None:
    """Return a whole number below a thousand, where such ones are beside numbers with three digits at a mark.

    Three decimals are written of every number, or of none: one of ten has fewer where zeros are dropped. Dawn
    and dusk of an hour make power jump, so that neighbours tell less.
    """
    whole = {each for each in cells if _WHOLE.match(each)}
    count = sum(each in whole for each in cells)
    is_mixed = len(whole) >= _LEAST_WHOLE and count >= _SOME * marked
    return next(each for each in cells if each in whole) if is_mixed else None


def _jumps(cells: list[str], way: Writing) -> int:
    """Count the neighbours that are farther apart than any measurement of a quarter of an hour."""
    read = [way.plain(each) for each in cells if re.match(way.pattern, each)]
    values = np.abs(np.array(read, float))
    values = values[values > 0]
    return int((np.abs(np.diff(np.log10(values))) > np.log10(_JUMP)).sum())


def _uses(text: pa.ChunkedArray, way: Writing) -> bool:
    return _count(text, f"[{re.escape(way.thousands)}]") > 0


def _count(text: pa.ChunkedArray, pattern: str) -> int:
    return int(pc.sum(_matches(text, pattern)).as_py() or 0)


def _matches(text: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring_regex(text, pattern), fill_value=False)


def _mask(array: pa.ChunkedArray) -> Mask:
    return np.array(array.to_numpy(), dtype=bool)


# --- units in cells ---------------------------------------------------------------------------------

_WITH_UNIT = re.compile(
    r"^([-+]?[\d.,'\u2019\u00a0\u202f\u2009\u2007 ]*\d[.,]?(?:[eE][-+]?\d+)?)"
    r"\s*([^\d\s.,].*)$"
)


def with_units(
    cells: Sequence[str], canonical: str, stated: str, decimal: str | None, thousands: str | None
) -> Values:
    """Return the numbers of cells that name their unit, in the stated unit; NaN where they do not.

    The cells of one unit are read in one way. Where they can be read in two, they are no numbers.

    Parameters
    ----------
    canonical, stated
        The canonical unit of the quantity, and the unit that the YAML states.
    """
    own = units.conversion(canonical, stated)
    found = np.full(len(cells), np.nan)
    places: dict[str, list[int]] = {}
    texts: dict[str, list[str]] = {}
    for at, cell in enumerate(cells):
        match = _WITH_UNIT.match(cell)
        if match is not None and units.is_known(canonical, unit := match[2].strip()):
            places.setdefault(unit, []).append(at)
            texts.setdefault(unit, []).append(match[1].strip())
    for unit, some in texts.items():
        theirs = units.conversion(canonical, unit)
        if theirs.per_interval != own.per_interval:
            continue
        try:
            values, _ = numbers(pa.chunked_array([pa.array(some)]), decimal, thousands, "")
        except UnreadableFileError:
            continue  # two readings, and nothing tells which
        found[places[unit]] = (values * theirs.factor + theirs.offset - own.offset) / own.factor
    return found
