"""Weather and power that no sky and no season gives are asked about, and healthy ones of their shape pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.siblings import IRRADIANCE, Sibling, disagreements
from services.data_watcher.ports import Reading
from shared.errors import UnreadableFileError
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import CAPACITY_W, CSV, accepted, csv, plant, refused, site

COLUMNS = {
    "power_ac": {"column": "p", "unit": "W"},
    "ghi": {"column": "g", "unit": "W/m2"},
    "temp_air": {"column": "c", "unit": "C"},
}


def day_by_day(
    start: str,
    latitude: float,
    *,
    days: int = 8,
    power: Callable[[float, int], float] = lambda up, _: 5500 * up,
    ghi: Callable[[float], float] = lambda up: 1000 * up**1.15,
    temp: Callable[[float, float], float] = lambda mean, change: mean + change,
    mean: float = 14.0,
) -> bytes:
    """Days of a plant at the zero meridian; `temp` gets the mean and the part of the hour."""
    utc = np.datetime64(start, "us") + np.arange(days * 96) * np.timedelta64(15, "m")
    ups = np.clip(sun.over(utc, 900.0, site(latitude=latitude, longitude=0.0)).up, 0.0, None)
    lines = ["t;p;g;c"]
    for row, (at, up) in enumerate(zip(utc, ups.tolist(), strict=True)):
        cloud = 0.8 if row // 96 % 3 == 1 and row % 5 else 1.0
        warm = temp(mean, 5 * math.sin(math.pi * (row % 96 - 36) / 48))
        values = power(up * cloud, row), ghi(up * cloud), warm
        lines.append(f"{str(at)[:16]};" + ";".join(f"{each:.2f}" for each in values))
    return "\n".join(lines).encode()


def where(latitude: float) -> Site:
    return site(CSV | {"columns": COLUMNS}, latitude=latitude, longitude=0.0)


def said(data: bytes, place: Site) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as caught:
        read(data, "raw/east/p.csv", place)
    return caught.value


def healthy(data: bytes, place: Site) -> Reading:
    reading = read(data, "raw/east/p.csv", place)
    assert reading.rows.masks == {}
    return reading


# --- temperature ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "latitude", "mean"),
    [
        ("2024-06-03", 52.0, 17.0),
        ("2024-12-10", 33.0, 12.0),
        ("2024-12-10", 60.0, -2.0),
        ("2024-01-10", -34.0, 24.0),
        ("2024-07-01", 29.0, 45.0),
    ],
)
def test_the_air_in_another_unit_is_refused_with_the_unit_and_in_its_own_it_passes(
    start: str, latitude: float, mean: float
) -> None:
    for change, remedy in (
        (lambda base, part: (base + part) * 1.8 + 32, "unit: F"),
        (lambda base, part: base + part + 273.15, "unit: K"),
    ):
        fault = said(day_by_day(start, latitude, mean=mean, temp=change), where(latitude))
        assert fault.code == "wrong_unit"
        assert f"({remedy})" in fault.remedy

    healthy(day_by_day(start, latitude, mean=mean), where(latitude))


def test_the_air_in_tenths_of_a_degree_is_refused() -> None:
    data = day_by_day("2024-06-03", 52.0, temp=lambda base, part: 10 * (base + part))

    assert "scale: 0.1" in said(data, where(52.0)).remedy


def test_a_temperature_that_was_divided_by_ten_is_refused_after_five_days() -> None:
    def tenth(base: float, part: float) -> float:
        return (base + part) / 10

    fault = said(day_by_day("2024-06-03", 52.0, temp=tenth), where(52.0))

    assert fault.code == "wrong_unit"
    assert "(scale: 10)" in fault.remedy
    healthy(day_by_day("2024-06-03", 52.0, temp=tenth, days=4), where(52.0))


def test_air_over_the_sea_and_days_of_thaw_hardly_change() -> None:
    healthy(day_by_day("2024-06-03", 5.0, mean=27, temp=lambda b, part: b + part / 9), where(5.0))
    thaw = day_by_day("2024-02-10", 52.0, mean=0.5, temp=lambda b, part: b + part / 9)
    healthy(thaw, where(52.0))


# --- irradiance ------------------------------------------------------------------------------------------


def test_photons_that_are_called_irradiance_are_more_than_comes_from_the_sun() -> None:
    data = day_by_day("2024-06-03", 45.0, ghi=lambda up: 2.02 * 1000 * up**1.15)
    fault = said(data, where(45.0))

    assert fault.code == "wrong_unit"
    assert "more than comes from the sun" in fault.reason
    assert "umol" in fault.remedy


def test_a_bright_sensor_below_broken_clouds_passes() -> None:
    healthy(
        day_by_day("2024-06-03", 45.0, ghi=lambda up: min(1.3 * 1000 * up**1.15, 1350)), where(45.0)
    )


def month(start: str, factor: float = 1.0, haze: float = 0.0, days: int = 14) -> Sibling:
    """Weather whose haze takes more of the light the lower the sun is: no day is like a clear one."""
    data = day_by_day(start, 45.0, days=days, ghi=lambda up: factor * 1000 * up ** (1.15 + haze))
    columns = {name: COLUMNS[name] for name in ("ghi", "temp_air")}
    rows = read(
        data, "raw/east/p.csv", site(CSV | {"columns": columns}, latitude=45.0, longitude=0.0)
    ).rows
    assert rows.traits is not None
    assert rows.traits.prints == ()
    return Sibling(
        start,
        start,
        datetime(2025, 1, 1, tzinfo=UTC),
        rows.window_start,
        rows.traits,
        is_light=True,
    )


def test_weather_files_without_power_are_compared_by_their_irradiance() -> None:
    alike = [month("2024-05-01"), month("2024-06-01"), month("2024-07-01")]
    (found,) = disagreements([*alike, month("2024-06-20", 0.4, haze=0.8, days=10)])

    assert (found.cause, found.example) == (IRRADIANCE, "2024-06-20")
    assert "of the irradiance of" in found.reason
    assert "W/m2" in found.reason
    assert disagreements([*alike, month("2024-06-20", 0.8), month("2024-12-01")]) == ()


# --- power beside its irradiance --------------------------------------------------------------------------


def test_energies_of_quarters_that_are_called_power_are_found_beside_irradiance() -> None:
    def broken(up: float, row: int) -> float:
        return 5500 * up * (0.4 if row % 7 else 1.0)

    def light(up: float) -> float:
        return 1000 * up**1.15

    def data(part: float) -> bytes:
        return day_by_day("2024-06-03", 45.0, power=lambda up, row: part * 5500 * up, ghi=light)

    fault = said(data(0.25), where(45.0))
    assert fault.code == "wrong_unit"
    healthy(data(0.5), where(45.0))
    healthy(day_by_day("2024-06-03", 45.0, power=broken), where(45.0))


def test_a_plant_that_is_held_at_a_quarter_of_its_capacity_passes() -> None:
    held = day_by_day("2024-06-03", 45.0, power=lambda up, _: min(5500 * up, CAPACITY_W / 4))

    healthy(held, where(45.0))


# --- nights -------------------------------------------------------------------------------------------------


def test_what_a_meter_of_the_grid_shows_is_refused_by_its_nights() -> None:
    net = day_by_day("2024-06-03", 45.0, power=lambda up, row: 5500 * up - 350 - 40 * (row % 3))
    fault = said(net, where(45.0))

    assert fault.code == "net_power"
    assert "production" in fault.remedy


@pytest.mark.parametrize("draw", [3.0, 60.0, 150.0])
def test_inverters_and_transformers_at_rest_draw_a_little(draw: float) -> None:
    resting = day_by_day("2024-06-03", 45.0, power=lambda up, _: 5500 * up - draw)

    healthy(resting, where(45.0))


# --- the season ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "latitude"), [("2024-06-03", 52.0), ("2024-12-20", -41.0)])
def test_the_days_of_the_other_half_of_the_year_are_refused(start: str, latitude: float) -> None:
    columns = {"columns": {"power_ac": COLUMNS["power_ac"]}}
    here = site(CSV | columns, latitude=latitude, longitude=0.0)
    there = site(CSV | columns, latitude=-latitude, longitude=0.0)
    data = day_by_day(start, latitude)

    fault = said(data, there)
    assert fault.code == "wrong_clock"
    assert "south is negative" in fault.remedy
    healthy(data, here)


def test_a_battery_that_serves_the_dark_ends_of_a_winters_day_passes() -> None:
    def hybrid(up: float, row: int) -> float:
        hour = row % 96 / 4
        return 5500 * up + (1500 if hour < 2 or 5 < hour < 8 or hour > 17 else 0)

    data = day_by_day("2024-12-10", 52.0, power=hybrid)
    healthy(
        data,
        site(CSV | {"columns": {"power_ac": COLUMNS["power_ac"]}}, latitude=52.0, longitude=0.0),
    )


# --- days that a spreadsheet turned round ---------------------------------------------------------------


def turned(first: datetime, days: int, *, ends_by_24: bool = False) -> bytes:
    """A file whose days up to the 12th have day and month in each other's place."""
    rows = list(plant(days))
    lines = []
    for begin, watt in rows:
        at = first + (begin - rows[0][0])
        day = f"{at:%Y-%d-%m}" if at.day <= 12 else f"{at:%Y-%m-%d}"
        minute = at.hour * 60 + at.minute + 15 * ends_by_24
        lines.append(f"{day} {minute // 60:02}:{minute % 60:02};{watt:.0f}")
    return "\n".join(["t;p", *lines]).encode()


