"""Irradiance that reaches the half of a clear sky on clear days is an energy per half-hour, not a haze."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable import clear_sky, sun
from shared.errors import UnreadableFileError
from shared.solar.irradiance import clearsky_ghi
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import refused, site
from tests.unit.data_watcher.powers import axis

DAYS = 10
STEP = np.timedelta64(30, "m")
ROWS_OF_A_DAY = 48
Sky = Callable[[int, float], float]


def where(unit: str = "W/m2", latitude: float = 52.1) -> Site:
    ghi = {"ghi": {"column": "g", "unit": unit}}
    return site(
        {"columns": ghi, "timestamp": {"column": "t", "step_minutes": 30}}, latitude=latitude
    )


def light(
    sky: Sky, start: str = "2024-06-01", latitude: float = 52.1, days: int = DAYS
) -> list[tuple[str, float]]:
    """Irradiance under skies that let through a part of what a clear one does. [W/m²]"""
    times = np.datetime64(start, "us") + np.arange(days * ROWS_OF_A_DAY) * STEP
    ups = sun.over(times, 1800.0, site(latitude=latitude)).up
    return [
        (str(at)[:16], round(sky(row, max(up, 0.0)) * 1060 * max(up, 0.0) ** 1.12, 2))
        for row, (at, up) in enumerate(zip(times, ups.tolist(), strict=True))
    ]


def csv(values: list[tuple[str, float]], factor: float = 1.0) -> bytes:
    return "\n".join(["t,g", *(f"{at},{watt * factor:.3f}" for at, watt in values)]).encode()


def mixed(row: int, _: float) -> float:
    """Six clear days, and four with clouds that come and go."""
    return 1.0 if row // ROWS_OF_A_DAY % 5 < 3 else 0.6 + 0.3 * math.sin(row * 2.1)


def even(_: int, up: float) -> float:
    """A cloud that covers all, thinner towards noon."""
    return 0.15 + 0.3 * up


def test_energies_of_half_hours_that_are_called_power_are_refused() -> None:
    fault = refused(csv(light(mixed), 0.5), where())

    assert fault.code == "wrong_unit"
    assert "6 days rise and fall like a clear sky from 2024-06-01 (row 2) on" in fault.reason
    assert "Wh/m2 where it is the energy of each interval" in fault.remedy


def from_day(first: int, last: int, change: float, sky: Sky) -> Sky:
    def changed(row: int, up: float) -> float:
        return sky(row, up) * (change if first <= row / ROWS_OF_A_DAY < last else 1.0)

    return changed


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [(5, DAYS, "2024-06-06"), (0, 5, "2024-06-01"), (4.5, DAYS, "2024-06-06")],
    ids=["from a day on", "until a day", "from a noon on"],
)
def test_energies_in_a_part_of_a_file_are_refused_with_the_first_of_their_days(
    first: float, last: int, said: str
) -> None:
    fault = refused(csv(light(from_day(first, last, 0.5, mixed))), where())

    assert fault.code == "wrong_unit"
    assert f"3 days rise and fall like a clear sky from {said}" in fault.reason
    assert "split it there" in fault.remedy


def broken(row: int, _: float) -> float:
    """Clouds that come and go, and leave the sky for moments."""
    return 0.55 + 0.4 * math.sin(row * 1.9) + 0.05 * math.sin(row * 7.0)


def test_many_days_of_clouds_that_never_open_are_refused() -> None:
    data = csv(light(broken, days=13), 0.5)

    fault = refused(data, where())

    assert (
        "on 13 days in a row, from 2024-06-01 (row 2) on, ghi never reaches more than"
        in fault.reason
    )
    assert read(data, "raw/east/p.csv", where("Wh/m2")).rows.masks == {}  # as the remedy says


def test_a_sensor_that_is_covered_for_long_has_no_other_unit() -> None:
    data = csv(light(from_day(2, 16, 0.05, broken), days=18))

    assert read(data, "raw/east/p.csv", where()).rows.masks == {}


@pytest.mark.parametrize(
    ("data", "unit", "factor"),
    [
        (light(mixed), "W/m2", 1.0),
        (light(mixed), "Wh/m2", 0.5),
        (light(lambda *at: 0.75 * mixed(*at)), "W/m2", 1.0),
        (light(lambda row, _: 0.5 + 0.2 * math.sin(row * 1.9)), "W/m2", 1.0),
        (light(even), "W/m2", 1.0),
        (light(from_day(2, 8, 0.5, broken)), "W/m2", 1.0),
        (light(lambda *at: 0.5 * mixed(*at), start="2024-12-10"), "W/m2", 1.0),
        (light(lambda row, up: mixed(row, up) if row % 96 else 0.5), "W/m2", 1.0),
    ],
    ids=[
        "clear",
        "as the remedy says",
        "dust",
        "clouds",
        "even cloud",
        "a week of rain",
        "winter",
        "few clear rows",
    ],
)
def test_skies_are_kept(data: list[tuple[str, float]], unit: str, factor: float) -> None:
    reading = read(csv(data, factor), "raw/east/p.csv", where(unit))

    assert reading.rows.masks == {}
    found = pq.read_table(pa.BufferReader(reading.parquet))["ghi"].to_pylist()
    assert found == pytest.approx([watt for _, watt in data], abs=0.01)


# --- limits -------------------------------------------------------------------------------------------


def under(
    part: Callable[[np.ndarray, np.ndarray], np.ndarray],
    days: int,
    *,
    minutes: int = 30,
    start: str = "2024-06-01",
    by_its_best: bool = False,
) -> tuple[str | None, list[tuple[int, float]]]:
    """What is said of a sensor that sees a part of a clear sky, and the spells: their days, their best part.

    The part depends on the day and on the sine of the sun's elevation.
    """
    step = np.timedelta64(minutes, "m")
    time = axis(days * 1440 // minutes, start, step)
    up = np.asarray(sun.over(time.utc, time.step, site()).up, float)
    day = np.arange(len(up)) * minutes / 1440
    ghi = part(day, up) * clearsky_ghi(up)
    found = clear_sky.low_spells(ghi, time, site(), by_its_best=by_its_best)
    spells = [(each.days, round(each.best, 2)) for each in found]
    try:
        clear_sky.check(ghi, time, site(), str)
    except UnreadableFileError as fault:
        return fault.reason, spells
    return None, spells


def half(day: np.ndarray, _: np.ndarray) -> np.ndarray:
    return 0.5 + 0.0 * day


def gusty(best: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Clouds that come and go, and let through so much at best."""
    return lambda day, _: best * (0.75 + 0.25 * np.cos(np.pi * np.round(day * 48)))


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_three_clear_days_are_enough_also_of_hours(minutes: int) -> None:
    said, spells = under(half, 3, minutes=minutes)

    assert said is not None
    assert "3 days rise and fall like a clear sky from 2024-06-01" in said
    assert spells == [(3, 0.5)]
    assert under(half, 2, minutes=minutes) == (None, [])


