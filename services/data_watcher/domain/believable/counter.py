"""Whether power is a counter of energy: it only grows, for ever or until midnight."""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain.believable.power import Power, Values
from services.data_watcher.domain.time_axis import Times
from shared.errors import UnreadableFileError

LEAST_ROWS = 12
GROWS_OFTEN = 3  # times for each fall
WHOLE_DAY = np.timedelta64(
    20, "h"
)  # between a day's first and last row, so that its evening is there
_DAY = np.timedelta64(1, "D")
_HALF = 0.5
FALLS_SELDOM = 12  # rows for each fall; a day's counter of hours has 24


def check(power: Power) -> None:
    """Refuse a file whose power never falls, or falls only once a day and at once to nothing.

    Power falls every evening. A counter stays where it is until its day, or its life, is over.

    Raises
    ------
    UnreadableFileError
        `counter`
    """
    if np.count_nonzero(power.values[1:] < power.values[:-1]) * FALLS_SELDOM > len(power.values):
        return  # as in nearly every file
    known = np.isfinite(power.values)
    values, times = power.values[known], power.time.utc[known]
    if len(values) < LEAST_ROWS or values.max() <= values.min():
        return
    falls = np.diff(values) < 0
    if not falls.any() and times[-1] - times[0] >= WHOLE_DAY:
        _refuse("it never falls, from the first row to the last", "")
    grows = (np.diff(values) > 0).sum() > GROWS_OFTEN * falls.sum()  # a switch rises once
    if falls.any() and grows and _falls_once_a_day(values, times, falls):
        _refuse("it only grows and begins anew once a day", " that begins anew each day")


def _falls_once_a_day(values: Values, times: Times, falls: np.ndarray) -> bool:
    """Whether each fall is from the height of its day to nearly nothing, a day after the one before."""
    at = np.flatnonzero(falls)
    before, after = values[at], values[at + 1]
    if (after > before * (1 - _HALF)).any():
        return False
    parts = np.split(np.arange(len(values)), at + 1)
    whole = [part for part in parts if times[part[-1]] - times[part[0]] >= WHOLE_DAY]
    if not whole:
        return False
    days = (times[-1] - times[0]) / _DAY + 1
    rises = [values[part[-1]] > values[part[0]] for part in whole]
    return len(at) <= days + 1 and bool(np.mean(rises) > _HALF)


def _refuse(found: str, kind: str) -> None:
    raise UnreadableFileError(
        "counter",
        f"power_ac is a counter of energy{kind}, not a power: {found}",
        "say kind: counter and a unit of energy (kWh) for power_ac in the site's YAML, or name the column of "
        "power there; the file is then read again without a new upload",
    )