@pytest.mark.parametrize(
    ("first", "days"),
    [
        ((2024, 6, 10), 8),
        ((2024, 6, 1), 30),
        ((2024, 5, 20), 20),
        # Days of several months fall onto each other's places.
        ((2024, 5, 1), 61),
        ((2023, 1, 1), 365),
        # One of them, or two days alone, tell it where the days then follow each other.
        ((2024, 6, 12), 8),
        ((2024, 4, 30), 7),
        ((2024, 7, 31), 2),
        ((2024, 3, 4), 2),
    ],
)
@pytest.mark.parametrize(("ends_by_24", "is_newest_first"), [(False, False), (True, True)])
def test_days_that_a_spreadsheet_turned_round_are_refused(
    first: tuple[int, int, int], days: int, *, ends_by_24: bool, is_newest_first: bool
) -> None:
    data = turned(datetime(*first, tzinfo=UTC), days, ends_by_24=ends_by_24)
    if is_newest_first:
        head, *lines = data.splitlines()
        data = b"\n".join([head, *reversed(lines)])
    stamp = {"column": "t", "step_minutes": 15, "format": "%Y-%m-%d %H:%M"}
    where = site(CSV | {"timestamp": stamp | {"label": "right" if ends_by_24 else "left"}})

    fault = refused(data, where)

    assert fault.code == "day_month_swapped"
    assert "spreadsheet" in fault.remedy


