"""Compares the canonical rows of two files, column by column."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from services.data_watcher.domain.overlaps import Compared
from shared.errors import UnreadableFileError
from shared.solar import contradictions
from shared.solar.position import Floats
from shared.solar.rows import ISSUED, PROVIDER, STEP, TIME
from shared.solar.site import POWER

_BITS = 32  # that seconds since 1970 take, until 2106
Keys = npt.NDArray[np.uint64]  # what rows are about: the issue of forecasts, and the time


def compare(one: bytes, other: bytes) -> Compared:
    """Return what two canonical tables say of each other; forecasts are compared issue by issue.

    Of two steps the finer rows are averaged over the intervals of the other ones.

    Raises
    ------
    UnreadableFileError
        One of them is no canonical table.
    """
    try:
        first, second = (pq.read_table(pa.BufferReader(each)) for each in (one, other))
        others = {TIME, ISSUED, PROVIDER, STEP, "mask"}
        shared = sorted(set(first.column_names) & set(second.column_names) - others)
        sides = [_columns(table, shared) for table in (first, second)]
    except (pa.ArrowException, ValueError, KeyError) as error:
        message = f"canonical rows cannot be compared: {error}"
        raise UnreadableFileError("unreadable", message, "see the objects of the month") from error
    if any(ISSUED in table.column_names for table in (first, second)):
        return _compared(sides[0], sides[1], shared)
    steps = [_usual_step(keys) for keys, _ in sides]
    if steps[0] == steps[1] or 0 in steps:
        return _compared(sides[0], sides[1], shared)
    if max(steps) % min(steps):
        return Compared()  # no row of one is the mean of some of the other
    fine = steps.index(min(steps))
    sides[fine] = _averaged(*sides[fine], max(steps) // min(steps), sides[1 - fine][0], max(steps))
    return _compared(sides[0], sides[1], shared, contradictions.OF_OTHER_STEPS)


def _usual_step(keys: Keys) -> int:
    """Return the most frequent distance of a file's times; 0 for a single one. [s]"""
    distances, counts = np.unique(np.diff(keys), return_counts=True)
    return int(distances[counts.argmax()]) if len(distances) else 0


def _averaged(
    keys: Keys, columns: dict[str, Floats], count: int, coarse: Keys, step: int
) -> tuple[Keys, dict[str, Floats]]:
    """Return the means of values over longer intervals, of those that are whole.

    Parameters
    ----------
    count
        How many rows a longer interval has.
    coarse, step
        The times of the longer intervals, and their length. [s]
    """
    phase = coarse[0] % np.uint64(step)
    begins = (keys - phase) // np.uint64(step) * np.uint64(step) + phase
    found, first, lengths = np.unique(begins, return_index=True, return_counts=True)
    whole = lengths == count
    means = {
        name: (np.add.reduceat(values, first) / lengths)[whole] for name, values in columns.items()
    }
    return found[whole], means


def _compared(
    one: tuple[Keys, dict[str, Floats]],
    other: tuple[Keys, dict[str, Floats]],
    shared: list[str],
    *share: float,
) -> Compared:
    times, at_one, at_other = np.intersect1d(one[0], other[0], return_indices=True)
    contradicted = np.zeros(len(times), dtype=bool)
    shares, example = [0.0, 0.0], None
    for name in shared:
        mine, theirs = one[1][name], other[1][name]
        about_zero = contradictions.floor(mine, theirs)
        here, there = mine[at_one], theirs[at_other]
        apart = contradictions.apart(here, there, about_zero, *share)
        if not apart.any():
            continue
        contradicted |= apart
        for side, values in enumerate((mine, theirs)):
            telling = int((np.abs(values) > about_zero).sum())
            shares[side] = max(shares[side], min(int(apart.sum()) / max(telling, 1), 1.0))
        # People are shown what is farthest apart, and power rather than a tenth of a degree at night.
        row = int(np.argmax(np.where(apart, np.abs(here - there), -1.0)))
        found = (name != POWER, times[row], name, float(here[row]), float(there[row]))
        example = found if example is None else min(example, found)
    if example is None:
        return Compared()
    _, time, column, value, other_value = example
    return Compared(
        rows=int(contradicted.sum()),
        shares=(round(shares[0], 4), round(shares[1], 4)),
        column=column,
        time=datetime.fromtimestamp(int(time) % 2**_BITS, UTC),
        said=(value, other_value),
    )


def _columns(table: pa.Table, names: list[str]) -> tuple[Keys, dict[str, Floats]]:
    """Return what a table's rows are about, ordered and each once, and its values; NaN where unknown."""
    keys = _seconds(table, TIME)
    if ISSUED in table.column_names:
        keys |= _seconds(table, ISSUED) << np.uint64(_BITS)
    times, first = np.unique(keys, return_index=True)
    values = {
        name: table[name].cast("float64").to_numpy(zero_copy_only=False)[first] for name in names
    }
    return times, values


def _seconds(table: pa.Table, name: str) -> Keys:
    whole = table[name].cast(pa.timestamp("s", "UTC"), safe=False).cast("int64")
    return np.array(whole.to_numpy(), dtype=np.uint64)
