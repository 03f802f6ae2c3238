"""The unit of a column: as its header says, by the plant's capacity, or by the size of its values."""

from __future__ import annotations

import numpy as np
import pytest

from console.drafting import shares, unit_words
from console.drafting.guess import Guess
from console.drafting.units_guessed import FITS, peak, power_unit, unit

CAPACITY = 6.0  # kW


def up_to(top: float) -> np.ndarray:
    return np.array([0.0, np.nan, *[top] * 8])


# --- by size ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("canonical", "top", "expected"),
    [
        ("ghi", 19.0, "kW/m2"),
        ("ghi", 21.0, "W/m2"),
        ("poa_global", 4.9e3, "W/m2"),
        ("dni", 5.1e3, "kJ/m2"),
        ("dhi", 3.9e5, "kJ/m2"),
        ("ghi", 4.1e5, "J/m2"),
        ("temp_air", 199.0, "C"),
        ("temp_module", 201.0, "K"),
        ("pressure", 1.9e4, "hPa"),
        ("pressure", 2.1e4, "Pa"),
        ("wind_speed", 99.0, "m/s"),
        ("relative_humidity", 1.0, "%"),
    ],
)
def test_weather_without_a_unit_is_guessed_by_its_size(
    canonical: str, top: float, expected: str
) -> None:
    found = unit(canonical, None, up_to(top))

    assert (found.value, found.why) == (expected, f"GUESSED by its size: values up to {top:.4g}")
    assert found.value in FITS[canonical]


def test_a_spike_and_a_column_without_values_decide_nothing() -> None:
    values = np.full(1000, 900.0)
    values[:9] = 1e6

    assert unit("ghi", None, values).value == "W/m2"
    assert unit("temp_air", None, np.array([np.nan])).value == "C"


def test_the_header_is_believed_where_its_unit_can_be_that_of_the_quantity() -> None:
    assert unit("ghi", "[kW/m²]", up_to(900.0)) == Guess("kW/m2", "the header says '[kW/m²]'")
    assert unit("ghi", "kW", up_to(900.0)).value == "W/m2"
    assert unit("ghi", "furlongs", up_to(900.0)).value == "W/m2"


# --- power ----------------------------------------------------------------------------------------------


def of_power(
    top: float,
    said: str | None = None,
    name: str = "P",
    capacity: float | None = CAPACITY,
    step: int = 15,
    *,
    is_counter: bool = False,
) -> tuple[object, str]:
    found = power_unit(said, name, up_to(top), capacity, step, is_counter=is_counter)
    return found.value, found.why


@pytest.mark.parametrize(
    ("top", "name", "expected"),
    [
        (5100.0, "P", "W"),
        (5.1, "P", "kW"),
        (0.0051, "P", "MW"),
        (1275.0, "Energy", "Wh"),
        (1.275, "Yield", "kWh"),
        (1.275e-3, "Ertrag", "MWh"),
        (1.275, "Énergie", "kWh"),
    ],
)
def test_the_capacity_tells_the_unit(top: float, name: str, expected: str) -> None:
    assert of_power(top, name=name) == (expected, "with it the peak is 85% of the capacity")


@pytest.mark.parametrize(
    ("share", "step", "said"),
    [
        (0.31, 60, "with it the peak is 31% of the capacity"),
        (0.29, 60, "an energy per interval, like kWh, may"),
        (1.19, 15, "with it the peak is 119% of the capacity"),
        (1.21, 15, "no unit of power fits; an energy per interval, like kWh, may"),
        (0.31, 20, "as kWh of an interval of 20 minutes it would be 93%; please check"),
        (0.45, 20, "with it the peak is 45% of the capacity"),
        (0.9, 50, "with it the peak is 90% of the capacity"),
    ],
    ids=[
        "little",
        "too little",
        "much",
        "too much",
        "it may be an energy",
        "as an energy it is too much",
        "as an energy it is less likely",
    ],
)
def test_a_peak_between_a_third_and_more_than_all_of_the_capacity_is_taken_for_granted(
    share: float, step: int, said: str
) -> None:
    value, why = of_power(share * CAPACITY, step=step)

    assert value == "kW"
    assert why.endswith((said, f"{said}; please check"))
    assert why.startswith("GUESSED") == ("please check" in why)


def test_a_name_of_energy_says_that_it_is_one() -> None:
    value, why = of_power(0.31 * CAPACITY / 3, name="energy", step=20)

    assert (value, why) == ("kWh", "with it the peak is 31% of the capacity")


def test_a_name_of_energy_of_which_none_fits_is_doubted() -> None:
    value, why = of_power(0.3, name="energy")

    assert value == "kWh"
    assert (
        "no unit of energy fits, as its name asks for; a power, like kW, may; please check" in why
    )


@pytest.mark.parametrize(
    ("top", "name", "expected"),
    [(0.9e5, "P", "kW"), (1.1e5, "P", "W"), (0.9e5, "energy", "kWh"), (1.1e5, "energy", "Wh")],
)
def test_without_the_capacity_the_size_tells_watts_from_kilowatts(
    top: float, name: str, expected: str
) -> None:
    value, why = of_power(top, name=name, capacity=None)

    assert value == expected
    assert "--ac-capacity-kw tells it" in why
    assert ("energy of an interval" in why) == (name == "energy")


