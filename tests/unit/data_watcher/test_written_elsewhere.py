"""Numbers and texts as programs of other countries write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.data_watcher.plant_files import CSV, HEALTHY, accepted, csv, plant, refused, site

STAND_BY = [(moment, watt or -8.0) for moment, watt in HEALTHY]


def dotted(watt: float) -> str:
    return f"{watt:,.0f}".replace(",", ".")


@pytest.mark.parametrize("more", [{}, {"decimal": ","}])
def test_points_that_the_yaml_calls_thousands_are_no_decimal_points(more: dict[str, str]) -> None:
    """A draft of such a file says thousands alone."""
    data = csv(number=dotted)
    assert accepted(data, site(CSV | {"thousands": "."} | more)).rows.masks == {}


def test_decimal_points_that_the_yaml_calls_thousands_are_refused() -> None:
    data = csv(number=lambda watt: f"{watt:.2f}")
    assert refused(data, site(CSV | {"thousands": "."})).code == "too_much_masked"


@pytest.mark.parametrize("form", ["\u2212{}", "\u2013{}", "{}-"])
def test_signs_of_typography_and_of_ledgers_are_signs(form: str) -> None:
    def written(watt: float) -> str:
        return f"{watt:.1f}" if watt >= 0 else form.format(f"{-watt:.1f}")

    assert accepted(csv(STAND_BY, written), site(CSV), STAND_BY).rows.masks == {}


def test_numbers_and_stamps_that_are_written_as_texts_of_a_formula_are_read() -> None:
    data = csv(STAND_BY, lambda watt: f'="{watt:.1f}"', lambda at: f'="{at:%Y-%m-%d %H:%M}"')
    assert accepted(data, site(CSV), STAND_BY).rows.masks == {}


def test_what_is_no_number_is_named_before_the_unit_of_what_is_left() -> None:
    """Cells of 1.03K are none, and those below look like another unit."""
    data = csv(number=lambda watt: f"{watt / 1000:.2f}K" if watt >= 100 else f"{watt:.0f}")
    fault = refused(data, site(CSV, ac_capacity_kw=600.0))
    assert fault.code == "too_much_masked"
    assert "K'" in fault.reason


def test_cells_that_are_all_no_numbers_are_shown() -> None:
    fault = refused(csv(number=lambda watt: f"<{watt:.0f}>"), site(CSV))
    assert fault.code == "too_much_masked"
    assert "<" in fault.reason


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Leistung \u2013 gr\u00f6\u00dfte (W)", "cp1252"),
        ("V\u00fdkon st\u0159\u00edda\u010de (W)", "cp1250"),
        ("\u041c\u043e\u0449\u043d\u043e\u0441\u0442\u044c (W)", "cp1251"),
        ("\u767a\u96fb\u96fb\u529b(W)", "cp932"),
        ("\u53d1\u7535\u529f\u7387(W)", "gb18030"),
        ("Puissance \u00e9l\u00e8ve (W)", "latin-1"),
        ("Puissance \u00e9l\u00e8ve (W)", "utf-8"),
    ],
)
def test_the_names_of_the_yaml_tell_in_which_letters_a_file_is_written(
    name: str, encoding: str
) -> None:
    data = csv().replace(b"t;p", f"t;{name}".encode(encoding), 1)
    source: dict[str, Any] = CSV | {"columns": {"power_ac": {"column": name, "unit": "W"}}}
    assert accepted(data, site(source)).rows.masks == {}


def test_the_apostrophe_of_old_spreadsheets_separates_thousands() -> None:
    text = csv(number=lambda watt: f"{watt:,.1f}".replace(",", "\u2019")).decode()
    assert accepted(text.encode("cp1252"), site(CSV)).rows.masks == {}


def test_bytes_that_windows_does_not_know_are_read_nevertheless() -> None:
    assert accepted(b"Bericht \x81\n" + csv(), site(CSV)).rows.masks == {}


HOURS = list(plant(7, 60))
HOURLY = {"timestamp": {"column": "t", "step_minutes": 60}}


@pytest.mark.parametrize("mark", [",", "."])
def test_whole_numbers_beside_marks_tell_thousands_though_dawn_jumps(mark: str) -> None:
    """By more than a hundred times, each day."""
    rows = [(at, round(watt / 100 if at.hour < 5 else watt)) for at, watt in HOURS]
    data = csv(rows, lambda watt: f"{watt:,.0f}".replace(",", mark))
    assert accepted(data, site(CSV | HOURLY), rows).rows.masks == {}
    fault = refused(data, site(CSV | HOURLY | {"decimal": mark}))
    assert fault.code in {"number_format", "wrong_unit"}
    if fault.code == "number_format":
        assert f"thousands: {mark!r}" in fault.remedy


@pytest.mark.parametrize(
    "number",
    [
        lambda kilowatt: f"{kilowatt:.3f}",
        lambda kilowatt: f"{kilowatt:.3f}" if kilowatt else "0",
        lambda kilowatt: f"{kilowatt:.3f}" if kilowatt else "-99",
        lambda kilowatt: f"{kilowatt:.3f}".rstrip("0").rstrip(".") or "0",
    ],
)
@pytest.mark.parametrize("mark", [",", "."])
def test_three_decimals_beside_zeros_and_codes_stay_decimals(
    number: Callable[[float], str], mark: str
) -> None:
    rows = [(at, watt if watt > 1000 else 0.0) for at, watt in HOURS]
    data = csv(rows, lambda watt: number(watt / 1000).replace(".", mark))
    source = (
        CSV | HOURLY | {"columns": {"power_ac": {"column": "p", "unit": "kW", "missing": [-99]}}}
    )
    if b"-99" in data:
        rows = [(at, watt) for at, watt in rows if watt]
        data = csv(rows, lambda watt: number(watt / 1000).replace(".", mark))
    accepted(data, site(source | ({"decimal": ","} if mark == "," else {})), rows)
