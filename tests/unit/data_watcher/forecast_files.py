"""Files of a made-up provider: issues of irradiance and temperature under a sky with clouds."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable.sky import Sky
from services.data_watcher.ports import Reading
from shared.errors import UnreadableFileError
from shared.solar.site import Site
from tests.unit.data_watcher import plant_files

FIRST = datetime(2024, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = "raw/east/nwp_2024060100.csv"
SOURCE: dict[str, Any] = {
    "name": "nwp",
    "kind": "forecast",
    "provider": "ecmwf",
    "files": "nwp*.csv",
    "issued": {"column": "run", "timezone": "UTC"},
    "timestamp": {"column": "time", "timezone": "UTC", "step_minutes": 60},
    "columns": {"ghi": {"column": "ghi", "unit": "W/m2"}},
}
ENDS = SOURCE["timestamp"] | {"label": "right"}
SSRD = {"column": "ghi", "unit": "J/m2", "kind": "accumulated"}
ADDED_UP = {"timestamp": ENDS, "columns": {"ghi": SSRD}}


@dataclass(frozen=True)
class Row:
    """What an issue says of an interval: its mean irradiance [W/m2] and temperature [C]."""

    issued: datetime
    begins: datetime
    ghi: float
    temp: float = 15.0

    @property
    def pair(self) -> tuple[datetime, datetime]:
        return self.issued, self.begins


def forecasts(
    issues: int = 4,
    hours: int = 48,
    *,
    every: int = 12,
    step: int = 60,
    clear: float = 0.35,
    first: datetime = FIRST,
    where: Site | None = None,
) -> list[Row]:
    """Issues every so many hours, each over a sky whose index lies between `clear` and 1."""
    rows = []
    for number in range(issues):
        issued = first + timedelta(hours=every * number)
        begins = [issued + timedelta(minutes=step * n) for n in range(hours * 60 // step)]
        sky = over(begins, step, where)
        clouds = np.random.default_rng(zlib.crc32(issued.isoformat().encode()))
        index = clear + (1 - clear) * clouds.random(len(begins))
        rows += [
            Row(issued, at, round(float(ghi), 2), round(12 + float(ghi) / 90, 1))
            for at, ghi in zip(begins, sky * index, strict=True)
        ]
    return rows


def over(
    begins: Sequence[datetime], step: int = 60, where: Site | None = None
) -> np.ndarray[Any, Any]:
    """Return the clear sky over intervals. [W/m2]"""
    times = np.array([each.replace(tzinfo=None) for each in begins], "M8[us]")
    return Sky.over(times, step * 60.0, where or site()).clear


def site(source: dict[str, Any] | None = None, **changes: Any) -> Site:
    return plant_files.site(SOURCE | (source or {}), **changes)


def csv(
    rows: Sequence[Row],
    *,
    number: Callable[[Row], object] = lambda row: row.ghi,
    late: timedelta = timedelta(0),
    with_issue: bool = True,
) -> bytes:
    """Write rows; stamps are `late` after the beginning of their intervals."""
    head = "run,time,ghi,temp" if with_issue else "time,ghi,temp"
    lines = [
        (f"{row.issued:%Y-%m-%d %H:%M}," if with_issue else "")
        + f"{row.begins + late:%Y-%m-%d %H:%M},{number(row)},{row.temp}"
        for row in rows
    ]
    return "\n".join([head, *lines, ""]).encode()


def added_up(
    rows: Sequence[Row], *, anew: Callable[[Row], bool] = lambda _: False, step: int = 60
) -> bytes:
    """Write irradiance as the sum since the issue, at the end of each interval. [J/m2]

    Parameters
    ----------
    anew
        Whether the sum begins anew with an interval.
    """
    sums: dict[datetime, float] = {}
    total: dict[tuple[datetime, datetime], float] = {}
    for row in rows:
        before = 0.0 if anew(row) else sums.get(row.issued, 0.0)
        sums[row.issued] = before + row.ghi * step * 60
        total[row.pair] = round(sums[row.issued], 1)
    return csv(rows, number=lambda row: total[row.pair], late=timedelta(minutes=step))


def averaged(rows: Sequence[Row], every: int | None, step: int = 60, digits: int = 2) -> bytes:
    """Write each row as the mean from the mark before it to its end."""
    length = timedelta(minutes=step)
    sums: dict[Any, float] = {}
    means = {}
    for row in rows:
        lead = row.begins - row.issued
        mark = row.issued if every is None else row.issued + lead // (every * HOUR) * (every * HOUR)
        key = (row.issued, mark)
        sums[key] = sums.get(key, 0.0) + row.ghi * step
        means[row.pair] = round(
            sums[key] / ((row.begins + length - mark) / timedelta(minutes=1)), digits
        )
    return csv(rows, number=lambda row: means[row.pair], late=length)


def canonical(
    data: bytes,
    where: Site | None = None,
    key: str = KEY,
    uploaded_at: datetime | None = None,
    column: str = "forecast_ghi",
) -> tuple[Reading, dict[tuple[datetime, datetime], float | None]]:
    """Read a file; return its values by issue and beginning."""
    reading = read(data, key, where or site(), uploaded_at)
    table = pq.read_table(pa.BufferReader(reading.parquet)).to_pydict()
    pairs = list(zip(table["issued_at"], table["timestamp"], strict=True))
    assert pairs == sorted(set(pairs)), "ordered by issue and target, each pair once"
    return reading, dict(zip(pairs, table[column], strict=True))


def accepted(
    data: bytes,
    expected: Sequence[Row],
    where: Site | None = None,
    *,
    key: str = KEY,
    uploaded_at: datetime | None = None,
    lost: Sequence[Row] = (),
) -> Reading:
    """Read a file, and compare every canonical value with what the provider says; `lost` have none."""
    reading, found = canonical(data, where, key, uploaded_at)
    assert set(found) == {row.pair for row in expected}
    masked = {row.pair for row in lost}
    for row in expected:
        value = found[row.pair]
        if row.pair in masked:
            assert value is None, row
        else:
            assert value == pytest.approx(row.ghi, abs=0.6), row
    return reading


def refused(
    data: bytes, where: Site | None = None, key: str = KEY, uploaded_at: datetime | None = None
) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as caught:
        read(data, key, where or site(), uploaded_at)
    return caught.value


def issued(rows: Sequence[Row], how: Callable[[Row], datetime]) -> list[Row]:
    """Return the same rows with other issues."""
    return sorted((replace(row, issued=how(row)) for row in rows), key=lambda row: row.pair)
