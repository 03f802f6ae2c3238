"""Each irradiance of a file is held against power, and that on the modules against what any plane gets."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable import irradiance, sun
from services.data_watcher.domain.believable.power import Power
from services.data_watcher.domain.time_axis import TimeAxis
from services.data_watcher.ports import Reading
from shared.errors import UnreadableFileError
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import plant, refused, site
from tests.unit.data_watcher.powers import axis

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


# --- limits, one by one -------------------------------------------------------------------------------------

QUARTERS = 96


def lit(days: int, level: float, latitude: float = 30.0) -> tuple[np.ndarray, TimeAxis, Site]:
    """Irradiance that is so many times the sine of the sun's elevation [W/m²], on days of June."""
    where, time = site(latitude=latitude), axis(days * QUARTERS)
    local = sun.mean_solar_time(time.utc, where)
    return np.clip(level * sun.roughly_up(local, latitude), 0.0, None), time, where


def plane_with(days: int, bad: int, dull: int = 0) -> tuple[np.ndarray, TimeAxis]:
    """Irradiance of sunny days, some with two hours above any plane, and of dull ones behind them."""
    light, time, _ = lit(days + dull, 900.0)
    noons = np.arange(days) * QUARTERS + 44
    for noon in noons[:bad]:
        light[noon : noon + 8] = 1550.0
    light[days * QUARTERS :] *= 0.75
    return light, time


@pytest.mark.parametrize(
    ("days", "bad", "dull", "told"),
    [(10, 3, 0, True), (10, 2, 0, False), (4, 2, 6, True), (5, 1, 0, False)],
    ids=["three of ten", "two of ten", "two of four sunny ones", "two hours"],
)
def test_three_of_ten_sunny_days_above_any_plane_are_another_unit(
    days: int, bad: int, dull: int, *, told: bool
) -> None:
    light, time = plane_with(days, bad, dull)
    if not told:
        irradiance.check_plane("poa_global", light, str, time)
        return
    with pytest.raises(UnreadableFileError, match=f"on {bad} of {days} sunny days"):
        irradiance.check_plane("poa_global", light, str, time)


def by_sun(light: np.ndarray, time: TimeAxis, where: Site) -> None:
    irradiance.check_by_sun(Power.of(light * 6e-3, time, where, "W/m2", str))


@pytest.mark.parametrize(("times", "told"), [(1.32, False), (1.4, True)])
def test_irradiance_is_at_most_a_third_more_than_comes_to_the_atmosphere(
    times: float, *, told: bool
) -> None:
    light, time, where = lit(10, times * sun.SOLAR_CONSTANT)
    if not told:
        by_sun(light, time, where)
        return
    with pytest.raises(UnreadableFileError, match="is far more than comes from the sun"):
        by_sun(light, time, where)


@pytest.mark.parametrize(("part", "told"), [(0.08, False), (0.12, True)])
def test_a_tenth_of_the_rows_under_a_high_sun_may_be_at_the_edge_of_clouds(
    part: float, *, told: bool
) -> None:
    light, time, where = lit(20, 1000.0)
    high = np.flatnonzero(light > 705.0)
    light[high[:: round(1 / part)]] *= 1.9
    if not told:
        by_sun(light, time, where)
        return
    with pytest.raises(UnreadableFileError, match="is far more than comes from the sun"):
        by_sun(light, time, where)


@pytest.mark.parametrize(
    ("days", "level", "told"),
    [(3, 0.017, True), (3, 0.023, False), (2, 0.001, False)],
    ids=["nearly none", "rain", "two days"],
)
def test_three_days_of_nearly_no_irradiance_are_another_unit(
    days: int, level: float, *, told: bool
) -> None:
    light, time, where = lit(days, 1000.0)
    gusts = np.abs(np.cos(np.arange(len(light)) ** 2))
    faint = np.where(light > 0, level * light.max() * gusts, np.nan)
    if not told:
        by_sun(faint, time, where)
        return
    with pytest.raises(UnreadableFileError, match=f"within {days} days ghi reached only"):
        by_sun(faint, time, where)


@pytest.mark.parametrize(
    ("light", "share", "up", "dark"),
    [
        (4.0, 0.2, 0.5, True),
        (6.0, 0.2, 0.5, False),
        (4.0, 0.14, 0.5, False),
        (4.0, 0.16, 0.5, True),
        (4.0, 0.2, 0.12, True),
        (4.0, 0.2, 0.08, False),
    ],
)
def test_a_sensor_is_dark_where_a_plant_gives_much_by_day(
    light: float, share: float, up: float, *, dark: bool
) -> None:
    where, time = site(), axis(QUARTERS)
    row = int(np.abs(sun.roughly_up(sun.mean_solar_time(time.utc, where), 52.1) - up).argmin())
    lights, powers = np.full(QUARTERS, 500.0), np.full(QUARTERS, 0.01)
    lights[row], powers[row] = light, share * where.ac_capacity_kw
    found = irradiance.dark(lights, powers, time, where)

    assert (found is not None and bool(found[row])) == dark
