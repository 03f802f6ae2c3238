"""Irradiance that reaches the half of a clear sky on clear days is an energy per half-hour, not a haze."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable import sun
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import refused, site

DAYS = 10
STEP = np.timedelta64(30, "m")
ROWS_OF_A_DAY = 48
Sky = Callable[[int, float], float]


def where(unit: str = "W/m2", latitude: float = 52.1) -> Site:
    ghi = {"ghi": {"column": "g", "unit": unit}}
    return site(
        {"columns": ghi, "timestamp": {"column": "t", "step_minutes": 30}}, latitude=latitude
    )


def light(
    sky: Sky, start: str = "2024-06-01", latitude: float = 52.1, days: int = DAYS
) -> list[tuple[str, float]]:
    """Irradiance under skies that let through a part of what a clear one does. [W/m²]"""
    times = np.datetime64(start, "us") + np.arange(days * ROWS_OF_A_DAY) * STEP
    ups = sun.over(times, 1800.0, site(latitude=latitude)).up
    return [
        (str(at)[:16], round(sky(row, max(up, 0.0)) * 1060 * max(up, 0.0) ** 1.12, 2))
        for row, (at, up) in enumerate(zip(times, ups.tolist(), strict=True))
    ]


def csv(values: list[tuple[str, float]], factor: float = 1.0) -> bytes:
    return "\n".join(["t,g", *(f"{at},{watt * factor:.3f}" for at, watt in values)]).encode()


def mixed(row: int, _: float) -> float:
    """Six clear days, and four with clouds that come and go."""
    return 1.0 if row // ROWS_OF_A_DAY % 5 < 3 else 0.6 + 0.3 * math.sin(row * 2.1)


def even(_: int, up: float) -> float:
    """A cloud that covers all, thinner towards noon."""
    return 0.15 + 0.3 * up


def test_energies_of_half_hours_that_are_called_power_are_refused() -> None:
    fault = refused(csv(light(mixed), 0.5), where())

    assert fault.code == "wrong_unit"
    assert "6 days rise and fall like a clear sky from 2024-06-01 (row 2) on" in fault.reason
    assert "Wh/m2 where it is the energy of each interval" in fault.remedy


def from_day(first: int, last: int, change: float, sky: Sky) -> Sky:
    def changed(row: int, up: float) -> float:
        return sky(row, up) * (change if first <= row / ROWS_OF_A_DAY < last else 1.0)

    return changed


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [(5, DAYS, "2024-06-06"), (0, 5, "2024-06-01"), (4.5, DAYS, "2024-06-06")],
    ids=["from a day on", "until a day", "from a noon on"],
)
def test_energies_in_a_part_of_a_file_are_refused_with_the_first_of_their_days(
    first: float, last: int, said: str
) -> None:
    fault = refused(csv(light(from_day(first, last, 0.5, mixed))), where())

    assert fault.code == "wrong_unit"
    assert f"3 days rise and fall like a clear sky from {said}" in fault.reason
    assert "split it there" in fault.remedy


def broken(row: int, _: float) -> float:
    """Clouds that come and go, and leave the sky for moments."""
    return 0.55 + 0.4 * math.sin(row * 1.9) + 0.05 * math.sin(row * 7.0)


def test_many_days_of_clouds_that_never_open_are_refused() -> None:
    data = csv(light(broken, days=13), 0.5)

    fault = refused(data, where())

    assert (
        "on 13 days in a row, from 2024-06-01 (row 2) on, ghi never reaches more than"
        in fault.reason
    )
    assert read(data, "raw/east/p.csv", where("Wh/m2")).rows.masks == {}  # as the remedy says


def test_a_sensor_that_is_covered_for_long_has_no_other_unit() -> None:
    data = csv(light(from_day(2, 16, 0.05, broken), days=18))

    assert read(data, "raw/east/p.csv", where()).rows.masks == {}


@pytest.mark.parametrize(
    ("data", "unit", "factor"),
    [
        (light(mixed), "W/m2", 1.0),
        (light(mixed), "Wh/m2", 0.5),
        (light(lambda *at: 0.75 * mixed(*at)), "W/m2", 1.0),
        (light(lambda row, _: 0.5 + 0.2 * math.sin(row * 1.9)), "W/m2", 1.0),
        (light(even), "W/m2", 1.0),
        (light(from_day(2, 8, 0.5, broken)), "W/m2", 1.0),
        (light(lambda *at: 0.5 * mixed(*at), start="2024-12-10"), "W/m2", 1.0),
        (light(lambda row, up: mixed(row, up) if row % 96 else 0.5), "W/m2", 1.0),
    ],
    ids=[
        "clear",
        "as the remedy says",
        "dust",
        "clouds",
        "even cloud",
        "a week of rain",
        "winter",
        "few clear rows",
    ],
)
def test_skies_are_kept(data: list[tuple[str, float]], unit: str, factor: float) -> None:
    reading = read(csv(data, factor), "raw/east/p.csv", where(unit))

    assert reading.rows.masks == {}
    found = pq.read_table(pa.BufferReader(reading.parquet))["ghi"].to_pylist()
    assert found == pytest.approx([watt for _, watt in data], abs=0.01)
