"""A temperature that goes over to Fahrenheit inside a file is refused with its row; weather is not."""

from __future__ import annotations

import math
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable import sun
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import refused, site
from tests.unit.data_watcher.powers import axis

DAYS, DAY = 6, 96
NAMES = ("temp_air", "temp_module")
UP = sun.over(axis(DAYS * DAY).utc, 900.0, site()).up.clip(0).tolist()
Change = Callable[[int, float], float]


def where(*names: str, unit: str = "C") -> Site:
    columns = {"power_ac": {"column": "p", "unit": "W"}}
    return site({"columns": columns | {each: {"column": each, "unit": unit} for each in names}})


def in_f(celsius: float) -> float:
    return celsius * 1.8 + 32


def rows(change: Change, mean: float = 17.0) -> list[tuple[float, float, float]]:
    """Power [W], and temperatures of the air and of modules [C], of which the modules' change by clouds."""
    found = []
    for row, up in enumerate(UP):
        cloud = 0.6 + 0.4 * math.sin(0.9 * row)
        air = mean + 5 * math.sin(math.pi * (row % DAY - 36) / 48) + 2 * math.sin(row // DAY)
        module = air - 1 + 30 * up * cloud
        found.append((4000 * up * cloud, change(row, air), change(row, module)))
    return found


def csv(values: list[tuple[float, float, float]]) -> bytes:
    lines = [
        f"{str(at)[:16]}," + ",".join(f"{each:.2f}" for each in row)
        for at, row in zip(axis(len(values)).utc, values, strict=True)
    ]
    return "\n".join(["t,p,temp_air,temp_module", *lines]).encode()


@pytest.mark.parametrize("names", [("temp_air",), ("temp_module",)])
@pytest.mark.parametrize(
    ("mean", "seam", "is_first"),
    [(-12.0, 3 * DAY, True), (3.0, 3 * DAY + 48, False), (24.0, 3 * DAY + 48, True)],
)
def test_a_temperature_that_goes_over_to_fahrenheit_is_refused(
    names: tuple[str, ...], mean: float, seam: int, *, is_first: bool
) -> None:
    values = rows(lambda row, warm: in_f(warm) if (row < seam) == is_first else warm, mean)

    fault = refused(csv(values), where(*names))

    assert fault.code == "wrong_unit"
    assert f"in row {seam + 2} and stays" in fault.reason
    assert "split the file there" in fault.remedy


def test_what_the_remedy_says_mends_it() -> None:
    seam = 3 * DAY
    truth = rows(lambda _, warm: warm)
    lines = csv(rows(lambda row, warm: in_f(warm) if row >= seam else warm)).splitlines()
    parts = (
        (lines[: seam + 1], where(*NAMES)),
        (
            [lines[0], *lines[seam + 1 :]],
            where(*NAMES, unit="F"),
        ),
    )

    for name, at in (("temp_air", 1), ("temp_module", 2)):
        found = [
            each
            for part, place in parts
            for each in pq.read_table(
                pa.BufferReader(read(b"\n".join(part), "raw/east/p.csv", place).parquet)
            )[name].to_pylist()
        ]
        assert found == pytest.approx([row[at] for row in truth], abs=0.01)


@pytest.mark.parametrize(
    "change",
    [
        lambda _, warm: warm,
        lambda row, warm: warm - 16 if row >= 3 * DAY + 60 else warm,
        lambda row, warm: warm + 16 if row >= 3 * DAY + 20 else warm,
        lambda row, warm: warm - 14 if 60 <= row % DAY < 70 else warm,
        lambda row, warm: in_f(warm) if row == 3 * DAY else warm,
    ],
    ids=["healthy", "a cold front", "a warm wind", "thunderstorms", "a single row"],
)
def test_what_weather_does_is_kept(change: Change) -> None:
    values = rows(change)
    reading = read(csv(values), "raw/east/p.csv", where(*NAMES))

    assert reading.rows.masks == {}
    for name in NAMES:
        found = pq.read_table(pa.BufferReader(reading.parquet))[name].to_pylist()
        expected = [row[1 + NAMES.index(name)] for row in values]
        assert found == pytest.approx(expected, abs=0.01)
