"""Power in the dark is not the sun's: a house's column is refused, a record that hangs is masked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.unit.data_watcher.plant_files import (
    CSV,
    accepted,
    canonical,
    csv,
    plant,
    refused,
    site,
)

Row = tuple[datetime, float]
NOON, DAY = 48, 96
WINTER = list(plant(days=6))


def house(moment: datetime, _: float) -> float:
    return 350.0 + 900.0 * (17 <= moment.hour < 22) + 25.0 * (moment.minute + moment.hour % 5)


def system(moment: datetime, watt: float) -> float:
    return 2500.0 + watt / 2 + moment.minute


@pytest.mark.parametrize("days", [1, 6])
@pytest.mark.parametrize("used", [house, system])
def test_a_column_with_power_through_all_of_the_night_is_refused(
    used: Callable[[datetime, float], float], days: int
) -> None:
    rows = [(moment, used(moment, watt)) for moment, watt in WINTER[: DAY * days]]

    fault = refused(csv(rows), site(CSV))

    assert fault.code == "power_at_night"
    assert "the column is not what the plant gives" in fault.reason
    assert "name the column of the plant's own power" in fault.remedy


@pytest.mark.parametrize(
    "given",
    [
        lambda _, watt: watt,
        lambda _, watt: watt or -20.0,
        lambda moment, watt: watt or 40.0 + moment.minute / 10,
        lambda moment, watt: max(watt, 1500.0 * (moment.hour >= 20) * (1 - moment.minute / 90)),
        lambda _, watt: min(watt, 3000.0),
    ],
    ids=["healthy", "stand-by", "offset of a meter", "battery in the evening", "at a limit"],
)
def test_what_plants_say_at_night_is_kept(given: Callable[[datetime, float], float]) -> None:
    rows = [(moment, given(moment, watt)) for moment, watt in WINTER]

    assert accepted(csv(rows), site(CSV), rows).rows.masks == {}


def test_power_in_the_midnight_sun_is_no_power_at_night() -> None:
    """At 69 degrees north the sun does not set in June."""
    rows = [(moment, 900.0 + watt / 2) for moment, watt in WINTER]

    accepted(csv(rows), site(CSV, latitude=69.0), rows)


def test_a_record_that_hangs_through_a_night_is_masked_from_its_first_row_on() -> None:
    held = WINTER[3 * DAY + NOON][1]
    still = range(3 * DAY + NOON, 4 * DAY + 20)
    rows = [(at, held if row in still else watt) for row, (at, watt) in enumerate(WINTER)]

    reading, found = canonical(csv(rows), site(CSV))

    assert reading.rows.masks == {"stuck": len(still)}
    for row, (moment, watt) in enumerate(WINTER):
        value = found[moment]
        assert (value is None) == (row in still), moment
        assert value is None or value * 1000 == pytest.approx(watt, abs=1)


def test_a_record_that_hangs_by_day_alone_may_be_a_plant_that_is_held_back() -> None:
    still = range(3 * DAY + 24, 3 * DAY + 64)
    rows = [(at, 2400.0 if row in still else watt) for row, (at, watt) in enumerate(WINTER)]

    reading, _ = canonical(csv(rows), site(CSV))

    assert reading.rows.masks == {"held_back": len(still)}
