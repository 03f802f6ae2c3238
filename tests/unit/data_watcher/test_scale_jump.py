"""A unit that changes inside a day or over one night of a few is found; snow and outages are none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from services.data_watcher.domain.believable import scale_jump
from services.data_watcher.domain.believable.power import Power
from shared.errors import UnreadableFileError
from tests.unit.data_watcher.powers import ROWS_OF_A_DAY, power, sunny

NOON = ROWS_OF_A_DAY // 2
NIGHT = ROWS_OF_A_DAY
LAST_HOURS = 69  # row of a day, from which on seven are bright
Change = Callable[[np.ndarray], np.ndarray]


def beside(
    days: int, own: Change = np.copy, light: Change = np.copy, seed: int = 1
) -> tuple[np.ndarray, Power]:
    """Irradiance and power of days with light clouds, like each other to within some percent. [W/m²]"""
    random = np.random.default_rng(seed)
    sky = sunny(days) * random.uniform(0.8, 1.0, days * ROWS_OF_A_DAY)
    given = 0.8 * sky * random.uniform(0.97, 1.03, len(sky))
    return light(1000.0 * sky), power(own(given))


def since(row: int, factor: float, rows: int | None = None) -> Change:
    def change(values: np.ndarray) -> np.ndarray:
        found = values.copy()
        found[row : None if rows is None else row + rows] *= factor
        return found

    return change


def fault(light: np.ndarray, own: Power) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as caught:
        scale_jump.check("ghi", light, own)
    return caught.value


@pytest.mark.parametrize("factor", [1 / 4, 1 / 12, 1 / 100, 4.0])
def test_power_that_becomes_energies_inside_a_day_is_refused_with_its_first_row(
    factor: float,
) -> None:
    whole = since(0, 0.25) if factor > 1 else np.copy

    found = fault(*beside(1, lambda given: since(NOON, factor)(whole(given))))

    assert found.code == "wrong_unit"
    assert f"(row {NOON + 1})" in found.reason
    assert f"times {'more' if factor > 1 else 'less'} than before" in found.reason
    assert "split the file there" in found.remedy


def test_a_cloud_that_comes_with_the_change_hides_nothing() -> None:
    light, own = beside(1, since(NOON, 0.25 * 0.5), since(NOON, 0.5))

    assert f"(row {NOON + 1})" in fault(light, own).reason


@pytest.mark.parametrize("days", [2, 3, 5, 20])
@pytest.mark.parametrize("from_end", [0.5, 1, 1.5])
def test_the_last_days_of_a_file_may_have_another_unit(days: int, from_end: float) -> None:
    row = round((days - from_end) * ROWS_OF_A_DAY)

    assert fault(*beside(days, since(row, 0.25))).code == "wrong_unit"


@pytest.mark.parametrize("days", [2, 5, 20])
def test_the_first_day_of_a_file_may_have_another_unit(days: int) -> None:
    assert fault(*beside(days, since(0, 0.25, NIGHT))).code == "wrong_unit"


def test_irradiance_may_change_its_unit_too() -> None:
    found = fault(*beside(2, light=since(NOON, 0.001)))

    assert "times more" in found.reason
    assert "power or ghi changes its unit there" in found.reason


def thaw(given: np.ndarray) -> np.ndarray:
    """The last day is below snow, which slides off here and there."""
    found = since(NIGHT, 0.25)(given)
    found[NIGHT:] *= 1.0 + 0.5 * np.sin(np.arange(len(found[NIGHT:])))
    return found


def held_from_noon(given: np.ndarray) -> np.ndarray:
    """From noon on the plant may give a quarter of what it just gave."""
    found = given.copy()
    found[NOON:] = np.minimum(found[NOON:], 0.25 * found[NOON - 1])
    return found


@pytest.mark.parametrize(
    ("own", "light"),
    [
        (np.copy, np.copy),
        (since(NOON, 0.5), np.copy),  # one of two inverters
        (since(NOON, 1 / 3), np.copy),  # two of three
        (since(NOON, 0.0), np.copy),  # an outage
        (np.copy, since(NOON, 0.22)),  # a sensor in the shade
        (since(NOON, 0.25, 4), np.copy),  # an hour, as in a storm
        (since(NIGHT, 0.235, NIGHT), np.copy),  # a day below snow, the last of the file
        (thaw, np.copy),
        (lambda given: np.minimum(given, 0.15), np.copy),  # a limit
        (held_from_noon, np.copy),
        (since(NOON, 0.25, 14), np.copy),  # inverters that come back
        (since(LAST_HOURS, 0.25, 7), np.copy),
    ],
    ids=[
        *[
            "healthy",
            "half",
            "third",
            "outage",
            "shade",
            "storm",
            "snow",
            "thaw",
            "limit",
            "held back",
        ],
        *["back again", "the last hour and a half"],
    ],
)
def test_what_plants_and_sensors_do_is_no_change_of_unit(own: Change, light: Change) -> None:
    for days in (1, 2):
        for seed in range(5):
            scale_jump.check("ghi", *beside(days, own, light, seed))


@pytest.mark.parametrize(("first", "days"), [(9, 5), (11, 3), (2, 5), (1, 2)])
def test_a_quarter_for_days_inside_a_long_file_is_an_outage(first: int, days: int) -> None:
    scale_jump.check("ghi", *beside(16, since(first * NIGHT, 0.25, days * NIGHT)))


def test_energies_of_half_hours_are_not_told_from_half_of_a_plant() -> None:
    light, own = beside(2, since(NOON, 0.5))

    scale_jump.check("ghi", light, own)
