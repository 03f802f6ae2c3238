"""Energies in the first or last days of a file are refused by their height; weather and outages are not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable import sun, unit_at_edge
from services.data_watcher.domain.believable.power import Power
from shared.errors import UnreadableFileError
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import CAPACITY_W, refused, site
from tests.unit.data_watcher.powers import axis

DAYS = 14
Change = Callable[[float, float], float]
Sky = Callable[[float, int], float]


def where(step: int = 15, unit: str = "W") -> Site:
    columns = {"power_ac": {"column": "p", "unit": unit}}
    return site({"columns": columns, "timestamp": {"column": "t", "step_minutes": step}})


def clear(_: float, __: int) -> float:
    return 1.0


def cloudy(day: float, row: int) -> float:
    """Clouds that come and go; no day is clear."""
    return 0.6 + 0.4 * math.sin(0.9 * row + 3.0 * int(day) ** 1.3)


def times(step: int) -> list[str]:
    utc = axis(DAYS * 1440 // step, step=np.timedelta64(step, "m")).utc
    return [str(at)[:16] for at in utc]


def rows(change: Change, sky: Sky = clear, step: int = 15) -> list[float]:
    """Power in intervals of so many minutes. [W]"""
    utc = np.array(times(step), "M8[us]")
    ups = sun.over(utc, step * 60.0, where(step)).up.clip(0).tolist()
    found = []
    for row, up in enumerate(ups):
        day = row * step / 1440
        found.append(round(change(day, 0.95 * CAPACITY_W * up**1.1 * sky(day, row)), 2))
    return found


def csv(values: list[float], step: int = 15) -> bytes:
    return "\n".join(["t,p", *map("{},{}".format, times(step), values)]).encode()


@pytest.mark.parametrize("sky", [clear, cloudy])
@pytest.mark.parametrize("step", [5, 10, 15])
@pytest.mark.parametrize("is_first", [True, False])
def test_energies_before_or_after_some_day_are_refused(
    sky: Sky, step: int, *, is_first: bool
) -> None:
    hours = step / 60
    data = csv(
        rows(lambda day, watt: watt * hours if (day < 7.4) == is_first else watt, sky, step), step
    )

    fault = refused(data, where(step))

    assert fault.code == "wrong_unit"
    assert f"{'until' if is_first else 'from'} 2024-06-0{8 if is_first else 9} (row" in fault.reason
    assert f"values look like Wh per {step} min, the YAML says W" in fault.reason
    assert "split the file there" in fault.remedy


def test_what_the_remedy_says_mends_it() -> None:
    truth = rows(lambda _, watt: watt)
    lines = csv(rows(lambda day, watt: watt / 4 if day >= 7 else watt)).splitlines()
    at = 1 + 7 * 96
    parts = (lines[:at], where()), ([lines[0], *lines[at:]], where(unit="Wh"))

    found = [
        each
        for part, place in parts
        for each in pq.read_table(
            pa.BufferReader(read(b"\n".join(part), "raw/east/p.csv", place).parquet)
        )["power_ac"].to_pylist()
    ]

    assert found == pytest.approx([watt / 1000 for watt in truth], abs=1e-3)


def dull(level: float, days: int) -> Sky:
    """Rain that lets through so much at best, on the last days."""
    return lambda day, row: (level if day >= DAYS - days else 1.0) * cloudy(day, row)


@pytest.mark.parametrize(
    ("change", "sky"),
    [
        (lambda _, watt: watt, clear),
        (lambda _, watt: watt, cloudy),
        (lambda _, watt: watt, dull(0.25, 3)),
        (lambda _, watt: watt, dull(0.4, 8)),
        (lambda day, watt: watt / 2 if day >= 7 else watt, clear),
        (lambda day, watt: watt / 3 if day < 7 else watt, clear),
        (lambda day, watt: watt / 4 if 4 <= day < 9 else watt, clear),
        (lambda day, watt: 0.0 if day >= 7 else watt, clear),
        (lambda day, watt: watt / 12 if day >= 7 else watt, clear),
    ],
    ids=[
        "healthy",
        "clouds",
        "days of rain",
        "a week of rain",
        "half of the plant is off",
        "a third of the plant is on",
        "a quarter of the plant for some days",
        "the plant is off",
        "snow",
    ],
)
def test_what_skies_and_plants_do_is_kept(change: Change, sky: Sky) -> None:
    values = rows(change, sky)
    reading = read(csv(values), "raw/east/p.csv", where())

    assert reading.rows.masks == {}
    found = pq.read_table(pa.BufferReader(reading.parquet))["power_ac"].to_pylist()
    assert found == pytest.approx([watt / 1000 for watt in values], abs=1e-4)


def test_a_limit_of_a_quarter_is_no_energy() -> None:
    values = rows(lambda day, watt: min(watt, CAPACITY_W / 4.2) if day >= 7 else watt)

    assert read(csv(values), "raw/east/p.csv", where()).rows.masks.keys() == {"held_back"}


# --- within a day -----------------------------------------------------------------------------------------


def passing(day: float, _: int) -> float:
    """Clouds that come and go within hours."""
    return 0.75 + 0.25 * math.sin(20 * day + 3.0 * int(day) ** 1.3)


def some_days(change: Change, step: int, sky: Sky = passing) -> bytes:
    """The first five days of the plant."""
    return b"\n".join(csv(rows(change, sky, step), step).splitlines()[: 1 + 5 * 1440 // step])


@pytest.mark.parametrize("step", [5, 10])
@pytest.mark.parametrize("sky", [clear, passing])
@pytest.mark.parametrize("day", [2.45, 3.52])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_fall_to_energies_within_a_day_is_refused(
    step: int, sky: Sky, day: float, *, is_first: bool
) -> None:
    if is_first:
        day -= 1
    part = step / 60
    data = some_days(
        lambda at, watt: watt * part if (at < day) == is_first else watt, step, sky=sky
    )

    fault = refused(data, where(step))

    assert fault.code == "wrong_unit"
    assert f"values look like Wh per {step} min" in fault.reason
    row = 2 + math.ceil(day * 1440 / step - 1e-9)
    assert f"from row {row} on" in fault.reason


@pytest.mark.parametrize(
    "change",
    [
        lambda _, watt: watt,
        lambda day, watt: watt / 2 if day >= 2.5 else watt,
        lambda day, watt: 0.0 if day >= 2.5 else watt,
        lambda day, watt: watt / 12 if 2.5 <= day < 2.8 else watt,
        lambda day, watt: watt / 8 if day >= 2.5 else watt,
        lambda day, watt: watt / 30 if day >= 2.5 else watt,
    ],
    ids=["clouds", "half is off", "off", "a storm", "one of eight", "snow"],
)
def test_what_trips_within_a_day_is_kept(change: Change) -> None:
    data = some_days(change, 5)
    found = pq.read_table(pa.BufferReader(read(data, "raw/east/p.csv", where(5)).parquet))
    expected = [float(line.split(b",")[1]) / 1000 for line in data.splitlines()[1:]]
    assert found["power_ac"].to_pylist() == pytest.approx(expected, abs=1e-4)


# --- limits, one by one -------------------------------------------------------------------------------------

Factors = Sequence[float]


def judged(
    low: Factors,
    others: Factors = (1.0,) * 8,
    *,
    is_clear: bool = True,
    step: int = 15,
    start: str = "2024-06-01",
    limits: tuple[float, float] = (9.0, 9.0),
) -> None:
    """Judge a file whose last days, and those before them, are so many times as high as clear ones."""
    size, factors = 1440 // step, np.array([*others, *low])
    time = axis(len(factors) * size, start, np.timedelta64(step, "m"))
    up = sun.over(time.utc, step * 60.0, site()).up.clip(0).reshape(len(factors), size)
    gusts = 1.0 if is_clear else 0.75 + 0.25 * np.cos(np.arange(size) ** 2)
    share = up / up.max() * factors[:, None]
    share[len(others) :] *= gusts
    share[: len(others)] = np.minimum(share[: len(others)], limits[0])
    share[len(others) :] = np.minimum(share[len(others) :], limits[1])
    values = share.ravel() * CAPACITY_W / 1000
    unit_at_edge.check(Power.of(values, time, site(), "kW", str))


QUARTER, SOME_OFF = 0.25, (1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({"low": [QUARTER] * 3}, "on 3 clear days"),
        ({"low": [QUARTER, 0.22, QUARTER, 0.1]}, "on 3 clear days"),
        ({"low": [0.21] * 3}, "on 3 clear days"),
        ({"low": [0.19] * 5, "is_clear": False}, "in 5 days of any weather"),
        ({"low": [0.05] * 4 + [0.19], "is_clear": False}, "in 5 days of any weather"),
        ({"low": [1 / 12] * 3, "step": 5, "is_clear": False}, "in 3 days of any weather"),
        ({"low": [QUARTER] * 6, "limits": (0.6, 0.15), "others": [0.9] * 8}, "on 6 clear days"),
        ({"low": [QUARTER] * 3, "others": [1.0, 1.0, 0.75, 0.5, 0.5]}, "on 3 clear days"),
    ],
    ids=[
        "three clear days",
        "three clear days of four",
        "a fifth less",
        "five days of any weather",
        "one of five days of any weather is bright",
        "three days of five minutes",
        "a plant that clips",
        "three others are high",
    ],
)
def test_days_that_are_low_by_the_length_of_an_interval_are_energies(
    file: dict[str, Any], said: str
) -> None:
    with pytest.raises(UnreadableFileError, match=said) as caught:
        judged(**file)

    assert "values look like kWh per" in caught.value.reason


@pytest.mark.parametrize(
    "file",
    [
        {"low": [QUARTER] * 2},
        {"low": [QUARTER, 0.15, 0.15, 0.15]},
        {"low": [0.19] * 3},
        {"low": [0.19] * 4, "is_clear": False},
        {"low": [0.14] * 8, "is_clear": False},
        {"low": [0.19] * 8, "is_clear": False, "start": "2024-01-01"},
        {"low": [QUARTER] * 3, "is_clear": False},
        {"low": [1.0] * 6, "limits": (9.0, QUARTER)},
        {"low": [QUARTER] * 6, "others": SOME_OFF},
        {"low": [QUARTER] * 6, "others": [1.0] * 2},
    ],
    ids=[
        "two days",
        "one clear day of four",
        "more than a fifth less",
        "four days of any weather",
        "eight dull days",
        "winter",
        "three days of a quarter of an hour in any weather",
        "a limit",
        "one other day is high",
        "two other days",
    ],
)
def test_days_that_weather_outages_or_limits_explain_are_kept(file: dict[str, Any]) -> None:
    judged(**file)
