"""Shapes of files: ends of lines, names over two lines, archives, markup, JSON."""

from __future__ import annotations

import io
import json
import random
import zipfile
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.data_watcher.adapters.reading import read
from tests.corpus import workbook
from tests.unit.data_watcher.plant_files import (
    CSV,
    HEALTHY,
    START,
    accepted,
    csv,
    plant,
    refused,
    site,
)


@pytest.mark.parametrize("end", [b"\r", b"\r\n", b"\n"])
def test_lines_end_in_any_way(end: bytes) -> None:
    assert accepted(csv().replace(b"\n", end), site(CSV)).rows.masks == {}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("above", ["", 'Pipe: 5" wide\n', 'a 5" b\nc 6" d\n', "\n"])
def test_a_name_may_fill_two_lines(end: str, above: str) -> None:
    name = "Power\n(W)"
    text = csv().decode().replace("t;p", f'{above}t;"{name}"', 1).replace("\n", end)
    where = site(CSV | {"columns": {"power_ac": {"column": name, "unit": "W"}}})
    assert accepted(text.encode(), where).rows.masks == {}


def test_rows_are_numbered_as_an_editor_does_below_a_name_of_two_lines() -> None:
    text = csv().decode().replace("t;p", 't;"p\n(W)"', 1)
    text = text.replace("\n2024-06-01 00:00;0\n", "\nnever;0\n") + "\nnever;1" * 100
    where = site(CSV | {"columns": {"power_ac": {"column": "p\n(W)", "unit": "W"}}})
    assert "in row 3" in refused(text.encode(), where).reason


