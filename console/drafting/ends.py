"""Which end of its interval a stamp is: by its column's name, and by a column of other ends beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from console.drafting.guess import Guess
from console.drafting.moments import Times

_PART = r"(?:time|date|zeit|datum|at)?"
_STARTS = re.compile(
    rf"\b(?:(?:period|interval)?(?:start|begin){_PART}|beginning|beginn|from|von|od|desde|inicio|inizio|de"
    r"|debut|début|ab)\b"
)
_ENDS = re.compile(
    rf"\b(?:(?:period|interval)?end{_PART}|ending|ends|to|bis|do|hasta|fin|fine|ende|until)\b"
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")  # of PeriodEnd
_HOUR, _DAY = 60.0, 1440.0
_RARELY = 0.01  # of the rows; a clock changes twice a year


@dataclass(frozen=True, slots=True)
class Beside:
    """Other stamps of the same rows.

    Attributes
    ----------
    name
        Of their column.
    times
        In each way in which they may be read.
    same_date
        Whether they share the date with the stamps, and are times of day.
    """

    name: str
    times: list[Times]
    same_date: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """The column that holds the end of the intervals.

    Attributes
    ----------
    column
        Its name.
    label
        What the stamps are; a guess where not all rows say so.
    """

    column: str
    label: Guess


def rank(name: str) -> int:
    """Return 1 for a name that says start, -1 for one that says end, and 0 for others."""
    plain = re.sub(r"[_\W]+", " ", _HUMP.sub(" ", name)).lower()
    if _STARTS.search(plain):
        return 1
    return -1 if _ENDS.search(plain) else 0


def find(times: Times, others: Iterable[Beside], step: int | None) -> End | None:
    """Return the column that holds the ends of intervals that begin at some times; None where none does.

    Parameters
    ----------
    others
        Of columns that are called an end: what lies a step later may else be another zone's clock.
    step
        Usual distance of the times; None where there is none. [min]
    """
    best: tuple[float, str, float] | None = None
    for other in others:
        for ends in other.times:
            share, length = _length(times, ends, same_date=other.same_date)
            if length > 0 and (best is None or share > best[0]):
                best = share, other.name, length
    if best is None:
        return None
    share, name, length = best
    if share == 1.0 and length == step:
        return End(name, Guess("left", f"{name!r} is the end, {step} min later in all rows"))
    return End(name, Guess("left", _doubt(name, share, length, step)))


def by_midnight(times: Times, step: int) -> bool:
    """Whether a file holds whole days by its stamps only if these are the ends of intervals.

    Parameters
    ----------
    step
        Usual distance of the times. [min]
    """
    known = times[~np.isnat(times)]
    if not len(known):
        return False
    first, last = known.min(), known.max()
    begin, end = first.astype("M8[D]"), last.astype("M8[D]")
    return bool(first - begin == np.timedelta64(step, "m") and last == end and end > begin)


def _doubt(name: str, share: float, length: float, step: int | None) -> str:
    said = f"GUESSED: {name!r} is called the end, and is {length:g} min later in {share:.0%} of the rows"
    if length == step or step is None:
        return said
    return f"{said}, but the beginnings lie {step} min apart"


def _length(begins: Times, ends: Times, *, same_date: bool) -> tuple[float, float]:
    """Return how long most intervals are [min], after the share of those that are as long."""
    minutes = (ends - begins) / np.timedelta64(1, "m")
    rows = int(np.count_nonzero(~np.isnat(begins)))
    minutes = minutes[~np.isnan(minutes)]
    if not len(minutes):
        return 0.0, 0.0
    if same_date:  # 23:45 to 00:00
        minutes = np.where(minutes <= 0, minutes + _DAY, minutes)
    values, counts = np.unique(minutes, return_counts=True)
    length = float(values[counts.argmax()])
    unlike = minutes[minutes != length]
    if len(unlike) <= _RARELY * rows and (np.abs(unlike - length) == _HOUR).all():
        unlike = unlike[:0]  # the clock changes there
    return (len(minutes) - len(unlike)) / rows, length
