"""Power that is held back, hangs or is off by day is masked; what plants do by themselves is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.ports import Reading
from tests.unit.data_watcher.plant_files import CAPACITY_W, plant, site

DAYS, DAY = 8, 96
MORNING, NOON, EVENING = 36, 48, 60
COLUMNS = {
    "power_ac": {"column": "p", "unit": "W"},
    "poa_global": {"column": "g", "unit": "W/m2"},
}
POWER = [watt for _, watt in plant(DAYS)]
Change = Callable[[int, float], float]


def by_clouds(row: int, watt: float) -> float:
    return watt * (1.0 - 0.5 * (math.sin(row * 1.7) > 0.3))


def of(
    change: Change,
    *,
    sky: Change = lambda _, watt: watt,
    beside: bool = False,
    digits: int = 1,
    light: Change = lambda _, light: light,
    days: int = DAYS,
) -> tuple[Reading, list[float | None]]:
    """Read power that some sky let through and that was changed then, alone or with irradiance beside it."""
    lines = []
    for row, (at, watt) in enumerate(plant(days)):
        lit = sky(row, watt)
        values = f"{change(row, lit):.{digits}f},{light(row, lit / 6.2):.1f}"
        lines.append(f"{at:%Y-%m-%d %H:%M},{values}")
    where = site({"columns": COLUMNS if beside else {"power_ac": COLUMNS["power_ac"]}})
    reading = read("\n".join(["t,p,g", *lines]).encode(), "raw/east/p.csv", where)
    table = pq.read_table(pa.BufferReader(reading.parquet))
    return reading, table["power_ac"].to_pylist()


def lost(found: tuple[Reading, list[float | None]], rows: Iterable[int], reason: str) -> None:
    """Check that these rows alone are masked, for this reason."""
    reading, values = found
    rows = set(rows)
    assert {row for row, value in enumerate(values) if value is None} == rows
    assert reading.rows.masks == ({reason: len(rows)} if rows else {})


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("sky", [lambda _, watt: watt, by_clouds], ids=["clear", "clouds"])
def test_a_limit_of_some_days_is_masked_where_it_holds(sky: Change, *, beside: bool) -> None:
    limit = CAPACITY_W * 0.3
    held = {
        row for row, watt in enumerate(POWER) if 2 <= row // DAY < 5 and sky(row, watt) >= limit
    }

    lost(
        of(lambda row, watt: limit if row in held else watt, sky=sky, beside=beside),
        held,
        "held_back",
    )


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("day", [0, 3, DAYS - 1])
def test_a_reading_that_is_repeated_around_noon_is_masked(day: int, *, beside: bool) -> None:
    still = range(day * DAY + MORNING, day * DAY + EVENING)
    held = by_clouds(0, POWER[still[0]]) * 0.7

    lost(
        of(lambda row, watt: held if row in still else watt, sky=by_clouds, beside=beside),
        still,
        "held_back",
    )


@pytest.mark.parametrize("part", [0.03, 0.08])
@pytest.mark.parametrize("beside", [False, True])
def test_a_small_reading_of_the_morning_that_is_repeated_until_the_afternoon_is_masked(
    part: float, *, beside: bool
) -> None:
    still = range(4 * DAY + MORNING, 4 * DAY + EVENING)

    found = of(lambda row, watt: part * max(POWER) if row in still else watt, beside=beside)

    lost(found, still, "held_back")


@pytest.mark.parametrize(("part", "digits"), [(0.04, -2), (0.01, -1), (0.002, 1)])
def test_small_power_of_a_dark_day_that_repeats_its_digits_is_kept(
    part: float, digits: int
) -> None:
    def dark(row: int, watt: float) -> float:
        return round(watt * part if row // DAY == 4 else watt, digits)

    lost(of(dark), (), "held_back")


def test_what_an_inverter_on_stand_by_says_all_day_is_kept() -> None:
    lost(of(lambda row, watt: 30.0 if row // DAY == 4 and watt else watt), (), "held_back")


def test_the_highest_reading_hangs_where_it_falls_at_once_and_beside_a_sky_that_darkens() -> None:
    """What the plant reaches nowhere else may be the top of its inverters, which it leaves with the sun."""
    still = range(4 * DAY + NOON, 4 * DAY + EVENING)

    def sky(row: int, watt: float) -> float:
        return watt * 0.2 if row in still else watt

    def change(row: int, watt: float) -> float:
        return 5600.0 if row in still else min(watt, 5500.0)

    lost(of(change, sky=sky), still, "stuck")
    lost(of(change, sky=sky, beside=True), still, "stuck")


@pytest.mark.parametrize(
    ("change", "digits"),
    [
        (lambda _, watt: watt, 1),
        (lambda _, watt: min(watt, 3000.0), 1),
        (lambda row, watt: min(watt, 3000.0 + 20 * (row // DAY % 3)), 1),
        (lambda _, watt: watt, -2),
        (lambda row, watt: POWER[row // 8 * 8], 1),
        (lambda _, watt: max(watt, 700.0), 1),
        (lambda row, watt: min(watt, 3000.0) if row % DAY != NOON else 4000.0, 1),
    ],
    ids=[
        "healthy",
        "at its own limit",
        "at its inverters' tops",
        "hundreds of watts",
        "two hours in quarters",
        "the offset of a meter",
        "moments above its limit",
    ],
)
@pytest.mark.parametrize("beside", [False, True])
def test_what_stands_still_by_itself_is_kept(change: Change, digits: int, *, beside: bool) -> None:
    def rounded(row: int, watt: float) -> float:
        return round(change(row, watt), digits)

    lost(of(rounded, beside=beside), (), "held_back")


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("days", [1, DAYS])
def test_hours_of_nothing_between_large_power_are_masked(days: int, *, beside: bool) -> None:
    off = range(MORNING, EVENING)

    found = of(lambda row, watt: 0.0 if row in off else watt, beside=beside, days=days)

    lost(found, off, "outage")


@pytest.mark.parametrize(
    ("off", "sky"),
    [
        (range(DAY, DAY + NOON), 1.0),
        (range(NOON, DAY + MORNING), 1.0),
        (range(NOON, NOON + 3), 1.0),
        (range(DAY, 2 * DAY), 1.0),
        (range(NOON, NOON + 8), 0.02),
    ],
    ids=["snow until noon", "off overnight", "half an hour", "a day", "a storm"],
)
def test_nothing_that_may_be_weather_or_the_night_is_kept(off: range, sky: float) -> None:
    found = of(
        lambda row, watt: 0.0 if row in off else watt,
        sky=lambda row, watt: watt * sky if row in off else watt,
        beside=True,
    )

    lost(found, (), "outage")


def test_a_plant_that_was_mostly_off_is_refused() -> None:
    """At other times it must show what is usual."""
    with pytest.raises(Exception, match="because of outage"):
        of(lambda row, watt: 0.0 if 24 <= row % DAY < 72 else watt)
