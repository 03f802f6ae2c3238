"""Files with a row for each day: an hour of it, or its highest power, is not the whole day's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import groupby

import pytest

from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import START, accepted, canonical, plant, refused, site

ROWS = list(plant(7, 60))
DAYS = [[watt for _, watt in day] for _, day in groupby(ROWS, lambda row: row[0].date())]


def by_day(names: Sequence[str], values: Callable[[list[float]], list[float]]) -> bytes:
    lines = [",".join(["t", *names])]
    for number, day in enumerate(DAYS):
        cells = [f"{START + timedelta(days=number):%Y-%m-%d}", *(f"{v:.1f}" for v in values(day))]
        lines.append(",".join(cells))
    return "\n".join(lines).encode()


def one_of(name: str) -> Site:
    return site(
        {"timestamp": {"column": "t"}, "columns": {"power_ac": {"column": name, "unit": "W"}}}
    )


@pytest.mark.parametrize(
    ("names", "noon"),
    [
        ([f"{hour:02}:00" for hour in range(24)], "12:00"),
        ([f"{hour}:00" for hour in range(1, 25)], "13:00"),
        ([f"{hour:02}:00-{hour + 1:02}:00" for hour in range(24)], "12:00-13:00"),
        ([f"{hour:02}h00" for hour in range(24)], "12h00"),
        ([f"H{hour}" for hour in range(1, 25)], "H13"),
        ([f"Hour {hour}" for hour in range(24)], "Hour 12"),
        ([f"{hour:02}" for hour in range(1, 25)], "13"),
    ],
)
def test_an_hour_of_each_day_is_not_the_day(names: list[str], noon: str) -> None:
    fault = refused(by_day(names, lambda day: day), one_of(noon))
    assert fault.code == "day_rows"
    assert "24 columns" in fault.reason
    assert "a row for each interval" in fault.remedy


def test_the_hour_that_autumn_has_more_is_a_column_of_its_own() -> None:
    names = [f"H{hour}" for hour in range(1, 26)]
    fault = refused(by_day(names, lambda day: [*day, 0.0]), one_of("H13"))
    assert fault.code == "day_rows"


def test_quarters_of_an_hour_in_columns_are_no_days() -> None:
    names = [f"{at // 4:02}:{15 * (at % 4):02}" for at in range(96)]
    fault = refused(by_day(names, lambda day: [v for v in day for _ in range(4)]), one_of("12:30"))
    assert "96 columns" in fault.reason


def test_a_row_for_each_interval_is_read_as_the_remedy_says() -> None:
    where = site({"timestamp": {"column": "t", "step_minutes": 60}})
    lines = ["t,p", *(f"{moment:%Y-%m-%d %H:%M},{watt}" for moment, watt in ROWS)]
    reading = accepted("\n".join(lines).encode(), where, ROWS)
    assert not reading.rows.masks


def test_inverters_with_numbers_are_no_hours() -> None:
    names = [f"INV {number}" for number in range(1, 25)]
    lines = [",".join(["t", *names])]
    for moment, watt in ROWS:
        lines.append(",".join([f"{moment:%Y-%m-%d %H:%M}", *[f"{watt / 24:.3f}"] * 24]))
    where = site(
        {
            "timestamp": {"column": "t", "step_minutes": 60},
            "columns": {"power_ac": {"columns": ["INV *"], "unit": "W"}},
        }
    )
    reading = accepted("\n".join(lines).encode(), where, ROWS)
    assert not reading.rows.masks


@pytest.mark.parametrize("of_day", [max, lambda day: day[12]])
def test_the_highest_power_of_a_day_is_not_its_mean(of_day: Callable[[list[float]], float]) -> None:
    fault = refused(by_day(["p"], lambda day: [of_day(day)]), one_of("p"))
    assert fault.code == "day_rows"
    assert "kWh" in fault.remedy


def test_the_energy_of_a_day_is_read_as_the_remedy_says() -> None:
    where = site(
        {
            "timestamp": {"column": "t"},
            "columns": {"power_ac": {"column": "p", "unit": "Wh"}},
        }
    )
    reading, found = canonical(by_day(["p"], lambda day: [sum(day)]), where)
    assert not reading.rows.masks
    for number, day in enumerate(DAYS):
        value = found[START + timedelta(days=number)]
        assert value is not None
        assert math.isclose(value, sum(day) / 24 / 1000, rel_tol=1e-3)
