"""Series below each other, in several sheets, or as counters: each value is read as what it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from services.data_watcher.adapters.reading import read
from shared.solar.site import Site
from tests.corpus import workbook
from tests.unit.data_watcher.plant_files import (
    CAPACITY_W,
    CSV,
    HEALTHY,
    accepted,
    canonical,
    plant,
    refused,
    site,
)

Series = list[tuple[datetime, float]]
SHARES = {"INV 1": 0.45, "INV 2": 0.35, "INV 3": 0.2}
ALL = {"sum_by": "inverter"}


def part(share: float, seconds: int = 0) -> Series:
    return [(moment + timedelta(seconds=seconds), watt * share) for moment, watt in HEALTHY]


def inverters(seconds: int = 0) -> dict[str, Series]:
    """Three inverters that are asked one after the other, some seconds apart."""
    return {name: part(share, seconds * at) for at, (name, share) in enumerate(SHARES.items())}


def long(series: dict[str, Series], *, by_time: bool = False, more: str = "") -> bytes:
    """Write series below each other, or mixed in the order of time."""
    rows = [(moment, name, watt) for name, some in series.items() for moment, watt in some]
    if by_time:
        rows.sort(key=lambda row: row[0])
    lines = [f"{moment:%Y-%m-%d %H:%M:%S};{name};{watt:.2f}" for moment, name, watt in rows]
    return ("\n".join(["t;inverter;p", *lines]) + more).encode()


# --- one of them: where --------------------------------------------------------------------------------


@pytest.mark.parametrize("by_time", [False, True])
def test_only_the_rows_of_the_named_sensor_are_read(*, by_time: bool) -> None:
    data = long(
        {"grid": part(0.1, 97), "plant": part(1.0), "wind": part(0.01, 41)}, by_time=by_time
    )
    accepted(data, site(CSV | {"where": {"inverter": "plant"}}))


@pytest.mark.parametrize(("last", "masks"), [("plant", {"cut_off": 1}), ("other", {})])
def test_a_last_row_that_is_cut_off_counts_only_where_it_is_of_the_sensor(
    last: str, masks: dict[str, int]
) -> None:
    noon = HEALTHY[:240]
    series = {"plant": noon, "other": [(at, watt * 0.1) for at, watt in noon]}
    data = long({name: series[name] for name in sorted(series, key=lambda each: each == last)})

    reading, _ = canonical(data[:-2], site(CSV | {"where": {"inverter": "plant"}}))

    assert reading.rows.masks == masks


def test_a_number_names_a_sensor_as_well() -> None:
    data = long({"7": part(1.0), "8": part(0.3)})
    for seven in (7, "7"):
        accepted(data, site(CSV | {"where": {"inverter": seven}}))


def test_a_name_that_the_file_does_not_hold_is_refused_with_those_that_it_holds() -> None:
    fault = refused(long(inverters()), site(CSV | {"where": {"inverter": "INV 9"}}))
    assert fault.code == "no_such_series"
    assert "'INV 9'" in fault.reason
    assert "'INV 1', 'INV 2', 'INV 3'" in fault.reason


def test_ten_names_that_a_column_holds_are_shown_and_more_are_counted() -> None:
    def said(count: int) -> str:
        series = {f"{number:02}": part(0.1) for number in range(count)} or {"": part(0.1)}
        return refused(long(series), site(CSV | {"where": {"inverter": "roof"}})).reason

    assert said(10).endswith("it holds '00', '01', '02', '03', '04', '05', '06', '07', '08', '09'")
    assert said(12).endswith("'08', '09' and 2 more")
    assert said(0).endswith("it holds no name")


def test_numbers_name_sensors_as_they_are_written() -> None:
    data = long({"1.5": part(1.0), "2": part(0.1)})

    accepted(data, site(CSV | {"where": {"inverter": 1.5}}))
    assert "no row has '3' in" in refused(data, site(CSV | {"where": {"inverter": 3.0}})).reason


def test_of_several_names_the_message_says_all_that_never_meet() -> None:
    lines = [f"{line};{'east' if 'INV 1' in line else 'west'}" for line in
             long(inverters()).decode().splitlines()[1:]]  # fmt: skip
    data = "\n".join(["t;inverter;p;plant", *lines]).encode()
    where = {"inverter": ["INV 2", "INV 3"], "plant": "east"}

    reason = refused(data, site(CSV | {"where": where})).reason
    assert reason == "no row has inverter 'INV 2' or 'INV 3' and plant 'east' together"


def test_names_that_never_meet_in_a_row_are_refused() -> None:
    lines = [
        line + (";a" if "INV 1" in line else ";b")
        for line in long(inverters()).decode().splitlines()
    ]
    data = "\n".join(["t;inverter;p;plant", *lines[1:]]).encode()
    fault = refused(data, site(CSV | {"where": {"inverter": "INV 1", "plant": "b"}}))
    assert fault.code == "no_such_series"
    assert "together" in fault.reason


def test_a_fault_is_said_with_the_row_of_the_file() -> None:
    good = long({"grid": part(0.1), "plant": HEALTHY[:40]}).decode()
    bad = "".join(
        f"\n2024-06-0{day} {hour}:00;plant;error" for day in (2, 3) for hour in (10, 12, 14)
    )
    fault = refused((good + bad).encode(), site(CSV | {"where": {"inverter": "plant"}}))
    assert fault.code in {"too_much_masked", "wrong_step"}
    data = long({"grid": part(0.1), "plant": part(1.0)}) + b"\nnoon;plant;1" * 80
    fault = refused(data, site(CSV | {"where": {"inverter": "plant"}}))
    assert f"row {1 + 2 * len(HEALTHY) + 1}" in fault.reason.replace("rows ", "row ")


# --- all of them: sum_by -------------------------------------------------------------------------------


def test_how_many_inverters_are_added_up_is_kept_for_the_files_beside() -> None:
    whole, two = inverters(), {name: part(0.5) for name in ("INV 1", "INV 2")}
    two["INV 2"] = part(0.4)
    for some in (whole, two):
        reading = read(long(some), "raw/east/p.csv", site(CSV | ALL))
        assert reading.rows.traits.parts == len(some)

    lines = [f"{at:%Y-%m-%d %H:%M};{0.6 * watt:.2f};{0.4 * watt:.2f}" for at, watt in HEALTHY]
    columns = {"power_ac": {"columns": ["inv *"], "unit": "W"}}
    reading = read(
        "\n".join(["t;inv 1;inv 2", *lines]).encode(),
        "raw/east/p.csv",
        site(CSV | {"columns": columns}),
    )
    assert reading.rows.traits.parts == 2
    one = read(long({"plant": part(1.0)}), "raw/east/p.csv", site(CSV))
    assert one.rows.traits.parts == 1


@pytest.mark.parametrize("by_time", [False, True])
@pytest.mark.parametrize("seconds", [0, 20, 130])
def test_inverters_below_each_other_are_added_up(seconds: int, *, by_time: bool) -> None:
    reading = accepted(long(inverters(seconds), by_time=by_time), site(CSV | ALL))
    assert set(reading.rows.masks) <= {"snapped"}


def test_a_time_at_which_an_inverter_is_missing_is_masked_and_not_a_lower_power() -> None:
    series = inverters()
    noon = [moment for moment, _ in HEALTHY if moment.hour == 12]
    series["INV 2"] = [row for row in series["INV 2"] if row[0] not in noon[:3]]
    reading, found = canonical(long(series), site(CSV | ALL))
    assert reading.rows.masks == {"inverter_missing": 3}
    assert [found[moment] for moment in noon[:3]] == [None] * 3
    assert found[noon[3]] == pytest.approx(dict(HEALTHY)[noon[3]] / 1000, abs=0.01)


def test_a_file_that_lacks_an_inverter_for_a_day_is_refused() -> None:
    series = inverters()
    series["INV 3"] = series["INV 3"][96:]
    fault = refused(long(series), site(CSV | ALL))
    assert fault.code == "too_much_masked"
    assert "inverter_missing" in fault.reason


def test_a_total_below_the_inverters_is_not_added_to_them() -> None:
    fault = refused(long(inverters() | {"Total": part(1.0)}), site(CSV | ALL))
    assert fault.code == "total_among_columns"
    assert "'Total' in the column 'inverter'" in fault.reason
    accepted(long(inverters() | {"Total": part(1.0)}), site(CSV | {"where": {"inverter": "Total"}}))


def test_inverters_of_one_plant_among_several_are_added_up() -> None:
    lines = [f"{line};east" for line in long(inverters()).decode().splitlines()[1:]]
    others = {
        name: [(moment, watt * 0.8) for moment, watt in own] for name, own in inverters().items()
    }
    west = [f"{line};west" for line in long(others).decode().splitlines()[1:]]
    data = "\n".join(["t;inverter;p;plant", *lines, *west]).encode()
    accepted(data, site(CSV | ALL | {"where": {"plant": "east"}}))
    assert refused(data, site(CSV | ALL)).code == "mixed_rows"


def test_rows_that_name_no_inverter_are_counted_and_refused_where_they_are_many() -> None:
    footer = "\n2024-06-03 23:00:00;;12.0"
    assert accepted(long(inverters(), more=footer), site(CSV | ALL)).rows.masks == {"no_name": 1}
    fault = refused(long(inverters() | {"": part(0.5)}), site(CSV | ALL))
    assert fault.code == "too_much_masked"
    assert "no_name" in fault.reason


def test_what_the_inverters_measure_beside_power_is_averaged() -> None:
    """Three inverters are a degree apart; at noon two of them are known, and then none."""
    lines = long(inverters()).decode().splitlines()[1:]
    warm = [20.0 + row // len(HEALTHY) + 0.01 * (row % 96) for row in range(len(lines))]
    cells = [f"{each:.2f}" for each in warm]
    cells[48] = cells[49] = cells[49 + len(HEALTHY)] = cells[49 + 2 * len(HEALTHY)] = ""
    data = "\n".join(["t;inverter;p;T", *map(";".join, zip(lines, cells, strict=True))]).encode()
    columns = {"power_ac": {"column": "p", "unit": "W"}, "temp_air": {"column": "T", "unit": "C"}}
    reading = accepted(data, site(CSV | ALL | {"columns": columns}))
    found = pq.read_table(pa.BufferReader(reading.parquet))["temp_air"].to_pylist()

    assert reading.rows.columns == ("power_ac", "temp_air")
    assert found[47:51] == [21.47, 21.98, None, 21.5]


def test_a_time_at_which_all_inverters_are_unknown_lacks_none_of_them() -> None:
    lines = long(inverters()).decode().splitlines()
    lines = [
        line.rpartition(";")[0] + ";" if "2024-06-02 12:00" in line else line for line in lines
    ]
    reading, found = canonical("\n".join(lines).encode(), site(CSV | ALL))

    assert "inverter_missing" not in reading.rows.masks
    assert found[datetime(2024, 6, 2, 12, tzinfo=UTC)] is None


def test_a_stamp_that_an_inverter_has_twice_with_other_power_is_masked() -> None:
    noon = datetime(2024, 6, 2, 12, tzinfo=UTC)
    more = f"\n{noon:%Y-%m-%d %H:%M:%S};INV 1;17.0\n"
    reading, found = canonical(long(inverters(), more=more), site(CSV | ALL))

    assert found[noon] is None
    assert sum(value is None for value in found.values()) == 1
    assert reading.rows.masks == {"duplicate_stamp": 1, "contradicting_rows": 1}


def test_a_grid_that_all_inverters_share_stays_where_it_is() -> None:
    late = {name: [(at + timedelta(minutes=7), watt) for at, watt in own]
            for name, own in inverters().items()}  # fmt: skip
    reading, found = canonical(long(late), site(CSV | ALL))

    assert reading.rows.masks == {}
    assert list(found) == [at + timedelta(minutes=7) for at, _ in HEALTHY]


def test_grids_that_differ_are_those_of_the_clock_and_what_is_moved_is_counted() -> None:
    apart = inverters()
    apart["INV 2"] = [(at + timedelta(minutes=4), watt) for at, watt in apart["INV 2"]]
    reading, found = canonical(long(apart), site(CSV | ALL))

    assert reading.rows.masks == {"snapped": len(HEALTHY)}
    assert list(found) == [at for at, _ in HEALTHY]


def test_a_column_of_values_names_no_inverters() -> None:
    rows = [
        f"{moment:%Y-%m-%d %H:%M};{at};{watt}" for at, (moment, watt) in enumerate(plant(days=14))
    ]
    fault = refused("\n".join(["t;inverter;p", *rows]).encode(), site(CSV | ALL))
    assert fault.code == "too_large"
    assert "1344 inverters in the column 'inverter'; at most 1000" in fault.reason


# --- several sheets ------------------------------------------------------------------------------------

XLSX = {"format": "xlsx"}


def sheet(rows: Series, titles: tuple[str, str] = ("t", "p")) -> list[list[Any]]:
    table: list[list[Any]] = [["Plant East"], list(titles)]
    for moment, watt in rows:
        cells = {"t": f"{moment:%Y-%m-%d %H:%M}", "p": watt}
        table.append([cells[title] for title in titles])
    return table


def test_all_sheets_with_the_columns_are_read_each_by_its_own_header() -> None:
    data = workbook.several(
        {
            "About": [["Export of", "3 June"]],
            "1": sheet(HEALTHY[:96]),
            "2": sheet(HEALTHY[96:192], ("p", "t")),
            "Empty": [],
            "3": sheet(HEALTHY[192:]),
        }
    )
    note = accepted(data, site(XLSX)).rows.note
    assert note == "read from the sheets '1', '2', '3'; left out, without the columns: 'About'"
    assert accepted(data, site(XLSX | {"sheet": "2"}), HEALTHY[96:192]).rows.note is None


def test_a_summary_in_another_sheet_is_never_mixed_with_the_rows() -> None:
    days = [
        (moment, watt + 4000.0) for moment, watt in HEALTHY if moment.hour == moment.minute == 0
    ]
    fault = refused(workbook.several({"Rows": sheet(HEALTHY), "Days": sheet(days)}), site(XLSX))
    assert fault.code == "mixed_rows"
    assert "of sheet 'Rows'" in fault.reason
    accepted(workbook.several({"Rows": sheet(HEALTHY), "Same": sheet(HEALTHY[:9])}), site(XLSX))


def test_a_workbook_without_the_columns_says_what_its_first_sheet_has() -> None:
    data = workbook.several({"A": sheet(HEALTHY, ("t", "t")), "B": sheet(HEALTHY, ("t", "t"))})
    assert refused(data, site(XLSX)).code == "missing_column"


# --- counters ------------------------------------------------------------------------------------------

COUNTER = {"power_ac": {"column": "p", "unit": "kWh", "kind": "counter"}}


def counted(
    rows: Series, *, daily: bool = False, at_end: bool = False, start: float = 28_480.0
) -> Iterator[tuple[datetime, float]]:
    """Yield the readings of a counter [kWh] at the beginning or at the end of each interval."""
    total, day = (0.0 if daily else start), rows[0][0].date()
    for moment, watt in rows:
        if daily and moment.date() != day:
            total, day = 0.0, moment.date()
        before, total = total, total + watt / 4000
        yield (moment + timedelta(minutes=15), total) if at_end else (moment, before)


def written(readings: Iterator[tuple[datetime, float]], digits: int = 3) -> bytes:
    lines = [f"{moment:%Y-%m-%d %H:%M};{kwh:.{digits}f}" for moment, kwh in readings]
    return "\n".join(["t;p", *lines]).encode()


def counter_site(*, at_end: bool, **changes: Any) -> Site:
    stamp = {"column": "t", "step_minutes": 15, "label": "right" if at_end else "left"}
    return site(CSV | {"columns": COUNTER, "timestamp": stamp} | changes)


def known(found: dict[datetime, float | None]) -> dict[datetime, float]:
    return {moment: value for moment, value in found.items() if value is not None}


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("daily", [False, True])
def test_a_counter_becomes_the_power_of_each_interval(*, daily: bool, at_end: bool) -> None:
    data = written(counted(HEALTHY, daily=daily, at_end=at_end))
    reading, found = canonical(data, counter_site(at_end=at_end))
    missing = [moment for moment, value in found.items() if value is None]
    assert len(missing) == 1, "only the interval at the edge has no second reading"
    assert reading.rows.masks == {"counter_gap": 1}
    for moment, value in known(found).items():
        assert value * 1000 == pytest.approx(dict(HEALTHY)[moment], abs=6.0), moment


def test_what_a_counter_grew_by_over_a_gap_is_in_no_interval() -> None:
    readings = [row for row in counted(HEALTHY) if row[0].hour != 11]
    reading, found = canonical(written(iter(readings)), counter_site(at_end=False))
    assert reading.rows.masks["counter_gap"] == 3 + 1
    before = max(moment for moment in found if moment.hour == 10 and moment.day == 1)
    assert found[before] is None
    assert max(known(found).values()) * 1000 <= CAPACITY_W


def test_a_counter_that_catches_up_after_it_stood_still_has_no_energy_in_between() -> None:
    rows = list(plant(days=10))
    totals = list(accumulate(watt / 4000 for _, watt in rows))
    lines = [
        f"{at + timedelta(minutes=15):%Y-%m-%d %H:%M};{totals[330 if 330 < row < 370 else row]:.3f}"
        for row, (at, _) in enumerate(rows)
    ]
    counted = {
        "timestamp": {"column": "t", "step_minutes": 15, "label": "right"},
        "columns": {"power_ac": {"column": "p", "unit": "kWh", "kind": "counter"}},
    }
    reading, found = canonical("\n".join(["t;p", *lines]).encode(), site(CSV | counted))

    assert reading.rows.masks == {"counter_gap": 41}
    for row, (at, watt) in enumerate(rows):
        assert (found[at] is None) == (row == 0 or 330 < row <= 370), row
        assert found[at] is None or found[at] * 1000 == pytest.approx(watt, abs=6)


def test_a_counter_that_begins_anew_in_daylight_loses_only_that_interval() -> None:
    readings = list(counted(HEALTHY))
    at = 48
    swapped = [
        *readings[:at],
        *((moment, kwh - readings[at - 1][1]) for moment, kwh in readings[at:]),
    ]
    reading, found = canonical(written(iter(swapped)), counter_site(at_end=False))
    assert reading.rows.masks == {"counter_gap": 1, "counter_reset": 1}
    assert found[HEALTHY[at - 1][0]] is None
    assert found[HEALTHY[at][0]] == pytest.approx(HEALTHY[at][1] / 1000, abs=0.01)


def test_a_counter_that_says_0_while_the_inverter_sleeps_did_not_begin_anew() -> None:
    readings = [(moment, 0.0 if moment.hour < 3 else kwh) for moment, kwh in counted(HEALTHY)]
    reading, found = canonical(written(iter(readings)), counter_site(at_end=False))
    assert max(known(found).values()) * 1000 <= CAPACITY_W
    assert reading.rows.masks["counter_dropout"] == 2 * 12
    for moment, value in known(found).items():
        assert value * 1000 == pytest.approx(dict(HEALTHY)[moment], abs=6.0), moment


def test_a_counter_whose_step_changes_is_divided_by_each_step() -> None:
    readings = list(counted(HEALTHY))
    coarse = [*readings[:96:4], *readings[96:]]
    reading, found = canonical(
        written(iter(coarse)), site(CSV | {"columns": COUNTER, "timestamp": {"column": "t"}})
    )
    assert reading.rows.masks == {"counter_gap": 1}
    hour = [watt for moment, watt in HEALTHY if (moment.day, moment.hour) == (1, 12)]
    assert found[HEALTHY[48][0]] == pytest.approx(sum(hour) / 4000, abs=0.01)
    assert found[HEALTHY[140][0]] == pytest.approx(HEALTHY[140][1] / 1000, abs=0.01)


def test_power_that_is_called_a_counter_is_refused() -> None:
    data = "\n".join(
        ["t;p", *(f"{moment:%Y-%m-%d %H:%M};{watt / 1000:.3f}" for moment, watt in HEALTHY)]
    )
    assert refused(data.encode(), counter_site(at_end=False)).code == "no_counter"


def test_a_counter_with_too_few_digits_for_its_step_is_refused() -> None:
    fault = refused(written(counted(HEALTHY), digits=0), counter_site(at_end=False))
    assert fault.code == "coarse_counter"
    assert "4 kW" in fault.reason
    canonical(written(counted(HEALTHY), digits=2), counter_site(at_end=False))


def test_counters_of_inverters_are_added_up() -> None:
    rows = []
    for name, share in SHARES.items():
        own = [(moment, watt * share) for moment, watt in HEALTHY]
        for moment, kwh in counted(own, start=100 / share):
            rows.append(f"{moment:%Y-%m-%d %H:%M};{name};{kwh:.3f}")
    data = "\n".join(["t;inverter;p", *rows]).encode()
    _, found = canonical(data, counter_site(at_end=False, **ALL))
    for moment, value in known(found).items():
        assert value * 1000 == pytest.approx(dict(HEALTHY)[moment], abs=12.0), moment
    assert len(known(found)) == len(HEALTHY) - 1


def test_a_counter_is_not_read_in_the_middle_of_an_interval() -> None:
    with pytest.raises(ValidationError, match="label: left"):
        site(
            {
                "columns": COUNTER,
                "timestamp": {"column": "t", "step_minutes": 30, "label": "center"},
            }
        )


def test_a_header_that_comes_again_names_no_inverter() -> None:
    lines = ["t;p;inverter"]
    for name, part in (("1", 0.4), ("2", 0.6)):
        lines += [f"{moment:%Y-%m-%d %H:%M};{watt * part};{name}" for moment, watt in HEALTHY]
        lines += ["", "dateTime;double;string", "t;p;inverter"]
    reading = accepted("\n".join(lines).encode(), site(CSV | {"sum_by": "inverter"}))
    assert reading.rows.masks == {"bad_timestamp": 4}
