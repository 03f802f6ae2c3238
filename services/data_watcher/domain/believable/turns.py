"""Whether the rows of several inverters take turns, as 3.1, 1.5, 3.2, 1.6, though no stamp comes twice."""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain.believable.power import ENOUGH, Power, Values
from services.data_watcher.domain.believable.stamps import SEVERAL
from services.data_watcher.domain.time_axis import ticks_of
from shared.errors import UnreadableFileError

_NTH = {2: "second", 3: "third", 4: "fourth"}
HOUR = 3600.0  # s of one round at most; over more of it the sun itself changes
UNEVEN = 0.1  # of the distances
BLOCK = 96  # rows, each of which is judged by itself: where a row is missing, the turn changes
FEWEST = 16  # rows of it with power
LIT = 0.1  # of the highest power
APART = 0.05  # of the mean of a round; inverters that are more alike cannot be told by their power
ALWAYS = 0.9  # of an inverter's rows are above, or below, that mean
MOSTLY = 0.6  # of the blocks
LEAST_BLOCKS = 2
LEAST_TURNS = 0.4  # of the rows; a day with few clouds turns once


def check(power: Power) -> None:
    """Refuse a file in which every second, third or fourth row is of another inverter.

    Their loggers are read one after the other: the rows lie unequally far apart, or by no part of an hour.

    Raises
    ------
    UnreadableFileError
        `mixed_rows`
    """
    ticks, step = ticks_of(power.time.utc[:ENOUGH]), round(power.time.step * 1e6)
    uneven = np.count_nonzero(ticks[1:] - ticks[:-1] != step)
    if uneven <= UNEVEN * (len(ticks) - 1) and HOUR % power.time.step == 0:
        return  # as in nearly every file
    share = power.share[:ENOUGH]
    lit = share > LIT * power.highest
    way = np.diff(share[lit])
    if np.count_nonzero(way[1:] * way[:-1] < 0) < max(LEAST_TURNS * len(way), FEWEST):
        return
    for series, nth in _NTH.items():
        if series * power.time.step > HOUR:
            return
        starts = _taken_in_turn(share, lit, series)
        if starts is None:
            continue
        row = power.place(int(power.time.rows[starts]))
        raise UnreadableFileError(
            "mixed_rows",
            f"from row {row} on every {nth} row is higher, or lower, than those around it, for hours: the "
            "file seems to hold the rows of several sensors or inverters between each other",
            SEVERAL,
        )


def _taken_in_turn(share: Values, lit: np.ndarray, series: int) -> int | None:
    """Return the first row of the blocks in which so many series take turns; None where they do not."""
    weights = np.ones(series) if series % 2 else np.array([0.5, *np.ones(series - 1), 0.5])
    mean = np.convolve(share, weights / series, mode="same")
    told, first = [], None
    for start in range(0, len(share), BLOCK):
        rows = np.flatnonzero(lit[start : start + BLOCK]) + start
        if len(rows) < FEWEST:
            continue
        told.append(_takes_turns(share[rows] / mean[rows] - 1.0, rows % series, series))
        first = start if first is None and told[-1] else first
    if sum(told) < max(LEAST_BLOCKS, MOSTLY * len(told)):
        return None
    return first


def _takes_turns(off: Values, turn: np.ndarray, series: int) -> bool:
    """Whether one of the series is nearly always above the mean of a round, and another one below."""
    ones = [off[turn == each] for each in range(series)]
    above = any(len(each) and (each > APART).mean() >= ALWAYS for each in ones)
    below = any(len(each) and (each < -APART).mean() >= ALWAYS for each in ones)
    return above and below
