"""Shapes of files: ends of lines, names over two lines, archives, markup, JSON."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from tests.unit.data_watcher.plant_files import CSV, HEALTHY, accepted, csv, refused, site


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


RECORDS = [{"t": f"{at:%Y-%m-%d %H:%M}", "p": watt} for at, watt in HEALTHY]
COLUMNS = {name: [each[name] for each in RECORDS] for name in ("t", "p")}
JSON = {"format": "json"}


@pytest.mark.parametrize("beside", [{}, {"plant": "East", "capacity": 6, "note": None}])
def test_lists_side_by_side_may_have_single_values_beside_them(beside: dict[str, Any]) -> None:
    assert accepted(json.dumps(beside | COLUMNS).encode(), site(JSON)).rows.masks == {}
