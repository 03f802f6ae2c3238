"""Files of a plant of 6 kW under a sun without clouds, with a change from some moment on."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable import sun
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import CAPACITY_W, site
from tests.unit.data_watcher.powers import axis

Change = Callable[[float, float], float]  # of a day since the first and a value
Sky = Callable[[float], float]  # of a day since the first


def where(step: int = 15, unit: str = "W", *, light: bool = False) -> Site:
    columns = {"power_ac": {"column": "p", "unit": unit}}
    if light:
        columns["ghi"] = {"column": "g", "unit": "W/m2"}
    return site({"columns": columns, "timestamp": {"column": "t", "step_minutes": step}})


def same(_: float, value: float) -> float:
    return value


def clear(_: float) -> float:
    return 1.0


def cloudy(day: float) -> float:
    """Clouds that come and go within an hour."""
    return 0.55 + 0.4 * math.sin(211.0 * day + 3.0 * int(day) ** 1.3)


def since(day: float, factor: float) -> Change:
    return lambda at, value: value * factor if at >= day else value


def before(day: float, factor: float) -> Change:
    return lambda at, value: value * factor if at < day else value


def rows(
    days: int, change: Change = same, sky: Sky = clear, step: int = 15, size: float = 0.9
) -> list[float]:
    """Power in intervals of so many minutes. [W]"""
    utc = axis(days * 1440 // step, step=np.timedelta64(step, "m")).utc
    ups = sun.over(utc, step * 60.0, where(step)).up.clip(0).tolist()
    moments = [row * step / 1440 for row in range(len(ups))]
    return [
        round(change(at, size * CAPACITY_W * up**1.1 * sky(at)), 2)
        for at, up in zip(moments, ups, strict=True)
    ]


def csv(power: list[float], light: list[float] | None = None, step: int = 15) -> bytes:
    utc = axis(len(power), step=np.timedelta64(step, "m")).utc
    beside = light or power
    lines = [f"{str(at)[:16]},{p},{g}" for at, p, g in zip(utc, power, beside, strict=True)]
    return "\n".join(["t,p,g", *lines]).encode()


def parts(data: bytes, row: int) -> tuple[bytes, bytes]:
    """Split a file before a row, counted as the reader counts them: both parts have the header."""
    lines = data.splitlines()
    first, second = lines[: row - 1], [lines[0], *lines[row - 1 :]]
    return b"\n".join(first), b"\n".join(second)


def powers(data: bytes, place: Site) -> list[float | None]:
    """Read a file; return its power, none of which may be masked. [kW]"""
    reading = read(data, "raw/east/p.csv", place)
    assert reading.rows.masks == {}
    found: list[float | None] = pq.read_table(pa.BufferReader(reading.parquet))[
        "power_ac"
    ].to_pylist()
    return found