def test_days_in_the_order_of_their_texts_are_not_turned_round() -> None:
    """01/06, 01/07, 02/06, …: a program that takes dates for texts puts them so."""
    rows = list(plant(61))
    rows.sort(key=lambda row: f"{row[0]:%d/%m %H:%M}")
    data = csv(rows, stamp=lambda at: f"{at:%d/%m/%Y %H:%M}")
    stamp = {"column": "t", "step_minutes": 15, "format": "%d/%m/%Y %H:%M"}
    masks = accepted(data, site(CSV | {"timestamp": stamp}), rows).rows.masks
    assert masks.keys() == {"out_of_order"}


def test_two_days_of_different_months_are_not_turned_round() -> None:
    rows = [*plant(2)]
    moved = [(at + timedelta(days=30 * (at.day == rows[-1][0].day)), watt) for at, watt in rows]
    assert moved[-1][0].day != moved[0][0].day

    assert accepted(csv(moved), site(CSV), moved).rows.masks == {}


def test_weeks_of_different_months_in_one_file_are_not_turned_round() -> None:
    rows = list(plant(20))
    parts = [(0, 0), (7 * 96, 40), (14 * 96, 80)]
    moved = [
        (at + timedelta(days=late), watt)
        for (start, late), (end, _) in pairwise([*parts, (20 * 96, 0)])
        for at, watt in rows[start:end]
    ]

    reading = read(csv(moved), "raw/east/p.csv", site(CSV))
    assert reading.rows.count == len(moved)