def archive(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return sink.getvalue()


def test_what_a_mac_adds_to_an_archive_is_no_file() -> None:
    notes = {"__MACOSX/._p.csv": b"\0", ".DS_Store": b"\0", "2024/._p.csv": b"\0", "2024/": b""}
    assert accepted(archive({"2024/p.csv": csv()} | notes), site(CSV)).rows.masks == {}
    fault = refused(archive({"p.csv": csv(), "q.csv": csv()}), site(CSV))
    assert "one by one" in fault.remedy


@pytest.mark.parametrize(
    "start", ["<html><body>", "\ufeff<!DOCTYPE html>", "<?xml version='1.0'?>"]
)
@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_markup_is_named(start: str, format_: str) -> None:
    rows = "".join(f"<tr><td>{at}</td><td>{watt}</td></tr>\n" for at, watt in HEALTHY)
    fault = refused(f"{start}<table>{rows}".encode(), site({"format": format_}))
    assert fault.code == "unreadable"
    assert "HTML" in fault.reason or "XML" in fault.reason


def test_what_a_portal_answered_instead_of_a_file_is_quoted() -> None:
    page = (
        b"<html><head><title>nginx</title></head><body>\n<h1>502 Bad Gateway</h1></body></html>\n"
    )
    fault = refused(page, site(CSV))
    assert "an HTML page that begins with '502 Bad Gateway'" in fault.reason
    assert "export the file again" in fault.remedy


RECORDS = [{"t": f"{at:%Y-%m-%d %H:%M}", "p": watt} for at, watt in HEALTHY]
COLUMNS = {name: [each[name] for each in RECORDS] for name in ("t", "p")}
JSON = {"format": "json"}


@pytest.mark.parametrize("beside", [{}, {"plant": "East", "capacity": 6, "note": None}])
def test_lists_side_by_side_may_have_single_values_beside_them(beside: dict[str, Any]) -> None:
    assert accepted(json.dumps(beside | COLUMNS).encode(), site(JSON)).rows.masks == {}


def test_a_blank_before_a_quote_changes_nothing() -> None:
    lines = ['"t", "p"', *(f'"{at:%Y-%m-%d %H:%M}", "{watt}"' for at, watt in HEALTHY)]
    assert accepted("\n".join(lines).encode(), site()).rows.masks == {}


def test_a_spreadsheet_in_an_archive_is_read() -> None:
    book = workbook.xlsx([["t", "p"], *([at.replace(tzinfo=None), watt] for at, watt in HEALTHY)])
    assert accepted(archive({"report.xlsx": book}), site({"format": "xlsx"})).rows.masks == {}
    assert (
        "2 files" in refused(archive({"a.xlsx": book, "b": b""}), site({"format": "xlsx"})).reason
    )


# --- stamps that are a little off, or say too little -----------------------------------------------------


@pytest.mark.parametrize(
    "late", [lambda some: some.randrange(60), lambda some: some.uniform(-2, 2)]
)
@pytest.mark.parametrize("seed", range(3))
def test_rows_that_are_each_late_by_other_seconds_lie_on_the_clocks_own_grid(
    seed: int, late: Any
) -> None:
    some = random.Random(seed)
    data = csv(stamp=lambda at: f"{at + timedelta(seconds=late(some)):%Y-%m-%d %H:%M:%S.%f}")
    assert accepted(data, site(CSV)).rows.masks.keys() == {"snapped"}


def test_a_grid_of_some_seconds_after_the_minute_stays_there() -> None:
    data = csv(stamp=lambda at: f"{at + timedelta(seconds=17):%Y-%m-%d %H:%M:%S}")
    moved = [(at + timedelta(seconds=17), watt) for at, watt in HEALTHY]
    assert accepted(data, site(CSV), moved).rows.masks == {}


@pytest.mark.parametrize("step", [15, 60])
def test_a_clock_of_twelve_hours_without_its_half_is_named(step: int) -> None:
    rows = list(plant(3, step))
    stamps = {"column": "t", "step_minutes": step}
    data = csv(rows, stamp=lambda at: f"{at:%Y-%m-%d %I:%M}")
    fault = refused(data, site(CSV | {"timestamp": stamps}))
    assert "twelve hours twice a day" in fault.reason
    assert "%p" in fault.remedy
    halves = csv(rows, stamp=lambda at: f"{at:%Y-%m-%d %I:%M %p}")
    as_remedy = stamps | {"format": "%Y-%m-%d %I:%M %p"}
    assert accepted(halves, site(CSV | {"timestamp": as_remedy}), rows).rows.masks == {}


def by_an_american_spreadsheet(moment: datetime) -> str:
    if moment.day <= 12:
        moment = moment.replace(month=moment.day, day=moment.month)
        return f"{moment:%Y-%m-%d %H:%M:%S}"
    return f"{moment:%d/%m/%Y %H:%M}"


@pytest.mark.parametrize("format_", [None, "%d/%m/%Y %H:%M"])
def test_days_that_a_spreadsheet_took_for_months_are_named(format_: str | None) -> None:
    rows = list(plant(30, 60))
    how = {"column": "t", "step_minutes": 60} | ({"format": format_} if format_ else {})
    fault = refused(csv(rows, stamp=by_an_american_spreadsheet), site(CSV | {"timestamp": how}))
    assert fault.code == "no_timestamps"
    assert "took days for months" in fault.reason
    assert "without opening it in a spreadsheet" in fault.remedy


def test_another_form_from_some_day_on_is_no_spreadsheets_fault() -> None:
    later = START + timedelta(days=15)
    data = csv(
        list(plant(30, 60)),
        stamp=lambda at: f"{at:%Y-%m-%d %H:%M}" if at < later else f"{at:%d/%m/%Y %H:%M}",
    )
    fault = refused(data, site(CSV | {"timestamp": {"column": "t", "step_minutes": 60}}))
    assert "correct timestamp.format" in fault.remedy


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_sum_at_the_end_cuts_no_number_off(end: str) -> None:
    """It has fewer fields than the header, and no end of line."""
    rows = [(at, watt or 12.5) for at, watt in HEALTHY]
    lines = ["t,more,p", *(f"{at:%Y-%m-%d %H:%M},0,{watt}" for at, watt in rows), "Sum,1"]
    reading = accepted(("\n".join(lines) + end).encode(), site(), rows)
    assert reading.rows.masks == {"ragged_row": 1}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("inner", ["", '""'])
def test_lines_that_a_spreadsheet_put_into_quotes_are_read(end: str, inner: str) -> None:
    lines = ["t,p", *(f"{inner}{at:%Y-%m-%d %H:%M}{inner},{watt}" for at, watt in HEALTHY)]
    data = end.join(f'"{line}"' for line in lines).encode()
    assert accepted(data, site()).rows.masks == {}


def energies(lost: int) -> bytes:
    """Return energies of quarters of an hour, of which those of some are in the row behind them."""
    rows, before = ["t,p"], 0.0
    for at, watt in plant(7):
        before += watt / 4
        if at.hour == 11 and at.minute < 15 * lost:
            continue
        rows.append(f"{at:%Y-%m-%d %H:%M},{before:.1f}")
        before = 0.0
    return "\n".join(rows).encode()


def test_energies_that_hold_those_of_missing_rows_are_no_other_unit() -> None:
    where = site({"columns": {"power_ac": {"column": "p", "unit": "Wh"}}})
    fault = refused(energies(3), where)
    assert fault.code == "wrong_step"
    assert "energy of the missing intervals" in fault.reason
    assert "unit" not in fault.remedy
    assert accepted(energies(0), where, list(plant(7))).rows.masks == {}


# --- names in several rows ------------------------------------------------------------------------------

BELOW = {
    "columns": {"power_ac": {"columns": ["Inverter 1", "Inverter 2"], "unit": "W"}},
    "timestamp": {"column": "Date", "time_column": "Time", "step_minutes": 15},
}


def halves_of(header: list[list[str]]) -> list[list[Any]]:
    """Return the healthy plant as two inverters that give about a half each, below a header."""
    return [
        *header,
        *([f"{at:%Y-%m-%d}", f"{at:%H:%M}", 0.45 * watt, 0.55 * watt] for at, watt in HEALTHY),
    ]


def as_csv(rows: list[list[Any]]) -> bytes:
    return "\n".join(";".join(map(str, row)) for row in rows).encode()


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
@pytest.mark.parametrize("above", [[], [["Report of June", "", "", ""]]])
@pytest.mark.parametrize("units", [[], [["", "", "W", "W"]]])
def test_names_below_merged_cells_are_read_with_those_beside_them(
    format_: str, above: list[list[str]], units: list[list[str]]
) -> None:
    header = [["Date", "Time", "Production", ""], ["", "", "Inverter 1", "Inverter 2"]]
    rows = halves_of([*above, *header, *units])
    data = as_csv(rows) if format_ == "csv" else workbook.xlsx(rows)
    masks = accepted(data, site(CSV | BELOW | {"format": format_})).rows.masks
    assert masks == ({"bad_timestamp": 1} if units else {})


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_names_that_repeat_below_merged_cells_have_those_before_them(format_: str) -> None:
    header = [["", "", "Inverter 1", "", "Inverter 2", ""], ["Date", "Time", *["P", "U"] * 2]]
    rows = [*header, *([*row[:3], 230, row[3], 231] for row in halves_of([]))]
    data = as_csv(rows) if format_ == "csv" else workbook.xlsx(rows)
    column = {"columns": ["Inverter * P"], "unit": "W"}
    where = site(CSV | BELOW | {"format": format_, "columns": {"power_ac": column}})
    assert accepted(data, where).rows.masks == {}


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_a_name_over_several_columns_is_not_that_of_the_first(format_: str) -> None:
    header = [["Date", "Time", "Production", ""], ["", "", "Inverter 1", "Inverter 2"]]
    rows = halves_of(header)
    data = as_csv(rows) if format_ == "csv" else workbook.xlsx(rows)
    column = {"column": "Production", "unit": "W"}
    fault = refused(data, site(CSV | BELOW | {"format": format_, "columns": {"power_ac": column}}))
    assert fault.code == "missing_column"
    assert "'Inverter 1', 'Inverter 2'" in fault.reason


def test_a_column_without_a_name_is_no_part_of_the_one_before_it() -> None:
    data = "\n".join(["t;p;", *(f"{at:%Y-%m-%d %H:%M};{watt};ok" for at, watt in HEALTHY)])
    assert accepted(data.encode(), site(CSV)).rows.masks == {}


def test_words_of_a_night_beside_a_column_without_a_name_are_no_names() -> None:
    rows = (f"{at:%Y-%m-%d %H:%M};{watt or 'Standby'};ok" for at, watt in HEALTHY)
    where = site(CSV | {"missing": ["Standby"]})
    night = [(at, watt) for at, watt in HEALTHY if not watt]
    reading = read("\n".join(["t;p;", *rows]).encode(), "raw/east/p.csv", where)
    assert reading.rows.masks == {"sentinel": len(night)}


def test_columns_of_one_name_are_read_as_the_remedy_says() -> None:
    rows = (f"{at:%Y-%m-%d %H:%M};{watt * 0.4:.1f};{watt * 0.6:.1f}" for at, watt in HEALTHY)
    data = "\n".join(["t;p;p", *rows]).encode()
    assert "say columns: [p]" in refused(data, site(CSV)).remedy
    together = {"columns": {"power_ac": {"columns": ["p"], "unit": "W"}}}
    assert accepted(data, site(CSV | together)).rows.masks == {}


@pytest.mark.parametrize(("unit", "factor"), [("Ws", 900.0), ("kJ", 0.9), ("Wh", 0.25)])
def test_energies_of_an_interval_are_read_by_their_unit(unit: str, factor: float) -> None:
    data = csv(number=lambda watt: f"{watt * factor:.3f}")
    where = site(CSV | {"columns": {"power_ac": {"column": "p", "unit": unit}}})
    assert accepted(data, where).rows.masks == {}


def test_what_is_below_merged_cells_is_shown_where_a_name_is_missing() -> None:
    header = [["Date", "Time", "Production", ""], ["", "", "Inverter 1", "Inverter 2"]]
    column = {"columns": ["Production", "Inverter 1"], "unit": "W"}
    fault = refused(
        as_csv(halves_of(header)), site(CSV | BELOW | {"columns": {"power_ac": column}})
    )
    assert fault.code == "missing_column"
    assert "the file has 'Date', 'Time', 'Inverter 1', 'Inverter 2'" in fault.reason
