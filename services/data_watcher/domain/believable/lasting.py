"""Whether irradiance of a forecast is a mean that goes on for hours: since the issue, or since a mark.

GFS gives the mean since the last six hours of lead, ICON that since the issue. Taken for the mean of each
interval, it is late by hours and half as high at noon. After sunset it shows itself: the sun adds nothing,
so that the mean falls just as the time grows over which it is taken.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable.predicted import Light
from services.data_watcher.domain.time_axis import Times
from shared.errors import UnreadableFileError

EVERY = (None, 3, 6, 12, 24)  # h of lead at which providers begin anew; None is the issue alone
LEAST = 10.0  # W/m² without the sun; twilight is less
FEWEST, MOSTLY = 2, 0.6  # rows without the sun that say so, and their share
CLOSE, ROUNDING = 0.02, 0.5  # of the value, and W/m²
Values = npt.NDArray[np.float64]


def marks(begins: Times, issued: Times, every: np.timedelta64 | None) -> Times:
    """Return since when the mean goes on that holds an interval."""
    if every is None:
        return issued
    found: Times = issued + (begins - issued) // every * every
    return found


def check(light: Light) -> None:
    """Refuse a column that holds means over growing times, and of which the YAML does not say so.

    Raises
    ------
    UnreadableFileError
        `averaged`, with since when.
    """
    dark = (light.sky.clear <= 0) & (light.values > LEAST)
    if dark.sum() < FEWEST:
        return
    lengths = (light.lengths * 1e6).astype("m8[us]")
    # The stamps may be the ends of the intervals, and the YAML call them beginnings.
    for begins in (light.begins, light.begins - lengths):
        fitting = {each: _fitting(light, begins, begins + lengths, dark, each) for each in EVERY}
        every = max(fitting, key=lambda each: int(fitting[each].sum()))
        rows = fitting[every]
        if rows.sum() >= FEWEST and rows.sum() >= MOSTLY * dark.sum():
            _refuse(light, int(np.flatnonzero(rows)[0]), every)


def _fitting(
    light: Light, begins: Times, ends: Times, dark: npt.NDArray[np.bool_], every: int | None
) -> npt.NDArray[np.bool_]:
    """Return which dark rows are what the row before leaves of a mean since a mark."""
    since = marks(begins, light.issued, None if every is None else np.timedelta64(every, "h"))
    hours = (ends - since) / np.timedelta64(1, "h")
    follows = (since[1:] == since[:-1]) & (light.issued[1:] == light.issued[:-1])
    follows &= begins[1:] == ends[:-1]
    total = light.values * hours
    close = CLOSE * total[:-1] + ROUNDING * (hours[1:] + hours[:-1])
    same = np.abs(total[1:] - total[:-1]) <= close
    found: npt.NDArray[np.bool_] = np.append(False, follows & same) & dark
    return found


def _refuse(light: Light, row: int, every: int | None) -> None:
    since, how = "the issue", "kind: averaged"
    if every is not None:
        since, how = f"the last {every} h of lead", f"kind: averaged and every: {every}h"
    raise UnreadableFileError(
        "averaged",
        f"{light.name} is {light.values[row]:.4g} W/m2 in row {light.said(row)}, when the sun is down, and "
        "falls from row to row as a mean does to which nothing comes: it is the mean since "
        f"{since}, and the YAML says that each value is that of its interval",
        f"say {how} for the column in the site's YAML, and timestamp.label: right",
    )
