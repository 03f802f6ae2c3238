"""Stamps of an hour or a day whose intervals a column counts, as in files of markets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from console.drafting import summer
from console.drafting.guess import Changes, Guess, NotUnderstoodError
from console.drafting.layout import Sheet
from console.drafting.moments import Times
from console.drafting.stamps import MINUTE, Stamps

_HOUR, _DAY = 60, 1440  # min
_MOSTLY = 0.8  # of the hours or days
_STEPS = (5, 10, 15, 20, 30, 60)
_WHOLE = re.compile(r"\d{1,3}(\.0)?")
Whole = npt.NDArray[np.int64]


def placed(sheets: Sequence[Sheet], found: Stamps) -> Stamps:
    """Return stamps with the number of their interval, where a column counts them; others as they are."""
    if not _repeat(found.times):
        return found
    for name in sheets[0].columns:
        if name in found.taken:
            continue
        numbers = [_numbers(sheet.columns[name]) for sheet in sheets]
        known = [each for each in numbers if each is not None]
        step = _step(found.times, known) if len(known) == len(sheets) else None
        if step is not None:
            return _with_numbers(found, name, known, *step)
    return found


def refuse_dates(sheets: Sequence[Sheet], found: Stamps) -> None:
    """Refuse stamps that are dates, and come again and again.

    Raises
    ------
    NotUnderstoodError
        With what to write instead.
    """
    times = np.concatenate(found.times)
    if _repeat(found.times) and _are_dates(times):
        message = (
            f"{sheets[0].path.name}: the stamps are dates, and each comes again and again, but no column "
            "beside them is a time of day that is read, or counts the intervals; write the time of day at "
            "which each interval begins beside the date, like 13:30"
        )
        raise NotUnderstoodError(message)


def _repeat(times: Sequence[Times]) -> bool:
    known = [each[~np.isnat(each)] for each in times]
    return any(2 * len(np.unique(each)) < len(each) for each in known)


def _are_dates(times: Times) -> bool:
    known = times[~np.isnat(times)]
    return bool((known == known.astype("M8[D]")).all())


def _numbers(cells: Sequence[Any]) -> Whole | None:
    """Return the numbers of a column from its lowest on; None where it holds something else."""
    if not all(_WHOLE.fullmatch(str(each).strip()) for each in cells):
        return None
    found = np.array([int(float(str(each))) for each in cells], np.int64)
    return found - found.min() if len(found) and found.min() in {0, 1} else None


def _step(times: Sequence[Times], numbers: Sequence[Whole]) -> tuple[int, int] | None:
    """Return the length of an interval and of what they are counted in; None where they are not. [min]"""
    every, counted = np.concatenate(times), np.concatenate(numbers)
    span = _DAY if _are_dates(every) else _HOUR
    highest: list[int] = []
    for own, each in zip(times, numbers, strict=True):
        known = ~np.isnat(own)
        pairs = np.unique(np.stack([own[known].astype(np.int64), each[known]]), axis=1)
        if pairs.shape[1] < np.count_nonzero(known):
            return None  # several plants, or something else
        _, counts = np.unique(pairs[0], return_counts=True)
        highest += counts.tolist()
    usual = int(np.median(highest))
    if usual < 2 or span % usual or span // usual not in _STEPS:  # noqa: PLR2004 - intervals
        return None
    lengths = [usual, usual * 23 // 24, usual * 25 // 24] if span == _DAY else [usual]
    if np.isin(highest, lengths).mean() < _MOSTLY or counted.max() >= usual * 25 / 24 + 1:
        return None
    return span // usual, span


def _changes(times: Sequence[Times], numbers: Sequence[Whole], step: int) -> tuple[Changes, ...]:
    """Return the zones whose clocks are changed on the days that have an hour more or less than others."""
    hours: dict[np.datetime64, float] = {}
    for own, each in zip(times, numbers, strict=True):
        known = ~np.isnat(own)
        days, of_row = np.unique(own[known].astype("M8[D]"), return_inverse=True)
        highest = np.zeros(len(days), np.int64)
        np.maximum.at(highest, of_row, each[known] + 1)
        hours |= dict(zip(days, (highest * step / 60).tolist(), strict=True))
    return summer.by_length(hours)


def _with_numbers(
    found: Stamps, name: str, numbers: Sequence[Whole], step: int, span: int
) -> Stamps:
    is_end = span == _HOUR and found.label is not None and found.label.value == "right"
    label = {"label": found.label} if is_end and found.label is not None else {}
    begun = [
        times + each * step * MINUTE - (_HOUR * MINUTE if is_end else 0 * MINUTE)
        for times, each in zip(found.times, numbers, strict=True)
    ]
    what = "hour" if span == _HOUR else "day"
    kept = {
        key: each for key, each in found.guesses.items() if key not in {"step_minutes", "label"}
    }
    said = {
        "interval_column": Guess(name, f"it counts the intervals of the {what}"),
        "step_minutes": Guess(step, f"{span // step} intervals in each {what}"),
    }
    changes = _changes(found.times, numbers, step) if span == _DAY else ()
    return replace(
        found,
        guesses=kept | said | label,
        times=begun,
        step=step,
        label=None,
        notes=(),
        changes=changes,
    )
