"""Files that cannot be of one plant, and sources that would take each other's files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from console.drafting import filenames
from console.drafting.guess import SourceDraft
from console.drafting.layout import Sheet
from console.drafting.stamps import Stamps

Rows = npt.NDArray[np.intp]
_FEW = 4  # rows that are a hiccup
_NOTHING = {None, "", 0, "0", "0.0", "0.00", "0.000", "0,0"}
_DIFFERENT = 0.2  # of the rows at the same times, before files are of different plants


def of_plants(sheets: Sequence[Sheet], found: Stamps) -> list[str]:
    """Say where two files hold other values at the same times: they are not of one plant."""
    notes = []
    for at in range(1, len(sheets)):
        one, other = sheets[at - 1], sheets[at]
        _, first, second = np.intersect1d(found.times[at - 1], found.times[at], return_indices=True)
        unlike = [
            name
            for name in one.columns
            if name not in found.taken
            and _unlike(one.columns[name], other.columns[name], first, second)
        ]
        if unlike:
            notes.append(
                f"WARNING: {one.path.name} and {other.path.name} hold other values of {unlike[0]!r} at the "
                "same times, so they are of different plants or inverters, or one replaces the other (or, "
                "where somebody predicted them, they are issues of a forecast: kind: forecast). One site is "
                "one plant: draft each plant alone"
            )
    return notes


def _unlike(one: list[Any], other: list[Any], first: Rows, second: Rows) -> bool:
    """Whether cells differ in many of the rows with the same times."""
    pairs = [(one[a], other[b]) for a, b in zip(first, second, strict=True)]
    telling = [(a, b) for a, b in pairs if a not in _NOTHING or b not in _NOTHING]
    different = sum(str(a) != str(b) for a, b in telling)
    return len(telling) > _FEW and different > _DIFFERENT * len(telling)


def in_order(found: list[SourceDraft]) -> list[SourceDraft]:
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
