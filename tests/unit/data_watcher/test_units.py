"""Units of files become the canonical ones."""

from __future__ import annotations

import pytest

from services.data_watcher.domain import units

ONE_IN_KW = {"W": 0.001, "kW": 1, "MW": 1000, "GW": 1e6}
ONE_IN_KWH = {
    "Ws": 1 / 3.6e6,
    "kJ": 1 / 3600,
    "MJ": 1 / 3.6,
    "GJ": 277.7778,
    "Wh": 0.001,
    "kWh": 1,
    "MWh": 1000,
    "GWh": 1e6,
}
ONE_IN_W_M2 = {"W/m2": 1, "kW/m2": 1000}
ONE_IN_WH_M2 = {
    "J/m2": 1 / 3600,
    "kJ/m2": 1 / 3.6,
    "MJ/m2": 277.7778,
    "Wh/m2": 1,
    "kWh/m2": 1000,
}


@pytest.mark.parametrize(
    ("canonical", "rates", "energies"),
    [("kW", ONE_IN_KW, ONE_IN_KWH), ("W/m2", ONE_IN_W_M2, ONE_IN_WH_M2)],
)
def test_energies_are_told_from_power_and_each_has_its_factor(
    canonical: str, rates: dict[str, float], energies: dict[str, float]
) -> None:
    assert set(units.known(canonical)) == {*rates, *energies}
    for unit, factor in (rates | energies).items():
        found = units.conversion(canonical, unit)
        assert found.factor == pytest.approx(factor), unit
        assert found.per_interval == (unit in energies), unit
        assert found.offset == 0, unit


@pytest.mark.parametrize(
    ("canonical", "unit", "value", "expected"),
    [
        ("C", "C", 20, 20),
        ("C", "K", 300, 26.85),
        ("C", "F", 32, 0),
        ("C", "F", 212, 100),
        ("m/s", "m/s", 5, 5),
        ("m/s", "km/h", 36, 10),
        ("m/s", "kn", 10, 5.14444),
        ("m/s", "mph", 10, 4.4704),
        ("%", "%", 40, 40),
        ("%", "fraction", 0.4, 40),
        ("hPa", "hPa", 1013, 1013),
        ("hPa", "mbar", 1013, 1013),
        ("hPa", "Pa", 101300, 1013),
        ("hPa", "kPa", 101.3, 1013),
    ],
)
def test_weather_becomes_canonical(
    canonical: str, unit: str, value: float, expected: float
) -> None:
    found = units.conversion(canonical, unit)

    assert value * found.factor + found.offset == pytest.approx(expected)
    assert not found.per_interval


@pytest.mark.parametrize("unit", ["W/m²", "W/m^2", "kWh/m²"])
def test_a_unit_may_be_written_in_other_ways(unit: str) -> None:
    assert units.is_known("W/m2", unit)
    assert (
        units.conversion("C", "°F") == units.conversion("C", "degF") == units.conversion("C", "F")
    )


def test_what_is_no_unit_of_a_quantity_is_not_known() -> None:
    assert not units.is_known("kW", "W/m2")
    assert not units.is_known("furlongs", "kW")
    assert units.known("furlongs") == ()
