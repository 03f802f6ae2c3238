"""What was written where nothing was measured is masked, and what looks like it is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.ports import Reading
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import CSV, START, canonical, csv, plant, refused, site

Row = tuple[datetime, float]
DAYS = 14
LONG = list(plant(DAYS))
NOON = 48
ALL = {
    "power_ac": {"column": "p", "unit": "W"},
    "ghi": {"column": "g", "unit": "W/m2"},
    "temp_air": {"column": "c", "unit": "C"},
}


def with_weather(
    power: Callable[[int, float], float] = lambda _, watt: watt,
    ghi: Callable[[int, float], float] = lambda _, light: light,
    temp: Callable[[int, float], float] = lambda _, warm: warm,
    days: int = DAYS,
) -> bytes:
    """Power, irradiance and temperature of two weeks, each changed row by row."""
    lines = []
    for row, (at, watt) in enumerate(plant(days)):
        warm = 12 + 6 * math.sin(math.pi * (row % 96 - 36) / 48)
        values = power(row, watt), ghi(row, watt / 6.3), temp(row, warm)
        lines.append(f"{at:%Y-%m-%d %H:%M};" + ";".join(f"{each:.2f}" for each in values))
    return "\n".join(["t;p;g;c", *lines]).encode()


def column(data: bytes, name: str, where: Site) -> tuple[Reading, list[float | None]]:
    reading = read(data, "raw/east/p.csv", where)
    return reading, pq.read_table(pa.BufferReader(reading.parquet))[name].to_pylist()


def changed(change: Callable[[int, float], float], rows: list[Row] = LONG) -> list[Row]:
    return [(at, change(number, watt)) for number, (at, watt) in enumerate(rows)]


def only_lost(data: bytes, lost: Iterator[int] | range, reason: str) -> None:
    """Check that these rows alone are masked, for this reason, and that all others keep their value."""
    reading, found = canonical(data, site(CSV))
    missing = {START + timedelta(minutes=15 * row) for row in lost}
    assert reading.rows.masks == {reason: len(missing)}
    for at, watt in LONG:
        value = found[at]
        assert (value is None) == (at in missing), at
        assert value is None or value * 1000 == pytest.approx(watt, abs=1)


# --- codes for 'no measurement' that nobody named ------------------------------------------------------


@pytest.mark.parametrize("code", [6553.5, 3276.7, 999, -1, -999, -32768, 9999])
def test_a_code_that_fits_no_neighbour_is_masked(code: float) -> None:
    rows = [NOON + 96 * day + 3 * hour for day in range(DAYS) for hour in range(-2, 3)]
    data = csv(changed(lambda row, watt: code if row in rows else watt), lambda watt: f"{watt:g}")

    only_lost(data, iter(rows), "unnamed_sentinel")


def test_a_value_that_is_a_code_by_chance_stays() -> None:
    data = csv(changed(lambda row, watt: 999.0 if 950 < watt < 1050 else watt))

    assert canonical(data, site(CSV))[0].rows.masks == {}


def test_a_plant_that_is_held_at_a_code_keeps_its_power() -> None:
    data = csv(changed(lambda _, watt: min(watt, 3276.7)), lambda watt: f"{watt:g}")
    reading, found = canonical(data, site(CSV))

    assert reading.rows.masks == {}
    assert max(filter(None, found.values())) == pytest.approx(3.2767)


def test_codes_in_much_of_the_daylight_are_refused_and_not_called_a_turned_sign() -> None:
    fault = refused(csv(changed(lambda row, watt: -999.0 if row % 5 == 0 else watt)), site(CSV))

    assert fault.code == "too_much_masked"
    assert "unnamed_sentinel" in fault.reason
    assert "missing" in fault.remedy


# --- single rows of nothing ----------------------------------------------------------------------------


def test_a_single_row_of_nothing_between_large_ones_is_masked() -> None:
    rows = [NOON + 96 * day for day in range(DAYS)]

    data = csv(changed(lambda row, watt: 0.0 if row in rows else watt))
    only_lost(data, iter(rows), "dropout")


def test_an_outage_of_half_an_hour_stays_as_it_was() -> None:
    data = csv(changed(lambda row, watt: 0.0 if row in {NOON, NOON + 1} else watt))
    reading, found = canonical(data, site(CSV))

    assert reading.rows.masks == {}
    assert found[LONG[NOON][0]] == 0


# --- lines over gaps -------------------------------------------------------------------------------------


def drawn(first: int, last: int) -> bytes:
    """A file whose portal drew a line over a gap."""
    low, high = LONG[first][1], LONG[last][1]

    def change(row: int, watt: float) -> float:
        part = (row - first) / (last - first)
        return low + part * (high - low) if first <= row <= last else watt

    return csv(changed(change), lambda watt: f"{watt:.1f}")


def test_a_line_over_a_gap_of_hours_is_masked_between_its_ends() -> None:
    only_lost(drawn(30, 50), range(31, 50), "straight_line")


def test_a_line_of_a_day_and_a_night_is_refused() -> None:
    fault = refused(drawn(NOON, NOON + 96 * 3 + 2), site(CSV))

    assert fault.code == "too_much_masked"
    assert "straight_line" in fault.reason


def test_hours_that_are_drawn_in_quarters_are_no_gap() -> None:
    def hourly(row: int, _: float) -> float:
        before, after = LONG[row // 4 * 4][1], LONG[min(row // 4 * 4 + 4, len(LONG) - 1)][1]
        return before + row % 4 / 4 * (after - before)

    assert canonical(csv(changed(hourly)), site(CSV))[0].rows.masks == {}


@pytest.mark.parametrize("rise", [7.0, 3.0])
def test_a_simple_model_of_a_day_is_no_gap(rise: float) -> None:
    def triangle(row: int, _: float) -> float:
        return 5400 * min(max(1 - (abs(row % 96 / 4 - 12) - 7 + rise) / rise, 0.0), 1.0)

    assert canonical(csv(changed(triangle)), site(CSV))[0].rows.masks == {}


@pytest.mark.parametrize("limit", [6000.0, 2500.0])
def test_a_plant_at_its_limit_is_no_line_and_does_not_hang(limit: float) -> None:
    data = with_weather(power=lambda _, watt: min(watt * 1.4, limit))
    reading, _ = column(data, "power_ac", site(CSV | {"columns": ALL}))

    assert reading.rows.masks == {}


# --- sensors that hang ----------------------------------------------------------------------------------


def test_irradiance_that_hangs_for_hours_is_masked_and_power_stays() -> None:
    data = with_weather(ghi=lambda row, light: 612.0 if 40 <= row < 60 else light)
    reading, ghi = column(data, "ghi", site(CSV | {"columns": ALL}))
    _, power = column(data, "power_ac", site(CSV | {"columns": ALL}))

    assert reading.rows.masks == {"stuck": 20}
    assert [row for row, value in enumerate(ghi) if value is None] == list(range(40, 60))
    assert None not in power


def test_where_the_whole_record_hangs_power_is_masked_too() -> None:
    data = with_weather(
        power=lambda row, watt: 3500.0 if 40 <= row < 60 else watt,
        ghi=lambda row, light: 612.0 if 40 <= row < 60 else light,
    )
    _, power = column(data, "power_ac", site(CSV | {"columns": ALL}))

    assert [row for row, value in enumerate(power) if value is None] == list(range(40, 60))


def test_irradiance_that_hangs_on_many_days_is_refused() -> None:
    data = with_weather(ghi=lambda row, light: 612.0 if 40 <= row < 500 else light)
    fault = refused(data, site(CSV | {"columns": ALL}))

    assert fault.code == "too_much_masked"
    assert "stuck" in fault.reason


@pytest.mark.parametrize("value", [14.0, 0.0, -40.0])
def test_a_temperature_that_hangs_for_days_is_masked_and_the_rest_of_the_file_counts(
    value: float,
) -> None:
    data = with_weather(temp=lambda row, warm: value if row >= 200 else warm)
    reading, temp = column(data, "temp_air", site(CSV | {"columns": ALL}))

    assert reading.rows.masks == {"stuck": 96 * DAYS - 200}
    assert [row for row, each in enumerate(temp) if each is None] == list(range(200, 96 * DAYS))


def test_a_temperature_that_a_provider_clips_at_0_stays() -> None:
    data = with_weather(temp=lambda row, warm: max(warm / 2 - 6 - 9 * (200 < row < 500), 0.0))
    reading, temp = column(data, "temp_air", site(CSV | {"columns": ALL}))

    assert reading.rows.masks == {}
    assert temp[300] == 0


def test_weather_in_steps_of_three_hours_does_not_hang() -> None:
    whole = [watt / 6.3 for _, watt in LONG]
    data = with_weather(ghi=lambda row, _: whole[row // 12 * 12 + 6])

    assert column(data, "ghi", site(CSV | {"columns": ALL}))[0].rows.masks == {}
