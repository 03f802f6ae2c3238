"""What was written where nothing was measured is masked, and what looks like it is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable import filled
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


DAYLIGHT = [at for at, watt in enumerate(watt for _, watt in plant(2)) if watt > 3000]
DUSK = [at for at, watt in enumerate(watt for _, watt in plant(2)) if 300 < watt < 900]


def coded(code: float, rows: Iterable[int]) -> set[int] | None:
    """Return the rows that are taken for codes in power of two days, of which some hold one. [W]"""
    values = np.array([watt for _, watt in plant(2)])
    values[list(rows)] = code
    found = filled.codes(values)
    return None if found is None else set(np.flatnonzero(found).tolist())


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        (9999.0, DAYLIGHT[5:30:10]),
        (-999.0, DAYLIGHT[5:30:10]),
        (-1.0, [*DAYLIGHT[5:30:10], 2, 6, 10, 14]),
        (-9.0, DAYLIGHT[5:30:10]),
    ],
    ids=["9999", "-999", "-1 by day and in single rows by night", "-9"],
)
def test_a_code_in_three_rows_that_fits_none_of_its_neighbours_is_found(
    code: float, rows: list[int]
) -> None:
    assert coded(code, rows) == set(rows)


@pytest.mark.parametrize(
    ("code", "rows"),
    [
        (9999.0, DAYLIGHT[5:25:10]),
        (-1.0, [*DAYLIGHT[5:25:10], 2, 6, 10, 14]),
        (-1.0, [*DAYLIGHT[5:30:10], *range(12)]),
        (-1.0, [*DUSK[1:12:4], 2, 6, 10, 14]),
        (-1.0, range(12)),
        (12.5, DAYLIGHT[5:30:10]),
    ],
    ids=["two rows", "two by day", "hours of the night", "at dusk", "a night's draw", "no code"],
)
def test_what_may_be_measured_is_no_code(code: float, rows: Iterable[int]) -> None:
    assert coded(code, rows) is None


def test_a_code_among_many_values_like_it_is_chance() -> None:
    values = np.array([990.0, 1005.0, 999.0, 0.0] * 20)

    assert filled.codes(values) is None


# --- single codes and zeros of other columns -----------------------------------------------------------


@pytest.mark.parametrize("code", [-1, -999])
def test_a_negative_code_of_a_large_plant_is_masked_by_night_and_by_day(code: int) -> None:
    """A plant of 60 MW, by whose capacity -999 kW is next to nothing."""
    large = {"columns": {"power_ac": {"column": "p", "unit": "kW"}}}
    rows = range(7, DAYS * 96, 31)
    data = csv(changed(lambda row, watt: code if row in rows else watt * 10))

    reading, found = canonical(data, site(CSV | large, ac_capacity_kw=60_000.0))

    assert reading.rows.masks == {"unnamed_sentinel": len(rows)}
    for row, (at, watt) in enumerate(LONG):
        assert found[at] == (None if row in rows else pytest.approx(watt * 10, abs=1)), at


def test_what_a_large_plant_draws_at_night_and_in_an_outage_is_no_code() -> None:
    large = {"columns": {"power_ac": {"column": "p", "unit": "kW"}}}
    off = [96 * day + NOON + row for day in range(5) for row in (0, 1, 2)]
    data = csv(changed(lambda row, watt: -1 if row in off or not watt else watt * 10))

    reading, found = canonical(data, site(CSV | large, ac_capacity_kw=60_000.0))

    assert reading.rows.masks == {}
    assert found[LONG[NOON][0]] == -1


def weather() -> Site:
    return site(CSV | {"columns": ALL})


def test_a_single_row_of_nothing_is_lost_irradiance_and_far_from_zero_a_lost_temperature() -> None:
    lost = {NOON, 3 * 96 + NOON, 5 * 96 + 60}
    data = with_weather(
        ghi=lambda row, light: 0.0 if row in lost else light,
        temp=lambda row, warm: 0.0 if row in {*lost, NOON + 1} else warm,
    )
    for name, rows in (("ghi", lost), ("temp_air", {*lost, NOON + 1})):
        reading, found = column(data, name, weather())
        assert {row for row, value in enumerate(found) if value is None} == rows
    assert reading.rows.masks == {"dropout": 4}


def test_a_frost_and_a_dark_moment_are_no_lost_readings() -> None:
    def frost(row: int, warm: float) -> float:
        return round(max(warm - 14, 0.0))

    data = with_weather(
        ghi=lambda row, light: 3.0 if row % 96 in {NOON, NOON + 1} else light, temp=frost,
        power=lambda row, watt: 400.0 if row % 96 in {NOON, NOON + 1} else watt,
    )  # fmt: skip
    reading, found = column(data, "temp_air", weather())

    assert reading.rows.masks == {}
    assert found.count(0.0) > 100


def test_a_sensor_that_sees_nothing_while_the_plant_gives_is_masked() -> None:
    off = range(4 * 96 + NOON - 8, 4 * 96 + NOON + 12)
    data = with_weather(ghi=lambda row, light: 0.4 if row in off else light)

    reading, found = column(data, "ghi", weather())

    assert {row for row, value in enumerate(found) if value is None} == set(off)
    assert reading.rows.masks == {"dark_sensor": len(off)}


def test_a_sensor_that_is_off_for_days_is_refused() -> None:
    fault = refused(
        with_weather(ghi=lambda row, light: 0.4 if row > 4 * 96 + NOON else light), weather()
    )
    assert fault.code in {"wrong_unit", "too_much_masked"}


def test_a_battery_in_the_evening_needs_no_light() -> None:
    data = with_weather(
        power=lambda row, watt: max(watt, 1500.0 - row % 7) if row % 96 > 80 else watt
    )

    reading, found = column(data, "ghi", weather())

    assert reading.rows.masks == {}
    assert None not in found
