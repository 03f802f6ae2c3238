"""Each irradiance of a file is held against power, and that on the modules against what any plane gets."""

from __future__ import annotations

import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.ports import Reading
from tests.unit.data_watcher.plant_files import plant, refused, site

WHERE = site(
    {
        "columns": {
            "power_ac": {"column": "p", "unit": "W"},
            "poa_global": {"column": "m", "unit": "W/m2"},
            "ghi": {"column": "g", "unit": "W/m2"},
        }
    }
)


def csv(*, plane: float = 1.0, level: float = 1.0, power: float = 1.0, days: int = 6) -> bytes:
    """Power, irradiance on the modules and on the ground, each times some factor."""
    lines = []
    for row, (moment, watt) in enumerate(plant(days)):
        cloud = 1.0 - 0.4 * (math.sin(row * 1.3) > 0.5)
        light = watt / 5.0 * cloud
        values = watt * cloud * power, light * plane, light * level * 0.9
        lines.append(f"{moment:%Y-%m-%d %H:%M}," + ",".join(f"{each:.4f}" for each in values))
    return "\n".join(["t,p,m,g", *lines]).encode()


def healthy(data: bytes, **factors: float) -> Reading:
    reading = read(data, "raw/east/p.csv", WHERE)
    found = pq.read_table(pa.BufferReader(reading.parquet))
    plain = pq.read_table(pa.BufferReader(read(csv(), "raw/east/p.csv", WHERE).parquet))
    for name in ("power_ac", "poa_global", "ghi"):
        expected = [value * factors.get(name, 1.0) for value in plain[name].to_pylist()]
        assert found[name].to_pylist() == pytest.approx(expected, abs=0.02), name
    assert reading.rows.masks == {}
    return reading


@pytest.mark.parametrize("factor", [0.001, 0.2, 0.25], ids=["kW/m2", "MJ", "Wh per 15 min"])
def test_irradiance_on_the_ground_is_judged_beside_that_on_the_modules(factor: float) -> None:
    fault = refused(csv(level=factor), WHERE)

    assert fault.code == "wrong_unit"
    assert "ghi" in fault.reason
    assert "correct the unit of ghi" in fault.remedy


def test_two_sensors_on_the_modules_that_are_added_up_are_refused() -> None:
    fault = refused(csv(plane=2.0), WHERE)

    assert fault.code == "wrong_unit"
    assert "poa_global is above 1500 W/m2" in fault.reason
    assert "combine: mean" in fault.remedy


def test_what_the_remedy_says_mends_it() -> None:
    said = WHERE.model_dump(mode="json")
    said["sources"][0]["columns"]["poa_global"]["scale"] = 0.5
    reading = read(csv(plane=2.0), "raw/east/p.csv", type(WHERE).model_validate(said))

    assert reading.rows.masks == {}


@pytest.mark.parametrize(
    ("plane", "level", "power"),
    [(1.0, 1.0, 1.0), (1.2, 1.0, 1.0), (0.7, 1.0, 1.0), (1.0, 0.6, 1.0), (1.0, 1.0, 0.5)],
    ids=["healthy", "bright", "dusty sensor", "steep plane", "half a plant"],
)
def test_healthy_irradiance_passes(plane: float, level: float, power: float) -> None:
    healthy(csv(plane=plane, level=level, power=power), poa_global=plane, ghi=level, power_ac=power)


def test_moments_at_the_edge_of_clouds_pass() -> None:
    lines = csv(days=12).decode().splitlines()
    for row in range(49, 1 + 96 * 4, 96):
        stamp, watt, _, ground = lines[row].split(",")
        lines[row] = f"{stamp},{watt},1560.0,{ground}"

    assert read("\n".join(lines).encode(), "raw/east/p.csv", WHERE).rows.masks == {}


def hourly(first: int, factor: float, days: int = 10) -> bytes:
    """Hours of power and irradiance on the modules, of which some is too much from some day on."""
    lines = []
    for row, (moment, watt) in enumerate(plant(days, step=60)):
        light = watt / 6.2 * (factor if row >= 24 * first else 1.0)
        lines.append(f"{moment:%Y-%m-%d %H:%M},{watt},{light:.1f}")
    return "\n".join(["t,p,m", *lines]).encode()


def test_hours_of_twice_the_irradiance_are_refused_by_a_few_of_them() -> None:
    where = site(
        {
            "timestamp": {"column": "t", "step_minutes": 60},
            "columns": {
                "power_ac": {"column": "p", "unit": "W"},
                "poa_global": {"column": "m", "unit": "W/m2"},
            },
        }
    )

    fault = refused(hourly(5, 2.0), where)

    assert "poa_global is above 1500 W/m2" in fault.reason
    assert read(hourly(5, 1.0), "raw/east/p.csv", where).rows.masks == {}
    assert (
        read(hourly(9, 2.0), "raw/east/p.csv", where).rows.masks == {}
    )  # a broken sensor of a day
