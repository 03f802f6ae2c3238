"""What plants send becomes canonical rows, or a fault that its owner understands."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pvanalytics
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.data_watcher.adapters.reading import faults, read
from services.data_watcher.ports import Reading
from shared.errors import UnreadableFileError
from shared.solar.site import Site
from tests.corpus import workbook
from tests.corpus.workbook import Formula

DATA = Path(pvanalytics.__file__).parent / "data"


def site(source: dict[str, Any] | None = None, **changes: Any) -> Site:
    described = {
        "name": "power",
        "files": "*",
        "timestamp": {"column": "t", "step_minutes": 15},
        "columns": {"power_ac": {"column": "p", "unit": "kW"}},
    }
    return Site.model_validate(
        {
            "site_id": "east",
            "model_id": "fleet",
            "latitude": 40,
            "longitude": 0,
            "timezone": "UTC",
            "ac_capacity_kw": 10,
            "sources": [described | (source or {})],
        }
        | changes
    )


def csv(*rows: str, header: str = "t,p") -> bytes:
    return "\n".join([header, *rows]).encode()


def test_blanks_around_a_name_are_of_no_consequence() -> None:
    source = {
        "timestamp": {"column": "t ", "step_minutes": 15},
        "columns": {"power_ac": {"column": " p ", "unit": "kW"}},
        "where": {" site": "A"},
    }
    rows = [f"{stamp},4.5,A" for stamp in quarter_hours(8)]
    read(csv(*rows, header=" t,p ,site "), "raw/east/p.csv", site(source))
    stored = io.BytesIO()
    columns = {
        "t": pa.array([datetime(2024, 7, 1, 10), datetime(2024, 7, 1, 10, 15)], pa.timestamp("us")),  # noqa: DTZ001
        " p": [4.5, 4.6],
        "site": ["A", "A"],
    }
    pq.write_table(pa.table(columns), stored)
    read(stored.getvalue(), "raw/east/p.csv", site(source | {"format": "parquet"}))
    records = [{"t": stamp, "p ": 4.5, "site": "A"} for stamp in quarter_hours(8)]
    read(json.dumps(records).encode(), "raw/east/p.csv", site(source | {"format": "json"}))


def quarter_hours(count: int, start: str = "2024-07-01 10:00") -> list[str]:
    begin = datetime.fromisoformat(start)
    return [f"{begin + timedelta(minutes=15 * number):%Y-%m-%d %H:%M}" for number in range(count)]


def table(reading: Reading) -> dict[str, list[Any]]:
    return pq.read_table(pa.BufferReader(reading.parquet)).to_pydict()


def fault(data: bytes, described: Site | None = None) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as caught:
        read(data, "raw/east/a.csv", described or site())
    assert caught.value.remedy
    return caught.value


# --- what is read ---------------------------------------------------------------------------------


def test_a_plain_file_becomes_rows_in_utc_and_kilowatts() -> None:
    reading = read(csv("2024-07-01 10:00,1.5", "2024-07-01 10:15,2"), "a.csv", site())

    assert table(reading) == {
        "timestamp": [
            datetime(2024, 7, 1, 10, tzinfo=UTC),
            datetime(2024, 7, 1, 10, 15, tzinfo=UTC),
        ],
        "power_ac": [1.5, 2.0],
    }
    rows = reading.rows
    assert (rows.count, rows.masked, dict(rows.masks)) == (2, 0, {})
    assert rows.window_start == datetime(2024, 7, 1, 10, tzinfo=UTC)
    assert rows.window_end == datetime(2024, 7, 1, 10, 30, tzinfo=UTC)


def test_the_same_bytes_always_give_the_same_rows() -> None:
    data = csv(*(f"{each},1" for each in quarter_hours(50)))

    assert read(data, "a.csv", site()) == read(data, "a.csv", site())


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (b"t;p\n2024-07-01 10:00;1,5\n", {"delimiter": ";", "decimal": ","}),
        (b"t\tp\n2024-07-01 10:00\t1.5\n", {"delimiter": "\t"}),
        (b'\xef\xbb\xbf"t","p"\r\n"2024-07-01 10:00","1.5"\r\n', {}),
        ("t,p\n2024-07-01 10:00,1.5\n".encode("utf-16"), {}),
        ("t,p,°C\n2024-07-01 10:00,1.5,ä\n".encode("latin-1"), {}),
        (b" t , p \n 2024-07-01 10:00 , 1.5 \n", {}),
        (b'other,p,t\n"a,b",1.5,2024-07-01 10:00\n', {}),
        (b"\n\nt,p\n2024-07-01 10:00,1.5\n\n", {}),
        (gzip.compress(b"t,p\n2024-07-01 10:00,1.5\n", mtime=0), {}),
        (gzip.compress(b"t,p\n", mtime=0) + gzip.compress(b"2024-07-01 10:00,1.5\n", mtime=0), {}),
        (
            b"t,p\n01.07.2024 10:00,1.5\n",
            {"timestamp": {"column": "t", "format": "%d.%m.%Y %H:%M"}},
        ),
        (b"t,p\n2024-07-01T10:00:00Z,1.5\n", {}),
        (b"t,p\n2024-07-01T12:00:00+02:00,1.5\n", {}),
        (
            b"t,p\n2024-07-01 12:00 +0200,1.5\n",
            {"timestamp": {"column": "t", "format": "%Y-%m-%d %H:%M %z"}},
        ),
        (
            b"t,p\n07/01/2024 10:00 AM,1.5\n",
            {"timestamp": {"column": "t", "format": "%m/%d/%Y %I:%M %p"}},
        ),
    ],
)
def test_the_ways_in_which_files_are_written_are_read(data: bytes, source: dict[str, Any]) -> None:
    rows = table(read(data, "raw/east/a.csv", site(source)))

    assert rows == {"timestamp": [datetime(2024, 7, 1, 10, tzinfo=UTC)], "power_ac": [1.5]}


@pytest.mark.parametrize(
    "stamps",
    [
        pa.array([datetime(2024, 7, 1, 10, tzinfo=UTC)], pa.timestamp("ns")),
        pa.array([datetime(2024, 7, 1, 10, tzinfo=UTC)], pa.timestamp("ms", "America/Denver")),
        pa.array(["2024-07-01 10:00"]),
        pa.array(["2024-07-01 10:00"]).dictionary_encode(),
    ],
)
def test_parquet_is_read_whatever_holds_its_stamps(stamps: pa.Array) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"t": stamps, "p": pa.array([1.5], pa.float32())}), sink)

    rows = table(read(sink.getvalue(), "a.parquet", site({"format": "parquet"})))

    assert rows == {"timestamp": [datetime(2024, 7, 1, 10, tzinfo=UTC)], "power_ac": [1.5]}


@pytest.mark.parametrize(
    ("column", "unit", "value", "canonical"),
    [
        ("power_ac", "W", 5000, 5.0),
        ("power_ac", "MW", 0.005, 5.0),
        ("power_ac", "kWh", 1.25, 5.0),
        ("power_ac", "Wh", 1250, 5.0),
        ("power_ac", "MJ", 4.5, 5.0),
        ("power_ac", "kJ", 4500, 5.0),
        ("power_ac", "GJ", 0.0045, 5.0),
        ("power_ac", "GWh", 1.25e-6, 5.0),
        ("ghi", "kW/m2", 0.8, 800.0),
        ("ghi", "kJ/m2", 720, 800.0),
        ("temp_air", "K", 293.15, 20.0),
        ("temp_air", "F", 68, 20.0),
        ("wind_speed", "km/h", 36, 10.0),
        ("relative_humidity", "fraction", 0.55, 55.0),
        ("pressure", "Pa", 101325, 1013.25),
        ("forecast_ghi", "W/m2", 800, 800.0),
    ],
)
def test_every_unit_becomes_the_canonical_one(
    column: str, unit: str, value: float, canonical: float
) -> None:
    described = site({"columns": {column: {"column": "p", "unit": unit}}})

    rows = table(read(csv(f"2024-07-01 10:00,{value}"), "a.csv", described))

    assert rows[column] == pytest.approx([canonical])


def test_a_right_label_is_moved_to_the_left() -> None:
    described = site({"timestamp": {"column": "t", "label": "right", "step_minutes": 15}})

    rows = table(read(csv("2024-07-01 10:15,1"), "a.csv", described))

    assert rows["timestamp"] == [datetime(2024, 7, 1, 10, tzinfo=UTC)]


def test_a_stamp_in_the_middle_is_moved_to_the_left() -> None:
    described = site({"timestamp": {"column": "t", "label": "center", "step_minutes": 30}})

    rows = table(read(csv("2024-07-01 10:00,1", "2024-07-01 10:30,2"), "a.csv", described))

    assert rows["timestamp"] == [
        datetime(2024, 7, 1, 9, 45, tzinfo=UTC),
        datetime(2024, 7, 1, 10, 15, tzinfo=UTC),
    ]


@pytest.mark.parametrize("unit", ["W/m2", "W/m²", "W/m^2"])
def test_a_unit_may_be_written_as_people_write_it(unit: str) -> None:
    described = site({"columns": {"ghi": {"column": "p", "unit": unit}}})

    assert table(read(csv("2024-07-01 10:00,800"), "a.csv", described))["ghi"] == [800.0]


def test_lines_above_the_header_are_no_header() -> None:
    above = ["# exported by logger 7", '"Max kWp / 82.41;p', "t and p of plant east", "", ""]
    data = csv("2024-07-01 10:00,1.5", header="\n".join([*above, "t,p"]))

    assert table(read(data, "a.csv", site()))["power_ac"] == [1.5]


def test_a_header_that_is_nowhere_is_told_by_the_line_that_comes_nearest() -> None:
    data = csv("2024-07-01 10:00,1.5", header="# a comment, with commas, in it\nt,power")

    assert "'t', 'power'" in fault(data).reason


def test_date_and_time_of_day_may_stand_in_two_columns() -> None:
    source = {"timestamp": {"column": "d", "time_column": "h", "format": "%d.%m.%Y %H:%M"}}

    rows = table(read(csv("01.07.2024,10:00,1.5", header="d,h,p"), "a.csv", site(source)))

    assert rows == {"timestamp": [datetime(2024, 7, 1, 10, tzinfo=UTC)], "power_ac": [1.5]}


def inverters(combine: str = "sum") -> Site:
    column = {"columns": ["inv*"], "unit": "W", "combine": combine, "missing": [-1]}
    return site({"columns": {"power_ac": column}})


def test_inverters_in_columns_of_their_own_add_up() -> None:
    data = csv("2024-07-01 10:00,1000,7,2000", header="t,inv 1,temp,inv 2")

    assert table(read(data, "a.csv", inverters()))["power_ac"] == [3.0]
    assert table(read(data, "a.csv", inverters("mean")))["power_ac"] == [1.5]


def test_a_row_in_which_an_inverter_lacks_is_masked_and_no_lower_power() -> None:
    cells = ["1000,2000", "1000,", "-1,2000", ","]
    data = csv(
        *(f"{t},{p}" for t, p in zip(quarter_hours(4), cells, strict=True)), header="t,inv1,inv2"
    )

    reading = read(data, "a.csv", inverters())

    assert table(reading)["power_ac"] == [3.0, None, None, None]
    assert reading.rows.masks == {"inverter_missing": 2, "sentinel": 1}


def test_a_pattern_that_fits_no_column_is_missing() -> None:
    assert "'inv*'" in fault(csv("2024-07-01 10:00,1"), inverters()).reason


def test_a_sentinel_may_belong_to_one_column_only() -> None:
    columns = {
        "ghi": {"column": "g", "unit": "W/m2", "missing": [0]},
        "temp_air": {"column": "p", "unit": "C"},
    }

    rows = table(
        read(csv("2024-07-01 10:00,0,0", header="t,p,g"), "a.csv", site({"columns": columns}))
    )

    assert (rows["ghi"], rows["temp_air"]) == ([None], [0.0])


@pytest.mark.parametrize(
    "stamps",
    [
        [datetime(2024, 7, 1, 10), datetime(2024, 7, 1, 10, 15)],  # noqa: DTZ001 - a sheet has no zone
        ["2024-07-01 10:00", "2024-07-01 10:15"],
    ],
)
def test_a_spreadsheet_is_read_like_any_other_file(stamps: list[Any]) -> None:
    rows = [["Plant east"], [], ["t", "note", "p"]]
    rows += [[stamps[0], "x", 1.5], [stamps[1], None, Formula("C4*2", 3.0)], []]
    data = workbook.xlsx(rows, sheet="Data")

    for source in ({"format": "xlsx"}, {"format": "xlsx", "sheet": "Data"}):
        assert table(read(data, "a.xlsx", site(source))) == {
            "timestamp": [
                datetime(2024, 7, 1, 10, tzinfo=UTC),
                datetime(2024, 7, 1, 10, 15, tzinfo=UTC),
            ],
            "power_ac": [1.5, 3.0],
        }
    found = fault(data, site({"format": "xlsx", "sheet": "Other"}))
    assert "'Data'" in found.reason


# --- clocks ---------------------------------------------------------------------------------------


def berlin() -> Site:
    return site({"timestamp": {"column": "t", "step_minutes": 15}}, timezone="Europe/Berlin")


def test_the_hour_that_comes_twice_is_told_apart_by_order() -> None:
    stamps = [*quarter_hours(8, "2024-10-27 01:00"), *quarter_hours(8, "2024-10-27 02:00")]

    rows = table(read(csv(*(f"{each},1" for each in stamps)), "a.csv", berlin()))

    first = datetime(2024, 10, 26, 23, tzinfo=UTC)
    assert rows["timestamp"] == [first + timedelta(minutes=15 * each) for each in range(16)]


def test_the_hour_that_comes_twice_is_told_apart_in_a_file_that_runs_backwards() -> None:
    stamps = [*quarter_hours(8, "2024-10-27 01:00"), *quarter_hours(8, "2024-10-27 02:00")]

    rows = table(read(csv(*(f"{each},1" for each in reversed(stamps))), "a.csv", berlin()))

    first = datetime(2024, 10, 26, 23, tzinfo=UTC)
    assert rows["timestamp"] == [first + timedelta(minutes=15 * each) for each in range(16)]


def test_an_hour_that_never_was_is_counted_and_left_out() -> None:
    stamps = quarter_hours(12, "2024-03-31 01:00")

    reading = read(csv(*(f"{each},1" for each in stamps)), "a.csv", berlin())

    assert reading.rows.count == 8
    assert reading.rows.masks == {"no_such_local_time": 4}
    first = datetime(2024, 3, 31, 0, tzinfo=UTC)
    assert table(reading)["timestamp"] == [
        first + timedelta(minutes=15 * each) for each in range(8)
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_a_clock_through_the_year_loses_no_interval(zone: str) -> None:
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    moments = [begin + timedelta(minutes=30 * each) for each in range(366 * 48)]
    clock = [each.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") for each in moments]
    described = site({"timestamp": {"column": "t", "step_minutes": 30}}, timezone=zone)

    rows = table(read(csv(*(f"{each},1" for each in clock)), "a.csv", described))

    assert rows["timestamp"] == moments


def test_stamps_that_miss_the_grid_by_seconds_are_moved_onto_it() -> None:
    data = csv("2024-07-01 10:00:00,1", "2024-07-01 10:15:59,2", "2024-07-01 10:29:30,3")

    reading = read(data, "a.csv", site())

    assert [each.minute for each in table(reading)["timestamp"]] == [0, 15, 30]
    assert {each.second for each in table(reading)["timestamp"]} == {0}
    assert reading.rows.masks == {"snapped": 2}


def test_a_grid_at_half_past_stays_there() -> None:
    described = site({"timestamp": {"column": "t", "step_minutes": 60}})

    rows = table(read(csv("2024-07-01 10:30,1", "2024-07-01 11:30,2"), "a.csv", described))

    assert {each.minute for each in rows["timestamp"]} == {30}


@pytest.mark.parametrize("order", [(0, 1, 0), (0, 0, 1)])
def test_of_rows_with_one_stamp_one_counts_and_the_others_are_counted(
    order: tuple[int, ...],
) -> None:
    rows = ("2024-07-01 10:00,1", "2024-07-01 10:15,2")

    reading = read(csv(*(rows[each] for each in order)), "a.csv", site())

    assert table(reading)["power_ac"] == [1.0, 2.0]
    assert reading.rows.masks == {"duplicate_stamp": 1}


def test_of_rows_that_contradict_each_other_none_counts() -> None:
    data = csv("2024-07-01 10:00,1", "2024-07-01 10:15,2", "2024-07-01 10:00,3")

    reading = read(data, "a.csv", site())

    assert table(reading)["power_ac"] == [None, 2.0]
    assert reading.rows.masks == {"duplicate_stamp": 1, "contradicting_rows": 1}


def test_a_file_whose_only_row_is_at_no_time_of_the_clock_has_no_stamps() -> None:
    with pytest.raises(UnreadableFileError, match="1 of 1 stamps in column 't' are no times"):
        read(csv("2024-03-31 02:30,1"), "a.csv", site(timezone="Europe/Berlin"))


# --- masks ----------------------------------------------------------------------------------------


def test_what_is_no_measurement_is_masked_by_reason_and_its_row_stays() -> None:
    cells = ["1", "-99", "--", "broken", "", "99", "2"]
    data = csv(*(f"{t},{p}" for t, p in zip(quarter_hours(7), cells, strict=True)))

    reading = read(data, "a.csv", site({"missing": [-99, "--"]}))

    assert table(reading)["power_ac"] == [1.0, None, None, None, None, None, 2.0]
    assert reading.rows.masks == {"sentinel": 2, "no_number": 1, "out_of_range": 1}
    assert (reading.rows.count, reading.rows.masked) == (7, 4)


def test_night_draw_stays_and_a_large_negative_power_does_not() -> None:
    data = csv("2024-07-01 00:00,-0.03", "2024-07-01 00:15,-5", "2024-07-01 00:30,1")

    assert table(read(data, "a.csv", site()))["power_ac"] == [-0.03, None, 1.0]


def test_rows_with_missing_fields_are_skipped_and_counted() -> None:
    data = csv("2024-07-01 10:00,1", "2024-07-01 10:15", "2024-07-01 10:30,1,2")

    reading = read(data, "a.csv", site())

    assert reading.rows.count == 1
    assert reading.rows.masks == {"ragged_row": 2}


def test_some_bad_stamps_are_skipped_and_counted() -> None:
    rows = [*(f"{each},1" for each in quarter_hours(9)), "0001-01-01 00:00,1"]

    assert read(csv(*rows), "a.csv", site()).rows.masks == {"bad_timestamp": 1}


# --- faults ---------------------------------------------------------------------------------------


def whole_day(peak: float, days: int = 4) -> list[str]:
    power = np.clip(np.sin((np.arange(96 * days) % 96 - 24) / 48 * np.pi), 0, None) * peak
    stamps = quarter_hours(96 * days, "2024-07-01 00:00")
    return [f"{t},{p:.5f}" for t, p in zip(stamps, power, strict=True)]


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (csv(), "empty", "no rows"),
        (b"\n\n", "empty", "no line"),
        (csv("2024-07-01 10:00,"), "empty", "holds a value"),
        (csv("2024-07-01 10:00,1", header="time,p"), "missing_column", "'time', 'p'"),
        (b"t;p\n2024-07-01 10:00;1\n", "missing_column", "'t;p'"),
        (csv("yesterday,1"), "no_timestamps", "'yesterday' in row 2"),
        (b"\x00\x01\x02", "unreadable", "null bytes"),
        (gzip.compress(csv("2024-07-01 10:00,1"), mtime=0)[:-9], "unreadable", "breaks off"),
        (b"\x1f\x8b nonsense", "unreadable", "gzip"),
        (b"PAR1 nonsense", "unreadable", "Parquet"),
        (csv("1,2,3", "4,5,6"), "unreadable", "2 fields"),
        (csv("2024-07-01 10:00,1,2", header="t,p,p"), "unreadable", "more than once"),
        (csv(*whole_day(peak=5000)), "wrong_unit", "values look like W, the YAML says kW"),
        (csv(*whole_day(peak=0.005)), "wrong_unit", "values look like MW, the YAML says kW"),
    ],
)
def test_a_bad_file_is_refused_with_what_was_found(data: bytes, code: str, says: str) -> None:
    found = fault(data)

    assert found.code == code
    assert says in found.reason


def test_a_refused_file_says_which_time_its_rows_cover_where_its_stamps_can_be_read() -> None:
    begin = datetime(2024, 7, 1, tzinfo=UTC)

    assert fault(csv(*whole_day(peak=5000))).covers == (begin, begin + timedelta(days=4))
    assert fault(csv("yesterday,1")).covers is None


def test_a_broken_parquet_file_is_refused() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"t": ["2024-07-01 10:00"] * 100, "p": [1.0] * 100}), sink)

    assert fault(sink.getvalue()[:-30], site({"format": "parquet"})).code == "unreadable"
    assert fault(csv("2024-07-01 10:00,1"), site({"format": "parquet"})).code == "unreadable"


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "LARGEST_CONTENT", 4 * 1024**2)

    found = fault(gzip.compress(bytes(64 * 1024**2), mtime=0))

    assert found.code == "too_large"
    assert "split" in found.remedy


def test_text_in_parquet_that_is_no_text_is_refused() -> None:
    bytes_ = pa.array([b"2024-07-01 10:00\xff", b"2024-07-01 10:15"])
    text = pa.Array.from_buffers(pa.string(), len(bytes_), bytes_.buffers())
    sink = io.BytesIO()
    pq.write_table(pa.table({"t": text, "p": [1.0, 2.0]}), sink)
    assert fault(sink.getvalue(), site({"format": "parquet"})).code == "unreadable"


def test_a_parquet_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "LARGEST_CONTENT", 1024)
    sink = io.BytesIO()
    pq.write_table(pa.table({"t": ["x"], "p": [1.0], "q": [b"0" * 100_000]}), sink)

    assert fault(sink.getvalue(), site({"format": "parquet"})).code == "too_large"


def test_a_plant_that_stands_still_is_no_wrong_unit() -> None:
    reading = read(csv(*whole_day(peak=0.0)), "a.csv", site())

    assert reading.rows.masked == 0


def test_a_few_rows_over_capacity_are_masked_and_no_wrong_unit() -> None:
    rows = whole_day(peak=9.0)
    rows[40] = rows[40].split(",")[0] + ",9000"

    reading = read(csv(*rows), "a.csv", site())

    assert reading.rows.masks == {"out_of_range": 1}


@pytest.mark.parametrize(
    ("before", "after", "first"), [(9000.0, 9.0, 2), (9.0, 9000.0, 2), (9.0, 0.009, 4)]
)
def test_a_unit_that_changes_inside_the_file_is_named_with_its_row(
    before: float, after: float, first: int
) -> None:
    one, other = whole_day(before, 8), whole_day(after, 8)
    rows = [*one[: 96 * first], *other[96 * first :]]

    found = fault(csv(*rows))

    assert found.code == "wrong_unit"
    assert "changes inside the file at row" in found.reason
    row = int(found.reason.split("at row ")[1].split(" ")[0])
    assert abs(row - (96 * first + 2)) <= 48


def test_a_month_of_a_real_plant_with_night_draw_is_read_whole() -> None:
    data = (DATA / "serf_east_15min_ac_power.csv").read_bytes()
    described = site(
        {
            "timestamp": {"column": "measured_on", "step_minutes": 15},
            "columns": {"power_ac": {"column": "ac_power", "unit": "W"}},
        },
        ac_capacity_kw=6,
        longitude=-105,
    )

    rows = read(data, "raw/east/a.csv", described).rows

    assert (rows.count, rows.masked) == (10_000, 0)
    assert rows.window_start == datetime(2016, 7, 1, 7, tzinfo=UTC)


def test_the_same_plant_in_watts_that_says_kilowatts_is_refused() -> None:
    data = (DATA / "serf_east_15min_ac_power.csv").read_bytes()
    described = site(
        {
            "timestamp": {"column": "measured_on", "step_minutes": 15},
            "columns": {"power_ac": {"column": "ac_power", "unit": "kW"}},
        },
        ac_capacity_kw=6,
        longitude=-105,
    )

    found = fault(data, described)

    assert found.code == "wrong_unit"
    assert "values look like W, the YAML says kW" in found.reason


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"t": quarter_hours(5), "p": [1.0, 2.0, 3.0, 4.0, 5.0]}), sink)
    return sink.getvalue()


WHOLE = {
    "csv": csv(*(f"{each},1" for each in quarter_hours(5))),
    "gz": gzip.compress(csv(*(f"{each},1" for each in quarter_hours(5))), mtime=0),
    "parquet": parquet(),
    "xlsx": workbook.xlsx([["t", "p"], *([each, 1] for each in quarter_hours(5))]),
}
FORMATS = {"parquet": "parquet", "xlsx": "xlsx"}


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_damage_to_a_file_breaks_more_than_its_own_reading(kind: str, data: Any) -> None:
    damaged = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        if not damaged:
            break
    described = site({"format": FORMATS.get(kind, "csv")})

    with contextlib.suppress(UnreadableFileError):
        assert read(bytes(damaged), "raw/east/a.csv", described).rows.count > 0
