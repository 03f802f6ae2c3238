"""Files of a time as bars below its charts: the server draws them, so that each is a link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

WIDTH = 1000.0  # of the whole time; the page stretches it to the charts' width
LANE = 16  # height of a row of bars
THICK = 12
LEAST = 2.0  # a bar is at least so wide
MOST_LANES = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """A file's time, as a bar."""

    key: str
    state: str
    x: float
    width: float
    y: int
    says: str


@dataclass(frozen=True, slots=True)
class Strip:
    """Bars in rows, so that none covers another; `left_out` did not fit."""

    bars: tuple[Bar, ...]
    height: int
    left_out: int


def of_files(files: Iterable[Mapping[str, Any]], begin: datetime, end: datetime) -> Strip:
    """Return the files with rows in [begin, end) as bars."""
    lanes: list[datetime] = []  # when the last bar of each ends
    bars, left_out = [], 0
    known = [each for each in files if each["window_start"]]
    for each in sorted(known, key=lambda each: (each["window_start"], each["key"])):
        first, last = (
            datetime.fromisoformat(each[name]) for name in ("window_start", "window_end")
        )
        lane = next((place for place, until in enumerate(lanes) if until <= first), len(lanes))
        if lane == MOST_LANES:
            left_out += 1
            continue
        lanes[lane : lane + 1] = [last]
        left, right = (WIDTH * _share(moment, begin, end) for moment in (first, last))
        width = max(right - left, LEAST)
        bars.append(Bar(each["key"], each["state"], left, width, LANE * lane, _says(each)))
    return Strip(tuple(bars), LANE * max(len(lanes), 1), left_out)


def _share(moment: datetime, begin: datetime, end: datetime) -> float:
    return min(max((moment - begin) / (end - begin), 0.0), 1.0)


def _says(file: Mapping[str, Any]) -> str:
    begin, end = (file[name][:16].replace("T", " ") for name in ("window_start", "window_end"))
    name = file["key"].split("/", 2)[-1]
    why = f": {file['reason']}" if file["reason"] else ""
    return f"{name}, {file['state']}, {begin} to {end}{why}"
