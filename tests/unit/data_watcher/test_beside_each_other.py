"""Columns are held against each other: irradiance of another day, modules and the air."""

from __future__ import annotations

import math
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import plant, refused, site

DAYS, DAY = 16, 96
COLUMNS = {
    "power_ac": {"column": "p", "unit": "W"},
    "ghi": {"column": "g", "unit": "W/m2"},
    "temp_air": {"column": "a", "unit": "C"},
    "temp_module": {"column": "m", "unit": "C"},
}
Row = tuple[float, float, float, float]


def where(*names: str) -> Site:
    return site({"columns": {name: COLUMNS[name] for name in names or COLUMNS}})


def rows(days: int = DAYS) -> list[Row]:
    """Power [W], irradiance [W/m²], temperature of air and modules [C] of days that differ."""
    found = []
    for row, (_, watt) in enumerate(plant(days)):
        sky = 0.55 + 0.45 * math.sin(2.4 * (row // DAY) ** 1.3)
        air = 17 + 5 * math.sin(math.pi * (row % DAY - 36) / 48)
        found.append((watt * sky, watt * sky / 6.2, air, air - 2 + watt * sky / 6000 * 27))
    return found


def csv(values: list[Row]) -> bytes:
    lines = [
        f"{moment:%Y-%m-%d %H:%M}," + ",".join(f"{each:.3f}" for each in row)
        for (moment, _), row in zip(plant(len(values) // DAY), values, strict=True)
    ]
    return "\n".join(["t,p,g,a,m", *lines]).encode()


def kept(values: list[Row], *names: str) -> None:
    place = where(*names)
    reading = read(csv(values), "raw/east/p.csv", place)
    table = pq.read_table(pa.BufferReader(reading.parquet))
    assert reading.rows.masks == {}
    for at, (name, factor) in enumerate(
        {"power_ac": 0.001, "ghi": 1, "temp_air": 1, "temp_module": 1}.items()
    ):
        if name in (names or COLUMNS):
            expected = [row[at] * factor for row in values]
            assert table[name].to_pylist() == pytest.approx(expected, abs=0.01), name


def moved(days: int) -> list[Row]:
    own = rows()
    return [(p, own[(n - days * DAY) % len(own)][1], a, m) for n, (p, _, a, m) in enumerate(own)]


@pytest.mark.parametrize(("days", "said"), [(1, "day before"), (-1, "day after")])
def test_irradiance_of_another_day_is_refused(days: int, said: str) -> None:
    fault = refused(csv(moved(days)), where())

    assert fault.code == "wrong_clock"
    assert f"ghi of a day follows the power of the {said} it" in fault.reason
    kept(moved(days), "power_ac", "temp_air", "temp_module")  # as the remedy says, without ghi


@pytest.mark.parametrize(
    ("days", "first"), [(7, 0), (DAYS, 0), (DAYS, 8 * DAY), (DAYS, 8 * DAY + 50)]
)
def test_irradiance_of_the_day_before_is_found_in_a_part_of_a_file(days: int, first: int) -> None:
    own = []
    for n, (p, g, a, m) in enumerate(rows(days)):
        cloud = 0.6 + 0.4 * math.sin(0.31 * (n % DAY) + 2.1 * (n // DAY) ** 1.4)
        own.append((p * cloud, g * cloud, a, m))
    late = [
        (p, own[max(n - DAY, n % DAY)][1] if n >= first else g, a, m)
        for n, (p, g, a, m) in enumerate(own)
    ]
    kept(own, "power_ac", "ghi")

    fault = refused(csv(late), where("power_ac", "ghi"))

    assert fault.code == "wrong_clock"
    assert "ghi of a day follows the power of the day before it" in fault.reason


@pytest.mark.parametrize("dull", [0.1, 0.4])
def test_a_plant_that_is_off_on_the_day_before_a_dark_one_is_no_day_off(dull: float) -> None:
    values = []
    for n, (at, watt) in enumerate(plant(DAYS)):
        light = watt / 6.2 * (dull if n // DAY == 6 else 1.0)
        values.append((light * 6.2 * (n // DAY != 5), light, 0.0, float(at.hour)))

    kept(values, "power_ac", "ghi")


def changed(change: Callable[[int, Row], Row]) -> list[Row]:
    return [change(number, row) for number, row in enumerate(rows())]


@pytest.mark.parametrize(
    "change",
    [
        lambda _, row: row,
        lambda n, row: (0.0 if 5 <= n // DAY < 9 else row[0], *row[1:]),
        lambda n, row: (row[0] * (0.5 if n // DAY > 7 else 1), *row[1:]),
        lambda _, row: (min(row[0], 1500.0), *row[1:]),
        lambda n, row: (row[0] * (0.02 if n // DAY in {4, 5, 6} else 1), *row[1:]),
        lambda _, row: (row[0], row[1], row[2], row[3] - 5),
        lambda _, row: (row[0], row[1], row[2] - 35, row[3] - 35),
        lambda _, row: (row[0], row[1], row[2] + 6, row[3] + 6),
    ],
    ids=["healthy", "off", "half", "limit", "snow", "clear nights", "winter", "heat"],
)
def test_what_is_believable_beside_each_other_is_kept(change: Callable[[int, Row], Row]) -> None:
    kept(changed(change))


@pytest.mark.parametrize("beside", [True, False])
def test_modules_in_fahrenheit_are_refused_beside_the_air_and_alone(*, beside: bool) -> None:
    values = changed(lambda _, row: (*row[:3], row[3] * 1.8 + 32))
    names = (
        ("power_ac", "ghi", "temp_air", "temp_module") if beside else ("power_ac", "temp_module")
    )

    fault = refused(csv(values), where(*names))

    assert fault.code == "wrong_unit"
    assert "temp_module" in fault.reason
    assert "(F, K, or a scale)" in fault.remedy


def test_modules_in_fahrenheit_are_found_in_winter_too() -> None:
    values = changed(lambda _, row: (row[0], row[1], row[2] - 20, (row[3] - 20) * 1.8 + 32))

    assert "off temp_air" in refused(csv(values), where()).reason


def test_swapped_temperatures_are_refused() -> None:
    bright = changed(lambda _, row: (*row[:3], row[2] - 2 + 32 * min(row[1] / 400, 1)))
    kept(bright)

    fault = refused(csv([(p, g, module, air) for p, g, air, module in bright]), where())

    assert fault.code == "wrong_unit"
    assert "swap the columns of temp_module and temp_air" in fault.remedy
