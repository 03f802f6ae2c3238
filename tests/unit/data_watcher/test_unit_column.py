"""A column that says the unit of each row is believed before the YAML."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import CSV, HEALTHY, accepted, refused, site


def lines(watts: list[tuple[str, str]], name: str = "unit") -> bytes:
    rows = [
        f"{at:%Y-%m-%d %H:%M};{value};{unit}"
        for (at, _), (value, unit) in zip(HEALTHY, watts, strict=True)
    ]
    return "\n".join([f"t;p;{name}", *rows]).encode()


def said(unit: str, **more: Any) -> Site:
    return site(CSV | {"columns": {"power_ac": {"column": "p", "unit": unit}}} | more)


KILOWATTS = [(f"{watt / 1000:.4f}", "kW") for _, watt in HEALTHY]
MIXED = [
    (f"{watt:.0f}", "W") if watt < 1000 else (f"{watt / 1000:.3f}", "kW") for _, watt in HEALTHY
]


@pytest.mark.parametrize("name", ["unit", "Unit", "Einheit", "Eenheid", "UOM"])
def test_another_unit_than_the_yamls_is_named_and_the_remedy_works(name: str) -> None:
    data = lines(KILOWATTS, name)
    fault = refused(data, said("W"))
    assert fault.code == "wrong_unit"
    assert f"{name!r} says kW, the YAML says W" in fault.reason
    assert "say unit: kW" in fault.remedy
    assert accepted(data, said("kW")).rows.masks == {}


def test_a_column_of_units_that_is_wrong_is_passed_by_naming_it() -> None:
    watts = [(f"{watt:.1f}", "kW") for _, watt in HEALTHY]
    fault = refused(lines(watts), said("W"))
    assert "where: {unit: kW}" in fault.remedy
    assert accepted(lines(watts), said("W", where={"unit": "kW"})).rows.masks == {}


def test_several_units_are_refused_and_one_of_them_is_read() -> None:
    fault = refused(lines(MIXED), said("kW"))
    assert (fault.code, "several units of power_ac: W, kW" in fault.reason) == ("wrong_unit", True)
    large = [row for row, (_, unit) in zip(HEALTHY, MIXED, strict=True) if unit == "kW"]
    accepted(lines(MIXED), said("kW", where={"unit": "kW"}), large)


@pytest.mark.parametrize("unit", ["kW", "KW", "", "good"])
def test_what_agrees_or_is_no_unit_changes_nothing(unit: str) -> None:
    data = lines([(value, unit) for value, _ in KILOWATTS])
    assert accepted(data, said("kW")).rows.masks == {}


def test_of_several_quantities_a_column_of_units_tells_nothing() -> None:
    more = {
        "columns": {
            "power_ac": {"column": "p", "unit": "kW"},
            "ghi": {"column": "g", "unit": "W/m2"},
        }
    }
    rows = [f"{at:%Y-%m-%d %H:%M};{watt / 1000};{watt / 8};W" for at, watt in HEALTHY]
    data = "\n".join(["t;p;g;unit", *rows]).encode()
    assert accepted(data, site(CSV | more)).rows.masks == {}


def test_records_may_say_their_unit() -> None:
    records = [
        {"t": f"{at:%Y-%m-%d %H:%M}", "p": watt / 1000, "unit": "kW"} for at, watt in HEALTHY
    ]
    body = json.dumps(records).encode()
    assert "says kW" in refused(body, said("W", format="json")).reason
    assert accepted(body, said("kW", format="json")).rows.masks == {}
