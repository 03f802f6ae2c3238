"""Rows that hold the intervals of an hour or a day side by side: looked at as a row for each of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, compress

from console.drafting.guess import Guess
from console.drafting.layout import Sheet
from console.drafting.plant_power import Several
from console.drafting.quantities import Columns
from console.drafting.stamps import Stamps
from services.data_watcher.adapters.reading import day_rows

_NUMBER = "the number of the interval"  # called so by no file


def unrolled(sheet: Sheet) -> Sheet:
    """Return a file with a row for each interval that holds something; one without such columns as it is."""
    names = list(sheet.columns)
    positions, span = day_rows.intervals(names)
    if not positions:
        return sheet
    several = [names[at] for at in positions]
    values = list(chain.from_iterable(zip(*(sheet.columns[name] for name in several), strict=True)))
    held = [each not in {None, ""} for each in values]
    others = {name: cells for name, cells in sheet.columns.items() if name not in several}
    columns = {
        name: list(compress(chain.from_iterable([cell] * len(several) for cell in cells), held))
        for name, cells in others.items()
    }
    numbers = [*range(1, len(several) + 1)] * sheet.looked_at
    columns |= {_NUMBER: list(compress(numbers, held))}
    columns |= {f"power of each {span}": list(compress(values, held))}
    return replace(sheet, columns=columns, in_turn=tuple(several))


def _asked(guess: Guess) -> Guess:
    """Return what is to be filled in instead of a guess: columns that are called 00:30 say no unit."""
    if not guess.why.startswith("GUESSED"):
        return guess
    why = guess.why.removeprefix("GUESSED: ").replace("with it", f"with {guess.value}")
    why = why.replace("GUESSED by its size: values up", "values go up")
    return Guess(guess.value, f"FILL IN: no name says whether it is power or energy; {why}")


def said(sheet: Sheet, found: Stamps, columns: Columns) -> tuple[Stamps, Columns]:
    """Return stamps and quantities as the YAML has them: the columns in turn, and no number."""
    if not sheet.in_turn:
        return found, columns
    why = (
        f"GUESSED: {len(sheet.in_turn)} columns, one for each interval; please check what they hold"
    )
    in_turn = {
        "columns": Guess(Several(sheet.in_turn, sheet.in_turn), why),
        "combine": Guess("in_turn", "they follow each other"),
    }
    named = {
        name: in_turn | {key: _asked(each) for key, each in some.items() if key != "column"}
        for name, some in columns.items()
    }
    guesses = {key: each for key, each in found.guesses.items() if key != "interval_column"}
    return replace(found, guesses=guesses), named
