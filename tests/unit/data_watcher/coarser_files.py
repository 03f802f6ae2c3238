"""Files of a made-up provider whose later leads are coarser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from tests.unit.data_watcher.forecast_files import HOUR, Row, forecasts

Length = Callable[[Row], timedelta]


def stepped(
    steps: Sequence[tuple[int, int]], *, issues: int = 4, every: int = 12, clear: float = 0.35
) -> list[Row]:
    """Issues whose steps change: pairs of the hour until which a step holds, and its minutes."""
    rows: list[Row] = []
    edges = [(start, end, step) for (start, _), (end, step) in pairwise([(0, 0), *steps])]
    for start, end, step in edges:
        rows += [
            row
            for row in forecasts(issues, end, every=every, step=step, clear=clear)
            if row.begins - row.issued >= start * HOUR
        ]
    return sorted(rows, key=lambda row: row.pair)


def lengths(steps: Sequence[tuple[int, int]]) -> Length:
    """Return how long each row of such issues is."""
    return lambda row: timedelta(
        minutes=next(step for end, step in steps if row.begins - row.issued < end * HOUR)
    )


def stamped(rows: Sequence[Row], length: Length, part: float) -> list[tuple[datetime, Row]]:
    """Return rows with their stamps, a part of their length after the beginning."""
    return [(row.begins + part * length(row), row) for row in rows]


def written(rows: Sequence[tuple[datetime, Row]], value: Callable[[Row], object]) -> bytes:
    lines = [
        f"{row.issued:%Y-%m-%d %H:%M},{at:%Y-%m-%d %H:%M},{value(row)},{row.temp}"
        for at, row in rows
    ]
    return "\n".join(["run,time,ghi,temp", *lines, ""]).encode()


def sums(rows: Sequence[Row], length: Length) -> bytes:
    """Write what came since the issue, at the end of each interval. [J/m2]"""
    total: dict[tuple[datetime, datetime], float] = {}
    since: dict[datetime, float] = {}
    for row in rows:
        since[row.issued] = since.get(row.issued, 0.0) + row.ghi * length(row).total_seconds()
        total[row.pair] = round(since[row.issued], 1)
    return written(stamped(rows, length, 1.0), lambda row: total[row.pair])
