"""Power of a made-up plant of 6 kW, as the questions about it see it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import Power
from services.data_watcher.domain.time_axis import TimeAxis
from shared.errors import UnreadableFileError
from tests.unit.data_watcher.plant_files import CAPACITY_W, site

CAPACITY_KW = CAPACITY_W / 1000
ROWS_OF_A_DAY = 96
QUARTER = np.timedelta64(15, "m")


def axis(rows: int, start: str = "2024-06-01", step: np.timedelta64 = QUARTER) -> TimeAxis:
    utc = np.datetime64(start, "us") + np.arange(rows) * step
    return TimeAxis(utc, np.arange(rows), step / np.timedelta64(1, "s"), {})


def sunny(
    days: int, start: str = "2024-06-01", *, late: float = 0.0, **changes: object
) -> np.ndarray:
    """Power of clear days as a share of capacity; the clock of the file is some hours late. [unitless]"""
    times = axis(days * ROWS_OF_A_DAY, start).utc - np.timedelta64(round(late * 3600), "s")
    return np.clip(sun.over(times, 900.0, site(**changes)).up, 0.0, None)


def power(
    share: np.ndarray,
    start: str = "2024-06-01",
    *,
    unit: str = "kW",
    scale: float = 1.0,
    factor: float = 1.0,
    **changes: object,
) -> Power:
    """Power of a plant of 6 kW in rows of 15 minutes; rows are counted from one in the file."""
    values = np.asarray(share, float) * CAPACITY_KW
    return Power.of(
        values,
        axis(len(values), start),
        site(**changes),
        unit,
        lambda row: str(row + 1),
        scale=scale,
        factor=factor,
    )


def refused(check: Callable[[Power], None], found: Power) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as caught:
        check(found)
    return caught.value
