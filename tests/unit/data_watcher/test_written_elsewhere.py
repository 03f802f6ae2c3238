"""Numbers and texts as programs of other countries write them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.data_watcher.plant_files import CSV, HEALTHY, accepted, csv, refused, site

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
