"""Limits of what the air and modules can be: by season, by day and night, and from one row to the next."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from services.data_watcher.domain.believable import sun, temperature
from services.data_watcher.domain.time_axis import TimeAxis
from shared.errors import UnreadableFileError
from tests.unit.data_watcher.plant_files import site
from tests.unit.data_watcher.powers import axis

A_DAY = 96  # rows
DARK, HIGH = -0.17, 0.5  # sines of the sun's elevation
JUNE, FEBRUARY, MARCH = "2024-06-01", "2024-02-14", "2024-03-10"


def said(check: Callable[[], None]) -> str | None:
    """What is refused as a wrong unit, and its remedy; None where nothing is."""
    try:
        check()
    except UnreadableFileError as fault:
        return f"{fault.reason} / {fault.remedy}" if fault.code == "wrong_unit" else fault.code
    return None


# --- air ----------------------------------------------------------------------------------------------


def air(
    mean: float, change: float, days: int = 5, start: str = JUNE, known: float = 1.0
) -> str | None:
    """What is said of days that change by so much around a mean. [C]"""
    time = axis(days * A_DAY, start)
    local = sun.mean_solar_time(time.utc, site())
    hour = (local - local.astype("M8[D]")) / np.timedelta64(1, "h")
    values = mean + change / 2 * np.sin(np.pi * (hour - 9) / 12)
    values[hour / 24 > known] = np.nan
    return said(lambda: temperature.check(values, time, site(), "C"))


@pytest.mark.parametrize(("mean", "is_refused"), [(52.0, False), (55.0, True)])
def test_no_day_of_june_has_a_mean_of_54_degrees(mean: float, *, is_refused: bool) -> None:
    found = air(mean, 12.0)

    assert (found is not None) == is_refused
    assert found is None or "warmer than 54 C in this season; the YAML says C" in found


def test_no_day_of_winter_is_as_warm_as_one_of_summer() -> None:
    assert "warmer than 34 C in this season" in str(air(36.0, 12.0, start=FEBRUARY))
    assert air(36.0, 12.0) is None


ELSE = "(its unit, or its column)"


@pytest.mark.parametrize(
    ("mean", "change", "remedy"),
    [
        (60.0, 18.0, "(unit: F)"),
        (290.0, 10.0, "(unit: K)"),
        (150.0, 100.0, "(scale: 0.1)"),
        (238.0, 10.0, "(unit: K)"),
        (228.0, 10.0, ELSE),
        (116.0, 18.0, "(unit: F)"),
        (122.0, 18.0, ELSE),
        (60.0, 5.4, "(unit: F)"),
        (60.0, 3.6, ELSE),
        (600.0, 100.0, ELSE),
        (290.0, 30.0, "(unit: K or scale: 0.1)"),
        (290.0, 40.0, "(scale: 0.1)"),
    ],
    ids=[
        "F",
        "K",
        "tenths",
        "K of a frost",
        "colder than any day",
        "F of a hot day",
        "hotter than any",
        "a day of rain",
        "hardly a change",
        "tenths hotter than any",
        "desert",
        "more than a desert",
    ],
)  # fmt: skip
def test_the_remedy_names_what_makes_the_mean_and_the_change_of_a_day_likely(
    mean: float, change: float, remedy: str
) -> None:
    assert remedy in str(air(mean, change))


@pytest.mark.parametrize(
    ("mean", "change", "days", "start", "is_refused"),
    [
        (1.7, 1.0, 5, JUNE, True),
        (-1.7, 1.0, 5, JUNE, True),
        (4.5, 1.0, 5, JUNE, True),
        (1.7, 1.4, 5, JUNE, True),
        (1.7, 1.0, 4, JUNE, False),
        (5.5, 1.0, 5, JUNE, False),
        (1.7, 1.7, 5, JUNE, False),
        (1.7, 0.0, 5, JUNE, False),
        (1.7, 1.0, 5, FEBRUARY, False),
        (1.7, 1.0, 6, "2024-02-26", False),
    ],
    ids=[
        "tenths",
        "tenths of a frost",
        "tenths of heat",
        "tenths of a clear sky",
        "few days",
        "spring",
        "fog",
        "a sensor that hangs",
        "low sun",
        "a sun that is high on the last days",
    ],
)  # fmt: skip
def test_five_days_of_a_high_sun_without_warmth_and_change_are_tenths(
    mean: float, change: float, days: int, start: str, *, is_refused: bool
) -> None:
    found = air(mean, change, days, start)

    assert (found is not None) == is_refused
    assert found is None or "values look divided by ten / correct temp_air" in found


@pytest.mark.parametrize(("known", "is_refused"), [(0.93, True), (0.85, False)])
def test_only_days_that_are_nearly_whole_are_judged(known: float, *, is_refused: bool) -> None:
    assert (air(60.0, 12.0, known=known) is not None) == is_refused


def test_air_without_a_value_says_nothing() -> None:
    assert air(np.nan, 1.0) is None


# --- modules ------------------------------------------------------------------------------------------


def modules(
    warmth: Callable[[np.ndarray], np.ndarray],
    days: int = 4,
    start: str = JUNE,
    *,
    air_at: float | None = None,
    night_rows: int | None = None,
    high_rows: int | None = None,
    **changes: object,
) -> str | None:
    """What is said of modules that are so warm by the sine of the sun's elevation; a few rows are unknown."""
    time, where = axis(days * A_DAY, start), site(**changes)
    up = sun.roughly_up(sun.mean_solar_time(time.utc, where), where.latitude)
    values = warmth(up)
    values[40:42] = values[2:3] = np.nan
    for rows, count in ((up < DARK, night_rows), (up > HIGH, high_rows)):
        known = np.flatnonzero(rows & np.isfinite(values))
        values[known[count:] if count is not None else []] = np.nan
    beside = None if air_at is None else np.full(len(up), air_at)
    return said(lambda: temperature.check_module(values, beside, time, where, "C"))


