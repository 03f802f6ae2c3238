"""A unit that changes between two days is found by power and irradiance, and what plants really do is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable import scale_change
from services.data_watcher.domain.believable.power import Power
from shared.errors import UnreadableFileError
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import CAPACITY_W, plant, refused, site
from tests.unit.data_watcher.powers import power, sunny

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


# --- limits, one by one -------------------------------------------------------------------------------------


def changed(days: int, first: int, factors: Sequence[float], limit: float = 9.0) -> Power:
    """Power of clear days; from one on each is times the next factor, or stands at a limit by day."""
    share = 0.8 * sunny(days).reshape(days, ROWS_OF_A_DAY)
    for number, day in enumerate(range(first, days)):
        share[day] = np.minimum(share[day] * factors[number % len(factors)], limit)
    return power(share.ravel())


def light(days: int) -> np.ndarray:
    return 1000.0 * sunny(days)


@pytest.mark.parametrize(
    ("days", "first", "factors"),
    [(16, 8, [0.25]), (16, 8, [0.2, 0.27]), (7, 3, [0.25]), (16, 12, [0.25]), (30, 15, [4.0])],
    ids=["a quarter", "about a quarter", "three days on each side", "the last days", "four times"],
)
def test_a_level_that_stays_is_another_unit(
    days: int, first: int, factors: Sequence[float]
) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        scale_change.check("ghi", light(days), changed(days, first, factors))

    day = np.datetime64("2024-06-01") + first
    assert caught.value.reason.startswith(f"from {day} on")


@pytest.mark.parametrize(
    ("days", "first", "factors", "limit"),
    [
        (16, 8, [0.1, 0.5, 0.1, 0.1, 0.6], 9.0),
        (6, 3, [0.25], 9.0),
        (16, 14, [0.25], 9.0),
        (16, 8, [0.32], 9.0),
        (16, 8, [1.0], 0.1),
    ],
    ids=[
        "days that differ",
        "six days",
        "the last two days",
        "less than three times",
        "a limit",
    ],
)
def test_what_does_not_stay_or_follow_the_sun_is_no_other_unit(
    days: int, first: int, factors: Sequence[float], limit: float
) -> None:
    scale_change.check("ghi", light(days), changed(days, first, factors, limit))
