"""Serial dates of spreadsheets in a sample: proposed only where all rows fit and lie regularly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from console.drafting.moments import Form, Times
from services.data_watcher.adapters.reading import serials
from shared.solar.stamp_format import EXCEL

WHY = (
    "GUESSED: all cells are days since 1899-12-30, as spreadsheets count; look at the first date, "
    "{first}: where a spreadsheet counts from 1904, it is four years and a day too early"
)
_EARLIEST, _LATEST = np.datetime64("1990-01-01", "us"), np.datetime64("2100-01-01", "us")
_FEWEST = 3  # rows that show a step
_REGULAR = 0.8  # of the distances
_LOOKED_AT = 50


def form(cells: Sequence[Any]) -> Form | None:
    """Return the times of a column; None where a cell is no serial date, or they are irregular."""
    times = serials.times(np.array([_number(each) for each in cells]))
    if len(times) < _FEWEST or not ((times > _EARLIEST) & (times < _LATEST)).all():
        return None
    return Form(EXCEL, times) if _is_regular(times) else None


def start(rows: Sequence[Sequence[Any]]) -> int | None:
    """Return the first row of a table whose stamps are serial dates; None where there is none."""
    for at, row in enumerate(rows):
        below = [each for each in rows[at : at + _LOOKED_AT] if len(each) == len(row)]
        numbers = sum(not np.isnan(_number(cell)) for cell in row)
        if numbers > 1 and any(form([each[n] for each in below]) for n in range(len(row))):
            return at
    return None


def _is_regular(times: Times) -> bool:
    distances = np.diff(np.sort(times))
    values, counts = np.unique(distances, return_counts=True)
    most = counts.argmax()
    return bool(values[most] > np.timedelta64(0) and counts[most] > _REGULAR * len(distances))


def _number(cell: Any) -> float:
    try:
        return float(cell.strip().replace(",", ".")) if isinstance(cell, str) else float(cell)
    except (TypeError, ValueError):
        return np.nan