def night_and_day(night: float, day: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda up: np.where(up < DARK, night, day)


@pytest.mark.parametrize("beside", [None, 30.0])
@pytest.mark.parametrize(("night", "is_refused"), [(40.0, False), (43.5, True)])
def test_no_module_stays_at_42_degrees_at_night(
    night: float, beside: float | None, *, is_refused: bool
) -> None:
    found = modules(night_and_day(night, 60.0), air_at=beside)

    assert (found is not None) == is_refused
    assert found is None or "at night it is usually 43.5 C, and no module stays as warm" in found


@pytest.mark.parametrize(("rows", "is_refused"), [(23, False), (24, True)])
def test_a_few_rows_say_little(rows: int, *, is_refused: bool) -> None:
    warm, cold = night_and_day(60.0, 20.0), night_and_day(20.0, 10.0)

    assert (modules(warm, night_rows=rows) is not None) == is_refused
    assert (modules(cold, high_rows=rows, air_at=20.0) is not None) == is_refused
    assert (
        modules(night_and_day(35.0, 30.0), night_rows=rows, air_at=20.0) is not None
    ) == is_refused


def test_dusk_is_no_night() -> None:
    """At 60 degrees north the sun of June stays within ten degrees below the horizon."""
    assert modules(night_and_day(20.0, 60.0), latitude=60.0) is None


@pytest.mark.parametrize("off", [-15.0, -13.0, 13.0, 15.0])
def test_without_the_sun_modules_are_within_14_degrees_of_the_air(off: float) -> None:
    found = modules(night_and_day(10.0 + off, 40.0), air_at=10.0)

    assert (found is not None) == (abs(off) > 14)
    assert found is None or f"usually {off:+.3g} C off temp_air" in found


@pytest.mark.parametrize(("off", "is_refused"), [(-6.0, False), (-8.0, True), (8.0, False)])
def test_under_a_high_sun_modules_are_warmer_than_the_air(off: float, *, is_refused: bool) -> None:
    found = modules(night_and_day(20.0, 20.0 + off), air_at=20.0)

    assert (found is not None) == is_refused
    assert found is None or "colder than temp_air, and modules are warmer" in found
    assert found is None or "swap the columns of temp_module and temp_air" in found


def test_under_a_low_sun_and_for_a_moment_they_may_be_colder() -> None:
    def frosty(up: np.ndarray) -> np.ndarray:
        return np.where(up > 0.5, 20.0, 10.0)

    assert modules(frosty, start=MARCH, air_at=20.0) is None
    assert modules(night_and_day(20.0, 10.0), 1, FEBRUARY, air_at=20.0) is None


# --- from one row to the next ---------------------------------------------------------------------------


def jump(
    before: list[float] | float,
    after: list[float] | float,
    *,
    hours: tuple[float, float] = (12, 12),
    minutes: int = 15,
    gap: int = 0,
    name: str = "temp_air",
) -> str | None:
    """What is said of temperatures before and after a seam; a list begins or ends at the seam. [C]"""
    sizes = [round(each * 60 / minutes) for each in hours]
    one, two = (each if isinstance(each, list) else [each] for each in (before, after))
    values = np.array(
        [one[0]] * (sizes[0] - len(one)) + one + two + [two[-1]] * (sizes[1] - len(two))
    )
    step = np.timedelta64(minutes, "m")
    utc = axis(len(values), JUNE, step).utc.copy()
    utc[sizes[0] :] += np.timedelta64(gap, "m")
    time = TimeAxis(utc, np.arange(len(utc)), minutes * 60.0, {})
    return said(lambda: temperature.check_jump(name, values, time, site(), str))


def in_f(celsius: float) -> float:
    return celsius * 1.8 + 32.0


@pytest.mark.parametrize(
    ("before", "after", "is_refused"),
    [
        (20.0, in_f(20.0), True),
        (in_f(20.0), 20.0, True),
        (-15.0, in_f(-15.0), True),
        (-20.0, in_f(-20.0), True),
        (-24.0, in_f(-24.0), False),
        (10.0, in_f(10.0) + 13, True),
        (10.0, in_f(10.0) + 17, False),
        (10.0, [in_f(10.0) + 18, in_f(10.0) + 12], True),
        (10.0, [in_f(10.0) + 25, in_f(10.0) + 12], False),
        (in_f(10.0) + 12, [10.0, 10.0, in_f(10.0) + 12, 10.0], False),
        (10.0, [in_f(10.0), in_f(10.0), 10.0, in_f(10.0)], False),
        (10.0, 30.0, False),
    ],
    ids=[
        "to F",
        "from F",
        "frost",
        "hard frost",
        "where both are nearly alike",
        "warmer than it was",
        "much warmer than it was",
        "a seam that is off",
        "a seam that is far off",
        "back for a row, from F",
        "back for a row",
        "a front",
    ],
)  # fmt: skip
def test_what_goes_over_to_fahrenheit_stays_apart_from_the_day_before(
    before: float, after: list[float] | float, *, is_refused: bool
) -> None:
    assert (jump(before, after) is not None) == is_refused


def test_steps_of_less_than_twelve_degrees_are_no_jump() -> None:
    assert jump([-21.0, -27.0], [-16.6, -5.0]) is None
    assert jump([-21.0, -21.0], [-5.0, -5.0]) is not None


def test_the_row_and_the_part_in_fahrenheit_are_said() -> None:
    assert "from 20 to 68 C in row 48 and stays: from there on it looks like F" in str(
        jump(20.0, 68.0)
    )
    assert "from 68 to 20 C in row 48 and stays: before it it looks like F" in str(jump(68.0, 20.0))


@pytest.mark.parametrize(
    ("minutes", "gap", "is_refused"),
    [(60, 0, True), (60, 60, False), (15, 60, True), (15, 90, False)],
)
def test_rows_an_hour_and_a_half_apart_are_no_neighbours(
    minutes: int, gap: int, *, is_refused: bool
) -> None:
    assert (jump(20.0, 68.0, minutes=minutes, gap=gap) is not None) == is_refused


@pytest.mark.parametrize("hours", [(2.5, 12), (12, 2.5), (3, 12), (12, 3)])
def test_three_hours_are_known_on_either_side(hours: tuple[float, float]) -> None:
    assert (jump(20.0, 68.0, hours=hours) is not None) == (min(hours) >= 3)


def test_what_was_more_than_a_day_ago_does_not_count() -> None:
    assert jump([68.0] + [20.0] * 97, 68.0, hours=(30, 12)) is not None
    assert jump([68.0] + [20.0] * 90, 68.0, hours=(30, 12)) is None


def test_of_modules_only_nights_are_compared() -> None:
    """The sun rises at four and sets at twenty."""
    assert jump(20.0, 68.0, hours=(3.5, 12), name="temp_module") is None
    assert jump(20.0, 68.0, hours=(12, 15), name="temp_module") is not None
    assert (
        jump([20.0] + [68.0] * 20 + [20.0] * 4, 68.0, hours=(12, 15), name="temp_module")
        is not None
    )
