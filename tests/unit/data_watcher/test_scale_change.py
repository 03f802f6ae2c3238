"""A unit that changes between two days is found by power and irradiance, and what plants really do is not."""

from __future__ import annotations

import math
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import CAPACITY_W, plant, refused, site

DAYS = 16
ROWS_OF_A_DAY = 96
SECOND_HALF = (
    DAYS // 2 * ROWS_OF_A_DAY + 40
)  # in the morning: a unit changes when somebody works on it
WHERE = site(
    {
        "columns": {
            "power_ac": {"column": "p", "unit": "W"},
            "ghi": {"column": "g", "unit": "W/m2"},
        }
    }
)
Change = Callable[[int, float], float]


def same(_: int, value: float) -> float:
    return value


def later(change: Callable[[int, float], float]) -> Change:
    return lambda row, value: change(row - SECOND_HALF, value) if row >= SECOND_HALF else value


def rows(power: Change = same, ghi: Change = same) -> list[tuple[float, float]]:
    """Power [W] and irradiance [W/m²], under clouds that come and go."""
    found = []
    for row, (_, watt) in enumerate(plant(DAYS)):
        cloud = 1.0 - 0.5 * (math.sin(row * 1.7) > 0.3) * (row // ROWS_OF_A_DAY % 3 > 0)
        found.append((power(row, watt * cloud), ghi(row, watt * cloud / 6.0)))
    return found


def csv(values: list[tuple[float, float]]) -> bytes:
    moments = [moment for moment, _ in plant(DAYS)]
    lines = [
        f"{moment:%Y-%m-%d %H:%M},{p:.3f},{g:.5f}"
        for moment, (p, g) in zip(moments, values, strict=True)
    ]
    return "\n".join(["t,p,g", *lines]).encode()


@pytest.mark.parametrize(
    ("power", "ghi", "said"),
    [
        (later(lambda _, watt: watt / 4), same, "4 times less"),
        (later(lambda _, watt: watt / 12), same, "12 times less"),
        (same, later(lambda _, light: light / 1000), "times more"),
        (same, later(lambda _, light: light / 4), "4 times more"),
    ],
    ids=["Wh per 15 min", "Wh per 5 min", "kW/m2", "Wh/m2 per 15 min"],
)
def test_a_unit_that_changes_between_two_days_is_refused(
    power: Change, ghi: Change, said: str
) -> None:
    fault = refused(csv(rows(power, ghi)), WHERE)

    assert fault.code == "wrong_unit"
    assert f"from 2024-06-09 on (row {SECOND_HALF + 2})" in fault.reason
    assert said in fault.reason
    assert "split the file there" in fault.remedy


def test_both_parts_of_the_split_file_are_read_by_their_units() -> None:
    values = rows(later(lambda _, watt: watt / 4))
    lines = csv(values).splitlines()
    first, second = lines[: SECOND_HALF + 1], [lines[0], *lines[SECOND_HALF + 1 :]]
    said = WHERE.model_dump(mode="json")
    said["sources"][0]["columns"]["power_ac"]["unit"] = "Wh"

    one = read(b"\n".join(first), "raw/east/p.csv", WHERE)
    other = read(b"\n".join(second), "raw/east/p.csv", Site.model_validate(said))

    found = [
        each for part in (one, other)
        for each in pq.read_table(pa.BufferReader(part.parquet))["power_ac"].to_pylist()
    ]  # fmt: skip
    assert found == pytest.approx([p / 1000 for p, _ in rows()], abs=1e-4)


@pytest.mark.parametrize(
    "power",
    [
        same,
        later(lambda _, watt: watt / 2),
        later(lambda row, watt: watt * min(1.0, 0.002 * row)),
        later(lambda row, watt: 0.0 if row < 4 * ROWS_OF_A_DAY else watt),
        later(lambda row, watt: watt / 4 if row < 4 * ROWS_OF_A_DAY else watt),
        lambda row, watt: watt * (1.0 - 0.02 * (row // ROWS_OF_A_DAY)),
    ],
    ids=[
        "healthy",
        "half of it",
        "thaw",
        "off for days",
        "a quarter for days",
        "dust",
    ],
)
def test_what_plants_do_is_no_change_of_unit(power: Change) -> None:
    expected = rows(power)
    reading = read(csv(expected), "raw/east/p.csv", WHERE)
    table = pq.read_table(pa.BufferReader(reading.parquet))

    assert reading.rows.masks == {}
    assert table["power_ac"].to_pylist() == pytest.approx([p / 1000 for p, _ in expected], abs=1e-5)
    assert table["ghi"].to_pylist() == pytest.approx([g for _, g in expected], abs=1e-4)


def test_a_limit_that_begins_between_two_days_is_no_change_of_unit() -> None:
    limit = CAPACITY_W / 10
    reading = read(csv(rows(later(lambda _, watt: min(watt, limit)))), "raw/east/p.csv", WHERE)

    assert reading.rows.masks.keys() == {"held_back"}
