"""Looks at sample files of a plant and proposes how they read, with the evidence for each guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from console import output
from console.drafting import filenames, quantities, series, stamps
from console.drafting.cells import Numbers, numbers, sentinels
from console.drafting.guess import Guess, NotUnderstoodError, SourceDraft
from console.drafting.layout import Sheet, read
from console.drafting.stamps import Stamps
from console.drafting.units_guessed import peak
from shared.errors import UnreadableFileError

Values = quantities.Values
Rows = npt.NDArray[np.intp]
_FEW = 4  # rows that are a hiccup
_NOTHING = {None, "", 0, "0", "0.0", "0.00", "0.000", "0,0"}
_DIFFERENT = 0.2  # of the rows at the same times, before files are of different plants


@dataclass(frozen=True, slots=True)
class Drafts:
    """What was made of the samples, and why nothing was made of the others."""

    sources: list[SourceDraft]
    not_understood: list[str]


def draft(paths: Sequence[Path], capacity_kw: float | None = None) -> Drafts:
    """Look at all samples together: those that have the same columns are one source.

    Parameters
    ----------
    capacity_kw
        AC capacity of the plant, which tells the unit of its power where no header does.
    """
    sheets, failed = [], []
    for path in paths:
        try:
            sheets.append(read(path))
        except NotUnderstoodError as error:
            failed.append(str(error))
        except UnreadableFileError as error:
            failed.append(f"{path.name}: {error.reason}; {error.remedy}")
        except OSError as error:
            failed.append(
                f"{path.name}: it cannot be opened ({error.strerror}); look at its permissions"
            )
    found = []
    for group in _groups(sheets):
        try:
            found += _sources(group, capacity_kw)
        except NotUnderstoodError as error:
            failed.append(str(error))
    return Drafts(_told_apart(found), failed)


def _groups(sheets: Sequence[Sheet]) -> list[list[Sheet]]:
    """Return the files by what they are and which columns they have."""
    found: dict[tuple[object, ...], list[Sheet]] = {}
    for sheet in sheets:
        layout = tuple((name, each.value) for name, each in sheet.layout.items())
        key = (sheet.format, layout, tuple(sheet.columns), tuple(sheet.units.items()))
        found.setdefault(key, []).append(sheet)
    return list(found.values())


def _sources(sheets: list[Sheet], capacity_kw: float | None) -> list[SourceDraft]:
    """Return one source for files that read alike; where no form of stamps fits all, one for each form."""
    try:
        found = stamps.find(sheets)
    except NotUnderstoodError:
        if len(sheets) == 1:
            raise
    else:
        if len(set(found.zoned)) == 1:
            return _by_plant(sheets, found, capacity_kw)
    alone: dict[tuple[str, ...], list[Sheet]] = {}
    lost = []
    for sheet in sheets:
        try:
            own = stamps.find([sheet])
        except NotUnderstoodError as error:
            lost.append(str(error))
            continue
        written = (*(str(each.value) for each in own.guesses.values()), str(own.zoned[0]))
        alone.setdefault(written, []).append(sheet)
    sources = [_source(some, stamps.find(some), capacity_kw) for some in alone.values()]
    if lost and not sources:
        raise NotUnderstoodError("; ".join(lost))
    said = "GUESSED: the samples write their stamps in different ways, so they are sources of their own"
    notes = [said, *(f"not understood: {each}" for each in lost)]
    return [replace(each, notes=(*each.notes, *notes)) for each in sources]


def _by_plant(sheets: list[Sheet], found: Stamps, capacity_kw: float | None) -> list[SourceDraft]:
    """Return one source, or one for each plant that the names tell apart."""
    names = [sheet.path.name for sheet in sheets]
    shapes = list(dict.fromkeys(map(filenames.shape, names)))
    conflict = _conflicts(sheets, found)
    if len(shapes) == 1 or not (conflict or all(map(filenames.is_dated, names))):
        return [replace(_source(sheets, found, capacity_kw), warnings=tuple(conflict))]
    note = (
        "GUESSED: the names tell plants or devices apart, so each is a source of its own. One site is one "
        "plant: draft other plants alone"
    )
    each = [[s for s in sheets if filenames.shape(s.path.name) == shape] for shape in shapes]
    drafts = [_source(some, stamps.find(some), capacity_kw) for some in each]
    return [replace(one, notes=(*one.notes, note), warnings=tuple(conflict)) for one in drafts]


def _source(sheets: list[Sheet], found: Stamps, capacity_kw: float | None) -> SourceDraft:
    several = series.find(sheets, found.times, found.taken)
    layout = dict(sheets[0].layout)
    kept = [np.ones(len(each), bool) for each in found.times]
    if several is not None:
        layout |= several.layout
        kept = several.masks
        one = [_only(sheet, mask) for sheet, mask in zip(sheets, kept, strict=True)]
        found = stamps.find(one)
        sheets_looked_at = one
    else:
        sheets_looked_at = sheets
    taken = found.taken | ({several.column} if several else set())
    columns, writing, notes = _columns(sheets_looked_at, taken)
    layout |= writing
    times = np.concatenate(found.times)
    values = {  # a row without a time is a sum, or a comment
        name: np.where(np.isnat(times), np.nan, np.concatenate([each.values for each in some]))
        for name, some in columns.items()
    }
    units = dict(sheets[0].units)
    units |= {name: some[0].unit for name, some in columns.items() if some[0].unit}  # in the cells
    inverters = several.added_up if several else 1
    own_capacity = capacity_kw / inverters if capacity_kw else None
    what = quantities.quantities(values, units, own_capacity, found.step)
    if not what.columns:
        names = ", ".join(sheet.path.name for sheet in sheets)
        raise NotUnderstoodError(
            f"{names}: no column of numbers is power or weather by its name or unit; name it in the YAML, or "
            "give it a header like power (kW)"
        )
    power = what.columns.get("power_ac")
    highest = None
    if power is not None:
        total = quantities.members_added(power, values)
        highest = inverters * peak(total, str(power["unit"].value), found.step)
    notes += found.notes
    file_names = [sheet.path.name for sheet in sheets]
    return SourceDraft(
        tuple(sheet.path for sheet in sheets),
        tuple(sheet.looked_at for sheet in sheets),
        filenames.glob(file_names),
        sheets[0].format,
        layout,
        found.guesses,
        what.columns,
        highest,
        quantities.noon(what.columns, values, times, _middle(found)),
        found.offset,
        what.unused,
        (*_partly(sheets), *notes),
    )


def _middle(found: Stamps) -> float:
    """Return how far a stamp is before the middle of its interval. [h]"""
    half = found.step / 120
    return -half if "label" in found.guesses else half


def _partly(sheets: Sequence[Sheet]) -> list[str]:
    return [
        f"of {sheet.path.name} {sheet.looked_at} of {sheet.rows} rows were looked at: the others are beyond "
        "the first 200,000, or have more or fewer fields than the header"
        for sheet in sheets
        if sheet.looked_at < sheet.rows
    ]


def _only(sheet: Sheet, mask: npt.NDArray[np.bool_]) -> Sheet:
    rows = np.flatnonzero(mask)
    columns = {name: [cells[row] for row in rows] for name, cells in sheet.columns.items()}
    return replace(sheet, columns=columns)


def _columns(
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
    writing = _without_sentinels(found)
    every = [each for some in found.values() for each in some]
    for key, signs in (
        ("decimal", {each.decimal for each in every if each.decimal}),
        ("thousands", {each.thousands for each in every if each.thousands}),
    ):
        if len(signs) == 1:
            sign = signs.pop()
            columns = [n for n, some in found.items() if any(getattr(e, key) == sign for e in some)]
            writing[key] = Guess(sign, f"numbers of {', '.join(map(repr, columns[:3]))} show it")
        elif signs:
            notes.append(f"{key} is left out: the columns differ, and each is read by its own")
    if (
        writing.get("decimal")
        and writing.get("thousands")
        and (writing["decimal"].value == writing["thousands"].value)
    ):
        notes.append(
            "decimal and thousands are left out: the columns differ, and each is read by its own"
        )
        writing = {name: each for name, each in writing.items() if name == "missing"}
    return found, writing, notes


def _without_sentinels(found: dict[str, list[Numbers]]) -> dict[str, Guess]:
    """Take out what seems to mean 'no measurement', and say so."""
    counts: dict[float, int] = {}
    for some in found.values():
        values = np.concatenate([each.values for each in some])
        for sentinel in sentinels(values):
            counts[sentinel] = counts.get(sentinel, 0) + int((values == sentinel).sum())
            for each in some:
                each.values[each.values == sentinel] = np.nan
    if not counts:
        return {}
    cells = ", ".join(f"{value:g} in {output.counted(n, 'cell')}" for value, n in counts.items())
    why = f"GUESSED: {cells}, far from all other values"
    return {"missing": Guess([int(each) if each.is_integer() else each for each in counts], why)}


def _conflicts(sheets: Sequence[Sheet], found: Stamps) -> list[str]:
    """Say where two files hold other values at the same times: they are not of one plant."""
    notes = []
    for at in range(1, len(sheets)):
        one, other = sheets[at - 1], sheets[at]
        _, first, second = np.intersect1d(found.times[at - 1], found.times[at], return_indices=True)
        if len(first) <= _FEW:
            continue
        unlike = [
            name
            for name in one.columns
            if name not in found.taken
            and _unlike(one.columns[name], other.columns[name], first, second)
        ]
        if unlike:
            notes.append(
                f"WARNING: {one.path.name} and {other.path.name} hold other values of {unlike[0]!r} at the "
                "same times, so they are of different plants or inverters, or one replaces the other. One "
                "site is one plant: draft each plant alone"
            )
    return notes


def _unlike(one: list[Any], other: list[Any], first: Rows, second: Rows) -> bool:
    """Whether cells differ in many of the rows with the same times."""
    pairs = [(one[a], other[b]) for a, b in zip(first, second, strict=True)]
    telling = [(a, b) for a, b in pairs if a not in _NOTHING or b not in _NOTHING]
    different = sum(str(a) != str(b) for a, b in telling)
    return len(telling) > _FEW and different > _DIFFERENT * len(telling)


def _told_apart(found: list[SourceDraft]) -> list[SourceDraft]:
    """Put sources in an order in which each file is read by its own: the first glob that fits counts."""

    def greed(each: SourceDraft) -> int:
        pattern = str(each.glob.value)
        return sum(
            filenames.fits(pattern, n) for other in found if other is not each for n in other.files
        )

    ordered = sorted(found, key=greed)
    said = []
    for at, each in enumerate(ordered):
        caught = [
            name
            for name in each.files
            if any(filenames.fits(str(before.glob.value), name) for before in ordered[:at])
        ]
        if caught:
            warning = (
                f"WARNING: a source above reads {', '.join(caught[:3])}, because its files: fits the name "
                "and it comes first; make the globs differ"
            )
            each = replace(each, notes=(*each.notes, warning))  # noqa: PLW2901
        said.append(each)
    return said