@pytest.mark.parametrize(
    ("share", "is_doubted"),
    [(1.45, False), (1.55, True), (0.011, False), (0.009, True), (0.0, False)],
)
def test_the_headers_unit_is_doubted_where_the_capacity_contradicts_it(
    share: float, *, is_doubted: bool
) -> None:
    value, why = of_power(share * CAPACITY, "kW")

    assert value == "kW"
    assert why.startswith("GUESSED: the header says 'kW', but the peak is") == is_doubted
    assert of_power(share * CAPACITY, "kW", capacity=None)[1] == "the header says 'kW'"


def test_a_counter_counts_energy() -> None:
    assert of_power(9e9, "kWh", is_counter=True) == ("kWh", "the header says 'kWh'")
    assert of_power(9e9, "kW", is_counter=True)[0] == "kWh"
    assert "but a counter counts energy; please check" in of_power(9e9, "kW", is_counter=True)[1]
    assert of_power(9e9, is_counter=True)[0] == "kWh"
    assert of_power(9e9, is_counter=True)[1].startswith("GUESSED: no header says the unit")


def test_a_peak_is_that_of_all_but_a_thousandth() -> None:
    values = np.full(10_000, 2.0)
    values[:9] = 100.0

    assert peak(values, "kW", 15) == 2.0
    assert peak(values, "MWh", 15) == 8000.0


# --- shares of the capacity -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "is_named"),
    [("Capacity factor", True), ("power_per_unit", True), ("P (p.u.)", True), ("normalized power", True),
     ("Auslastung", True), ("input", False), ("power", False)],
)  # fmt: skip
def test_a_name_may_say_that_it_is_a_share(name: str, *, is_named: bool) -> None:
    assert shares.are_named(name) == is_named


@pytest.mark.parametrize(
    ("top", "capacity", "is_share"),
    [
        (1.0, 100.0, True),
        (1.04, 100.0, True),
        (1.06, 100.0, False),
        (0.31, 100.0, True),
        (0.29, 100.0, False),
        (1.0, 800.0, True),
        (1.0, 850.0, False),
        (1.0, 3.5, True),
        (1.0, 3.0, False),
        (1.0, 0.002, False),
        (1.0, 0.001, False),
    ],
    ids=[
        "all of it",
        "a little more",
        "too much",
        "a third",
        "too little",
        "too much as MW",
        "as MW",
        "too little as kW",
        "as kW",
        "as W",
        "as W of a very small plant",
    ],
)
def test_values_up_to_one_are_a_share_where_no_unit_makes_them_power(
    top: float, capacity: float, *, is_share: bool
) -> None:
    assert shares.seem(up_to(top), capacity) == is_share
    assert not shares.seem(np.array([np.nan]), capacity)


def test_percent_may_be_written_in_words() -> None:
    assert [shares.are(each) for each in ("%", "Percent", "(prozent)", "kW", None)] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_percent_is_power_only_where_nothing_else_is_and_it_can_be_read() -> None:
    names, units = ["P %", "Q"], {"Q": "%"}

    assert shares.without(["P %", "P kW"], {}, 5.0, ()) == (["P kW"], ())
    assert shares.without(["a", "b"], {}, None, ()) == (["a", "b"], ())
    assert shares.without(names, units, 5.0, ()) == (names, ())
    assert shares.without([], {}, 5.0, ()) == ([], ())
    assert shares.without(names, units, 5.0, {"Q"}) == (["P %"], ())
    some, (said,) = shares.without(names, units, None, {"P %"})
    assert (some, "'Q' holds percent; if it is power, give the capacity" in said) == ([], True)
    some, (said,) = shares.without(names, units, 5.0, {"P %", "Q"})
    assert (some, "'P %' holds percent, with the sign in its cells" in said) == ([], True)


@pytest.mark.parametrize(
    ("top", "sign", "scale", "said"),
    [
        (95.0, None, 0.5, "'P' is percent of power, with values up to 95; 100 is taken for 50 kW"),
        (-95.0, Guess(-1.0, ""), -0.5, "with values up to 95; 100 is"),
        (1.1, None, 50.0, "'P' is a share of power, with values up to 1.1; 1 is taken for 50 kW"),
        (1.3, None, 0.5, "100 is taken for 50 kW"),
    ],
)
def test_the_scale_of_a_share_is_the_capacity(
    top: float, sign: Guess | None, scale: float, said: str
) -> None:
    found = shares.of_capacity(up_to(top), "P", 50.0, sign)

    assert (found["unit"].value, found["scale"].value) == ("kW", scale)
    assert said in found["scale"].why
    assert shares.of_capacity(np.array([np.nan]), "P", 50.0, None)["scale"].value == 50.0


# --- words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Power (kW)", "kW"),
        ("Power [kW] (AC)", "kW"),
        ("Power (AC) [W]", "W"),
        ("power_kw", "kw"),
        ("Temp C", "C"),
        ("kWh", "kWh"),
        ("C", None),
        ("W", None),
        ("kW of inverter", "kW"),
        ("a W then kW", "kW"),
        ("Power", None),
    ],
)
def test_a_name_may_end_in_its_unit(name: str, expected: str | None) -> None:
    assert unit_words.of_name(name) == expected


def test_units_that_the_product_does_not_read_are_units_too() -> None:
    assert unit_words.is_unit("(kVArh)")
    assert unit_words.is_unit(" {kW} ")
    assert not unit_words.is_unit("power")
    assert unit_words.of_letters("Énergie__PV (kW)") == "energie pv kw"
    assert [unit_words.certain(each) for each in ("kW", "[C]", "%")] == [True, False, False]
