"""Whether the rows of a file are what their stamps say: one plant, and day and month in their places."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.time_axis import Times
from shared.errors import UnreadableFileError

MOST_MIXED = (
    0.2  # share of rows that repeat a stamp with other values before the file must be mixed
)
FEW_MIXED = 4  # such rows that are a logger's hiccup in however small a file
DAYS_FOR_SWAP = 3  # in a row
ROWS_OF_A_DAY = 4  # fewer are readings of a meter once a month
_DAY = np.timedelta64(1, "D")


def check_mixed(
    columns: Iterable[npt.NDArray[np.float64]],
    utc: Times,
    rows: npt.NDArray[np.intp],
    chosen: npt.NDArray[np.intp],
    said: Callable[[int], str],
) -> None:
    """Refuse a file in which many stamps occur twice with different values: two plants, or long format.

    Parameters
    ----------
    columns, utc
        Values and times, one for each row of the table.
    rows, chosen
        The rows that have a time, and those of them that are kept: one for each time.
    said
        Says where a row is in the file, and which stamp it carries.
    """
    at = np.searchsorted(utc[chosen], utc[rows])
    differs = np.zeros(len(rows), bool)
    for values in columns:
        one, other = values[rows], values[chosen][at]
        differs |= (one != other) & ~(np.isnan(one) | np.isnan(other))
    count = int(differs.sum())
    if count > max(MOST_MIXED * len(rows), FEW_MIXED):
        row = int(rows[np.flatnonzero(differs)[0]])
        raise UnreadableFileError(
            "mixed_rows",
            f"{count} of {len(rows)} rows repeat a time stamp with other values, first row "
            f"{said(row)}",
            "if the file holds several plants or inverters below each other, export one file (or one "
            "column) for each; if it is the same plant, remove the rows that do not count",
        )


def check_swapped(local: Times) -> None:
    """Refuse a file whose days are months: read as they are they lie a month apart, swapped in a row."""
    if local[-1] - local[0] < DAYS_FOR_SWAP * _DAY and local[0] <= local[-1]:
        return
    some = local[[0, len(local) // 2, -1]].astype("M8[D]")
    if len(set(some - some.astype("M8[M]"))) > 1:
        return  # as in nearly every file, and cheaper than all its days
    dates = local.astype("M8[D]")
    days = np.unique(dates[np.append(True, np.diff(dates) != np.timedelta64(0))])
    months = days.astype("M8[M]")
    of_month = (days - months).astype(int) + 1
    if len(days) < DAYS_FOR_SWAP or len(local) < ROWS_OF_A_DAY * len(days):
        return
    if (of_month != of_month[0]).any():
        return
    if of_month[0] > 12 or (np.diff(months).astype(int) != 1).any():  # noqa: PLR2004 - months of a year
        return
    raise UnreadableFileError(
        "day_month_swapped",
        f"the file holds only the {of_month[0]}. of {len(days)} months in a row, from {days[0]} to "
        f"{days[-1]}; day and month are probably swapped",
        "correct timestamp.format in the site's YAML (%d/%m/%Y or %m/%d/%Y), or the stamps in the file",
    )