def test_hours_of_a_day_in_spring_are_too_few_to_show_its_shape() -> None:
    assert under(half, 4, minutes=60, start="2024-03-20") == (None, [(4, 0.5)])
    assert under(half, 4, minutes=30, start="2024-03-20")[0] is not None


def test_a_low_noon_sun_tells_nothing() -> None:
    assert under(half, 6, start="2024-02-14") == (None, [])  # its sine is 0.42


@pytest.mark.parametrize(("days", "is_told"), [(11, False), (12, True)])
def test_twelve_days_of_clouds_are_as_many_as_it_takes(days: int, *, is_told: bool) -> None:
    said, spells = under(gusty(0.45), days)

    assert spells == [(days, 0.45)]
    assert (said is not None) == is_told


@pytest.mark.parametrize(("best", "is_told"), [(0.07, False), (0.15, True)])
def test_a_sensor_that_sees_nearly_nothing_is_covered(best: float, *, is_told: bool) -> None:
    assert (under(gusty(best), 13)[0] is not None) == is_told


def test_a_sky_that_opens_while_the_sun_is_halfway_up_has_opened() -> None:
    def mornings(day: np.ndarray, up: np.ndarray) -> np.ndarray:
        return np.where((up > 0.4) & (up < 0.5), 0.9, gusty(0.45)(day, up))

    assert under(mornings, 13) == (None, [])


def test_the_light_of_a_low_sun_opens_no_sky() -> None:
    def at_dawn(day: np.ndarray, up: np.ndarray) -> np.ndarray:
        return np.where((up > 0.2) & (up < 0.3), 0.9, gusty(0.45)(day, up))

    said, spells = under(at_dawn, 13)

    assert said is not None
    assert spells == [(13, 0.45)]


@pytest.mark.parametrize(("jitter", "is_told"), [(2e-3, True), (1e-2, False)])
def test_rows_of_five_minutes_are_looked_at_every_quarter_of_an_hour(
    jitter: float, *, is_told: bool
) -> None:
    def jittery(day: np.ndarray, _: np.ndarray) -> np.ndarray:
        return 0.5 + jitter * (-1) ** np.round(day * 288)

    assert (under(jittery, 4, minutes=5)[0] is not None) == is_told


def test_a_day_that_rises_and_falls_otherwise_than_its_sky_is_not_clear() -> None:
    """An even cloud, thin in the morning: no way up and down, but no clear sky either."""
    said, spells = under(lambda day, _: 0.55 - 0.3 * (day % 1), 4)

    assert said is None
    assert spells == [(4, pytest.approx(0.47, abs=0.02))]


@pytest.mark.parametrize(
    ("best", "low", "spells"),
    [
        (1.0, 0.6, 1),
        (1.0, 0.65, 0),
        (1.2, 0.7, 1),
        (1.2, 0.8, 0),
        (0.7, 0.6, 1),
        (2.0, 0.78, 1),
        (2.0, 0.85, 0),
    ],
)
def test_a_sensor_is_judged_by_its_best_days_where_that_is_asked(
    best: float, low: float, spells: int
) -> None:
    """At 0.62 of them; of a clear sky where they are below it, and never by more than 1.3 times one."""

    def part(day: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.where(day < 3, best, low)

    assert len(under(part, 6, by_its_best=True)[1]) == spells
    assert len(under(part, 6)[1]) == (low < 0.62)


def test_a_cloudy_day_between_ends_a_spell() -> None:
    def part(day: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.where((day >= 3) & (day < 4), 0.9, 0.5)

    assert under(part, 6)[1] == [(3, 0.5)]


def test_clear_days_are_alike() -> None:
    """An even cloud can look like a clear day; of several not all are as thick."""

    def part(day: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.where(day < 2, 0.5, 0.3 + 0.06 * np.floor(day - 2))

    assert under(part, 4) == (None, [(4, 0.5)])
    assert under(lambda day, _: np.where(day < 2, 0.5, 0.44), 4)[0] is not None
