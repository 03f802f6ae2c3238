"""A scale that changes over a night is found between clear days; weather and what plants do are kept."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest

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
from tests.unit.data_watcher.plant_files import refused

HOURS = {5: 1 / 12, 10: 1 / 6, 15: 1 / 4, 30: 1 / 2}


@pytest.mark.parametrize("step", HOURS)
@pytest.mark.parametrize("days", [2, 3, 8])
@pytest.mark.parametrize("change", [since, before])
def test_energies_from_or_until_a_night_are_refused(
    step: int, days: int, change: Callable[[float, float], Change]
) -> None:
    at = days - 1 if change is since else 1
    fault = refused(csv(rows(days, change(at, HOURS[step]), step=step), step=step), where(step))

    assert fault.code == "wrong_unit"
    side = "from there on" if change is since else "before"
    assert f"values look like Wh per {step} min {side}, the YAML says W" in fault.reason
    assert f"from 2024-06-0{at + 1} on (row" in fault.reason


@pytest.mark.parametrize("step", HOURS)
@pytest.mark.parametrize("change", [since, before])
def test_days_of_clouds_between_the_clear_ones_leave_the_row_open(
    step: int, change: Callable[[float, float], Change]
) -> None:
    def sky(day: float) -> float:
        return 1.0 if int(day) in {1, 4} else cloudy(day)

    fault = refused(csv(rows(5, change(2.6, HOURS[step]), sky, step), step=step), where(step))

    found = re.search(r"or from some row between row (\d+) and row (\d+) on", fault.reason)
    assert found
    first, last = (int(each) - 2 for each in found.groups())
    assert first <= math.ceil(2.6 * 1440 / step) <= last


def test_what_the_remedy_says_mends_it() -> None:
    truth = rows(2)
    data = csv(rows(2, since(1, 0.25)))
    fault = refused(data, where())
    found = re.search(r"\(row (\d+)\)", fault.reason)
    assert found
    first, second = parts(data, int(found[1]))

    read = [*powers(first, where()), *powers(second, where(unit="Wh"))]

    assert "split the file there" in fault.remedy
    assert read == pytest.approx([watt / 1000 for watt in truth], abs=0.001)


def test_power_that_is_counted_twice_from_a_night_on_is_refused() -> None:
    fault = refused(csv(rows(2, since(1, 2.0), size=0.8)), where())

    assert "more than the AC capacity allows" in fault.reason


def test_irradiance_in_energies_of_half_hours_is_refused() -> None:
    light = [watt / 6 for watt in rows(2, since(1, 0.5), step=30)]

    fault = refused(csv(rows(2, step=30), light, 30), where(30, light=True))

    assert "ghi is 2 times less than at the same hours of 2024-06-01" in fault.reason


def rain(day: float) -> float:
    return cloudy(day) * (0.25 if day >= 1 else 1.0)


def even_cover(day: float) -> float:
    """An even cover on the last day, which gets thicker."""
    return 1.0 if day < 1 else 0.5 - 0.5 * (day - 1.5)


@pytest.mark.parametrize(
    ("change", "sky", "days"),
    [
        (same, clear, 2),
        (same, cloudy, 5),
        (same, rain, 2),
        (same, even_cover, 2),
        (since(1, 0.5), clear, 2),
        (before(1, 0.5), clear, 3),
        (since(1, 1 / 3), clear, 2),
        (lambda at, watt: watt / 4 if 1 <= at < 2 else watt, clear, 3),
        (lambda at, watt: watt * min(1.0, 0.1 + 0.5 * max(at - 1.2, 0)) if at >= 1 else watt, clear, 2),
    ],
    ids=[
        "clear",
        "clouds",
        "rain",
        "an even cover",
        "half of the plant is off",
        "half of it comes back",
        "a third of it is left",
        "a quarter of it for a day",
        "snow that melts",
    ],
)  # fmt: skip
def test_what_skies_and_plants_do_is_kept(change: Change, sky: Sky, days: int) -> None:
    values = rows(days, change, sky)

    assert powers(csv(values), where()) == pytest.approx([each / 1000 for each in values], abs=1e-4)
