"""The columns of numbers in files of one kind, and how the numbers are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from console import output
from console.drafting.cells import Numbers, numbers, sentinels
from console.drafting.guess import Guess
from console.drafting.layout import Sheet

_NOT_EXPECTED = {
    "n/e",
    "N/E",
}  # as ENTSO-E writes; other words for nothing are no text to the reader


def columns(
    sheets: Sequence[Sheet], taken: set[str]
) -> tuple[dict[str, list[Numbers]], dict[str, Guess], list[str]]:
    """Return the columns of numbers, how they are written, and what cannot be told."""
    found: dict[str, list[Numbers]] = {}
    notes: list[str] = []
    for name in sheets[0].columns:
        if name in taken:
            continue
        some: list[Numbers] = []
        for sheet in sheets:
            cells = sheet.columns[name]
            read_ = numbers(cells, name)
            if read_ is not None and read_.tie:
                notes.append(f"GUESSED, a tie: {sheet.path.name}: {read_.tie}")
            some.append(read_ or Numbers(np.full(len(cells), np.nan)))
        if any(np.isfinite(each.values).any() for each in some):
            found[name] = some
    writing = _without_sentinels(found, _words(sheets, found))
    writing |= _signs(found, notes)
    return found, writing, notes


def _signs(found: dict[str, list[Numbers]], notes: list[str]) -> dict[str, Guess]:
    """Return the signs in numbers that no file contradicts; where files or columns differ, each decides."""
    decimal, thousands = _shown(found, "decimal"), _shown(found, "thousands")
    written = {}
    for key, shown in (("decimal", decimal), ("thousands", thousands)):
        if len(shown) == 1:
            ((sign, names),) = shown.items()
            if (key, sign) != ("decimal", "."):  # as in nearly every file
                written[key] = Guess(sign, f"numbers of {', '.join(map(repr, names[:3]))} show it")
        elif shown:
            notes.append(
                f"{key} is left out: numbers are written in several ways, and each column is read by its own"
            )
    if set(decimal) & set(thousands):
        if written:
            notes.append(
                "decimal and thousands are left out: one sign is both, and each column is read by its own"
            )
        return {}
    return written


def _shown(found: dict[str, list[Numbers]], key: str) -> dict[str, list[str]]:
    """Return the signs that columns show, each with the columns."""
    shown: dict[str, list[str]] = {}
    for name, some in found.items():
        for sign in {getattr(each, key) for each in some} - {None}:
            shown.setdefault(sign, []).append(name)
    return shown


def _words(sheets: Sequence[Sheet], found: Collection[str]) -> dict[str, int]:
    """Return the words in columns of numbers that mean 'no measurement', with their counts."""
    cells = (cell for sheet in sheets for name in found for cell in sheet.columns[name])
    return dict(Counter(cell for cell in cells if isinstance(cell, str) and cell in _NOT_EXPECTED))


def _without_sentinels(found: dict[str, list[Numbers]], words: dict[str, int]) -> dict[str, Guess]:
    """Take out what seems to mean 'no measurement', and say so."""
    counts: dict[float, int] = {}
    for some in found.values():
        values = np.concatenate([each.values for each in some])
        for sentinel in sentinels(values):
            counts[sentinel] = counts.get(sentinel, 0) + int((values == sentinel).sum())
            for each in some:
                each.values[each.values == sentinel] = np.nan
    said = [f"{word} in {output.counted(n, 'cell')}" for word, n in words.items()]
    if counts:
        cells = ", ".join(
            f"{value:g} in {output.counted(n, 'cell')}" for value, n in counts.items()
        )
        said.append(f"GUESSED: {cells}, far from all other values")
    if not said:
        return {}
    numbers_ = [int(each) if each.is_integer() else each for each in counts]
    return {"missing": Guess([*words, *numbers_], "; ".join(said))}
