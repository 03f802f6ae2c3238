"""Irradiance that falls to the half while power goes on is refused; dull days and outages are not."""

from __future__ import annotations

import math
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable import sun
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import CAPACITY_W, refused, site
from tests.unit.data_watcher.powers import ROWS_OF_A_DAY, axis

DAYS = 10


def where(name: str = "ghi") -> Site:
    light = {"column": "g", "unit": "W/m2"}
    return site({"columns": {"power_ac": {"column": "p", "unit": "W"}, name: light}})


WHERE = where()
UP = sun.over(axis(DAYS * ROWS_OF_A_DAY).utc, 900.0, WHERE).up.clip(0).tolist()
Change = Callable[[float, float], float]
Rows = list[tuple[float, float]]


def same(_: float, value: float) -> float:
    return value


def later(change: Change) -> Change:
    return lambda day, value: change(day, value) if day >= 6 + 40 / ROWS_OF_A_DAY else value


def rows(power: Change = same, ghi: Change = same, sky: Change = same) -> Rows:
    """Power [W] and irradiance [W/m²] under clouds that come and go on all days."""
    found = []
    for row, up in enumerate(UP):
        day = row / ROWS_OF_A_DAY
        cloud = 0.6 + 0.4 * math.sin(0.9 * row + 3.0 * int(day) ** 1.3)
        clear = 1060 * up**1.12 * sky(day, cloud)
        given = min(clear / 1000 * CAPACITY_W * (1.0 + 0.05 * math.sin(row * 0.37)), CAPACITY_W)
        found.append((power(day, given), ghi(day, clear)))
    return found


def csv(values: Rows) -> bytes:
    times = axis(len(values)).utc
    lines = [f"{str(at)[:16]},{p:.2f},{g:.3f}" for at, (p, g) in zip(times, values, strict=True)]
    return "\n".join(["t,p,g", *lines]).encode()


@pytest.mark.parametrize("name", ["ghi", "poa_global"])
@pytest.mark.parametrize("factor", [0.5, 0.4])
@pytest.mark.parametrize("is_first", [True, False])
def test_irradiance_that_is_too_low_for_its_power_is_refused(
    name: str, factor: float, *, is_first: bool
) -> None:
    change = later(lambda _, light: light * factor)
    values = rows(ghi=(lambda day, light: light if change(day, 1.0) != 1.0 else light * factor)
                  if is_first else change)  # fmt: skip

    fault = refused(csv(values), where(name))

    assert fault.code == "wrong_unit"
    assert f"from 2024-06-{'01' if is_first else '08'} (row" in fault.reason
    assert f"{name} never reaches more than" in fault.reason
    assert "while power is as high as before" in fault.reason
    assert "split it there" in fault.remedy


@pytest.mark.parametrize(
    "values",
    [
        rows(),
        rows(sky=later(lambda _, sky: sky * 0.5)),
        rows(sky=later(lambda _, sky: sky * 0.5), power=lambda day, watt: watt * (0.5 if day < 6 else 1)),
        rows(sky=later(lambda _, sky: sky * 0.5), power=lambda _, watt: min(watt, CAPACITY_W * 0.3)),
        rows(power=lambda day, watt: watt * (0.5 if day < 6 else 1)),
        rows(power=later(lambda _, watt: watt * 0.5)),
        rows(ghi=later(lambda _, light: light * 0.75)),
    ],
    ids=[
        "healthy",
        "dull days",
        "half of the plant comes back in dull days",
        "dull days of a plant at its limit",
        "half of the plant comes back",
        "half of the plant is off",
        "dust",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["ghi", "poa_global"])
def test_what_skies_and_plants_do_is_kept(values: Rows, name: str) -> None:
    reading = read(csv(values), "raw/east/p.csv", where(name))
    table = pq.read_table(pa.BufferReader(reading.parquet))

    assert reading.rows.masks == {}
    assert table["power_ac"].to_pylist() == pytest.approx([p / 1000 for p, _ in values], abs=1e-4)
    assert table[name].to_pylist() == pytest.approx([g for _, g in values], abs=1e-2)
