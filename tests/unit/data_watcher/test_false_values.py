"""No false value gets in: files as people have them are read right, refused, or masked with a reason.

Each kind has its opposite beside it: a healthy file of the same shape, which passes unmasked.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.overlaps import is_same
from services.data_watcher.ports import Reading
from shared.errors import UnreadableFileError
from tests.unit.data_watcher.plant_files import (
    CAPACITY_W,
    CSV,
    HEALTHY,
    START,
    accepted,
    canonical,
    csv,
    plant,
    refused,
    site,
)

# --- numbers ----------------------------------------------------------------------------------------


def grouped(mark: str, decimal: str = "") -> Callable[[float], str]:
    def write(watt: float) -> str:
        text = f"{watt:,.1f}" if decimal else f"{watt:,.0f}"
        return text.replace(".", "!").replace(",", mark).replace("!", decimal)

    return write


@pytest.mark.parametrize(
    "number",
    [
        grouped(","),
        grouped(",", "."),
        grouped(".", ","),
        grouped(" ", ","),
        grouped("\u202f", ","),
        grouped("\u00a0", "."),
        grouped("'", "."),
        grouped("\u2019", ","),
        lambda watt: f"{watt:.1f}".replace(".", ","),
        lambda watt: f"{watt:.1f}",
        lambda watt: f"{watt / 1000:.4f} kW",
        lambda watt: f"{watt / 1000:.3f} kW" if watt >= 1000 else f"{watt:.0f} W",
        lambda watt: f"{watt:,.0f}W",
        lambda watt: f"{watt:.4E} W",
        lambda watt: f"{watt / 1000:.5e}kW",
        lambda watt: f"{watt:,.0f} W".replace(",", "."),
        lambda watt: f"{watt / 1000:.3f} kW".replace(".", ","),
        lambda watt: f"{watt:.0f} W" if watt else "--",
    ],
    ids=[
        "1,234",
        "1,234.5",
        "1.234,5",
        "1 234,5",
        "narrow space",
        "no-break space",
        "1'234.5",
        "typographic apostrophe",
        "1234,5",
        "1234.5",
        "kW in each cell",
        "W and kW in cells",
        "1,234W",
        "1.2E+03 W",
        "1.2e+00kW",
        "1.234 W",
        "1,234 kW",
        "W, and -- at night",
    ],
)
def test_numbers_are_read_as_they_are_written(number: Callable[[float], str]) -> None:
    data = csv(number=number)
    if b"--" in data:
        reading, found = canonical(data, site(CSV | {"missing": ["--"]}))
        lit = [(moment, watt) for moment, watt in HEALTHY if watt]
        assert all(found[moment] * 1000 == pytest.approx(watt, abs=1) for moment, watt in lit)  # type: ignore[operator]
        assert set(reading.rows.masks) == {"sentinel"}
        return
    assert accepted(data, site(CSV)).rows.masks == {}


@pytest.mark.parametrize("written", ["'", "\u2019"])
def test_an_apostrophe_of_the_yaml_is_the_typographic_one_too(written: str) -> None:
    data = csv(number=grouped(written, ","))

    assert accepted(data, site(CSV | {"decimal": ",", "thousands": "'"})).rows.masks == {}
    assert accepted(data, site(CSV | {"thousands": "'"})).rows.masks == {}


@pytest.mark.parametrize("thousands", [",", "."])
def test_thousands_that_the_yaml_names_are_those_of_cells_with_their_unit(thousands: str) -> None:
    """A plant that is never below 1,000 W: no neighbour tells, and the YAML is believed."""
    rows = [(moment, 2000.0 + watt / 2) for moment, watt in HEALTHY[30:60]]
    data = csv(rows, lambda watt: f"{watt:,.0f} W".replace(",", thousands))

    accepted(data, site(CSV | {"thousands": thousands}), rows)
    assert refused(data, site(CSV)).code in {"too_much_masked", "empty", "wrong_unit"}


@pytest.mark.parametrize("start", ["2024-07-04", "2024-11-20", "2025-03-01", "2026-06-01"])
def test_milliseconds_since_1970_are_no_dates_of_the_18th_century(start: str) -> None:
    """1720101600000 is 2024-07-04 in milliseconds, and 1720-10-16 in ISO 8601."""
    begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
    rows = [(begin + timedelta(minutes=15 * n), watt) for n, (_, watt) in enumerate(HEALTHY)]
    data = csv(rows, stamp=lambda moment: f"{moment.timestamp() * 1000:.0f}")

    assert accepted(data, site(CSV, most_masked=None, latitude=20.0), rows).rows.masks == {}


def indian(watt: float) -> str:
    text = f"{watt * 1000:.0f}"
    head, tail = text[:-3], text[-3:]
    parts = [head[max(0, at - 2) : at] for at in range(len(head), 0, -2)][::-1]
    return ",".join([*parts, tail]) if head else tail


def test_indian_groups_are_read() -> None:
    where = site(CSV | {"columns": {"power_ac": {"column": "p", "unit": "W", "scale": 0.001}}})
    assert accepted(csv(number=indian), where).rows.masks == {}


def test_thousands_that_the_yaml_calls_decimals_are_refused_with_both_readings() -> None:
    fault = refused(csv(number=grouped(",")), site(CSV | {"decimal": ","}))
    assert fault.code == "number_format"
    assert "thousands: ','" in fault.remedy


def test_a_column_that_can_be_read_in_two_ways_is_asked_about() -> None:
    rows = [(moment, 4000.0 + number) for number, (moment, _) in enumerate(HEALTHY[40:60])]
    fault = refused(csv(rows, grouped(",")), site(CSV))
    assert fault.code == "number_format"
    assert "'4,000' is 4.000 or 4000" in fault.reason
    assert "decimal: ','" in fault.remedy
    assert "thousands: ','" in fault.remedy


def test_what_the_yaml_says_of_separators_decides() -> None:
    rows = [(moment, 4000.0 + number) for number, (moment, _) in enumerate(HEALTHY[40:60])]
    accepted(csv(rows, grouped(",")), site(CSV | {"thousands": ","}), rows)


def test_a_decimal_comma_between_commas_is_recognised() -> None:
    data = csv(number=lambda watt: f"{watt / 1000:.3f}".replace(".", ","), delimiter=",")
    fault = refused(data, site({"delimiter": ","}))
    assert fault.code == "number_format"
    assert "decimal comma" in fault.reason


@pytest.mark.parametrize(("digits", "also"), [(1, ""), (0, "a decimal comma or ")])
def test_thousands_between_commas_are_recognised(digits: int, also: str) -> None:
    def grouped_by_commas(watt: float) -> str:
        return f"{watt:,.{digits}f}"

    fault = refused(csv(number=grouped_by_commas, delimiter=","), site({"delimiter": ","}))
    assert fault.code == "number_format"
    assert f"seem to have {also}commas between thousands" in fault.reason
    for advice in ("another delimiter", "quotes around the numbers", "without commas"):
        assert advice in fault.remedy
    accepted(csv(number=grouped_by_commas), site(CSV))
    quoted = csv(number=lambda watt: f'"{grouped_by_commas(watt)}"', delimiter=",")
    accepted(quoted, site({"delimiter": ","}))
    accepted(csv(number=lambda watt: f"{watt:.{digits}f}", delimiter=","), site({"delimiter": ","}))


def short(watt: float) -> str:
    return f"{watt / 1000:.3f}".rstrip("0").rstrip(".").replace(".", ",")


def test_a_decimal_comma_between_commas_is_recognised_behind_whole_numbers() -> None:
    where = site({"columns": {"power_ac": {"column": "p", "unit": "kW"}}})
    data = csv(number=short, delimiter=",")
    assert data.splitlines()[1].endswith(b",0")

    fault = refused(data, where)

    assert fault.code == "number_format"
    assert "rows have more fields, like 3, and the header 2" in fault.reason
    for said in ("another delimiter (;)", "quotes around the numbers", "a decimal point"):
        assert said in fault.remedy
    kilowatts = {"columns": {"power_ac": {"column": "p", "unit": "kW"}}}
    accepted(csv(number=short), site(CSV | kilowatts))
    accepted(csv(number=lambda watt: f'"{short(watt)}"', delimiter=","), where)
    accepted(csv(number=lambda watt: short(watt).replace(",", "."), delimiter=","), where)


def test_a_column_more_further_down_is_no_decimal_comma() -> None:
    lines = csv(delimiter=",").splitlines()
    more = [line + b",15" if n > 150 else line for n, line in enumerate(lines)]

    assert refused(b"\n".join(more), site()).code == "too_much_masked"


def test_a_delimiter_at_the_end_of_data_rows_only_is_no_column() -> None:
    data = csv().replace(b"\n", b";\n").replace(b"t;p;\n", b"t;p\n") + b";\n"
    assert accepted(data, site(CSV)).rows.masks == {}


# --- time -------------------------------------------------------------------------------------------


def ends(moment: datetime, *, date_of_beginning: bool) -> str:
    end = moment + timedelta(minutes=15)
    if end.hour == end.minute == 0:
        return f"{moment:%Y-%m-%d} {'00:00' if date_of_beginning else '24:00'}"
    return f"{end:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("label", ["right", "end"])
@pytest.mark.parametrize("date_of_beginning", [False, True])
def test_the_last_interval_of_a_day_ends_at_its_own_midnight(
    label: str, *, date_of_beginning: bool
) -> None:
    data = csv(stamp=lambda moment: ends(moment, date_of_beginning=date_of_beginning))
    how = {"column": "t", "step_minutes": 15, "label": label}
    assert accepted(data, site(CSV | {"timestamp": how})).rows.masks == {}


def test_an_ordinary_midnight_stays_where_it_is() -> None:
    data = csv(stamp=lambda moment: f"{moment + timedelta(minutes=15):%Y-%m-%d %H:%M}")
    how = {"column": "t", "step_minutes": 15, "label": "right"}
    assert accepted(data, site(CSV | {"timestamp": how})).rows.masks == {}


@pytest.mark.parametrize(
    ("stamp", "how"),
    [
        (lambda moment: f"{moment:%Y-%m-%d %H:%M:%S} UTC", {}),
        (lambda moment: f"{moment:%Y-%m-%d %H:%M} UTC", {"format": "%Y-%m-%d %H:%M %Z"}),
        (
            lambda moment: f"{moment + timedelta(hours=2):%d.%m.%Y %H:%M} CEST",
            {"format": "%d.%m.%Y %H:%M %Z"},
        ),
        (lambda moment: f"{moment + timedelta(hours=2):%Y-%m-%d %H:%M} DST", {}),
        (lambda moment: str(int(moment.timestamp())), {}),
        (lambda moment: str(int(moment.timestamp() * 1000)), {}),
    ],
    ids=["UTC", "UTC by %Z", "CEST", "DST", "seconds since 1970", "milliseconds since 1970"],
)
def test_what_a_stamp_says_of_its_zone_is_honoured(
    stamp: Callable[[datetime], str], how: dict[str, str]
) -> None:
    where = site(
        CSV | {"timestamp": {"column": "t", "step_minutes": 15} | how}, timezone="Europe/Madrid"
    )
    assert accepted(csv(stamp=stamp), where).rows.masks == {}


def test_a_zone_that_nobody_knows_is_refused() -> None:
    data = csv(stamp=lambda moment: f"{moment:%Y-%m-%d %H:%M} QQT")
    assert refused(data, site(CSV)).code == "no_timestamps"


def test_a_clock_that_started_again_in_2000_sets_no_window() -> None:
    reset = [
        (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * n), 500.0) for n in range(20)
    ]
    reading, found = canonical(csv([*HEALTHY[:100], *reset, *HEALTHY[100:]]), site(CSV))
    assert reading.rows.window_start == START
    assert reading.rows.masks["bad_timestamp"] == 20
    assert len(found) == len(HEALTHY)


def test_a_step_that_the_stamps_contradict_is_refused() -> None:
    fault = refused(csv(list(plant(step=60))), site(CSV))
    assert fault.code == "wrong_step"
    assert "60 min apart" in fault.reason


def energies(*stretches: tuple[int, list[tuple[datetime, float]]]) -> bytes:
    """Write stretches of other steps [min] below each other, as energy of each interval [Wh]."""
    rows = [(moment, watt * step / 60) for step, some in stretches for moment, watt in some]
    return csv(rows, number=lambda wh: f"{wh:.3f}")


DAYS = (list(plant(1)), [row for row in plant(2, step=5) if row[0].day == 2])
ENERGY = {"columns": {"power_ac": {"column": "p", "unit": "Wh"}}, "timestamp": {"column": "t"}}


def test_an_energy_is_divided_by_the_length_of_its_own_interval() -> None:
    quarters, fives = DAYS
    hours = [row for row in plant(3, step=60) if row[0].day == 3]
    stretches = (15, quarters), (5, fives), (60, hours)
    accepted(energies(*stretches), site(CSV | ENERGY), [*quarters, *fives, *hours])


def test_a_gap_is_no_long_interval() -> None:
    rows = [row for row in HEALTHY if row[0].hour not in {2, 3, 11}]
    accepted(energies((15, rows)), site(CSV | ENERGY), rows)


def test_a_stated_step_that_a_stretch_of_the_file_contradicts_is_refused() -> None:
    quarters, fives = DAYS
    stamp = {"timestamp": {"column": "t", "step_minutes": 15}}
    fault = refused(energies((15, quarters * 1), (5, fives[:60])), site(CSV | ENERGY | stamp))
    assert fault.code == "wrong_step"
    assert "5 min apart" in fault.reason
    assert "2024-06-02 00:00" in fault.reason


def test_a_clock_hours_off_the_sun_is_refused_with_the_zone_that_mends_it() -> None:
    data = csv(list(plant(days=6)))
    accepted(data, site(CSV), list(plant(days=6)))
    fault = refused(data, site(CSV, timezone="+09:00"))
    assert fault.code == "wrong_clock"
    assert 'timezone: "+00:00"' in fault.remedy


@pytest.mark.parametrize("zone", ["-12:30", "+14:30", "+19:00", "+05:75"])
def test_an_offset_that_no_place_has_is_refused_in_the_yaml(zone: str) -> None:
    with pytest.raises(ValueError, match=r"no place on earth|no time zone"):
        site(timezone=zone)


# --- shape ------------------------------------------------------------------------------------------


def test_sensors_below_each_other_are_refused_although_their_stamps_never_coincide() -> None:
    def later(rows: list[tuple[datetime, float]], seconds: int) -> list[tuple[datetime, float]]:
        return [(moment + timedelta(seconds=seconds), watt / 3) for moment, watt in rows]

    blocks = [*HEALTHY, *later(HEALTHY, 97), *later(HEALTHY, 201)]
    data = csv(blocks, stamp=lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}")
    fault = refused(data, site(CSV))
    assert fault.code == "mixed_rows"
    assert "sum_by" in fault.remedy or "export one file" in fault.remedy


def test_days_in_any_order_are_no_mixture() -> None:
    days = [HEALTHY[192:], HEALTHY[:96], HEALTHY[96:192]]
    accepted(csv([row for day in days for row in day]), site(CSV))


WEEK = list(plant(7))
WEEKDAYS = [WEEK[96 * n : 96 * (n + 1)] for n in range(7)]


@pytest.mark.parametrize("order", [(0, 4, 1, 2, 3), (0, 6, 5, 1, 2, 3, 4), (3, 0, 5, 1, 4, 2, 6)])
@pytest.mark.parametrize("seconds", [0, 40])
def test_days_that_come_in_any_order_are_put_in_order(order: tuple[int, ...], seconds: int) -> None:
    rows = [row for day in order for row in WEEKDAYS[day]]
    data = csv(rows, stamp=lambda each: f"{each:%Y-%m-%d %H:%M}:{0 if each.minute else seconds:02}")

    reading = accepted(data, site(CSV), rows)

    assert set(reading.rows.masks) - {"snapped"} == {"out_of_order"}


def test_days_without_nights_that_come_in_any_order_are_put_in_order() -> None:
    days = [[row for row in day if 5 <= row[0].hour < 20] for day in WEEKDAYS]
    rows = [row for n in (0, 5, 1, 2, 6, 3, 4) for row in days[n]]

    assert set(accepted(csv(rows), site(CSV), rows).rows.masks) == {"out_of_order"}


def test_days_in_any_order_of_which_a_stamp_repeats_are_refused() -> None:
    rows = [row for n in (0, 4, 1, 2, 3) for row in WEEKDAYS[n]]

    assert refused(csv([*rows, rows[-1]]), site(CSV)).code == "mixed_rows"


@pytest.mark.parametrize("steps", [(15, 5), (5, 15), (15, 15), (60, 15)])
def test_sensors_whose_gaps_are_no_nights_are_refused(steps: tuple[int, int]) -> None:
    first, second = (list(plant(3, step)) for step in steps)
    rows = [*first, *((moment + timedelta(seconds=97), watt / 3) for moment, watt in second)]
    data = csv(rows, stamp=lambda each: f"{each:%Y-%m-%d %H:%M:%S}")

    assert refused(data, site(CSV | {"timestamp": {"column": "t"}})).code == "mixed_rows"


def test_a_day_with_the_date_of_another_month_is_refused_where_its_hole_is() -> None:
    ahead = [(at + timedelta(days=60), watt) for at, watt in WEEKDAYS[2]]
    rows = [*WEEKDAYS[0], *WEEKDAYS[1], *ahead, *WEEKDAYS[3], *WEEKDAYS[4]]

    assert refused(csv(rows), site(CSV)).code == "mixed_rows"


def test_hours_that_lie_months_ahead_are_refused() -> None:
    rows = list(plant(10))
    ahead = [(at + timedelta(days=92), watt) for at, watt in rows[400:412]]

    assert refused(csv([*rows[:400], *ahead, *rows[412:]]), site(CSV)).code == "mixed_rows"


def test_newest_first_is_no_mixture() -> None:
    accepted(csv(HEALTHY[::-1]), site(CSV))


def test_a_second_header_in_another_order_is_refused_with_its_row() -> None:
    first = csv(HEALTHY[:96]).decode().replace("t;p", "t;p;ghi")
    rows = [line if n == 0 else f"{line};{n}" for n, line in enumerate(first.splitlines())]
    again = [
        f"{moment:%Y-%m-%d %H:%M};{n};{watt:.0f}" for n, (moment, watt) in enumerate(HEALTHY[96:])
    ]
    columns = {"power_ac": {"column": "p", "unit": "W"}, "ghi": {"column": "ghi", "unit": "W/m2"}}
    fault = refused(
        "\n".join([*rows, "t;ghi;p", *again]).encode(), site(CSV | {"columns": columns})
    )
    assert fault.code == "second_header"
    assert "row 98" in fault.reason


def test_the_same_header_again_is_a_row_without_a_time() -> None:
    data = csv(HEALTHY[:96]) + b"\nt;p\n" + csv(HEALTHY[96:]).split(b"\n", 1)[1]
    assert accepted(data, site(CSV)).rows.masks == {"bad_timestamp": 1}


def test_a_total_beside_the_inverters_is_not_added_to_them() -> None:
    def row(moment: datetime, watt: float, total: float | None) -> str:
        parts = [
            f"{watt * 0.4:.1f}",
            f"{watt * 0.6:.1f}",
            *([] if total is None else [f"{total:.1f}"]),
        ]
        return ";".join([f"{moment:%Y-%m-%d %H:%M}", *parts])

    where = site(CSV | {"columns": {"power_ac": {"columns": ["Inverter *"], "unit": "W"}}})
    head = "t;Inverter 1;Inverter 2"
    with_total = "\n".join([f"{head};Inverter total", *(row(m, w, w) for m, w in HEALTHY)])
    assert refused(with_total.encode(), where).code == "total_among_columns"
    third = "\n".join([f"{head};Inverter 3", *(row(m, w * 0.8, w * 0.2) for m, w in HEALTHY)])
    accepted(third.encode(), where)


@pytest.mark.parametrize("lines", [False, True])
def test_json_is_read(*, lines: bool) -> None:
    records = [{"when": f"{m:%Y-%m-%d %H:%M}", "ac": {"watt": w}} for m, w in HEALTHY]
    text = (
        "\n".join(map(json.dumps, records))
        if lines
        else json.dumps({"unit": "W", "values": records})
    )
    source = {
        "format": "json",
        "timestamp": {"column": "when", "step_minutes": 15},
        "columns": {"power_ac": {"column": "ac.watt", "unit": "W"}},
    }
    accepted(text.encode(), site(source))
    assert "it is JSON" in refused(text.encode(), site(CSV)).reason


def test_json_with_two_lists_is_asked_about() -> None:
    records = [{"t": f"{m:%Y-%m-%d %H:%M}", "p": w} for m, w in HEALTHY]
    body = json.dumps({"production": records, "grid": records}).encode()
    fault = refused(body, site({"format": "json"}))
    assert "2 lists of records (production, grid)" in fault.reason
    assert "records: production" in fault.remedy
    accepted(body, site({"format": "json", "records": "production"}))


SIDE_BY_SIDE = {"t": [f"{m:%Y-%m-%d %H:%M}" for m, _ in HEALTHY], "p": [w for _, w in HEALTHY]}


@pytest.mark.parametrize("records", [None, "hourly"])
def test_json_with_a_list_for_each_name_is_read(records: str | None) -> None:
    body = {"latitude": 50.1, "hourly_units": {"t": "iso8601", "p": "kW"}, "hourly": SIDE_BY_SIDE}
    where = {"format": "json"} | ({"records": records} if records else {})
    accepted(json.dumps(body).encode(), site(where))


def test_json_with_lists_of_several_lengths_is_refused() -> None:
    body = {"hourly": SIDE_BY_SIDE | {"p": SIDE_BY_SIDE["p"][:-1]}}
    reason = refused(json.dumps(body).encode(), site({"format": "json"})).reason
    assert "no lists of values of one length side by side" in reason


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_before_json_changes_nothing(mark: bytes) -> None:
    records = [{"t": f"{m:%Y-%m-%d %H:%M}", "p": w} for m, w in HEALTHY]
    accepted(mark + json.dumps(records).encode(), site({"format": "json"}))


@pytest.mark.parametrize("start", [b"", b'{"t": "2024-06-01", "p": 1}\n'])
def test_json_that_is_nested_without_end_is_refused_and_does_no_harm(start: bytes) -> None:
    assert "nested too deeply" in refused(start + b"[" * 200_000, site({"format": "json"})).reason


def zipped(**files: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return sink.getvalue()


def test_a_zip_with_one_file_is_read_and_one_with_more_is_refused_by_name() -> None:
    accepted(zipped(a=csv()), site(CSV))
    assert "'a', 'b'" in refused(zipped(a=csv(), b=csv()), site(CSV)).reason


# --- believable -------------------------------------------------------------------------------------


def test_a_turned_sign_is_named_and_mended_by_scale() -> None:
    data = csv(number=lambda watt: f"{-watt:.0f}" if watt else "4")
    fault = refused(data, site(CSV))
    assert fault.code == "wrong_sign"
    assert "scale: -1" in fault.remedy
    columns = {"power_ac": {"column": "p", "unit": "W", "scale": -1}}
    _, found = canonical(data, site(CSV | {"columns": columns}))
    assert found[HEALTHY[48][0]] == pytest.approx(HEALTHY[48][1] / 1000, abs=0.001)


def test_a_night_of_stand_by_draw_is_no_turned_sign() -> None:
    rows = [(moment, -12.0) for moment, watt in HEALTHY if not watt]
    reading, _ = canonical(csv(rows), site(CSV))
    assert reading.rows.masks == {}


@pytest.mark.parametrize("daily", [False, True])
def test_a_counter_is_no_power(*, daily: bool) -> None:
    rows, total, day = [], 28_480_000.0, None
    for moment, watt in plant(days=4):
        if daily and moment.date() != day:
            total, day = 0.0, moment.date()
        total += watt / 4
        rows.append((moment, total))
    kwh = {"power_ac": {"column": "p", "unit": "kWh"}}
    fault = refused(csv(rows, lambda wh: f"{wh / 1000:.2f}"), site(CSV | {"columns": kwh}))
    assert fault.code == "counter"


def test_a_morning_alone_is_no_counter() -> None:
    morning = HEALTHY[:48]
    accepted(csv(morning), site(CSV), morning)


def test_a_unit_that_changes_with_the_size_of_the_value_is_found_by_its_neighbours() -> None:
    def written(watt: float) -> str:
        return f"{watt:.0f}" if watt < 1000 else f"{watt / 1000:.2f}"

    fault = refused(csv(number=written), site(CSV))
    assert fault.code == "wrong_unit"
    assert "changes inside the day" in fault.reason


def test_outages_are_no_change_of_unit() -> None:
    rows = [(m, 3.0 if 40 <= n % 96 <= 43 else w) for n, (m, w) in enumerate(HEALTHY)]
    accepted(csv(rows), site(CSV), rows)


@pytest.mark.parametrize(("share", "kept"), [(0.05, True), (0.3, False)])
def test_at_most_a_tenth_of_the_daylight_is_masked_for_one_reason(
    share: float, *, kept: bool
) -> None:
    lit = [n for n, (_, watt) in enumerate(HEALTHY) if watt]
    broken = set(lit[:: round(1 / share)])
    lines = [
        f"{m:%Y-%m-%d %H:%M};{'error 7' if n in broken else w}" for n, (m, w) in enumerate(HEALTHY)
    ]
    data = "\n".join(["t;p", *lines]).encode()
    if kept:
        reading, _ = canonical(data, site(CSV))
        assert reading.rows.masks == {"no_number": len(broken)}
        return
    fault = refused(data, site(CSV))
    assert fault.code == "too_much_masked"
    assert "'error 7'" in fault.reason
    tolerant = site(CSV, most_masked={"share": 0.5, "reason": "the logger is being replaced"})
    assert canonical(data, tolerant)[0].rows.masks == {"no_number": len(broken)}


# --- rows that cannot be trusted --------------------------------------------------------------------


@pytest.mark.parametrize("write", ["{:.0f}", "{:.1f}", "{:.3f}"])
@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_number_that_lost_its_end_is_masked(write: str, lost: int) -> None:
    rows = HEALTHY[:48]
    data = csv(rows, number=lambda watt: write.format(watt + 1000))[:-lost]
    reading, found = canonical(data, site(CSV))
    last = rows[-1][0]
    if found[last] is not None:
        assert found[last] * 1000 == pytest.approx(rows[-1][1] + 1000, abs=10.0)
    else:
        assert reading.rows.masks == {"cut_off": 1}


def last_is_masked(numbers: list[str]) -> bool:
    """Whether the last of some numbers is taken for one that lost its end."""
    rows = zip(HEALTHY[32:], numbers, strict=False)
    lines = [f"{moment:%Y-%m-%d %H:%M};{watt:.0f};{number}" for (moment, watt), number in rows]
    columns = {
        "power_ac": {"column": "p", "unit": "W"},
        "temp_air": {"column": "c", "unit": "C"},
    }
    reading, _ = canonical("\n".join(["t;p;c", *lines]).encode(), site({**CSV, "columns": columns}))
    return "cut_off" in reading.rows.masks


@pytest.mark.parametrize(
    ("rows", "before", "last", "lost"),
    [
        (22, "1.25", "1.2", True),
        (22, "1.25", "1.25", False),
        (22, "1,25", "1", True),
        (22, "1.", "1", True),
        (21, "1.25", "1.2", False),  # too few to say what is usual
        (5, "3.9", "1", True),  # less than a third
        (5, "2.9", "1", False),
        (5, "3.9", "0", False),
    ],
)
def test_the_numbers_before_tell_whether_the_last_one_lost_its_end(
    rows: int, before: str, last: str, *, lost: bool
) -> None:
    assert last_is_masked([before] * (rows - 1) + [last]) is lost


@pytest.mark.parametrize("other", ["1", "1.2", "n/a"])
def test_where_one_number_has_as_few_decimals_the_last_one_lost_nothing(other: str) -> None:
    assert not last_is_masked(["1.25"] * 20 + [other, "1.25", "1.2"])


def test_a_number_that_lost_its_end_is_masked_in_a_short_file_too() -> None:
    rows = HEALTHY[16:32]
    data = csv(rows, number="{:.1f}".format)[:-4]
    reading, found = canonical(data, site(CSV))
    assert found[rows[-1][0]] is None
    assert reading.rows.masks == {"cut_off": 1}


def test_a_number_that_lost_its_end_is_masked_where_rows_are_long() -> None:
    numbers = [f"{'x' * 300};1.25"] * 5 + [f"{'x' * 300};0.1"]
    rows = zip(HEALTHY[32:], numbers, strict=False)
    lines = [f"{moment:%Y-%m-%d %H:%M};{watt:.0f};{number}" for (moment, watt), number in rows]
    columns = {"power_ac": {"column": "p", "unit": "W"}, "temp_air": {"column": "c", "unit": "C"}}
    reading, _ = canonical(
        "\n".join(["t;p;x;c", *lines]).encode(), site({**CSV, "columns": columns})
    )
    assert reading.rows.masks == {"cut_off": 1}


@pytest.mark.parametrize("write", ["{:.0f}", "{:.1f}", "{:.3f}", "{:g}"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_whole_file_without_a_last_end_of_line_keeps_its_last_row(write: str, end: str) -> None:
    for rows in (HEALTHY, HEALTHY[:48], HEALTHY[:76]):
        data = csv(rows, number=write.format) + end.encode()
        assert accepted(data, site(CSV), rows).rows.masks == {}


def test_rows_with_other_fields_from_some_row_on_are_not_lost_without_a_word() -> None:
    head, *lines = csv().decode().split("\n")
    wider = [line.replace(";", ";0;") for line in lines[200:]]
    fault = refused("\n".join([head, *lines[:200], *wider]).encode(), site(CSV))
    assert fault.code == "too_much_masked"
    assert "ragged_row" in fault.reason
    assert repr(wider[0]) in fault.reason
    few = "\n".join([head, *lines[:-3], *(line + ";1;2" for line in lines[-3:])]).encode()
    assert canonical(few, site(CSV))[0].rows.masks == {"ragged_row": 3}


@pytest.mark.parametrize(("every", "is_much"), [(7, True), (14, False)])
def test_rows_that_cannot_be_taken_apart_are_a_share_of_those_with_power(
    every: int, *, is_much: bool
) -> None:
    """Of all rows either is less than a tenth: nights hide what is lost by day."""
    lit = [at for at, watt in HEALTHY if watt > 0][::every]
    lines = [
        f"{at:%Y-%m-%d %H:%M};{watt:.0f}" + ";comm; lost" * (at in lit) for at, watt in HEALTHY
    ]
    data = "\n".join(["t;p", *lines]).encode()

    assert len(lit) < 0.1 * len(HEALTHY)
    if is_much:
        fault = refused(data, site(CSV))
        assert fault.code == "too_much_masked"
        assert f"masked in {len(lit)} of 183 rows that matter" in fault.reason
    else:
        rest = [row for row in HEALTHY if row[0] not in lit]
        assert accepted(data, site(CSV), rest).rows.masks == {"ragged_row": len(lit)}


def test_a_row_in_a_wrong_year_is_left_out() -> None:
    wrong = [(moment.replace(year=2025), watt) for moment, watt in HEALTHY[40:44]]
    reading = accepted(
        csv([*HEALTHY[:40], *wrong, *HEALTHY[44:]]), site(CSV), [*HEALTHY[:40], *HEALTHY[44:]]
    )
    assert reading.rows.masks == {"bad_timestamp": 4}


# --- what the sun, and the irradiance beside it, say of power -------------------------------------------


@pytest.mark.parametrize("days", [1, 2, 8])
@pytest.mark.parametrize(
    ("number", "meant"),
    [
        (lambda watt: f"{watt / 1000:.3f}", "kW"),
        (lambda watt: f"{watt / 4:.0f}", "Wh per 15 min"),
        (lambda watt: f"{watt / CAPACITY_W * 100:.1f}", ""),
    ],
    ids=["kW", "energy", "percent"],
)
def test_another_unit_is_found_on_the_first_clear_day(
    number: Callable[[float], str], meant: str, days: int
) -> None:
    fault = refused(csv(list(plant(days=days)), number), site(CSV))
    assert fault.code == "wrong_unit"
    assert meant in fault.reason


@pytest.mark.parametrize("hour", [6, 10, 16])
def test_a_unit_that_changes_for_the_last_hours_of_a_file_is_found(hour: int) -> None:
    last = HEALTHY[-1][0].replace(hour=hour, minute=0)

    def numbers(rows: list[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
        return [(moment, watt / 1000 if moment >= last else watt) for moment, watt in rows]

    fault = refused(csv(numbers(HEALTHY), "{:.4f}".format), site(CSV))
    assert fault.code == "wrong_unit"


def test_a_day_under_snow_and_a_plant_at_a_standstill_are_no_wrong_unit() -> None:
    def snow(moment: datetime, watt: float) -> float:
        return round(watt * (0.004 if moment.day == 2 else 1.0), 1)

    rows = [(moment, snow(moment, watt)) for moment, watt in HEALTHY]
    accepted(csv(rows, "{:.1f}".format), site(CSV), rows)
    off = [(moment, 3.0 if watt else 0.0) for moment, watt in plant(days=2)]
    accepted(csv(off, "{:.1f}".format), site(CSV), off)


def test_a_plant_at_a_third_of_its_stated_capacity_is_no_wrong_unit() -> None:
    rows = [(moment, watt / 2.5) for moment, watt in plant(days=8)]
    accepted(csv(rows, "{:.1f}".format), site(CSV), rows)


@pytest.mark.parametrize("hours", [-7, -4, 4, 8])
@pytest.mark.parametrize("day", [0, 2])
def test_a_clock_that_is_hours_off_on_the_last_days_is_found(hours: int, day: int) -> None:
    moved = [(moment + timedelta(hours=hours), watt) for moment, watt in HEALTHY[96 * day :]]
    fault = refused(csv(HEALTHY[: 96 * day] + moved), site(CSV))
    assert fault.code == "wrong_clock"


def test_a_battery_that_gives_power_at_night_is_no_wrong_clock() -> None:
    rows = [(moment, watt or 900.0 * (moment.hour >= 21)) for moment, watt in HEALTHY]
    accepted(csv(rows), site(CSV), rows)


BESIDE = {"power_ac": {"column": "p", "unit": "W"}, "ghi": {"column": "g", "unit": "W/m2"}}


def beside(power: float, irradiance: float, rows: list[tuple[datetime, float]] = HEALTHY) -> bytes:
    """Write power with an irradiance that it follows, both times some factor."""
    lines = [
        f"{moment:%Y-%m-%d %H:%M};{watt * power:.4f};{watt / CAPACITY_W * 900 * irradiance:.4f}"
        for moment, watt in rows
    ]
    return "\n".join(["t;p;g", *lines]).encode()


def test_irradiance_that_power_cannot_come_from_is_in_another_unit() -> None:
    fault = refused(beside(1.0, 0.001), site(CSV | {"columns": BESIDE}))
    assert fault.code == "wrong_unit"
    assert "ghi seems to be in another unit" in fault.reason
    for power, factor in ((0.6, 0.8), (0.5, 1.1), (1.0, 0.8), (0.4, 1.3)):
        rows = [(moment, watt * power) for moment, watt in HEALTHY]
        accepted(beside(power, factor), site(CSV | {"columns": BESIDE}), rows)


def test_energies_of_an_interval_that_are_called_irradiance_are_in_another_unit() -> None:
    """Wh/m² of a quarter of an hour, on days without a clear sky: much power where there is little light."""
    rows = [(moment, watt * (0.7 + row % 2 * 0.3)) for row, (moment, watt) in enumerate(HEALTHY)]
    fault = refused(beside(1.0, 1 / 4, rows), site(CSV | {"columns": BESIDE}))
    assert fault.code == "wrong_unit"
    assert "under a high sun" in fault.reason
    assert "Wh/m2 where it is the energy of each interval" in fault.remedy


def test_irradiance_hours_off_the_sun_is_refused_although_power_follows_it() -> None:
    rows = list(plant(10))
    light = [watt / CAPACITY_W * 1000 for _, watt in rows]

    def of(late: int) -> bytes:
        lines = [
            f"{moment:%Y-%m-%d %H:%M};{watt:.0f};{light[max(row - late, 0)]:.1f}"
            for row, (moment, watt) in enumerate(rows)
        ]
        return "\n".join(["t;p;g", *lines]).encode()

    fault = refused(of(late=12), site(CSV | {"columns": BESIDE}))
    assert fault.code == "wrong_clock"
    assert "irradiance is centred 3" in fault.reason
    accepted(of(late=0), site(CSV | {"columns": BESIDE}), rows)
    accepted(of(late=4), site(CSV | {"columns": BESIDE}), rows)  # summer time: for Preprocess


AIR = {
    "power_ac": {"column": "p", "unit": "W"},
    "relative_humidity": {"column": "h", "unit": "%"},
}


def damp(factor: float) -> bytes:
    lines = [
        f"{moment:%Y-%m-%d %H:%M};{watt:.0f};{(40 + row % 50) * factor:.3f}"
        for row, (moment, watt) in enumerate(HEALTHY)
    ]
    return "\n".join(["t;p;h", *lines]).encode()


def test_a_humidity_that_never_exceeds_one_percent_is_a_fraction() -> None:
    fault = refused(damp(0.01), site(CSV | {"columns": AIR}))
    assert fault.code == "wrong_unit"
    assert "(fraction)" in fault.remedy
    stated = AIR | {"relative_humidity": {"column": "h", "unit": "fraction"}}
    accepted(damp(0.01), site(CSV | {"columns": stated}), HEALTHY)
    accepted(damp(1), site(CSV | {"columns": AIR}), HEALTHY)


def test_power_that_is_far_below_its_irradiance_for_days_is_in_another_unit() -> None:
    cloudy = [
        (moment, watt * (0.3 + 0.7 * (at % 3 == 0))) for at, (moment, watt) in enumerate(HEALTHY)
    ]
    fault = refused(beside(0.013, 1.0, cloudy), site(CSV | {"columns": BESIDE}))
    assert fault.code == "wrong_unit"
    assert "ghi at" in fault.reason


# --- any fault of these, at any place ---------------------------------------------------------------

Lines = list[str]


def lines(
    rows: list[tuple[datetime, float]],
    number: Callable[[float], str] = "{:.0f}".format,
    stamp: Callable[[datetime], str] = "{:%Y-%m-%d %H:%M:%S}".format,
) -> Lines:
    return [f"{stamp(moment)};{number(watt)}" for moment, watt in rows]


def moved(**by: int) -> Callable[[datetime], str]:
    return lambda moment: f"{moment + timedelta(**by):%Y-%m-%d %H:%M:%S}"


def grown(rows: list[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
    return list(
        zip((moment for moment, _ in rows), accumulate(watt / 4 for _, watt in rows), strict=True)
    )


# Each writes the rows of a plant with its fault, from some row on.
def is_of(at: int, row: int, first: int = 0, after: int = 96) -> bool:
    """Whether a row lies between two of the day of another one."""
    return row // 96 == at // 96 and first <= row % 96 < after


FAULTS: dict[str, Callable[[list[tuple[datetime, float]], int], Lines]] = {
    "thousands": lambda rows, _: lines(rows, grouped(",")),
    "space": lambda rows, _: lines(rows, grouped(" ")),
    "decimal comma": lambda rows, _: lines(rows, lambda watt: f"{watt:.2f}".replace(".", ",")),
    "sign": lambda rows, _: lines(rows, lambda watt: f"{-watt:.0f}"),
    "kW above 1000": lambda rows, _: lines(
        rows, lambda watt: f"{watt:.0f}" if watt < 1000 else f"{watt / 1000:.2f}"
    ),
    "kW": lambda rows, _: lines(rows, lambda watt: f"{watt / 1000:.3f}"),
    "percent": lambda rows, _: lines(rows, lambda watt: f"{watt / 60:.2f}"),
    "energy": lambda rows, _: lines(rows, lambda watt: f"{watt / 4:.1f}"),
    "words": lambda rows, _: lines(rows, lambda watt: "error" if watt > 3000 else f"{watt:.0f}"),
    "sentinel": lambda rows, _: lines(rows, lambda watt: "65535" if watt > 4000 else f"{watt:.0f}"),
    "counter": lambda rows, at: lines([(moment, wh + at) for moment, wh in grown(rows)]),
    "clock": lambda rows, at: lines(rows, stamp=moved(hours=(-7, -4, 4, 8)[at % 4])),
    "clock of 2000": lambda rows, at: [
        *lines(rows[:at]),
        *lines(rows[at : at + 20], stamp=moved(days=-9000)),
        *lines(rows[at + 20 :]),
    ],
    "wrong year": lambda rows, at: [
        *lines(rows[:at]),
        *lines(rows[at : at + 20], stamp=moved(days=365)),
        *lines(rows[at + 20 :]),
    ],
    "second header": lambda rows, at: [*lines(rows[:at]), "t;p", *lines(rows[at:])],
    "columns that change": lambda rows, at: [
        *lines(rows[:at]),
        *(f"{line};7" for line in lines(rows[at:])),
    ],
    "columns that swap": lambda rows, at: [
        *lines(rows[:at]),
        *(";".join(line.split(";")[::-1]) for line in lines(rows[at:])),
    ],
    "sum": lambda rows, _: [*lines(rows), f"Total;{sum(watt for _, watt in rows):.0f}"],
    "contradiction": lambda rows, at: [*lines(rows), *lines([(rows[at][0], rows[at][1] + 500)])],
    "repetition": lambda rows, at: [*lines(rows), *lines(rows[at:])],
    "gap": lambda rows, at: lines([*rows[:at], *rows[at + 30 :]]),
    "second sensor": lambda rows, at: [
        *lines(rows),
        *lines([(moment, watt * 0.4) for moment, watt in rows], stamp=moved(seconds=97 * (at % 5))),
    ],
    "quote": lambda rows, at: [*lines(rows[:at]), '"' + lines(rows)[at], *lines(rows[at + 1 :])],
    "limit of a day": lambda rows, at: lines(
        [
            (moment, min(watt, 2500.0) if is_of(at, n) else watt)
            for n, (moment, watt) in enumerate(rows)
        ]
    ),
    "nothing around noon": lambda rows, at: lines(
        [(moment, 0.0 if is_of(at, n, 38, 58) else watt) for n, (moment, watt) in enumerate(rows)]
    ),
    "repeated around noon": lambda rows, at: lines(
        [
            (moment, rows[at // 96 * 96 + 36][1] if is_of(at, n, 36, 62) else watt)
            for n, (moment, watt) in enumerate(rows)
        ]
    ),
    "cut": lambda rows, at: [*lines(rows)[:at], lines(rows)[at][:-2]],
}


@settings(max_examples=150, deadline=None)
@given(
    fault=st.sampled_from(sorted(FAULTS)),
    days=st.integers(2, 6),
    size=st.floats(0.6, 1.0),
    place=st.integers(0, 10**6),
    says_step=st.booleans(),
)
def test_an_injected_fault_never_changes_an_accepted_value(
    fault: str, days: int, size: float, place: int, *, says_step: bool
) -> None:
    rows = [(moment, round(watt * size, 1)) for moment, watt in plant(days=days)]
    stamp = {"column": "t"} | ({"step_minutes": 15} if says_step else {})
    data = "\n".join(["t;p", *FAULTS[fault](rows, place % len(rows))]).encode()
    try:
        _, found = canonical(data, site(CSV | {"timestamp": stamp}))
    except UnreadableFileError:
        return
    healthy = dict(rows)
    for moment, value in found.items():
        assert value is None or value * 1000 == pytest.approx(healthy.get(moment), abs=6.0), moment


# --- columns that are added up ------------------------------------------------------------------------


def two(second: Callable[[float], str]) -> bytes:
    rows = (f"{at:%Y-%m-%d %H:%M};{watt / 2:.0f};{second(watt)}" for at, watt in HEALTHY)
    return "\n".join(["t;a;b", *rows]).encode()


INVERTERS = {**CSV, "columns": {"power_ac": {"columns": ["a", "b"], "unit": "W"}}}


def test_an_inverter_in_kw_beside_one_in_w_is_refused() -> None:
    fault = refused(two(lambda watt: f"{watt / 2000:.3f}"), site(INVERTERS))

    assert fault.code == "wrong_unit"
    assert "follows number 1" in fault.reason


@pytest.mark.parametrize(
    "second", [lambda watt: f"{watt / 2.02:.0f}", lambda _: "0", lambda watt: f"{3 + watt % 2:.0f}"]
)
def test_an_inverter_that_is_off_or_on_stand_by_is_added_up(second: Callable[[float], str]) -> None:
    expected = [(at, round(watt / 2) + float(second(watt))) for at, watt in HEALTHY]

    assert accepted(two(second), site(INVERTERS), expected).rows.masks == {}


def test_what_is_missing_in_any_of_two_inverters_is_counted_and_masked_in_the_sum() -> None:
    lit = [at for at, watt in HEALTHY if watt > 1000]
    off = {lit[3]: "-99;{}", lit[9]: "{};-99", lit[20]: "-99;-99"}
    lines = [
        f"{at:%Y-%m-%d %H:%M};{off.get(at, '{0};{0}').format(round(watt / 2.1), round(watt / 2))}"
        if at in off
        else f"{at:%Y-%m-%d %H:%M};{watt / 2.1:.0f};{watt / 2:.0f}"
        for at, watt in HEALTHY
    ]
    data = "\n".join(["t;a;b", *lines]).encode()
    reading, found = canonical(data, site(INVERTERS | {"missing": [-99]}))

    assert reading.rows.masks == {"sentinel": 3, "inverter_missing": 2}
    assert [at for at, value in found.items() if value is None] == sorted(off)


@pytest.mark.parametrize(("sign", "is_share"), [("%", True), (" %", True), ("", False)])
def test_cells_that_hold_percent_are_refused_with_the_scale_to_say(
    sign: str, *, is_share: bool
) -> None:
    data = csv(number=lambda watt: f"{watt * 100 / CAPACITY_W:.2f}{sign}")
    fault = refused(data, site(CSV))

    assert fault.code == "wrong_unit"
    assert ("hold percent, like '0.00" in fault.reason) == is_share
    if is_share:
        assert "the numbers without the sign; for those say unit: kW and scale" in fault.remedy
    share = {"column": "p", "unit": "kW", "scale": CAPACITY_W / 1e5}
    plain = csv(number=lambda watt: f"{watt * 100 / CAPACITY_W:.2f}")
    assert accepted(plain, site(CSV | {"columns": {"power_ac": share}})).rows.masks == {}


# --- the same rows in two files -----------------------------------------------------------------------


def test_the_same_rows_are_known_in_another_unit() -> None:
    def prints(data: bytes, unit: str) -> tuple[str, ...]:
        described = site({**CSV, "columns": {"power_ac": {"column": "p", "unit": unit}}})
        traits = canonical(data, described)[0].rows.traits
        assert traits is not None
        return traits.prints

    watts = prints(csv(), "W")

    assert is_same(watts, prints(csv(number=lambda watt: f"{round(watt) / 1000:.3f}"), "kW"))
    assert not is_same(watts, prints(csv([(at, watt * 0.9) for at, watt in HEALTHY]), "W"))
    assert len(watts) == 3


# --- weather without power ----------------------------------------------------------------------------

WEATHER = {
    **CSV,
    "columns": {"ghi": {"column": "g", "unit": "W/m2"}, "temp_air": {"column": "a", "unit": "C"}},
}


def weather(factor: float, late: int = 0, clouds: float = 1.0) -> bytes:
    """Ten days of irradiance and temperature; `late` is in rows."""
    rows = list(plant(10))
    bright = [watt / CAPACITY_W * 1000 for _, watt in rows]
    lines = [
        f"{at:%Y-%m-%d %H:%M};{bright[max(n - late, 0)] * factor * (clouds if n % 3 else 1):.4f};{15 + n % 7}"
        for n, (at, _) in enumerate(rows)
    ]
    return "\n".join(["t;g;a", *lines]).encode()


@pytest.mark.parametrize(
    ("factor", "clouds"), [(1 / 1000, 1), (1 / 1000, 0.5), (1 / 4, 1), (0.09, 1), (1 / 10, 1)]
)
def test_irradiance_in_another_unit_is_refused_without_power_beside_it(
    factor: float, clouds: float
) -> None:
    fault = refused(weather(factor, clouds=clouds), site(WEATHER))

    assert fault.code == "wrong_unit"
    assert "correct the unit of ghi" in fault.remedy


def test_irradiance_hours_off_the_sun_is_refused_without_power_beside_it() -> None:
    fault = refused(weather(1.0, late=12), site(WEATHER))

    assert fault.code == "wrong_clock"
    assert "irradiance is centred" in fault.reason
    assert '"+03:00"' in fault.remedy


@pytest.mark.parametrize("clouds", [1.0, 0.1])
def test_weather_of_clear_and_of_dull_days_passes_unmasked(clouds: float) -> None:
    reading, found = read_weather(weather(0.3 if clouds < 1 else 1.0, clouds=clouds))

    assert reading.rows.masks == {}
    assert max(found) > 200


def read_weather(data: bytes) -> tuple[Reading, list[float]]:
    reading = read(data, "raw/east/p.csv", site(WEATHER))
    return reading, pq.read_table(pa.BufferReader(reading.parquet))["ghi"].to_pylist()


# --- records that change inside a JSON file -----------------------------------------------------------

RECORDS = [{"t": at.isoformat(), "p": watt} for at, watt in HEALTHY]
JSON = {"format": "json"}


@pytest.mark.parametrize(
    "change",
    [
        lambda each: {"t": each["t"], "power": each["p"]},
        lambda each: {"t": each["t"], "p": {"value": each["p"]}},
        lambda each: [each],
        json.dumps,
    ],
    ids=["another name", "nested", "in a list", "as text"],
)
def test_json_whose_records_change_is_not_read_in_part(change: Callable[[Any], Any]) -> None:
    many = [{"t": at.isoformat(), "p": watt} for at, watt in plant(6)]
    body = json.dumps([each if n < 300 else change(each) for n, each in enumerate(many)]).encode()

    fault = refused(body, site(JSON))

    assert fault.code == "too_much_masked"
    assert "ragged_row" in fault.reason


def test_a_few_foreign_records_are_left_out_and_counted() -> None:
    body = json.dumps([*RECORDS[:250], {"error": "timeout"}, "?", *RECORDS[250:]]).encode()

    assert accepted(body, site(JSON)).rows.masks == {"ragged_row": 2}


def test_json_with_a_field_twice_in_a_record_is_refused() -> None:
    body = json.dumps(RECORDS).replace('"p"', '"p": 17, "p"').encode()

    assert "'p' is in a record more than once" in refused(body, site(JSON)).reason


def test_an_infinite_value_is_masked_and_a_missing_one_is_none() -> None:
    changed = [{**each, "p": math.inf if n == 48 else each["p"]} for n, each in enumerate(RECORDS)]
    changed[50].pop("p")
    changed[51]["p"] = math.nan

    reading, found = canonical(json.dumps(changed).encode(), site(JSON))

    assert reading.rows.masks == {"no_number": 1}
    assert [found[HEALTHY[n][0]] for n in (48, 50, 51)] == [None, None, None]


# --- minutes that look like a 24th hour ---------------------------------------------------------------

MINUTES = [
    (START + timedelta(minutes=at), round(4000 * math.sin(math.pi * (at - 240) / 960), 1))
    for at in range(240, 1200)
]


@pytest.mark.parametrize("zone", ["", " UTC", " GMT"])
def test_the_24th_minute_of_an_hour_is_no_24th_hour(zone: str) -> None:
    data = csv(MINUTES, stamp=lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}{zone}")
    stamps = {"timestamp": {"column": "t", "step_minutes": 1}}

    assert accepted(data, site(CSV | stamps), MINUTES).rows.masks == {}


# --- points between thousands that nobody named -----------------------------------------------------------


def test_points_between_thousands_are_found_by_the_neighbours() -> None:
    data = csv(number=lambda watt: f"{watt:,.0f}".replace(",", "."))

    assert accepted(data, site(CSV)).rows.masks == {}


def test_three_decimals_of_a_steady_plant_are_no_thousands() -> None:
    rows = [(at, round(watt / 6.5, 3) if watt > 20 else 0.0) for at, watt in HEALTHY]
    data = csv(rows, number=lambda watt: f"{watt:.3f}")

    assert accepted(data, site(CSV, ac_capacity_kw=1), rows).rows.masks == {}


# --- newest first ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [3, 8])
def test_midnight_stays_where_it_is_in_a_file_that_begins_with_its_newest_row(days: int) -> None:
    rows = [(at, watt + 7) for at, watt in plant(days)]
    ends = {"timestamp": {"column": "t", "step_minutes": 15, "label": "right"}}
    data = csv(rows[::-1], stamp=lambda at: f"{at + timedelta(minutes=15):%Y-%m-%d %H:%M}")

    assert accepted(data, site(CSV | ends), rows).rows.masks == {}


def test_midnight_ends_its_day_in_a_file_that_begins_with_its_newest_row() -> None:
    ends = {"timestamp": {"column": "t", "step_minutes": 15, "label": "right"}}

    def stamp(at: datetime) -> str:
        end = at + timedelta(minutes=15)
        return f"{at:%Y-%m-%d} {end:%H:%M}"

    assert accepted(csv(HEALTHY[::-1], stamp=stamp), site(CSV | ends)).rows.masks == {}
