"""A scale that changes from one row to the next of a clear sky is found; what skies and plants do is kept."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest

from services.data_watcher.adapters.reading import read
from tests.unit.data_watcher.clear_days import (
    Change,
    Sky,
    before,
    clear,
    cloudy,
    csv,
    parts,
    powers,
    rows,
    same,
    since,
    where,
)
from tests.unit.data_watcher.plant_files import CAPACITY_W, refused

HOURS = {5: 1 / 12, 10: 1 / 6, 15: 1 / 4, 30: 1 / 2}
MORNING, NOON = 0.375, 0.5  # of a day


def row_said(reason: str) -> int:
    found = re.search(r"\(row (\d+)\)", reason)
    assert found
    return int(found[1])


@pytest.mark.parametrize("step", HOURS)
@pytest.mark.parametrize("change", [since, before])
@pytest.mark.parametrize("at", [MORNING, NOON, 0.625])
def test_energies_from_or_until_a_row_of_a_clear_day_are_refused_with_it(
    step: int, change: Callable[[float, float], Change], at: float
) -> None:
    fault = refused(csv(rows(1, change(at, HOURS[step]), step=step), step=step), where(step))

    assert fault.code == "wrong_unit"
    assert row_said(fault.reason) == 2 + round(at * 1440 / step)
    assert f"values look like Wh per {step} min" in fault.reason
    side = "from there on" if change is since else "before"
    assert f"{side}, the YAML says W" in fault.reason


@pytest.mark.parametrize("step", HOURS)
@pytest.mark.parametrize("days", [2, 5])
def test_they_are_refused_whatever_the_weather_of_other_days(step: int, days: int) -> None:
    def sky(day: float) -> float:
        return 1.0 if int(day) == 1 else cloudy(day)

    data = csv(rows(days, since(1 + NOON, HOURS[step]), sky, step), step=step)

    assert refused(data, where(step)).code == "wrong_unit"


@pytest.mark.parametrize("change", [since, before])
def test_what_the_remedy_says_mends_it(change: Callable[[float, float], Change]) -> None:
    truth = rows(2)
    data = csv(rows(2, change(NOON, 0.25)))
    fault = refused(data, where())
    first, second = parts(data, row_said(fault.reason))
    units = ("W", "Wh") if change is since else ("Wh", "W")

    found = [*powers(first, where(unit=units[0])), *powers(second, where(unit=units[1]))]

    assert "split the file there" in fault.remedy
    assert found == pytest.approx([watt / 1000 for watt in truth], abs=0.001)


@pytest.mark.parametrize("change", [since, before])
def test_power_that_is_counted_twice_is_refused(change: Callable[[float, float], Change]) -> None:
    fault = refused(csv(rows(1, change(NOON, 2.0), size=0.8)), where())

    assert fault.code == "wrong_unit"
    assert "more than the AC capacity allows" in fault.reason


def test_irradiance_in_energies_of_each_interval_is_refused() -> None:
    light = [watt / 6 for watt in rows(1, since(NOON, 0.25))]

    fault = refused(csv(rows(1), light), where(light=True))

    assert "ghi" in fault.reason
    assert f"row {2 + 48}" in fault.reason


def between(day: float, factor: float, rows_before: float = 0.5) -> Change:
    """An inverter trips inside an interval, whose row lies between."""

    def change(at: float, watt: float) -> float:
        if at < day:
            return watt
        return watt * (1 - rows_before * (1 - factor)) if at < day + 0.75 / 96 else watt * factor

    return change


def fog(day: float) -> float:
    """Fog until it lifts within an hour, and it is no even cover."""
    return 1.0 if day > 0.45 else 0.3 * (1 + 0.25 * math.sin(150 * day)) if day < 0.4 else 0.7


@pytest.mark.parametrize(
    ("change", "sky"),
    [
        (same, clear),
        (same, cloudy),
        (same, fog),
        (since(NOON, 0.5), clear),
        (before(NOON, 0.5), clear),
        (between(NOON, 0.25), clear),
        (since(NOON, 1 / 3), clear),
        (lambda at, watt: watt / 4 if NOON <= at < 0.58 else watt, clear),
        (lambda at, watt: watt / 4 if NOON <= at < 0.75 else watt, clear),
        (lambda at, watt: watt / 4 if 0.3 <= at < NOON else watt, clear),
    ],
    ids=[
        "clear",
        "clouds",
        "fog",
        "half of the plant is off",
        "half of it comes back",
        "three of four inverters trip inside an interval",
        "a third of it is left",
        "three of four trip for two hours",
        "they trip until the evening",
        "they trip in the morning",
    ],
)
def test_what_skies_and_plants_do_is_kept(change: Change, sky: Sky) -> None:
    values = rows(1, change, sky)

    assert powers(csv(values), where()) == pytest.approx([each / 1000 for each in values], abs=1e-4)


@pytest.mark.parametrize("step", HOURS)
def test_a_limit_is_no_energy(step: int) -> None:
    limit = 0.85 * CAPACITY_W * HOURS[step]
    values = rows(1, lambda at, watt: min(watt, limit) if at >= NOON else watt, step=step)

    reading = read(csv(values, step=step), "raw/east/p.csv", where(step))

    assert reading.rows.masks.keys() <= {"held_back"}
