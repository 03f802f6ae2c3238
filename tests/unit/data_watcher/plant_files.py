"""Files of a made-up plant, and what the reader makes of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.ports import Reading
from shared.errors import UnreadableFileError
from shared.solar.site import Site

CAPACITY_W = 6000.0
START = datetime(2024, 6, 1, tzinfo=UTC)


def site(source: dict[str, Any] | None = None, **changes: Any) -> Site:
    described = {
        "name": "power",
        "timestamp": {"column": "t", "step_minutes": 15},
        "columns": {"power_ac": {"column": "p", "unit": "W"}},
    }
    said = {"site_id": "east", "model_id": "fleet", "latitude": 52.1, "longitude": 5.1}
    place = {"timezone": "UTC", "ac_capacity_kw": CAPACITY_W / 1000}
    return Site.model_validate(said | place | changes | {"sources": [described | (source or {})]})


def plant(days: int = 3, step: int = 15) -> Iterator[tuple[datetime, float]]:
    """Yield moments and power [W] of a plant whose days differ a little."""
    for row in range(days * 1440 // step):
        moment = START + timedelta(minutes=step * row)
        hour = moment.hour + moment.minute / 60 + step / 120
        sun = max(0.0, math.sin(math.pi * (hour - 4) / 15.2)) if 4 < hour < 19.2 else 0.0
        yield moment, round(sun**1.2 * CAPACITY_W * (0.75 + 0.08 * (row // (1440 // step) % 3)), 1)


HEALTHY = list(plant())


def csv(
    rows: list[tuple[datetime, float]] = HEALTHY,
    number: Callable[[float], str] = lambda watt: f"{watt:.0f}",
    stamp: Callable[[datetime], str] = lambda moment: f"{moment:%Y-%m-%d %H:%M}",
    delimiter: str = ";",
) -> bytes:
    lines = [f"{stamp(moment)}{delimiter}{number(watt)}" for moment, watt in rows]
    return "\n".join([f"t{delimiter}p", *lines]).encode()


def canonical(data: bytes, where: Site) -> tuple[Reading, dict[datetime, float | None]]:
    reading = read(data, "raw/east/p.csv", where)
    table = pq.read_table(pa.BufferReader(reading.parquet)).to_pydict()
    return reading, dict(zip(table["timestamp"], table["power_ac"], strict=True))


def accepted(data: bytes, where: Site, expected: list[tuple[datetime, float]] = HEALTHY) -> Reading:
    """Read a file, and compare every canonical value with the plant's."""
    reading, found = canonical(data, where)
    assert set(found) == {moment for moment, _ in expected}
    for moment, watt in expected:
        value = found[moment]
        assert value is not None, moment
        assert value * 1000 == pytest.approx(watt, abs=6.0), moment
    return reading


def refused(data: bytes, where: Site) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as caught:
        read(data, "raw/east/p.csv", where)
    return caught.value


CSV = {"delimiter": ";"}
