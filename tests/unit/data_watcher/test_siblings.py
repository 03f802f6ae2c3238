"""Accepted files of a source that disagree make it suspect; a plant that changes does not."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.data_watcher.domain import siblings
from services.data_watcher.domain.believable import resemblance, sun
from services.data_watcher.domain.siblings import (
    CAPACITY,
    CLOCK,
    DAYS,
    FAINT_LIGHT,
    IRRADIANCE,
    PARTS,
    POWER,
    Sibling,
    disagreements,
)
from services.data_watcher.domain.time_axis import TimeAxis
from services.data_watcher.domain.traits import Level, Traits, read
from tests.unit.data_watcher.plant_files import CAPACITY_W, site

MONTHS = [f"2024-{month:02}" for month in range(1, 13)]
LATER = datetime(2025, 6, 1, tzinfo=UTC)
CAPACITY_KW = CAPACITY_W / 1000


def file(
    first: str,
    days: int = 1,
    *,
    step: float = 15,
    times: float = 1.0,
    late: float = 0.0,
    clouds: float = 0.0,
    key: str | None = None,
    uploaded: datetime = LATER,
    part: float = 1.0,
    parted: int = 7,
) -> Sibling:
    """A file of a plant that reaches 0.9 of its capacity on clear days.

    `step` is in minutes, `late` in hours; `clouds` is how far they dim at most. Its first `parted` days are
    multiplied by `part`.
    """
    width = np.timedelta64(round(step * 60), "s")
    utc = np.datetime64(first, "us") + np.arange(round(days * 1440 / step)) * width
    shifted = utc - np.timedelta64(round(late * 3600), "s")
    up = np.clip(sun.over(shifted, step * 60.0, site()).up, 0.0, None)
    dim = np.random.default_rng(zlib.crc32(first.encode())).uniform(1 - clouds, 1, len(utc))
    dim[: round(parted * 1440 / step)] *= part
    axis = TimeAxis(utc, np.arange(len(utc)), step * 60.0, {})
    found = resemblance.traits(axis, 0.9 * CAPACITY_KW * up * dim * times, site())
    name = key or f"raw/east/power_{first}.csv"
    return Sibling(name, name, uploaded, utc[0].item().replace(tzinfo=UTC), found)


def year(change: Callable[[int], dict[str, float]] = lambda _: {}) -> list[Sibling]:
    """Twelve monthly files, of which `change` says by number what is different."""
    return [
        file(f"{month}-01", 28, clouds=0.7, **change(number)) for number, month in enumerate(MONTHS)
    ]


def causes(files: list[Sibling]) -> list[str]:
    return [each.cause for each in disagreements(files)]


# --- power ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1 / 4, 1 / 12, 1 / 10, 1 / 1000, 4, 12, 1000])
@pytest.mark.parametrize("which", [{3}, {0, 5}, set(range(0, 12, 2)), set(range(6, 12))])
def test_months_in_another_unit_make_the_source_suspect(times: float, which: set[int]) -> None:
    found = disagreements(year(lambda number: {"times": times if number in which else 1.0}))

    assert [each.cause for each in found] == [POWER]
    assert found[0].judged == 12


def test_one_month_in_another_unit_is_named_with_how_far_it_is_off_and_from_which_file() -> None:
    (found,) = disagreements(year(lambda number: {"times": 0.25 if number == 6 else 1.0}))

    assert (found.files, found.example) == (1, "raw/east/power_2024-07-01.csv")
    assert (
        "under a like sun it shows 27% of the power of raw/east/power_2024-08-01.csv"
        in found.reason
    )


def test_energies_of_five_and_of_fifteen_minutes_read_as_power_are_recognised_by_their_steps() -> (
    None
):
    files = year(lambda n: {"step": 5.0, "times": 1 / 12} if n % 2 else {"times": 1 / 4})

    found, alike = disagreements(files)

    assert (found.cause, alike.cause) == (POWER, CAPACITY)
    assert "minutes apart, which is as much: energy of an interval, read as power" in found.reason


def test_half_hours_of_energy_among_quarters_are_found_although_they_differ_by_two_only() -> None:
    files = year(lambda n: {"step": 30.0, "times": 1 / 2} if n > 6 else {"times": 1 / 4})

    assert causes(files) == [POWER, CAPACITY]


@pytest.mark.parametrize("after", [5.0, 30.0, 60.0])
def test_a_logger_that_was_exchanged_once_is_no_disagreement(after: float) -> None:
    assert causes(year(lambda number: {"step": after if number > 4 else 15.0})) == []


def test_files_that_alternate_in_step_but_not_in_power_are_no_disagreement() -> None:
    assert causes(year(lambda number: {"step": 5.0 if number % 2 else 15.0})) == []


@pytest.mark.parametrize("times", [1.2, 1.5, 2.0])
def test_a_plant_that_is_extended_is_no_disagreement(times: float) -> None:
    assert causes(year(lambda number: {"times": (1.0 if number > 4 else 1 / times)})) == []


# --- all of them alike ----------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [0.5, 0.55])
@pytest.mark.parametrize("clouds", [0.0, 0.7])
def test_half_hours_of_energy_that_are_read_as_power_are_asked_about(
    times: float, clouds: float
) -> None:
    files = [file(f"{month}-01", 28, step=30.0, clouds=clouds, times=times) for month in MONTHS]

    (found,) = disagreements(files)

    assert (found.cause, found.files, found.judged) == (CAPACITY, 12, 12)
    assert "energies in kWh that are read as kW are half of the power" in found.reason


@pytest.mark.parametrize("step", [5.0, 15.0, 30.0, 60.0])
@pytest.mark.parametrize("times", [0.8, 1.0, 1.3])
def test_plants_that_reach_four_fifths_of_what_is_usual_are_not_asked_about(
    step: float, times: float
) -> None:
    assert causes(year(lambda _: {"step": step, "times": times})) == []


def test_winter_and_a_week_of_rain_say_nothing_of_the_capacity() -> None:
    winter = [file(f"2024-{month}-01", 28, times=0.4) for month in ("01", "11", "12")]
    rain = [file(f"2024-06-{day:02}", clouds=0.9, times=0.4) for day in range(1, 22)]

    assert causes(winter) == []
    assert causes(rain) == []


def test_days_are_judged_together_once_a_week_of_them_is_clear() -> None:
    days = [file(f"2024-06-{day:02}", times=0.5) for day in range(1, 8)]

    assert causes(days[:6]) == []
    assert causes(days) == [CAPACITY]


def test_a_part_that_was_off_for_a_while_is_forgotten_once_most_of_the_time_it_was_on() -> None:
    off = [file(f"2024-05-{day:02}", times=0.5) for day in range(1, 15)]
    whole = [file(f"2024-06-{day:02}") for day in range(1, 17)]

    assert causes(off) == [CAPACITY]
    assert causes(off + whole) == []


@pytest.mark.parametrize("name", ["ghi", "poa_global"])
def test_a_sensor_that_says_three_times_as_much_from_one_day_on_disagrees_with_itself(
    name: str,
) -> None:
    def shown(later: float) -> list[str]:
        days = np.datetime64("2024-06-01", "us") + np.arange(20 * 96) * np.timedelta64(15, "m")
        up = np.clip(sun.over(days, 900.0, site()).up, 0.0, None)
        light = 900.0 * up * np.where(np.arange(len(up)) < 12 * 96, 0.5, 0.5 * later)
        axis = TimeAxis(days, np.arange(len(days)), 900.0, {})
        found = resemblance.of_file(axis, {name: light, "temp_air": up}, site())
        first = days[0].item().replace(tzinfo=UTC)
        return causes([Sibling("a", "a", LATER, first, found, is_light=True)])

    assert IRRADIANCE in shown(later=3.0)
    assert IRRADIANCE not in shown(later=1.0)


def test_irradiance_of_which_half_is_missing_is_asked_about() -> None:
    light = [replace(each, is_light=True) for each in year(lambda _: {"times": 0.45})]

    (found,) = disagreements(light)

    assert found.cause == FAINT_LIGHT
    assert re.search(r"irradiance stays below \d{3} W/m2$", found.reason)


def test_dull_days_among_clear_ones_are_the_weather() -> None:
    clear = [file(f"2024-06-{day:02}") for day in range(1, 11)]
    dull = [file(f"2024-06-{day:02}", clouds=0.95, times=0.08) for day in range(11, 16)]

    assert causes(clear + dull) == []


def test_a_clear_day_in_another_unit_among_ten_is_a_disagreement() -> None:
    clear = [file(f"2024-06-{day:02}") for day in range(1, 11)]

    assert causes([*clear, file("2024-06-11", times=0.25)]) == [POWER]


def test_one_day_in_a_hundred_may_be_an_outage_and_two_are_a_disagreement() -> None:
    days = [f"{datetime(2024, 4, 1, tzinfo=UTC) + timedelta(days=n):%Y-%m-%d}" for n in range(100)]

    usual = {day: file(day) for day in days}

    def shown(*low: str) -> list[str]:
        return causes([*(usual | {day: file(day, times=0.25) for day in low}).values()])

    assert shown("2024-06-02") == []
    assert shown("2024-06-02", "2024-06-20") == [POWER]


def reaching(name: str, height: float, *, is_sure: bool) -> Sibling:
    level = Level(0.85, height, is_sure=is_sure)
    found = Traits(900.0, 5, f"2024-06-{name}", (level,), 0.0)
    return Sibling(name, name, LATER, datetime(2024, 6, int(name), tzinfo=UTC), found)


def test_a_dull_file_may_be_far_below_the_others_and_not_far_above() -> None:
    others = [reaching(f"{day:02}", 0.9, is_sure=True) for day in range(1, 20, 6)]

    assert causes([*others, reaching("26", 0.2, is_sure=False)]) == []
    assert causes([*others, reaching("26", 3.6, is_sure=False)]) == [POWER]


def test_winter_is_not_compared_with_summer() -> None:
    assert causes([file("2024-12-20", 10), file("2024-06-20", 10)]) == []


def test_a_plant_that_is_off_or_files_without_power_are_no_disagreement() -> None:
    without = replace(file("2024-06-20"), traits=Traits(900.0))

    assert causes([*year(), file("2024-06-21", times=0.0, key="off"), without]) == []


def test_a_file_whose_own_clear_days_disagree_is_found_without_siblings() -> None:
    (found,) = disagreements([file("2024-06-01", 20, part=0.25)])

    assert found.cause == POWER
    assert "its own clear days under a like sun differ by 4 times" in found.reason


def test_a_day_of_snow_or_an_extension_inside_a_file_is_no_disagreement() -> None:
    assert causes([file("2024-06-01", 20, part=0.5)]) == []
    assert causes([file("2024-06-01", 20, part=0.02, parted=1)]) == []


# --- inverters ------------------------------------------------------------------------------------------


def adding_up(parts: list[int]) -> list[Sibling]:
    """Monthly files of so many inverters each, all of which give the same."""
    months = [file(f"{month}-01", 28) for month in MONTHS[: len(parts)]]
    return [
        replace(each, traits=replace(each.traits, parts=count))
        for each, count in zip(months, parts, strict=True)
    ]


@pytest.mark.parametrize(
    ("parts", "odd"), [([4, 4, 3, 4], 1), ([4, 4, 4, 3], 1), ([3, 4, 3, 4, 2], 2)]
)
def test_files_with_fewer_inverters_than_one_before_them_make_the_source_suspect(
    parts: list[int], odd: int
) -> None:
    for files in (adding_up(parts), adding_up(parts)[::-1]):
        (found,) = disagreements(files)
        assert (found.cause, found.files) == (PARTS, odd)
    assert "it adds up the power of" in found.reason
    assert "before it that of 4" in found.reason


@pytest.mark.parametrize("parts", [[1, 1, 1], [4, 4, 4], [2, 2, 3, 4]])
def test_a_plant_that_is_extended_has_more_inverters_and_is_not_asked_about(
    parts: list[int],
) -> None:
    assert causes(adding_up(parts)) == []


def test_a_day_without_an_inverter_in_a_year_is_not_asked_about() -> None:
    whole = [replace(each, traits=replace(each.traits, parts=4)) for each in year()]
    day = file("2024-12-30", 1)

    assert causes([*whole, replace(day, traits=replace(day.traits, parts=3))]) == []


# --- clock ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [-4.0, -2.0, 2.0, 4.0])
def test_a_clear_day_hours_off_its_siblings_makes_the_source_suspect(late: float) -> None:
    days = [file(f"2024-06-{day:02}") for day in range(1, 11)]

    (found,) = disagreements([*days, file("2024-06-11", late=late)])

    assert found.cause == CLOCK
    when = "after" if late > 0 else "before"
    assert f"centred {abs(late):.1f} hours {when}" in found.reason


def test_a_clock_that_follows_summer_time_is_left_to_preprocess() -> None:
    assert causes(year(lambda number: {"late": 1.0 if 3 <= number <= 9 else 0.0})) == []


def test_a_plant_that_faces_east_agrees_with_itself() -> None:
    assert causes(year(lambda _: {"late": -1.5})) == []


# --- days -----------------------------------------------------------------------------------------------


def test_a_name_that_says_the_day_where_the_rows_say_the_month_is_a_disagreement() -> None:
    days = [file(f"2024-06-{day:02}") for day in range(1, 10)]

    (found,) = disagreements([*days, file("2024-10-06", key="raw/east/power_20240610.csv")])

    assert found.cause == DAYS
    assert "its name says 2024-06-10, its rows 2024-10-06" in found.reason


def test_the_same_day_of_months_in_a_row_alone_is_a_disagreement() -> None:
    """The first days of a month, read month first: 2 January, 2 February, …"""
    swapped = [file(f"2024-{month:02}-02", key=f"raw/east/{month}.csv") for month in range(3, 8)]

    (found,) = disagreements(swapped)

    assert (found.cause, found.files) == (DAYS, 5)


def test_the_same_day_of_years_in_a_row_alone_is_a_disagreement() -> None:
    """The first days of June 2024, read day first: 24 June 2001, 24 June 2002, …"""
    swapped = [file(f"20{year:02}-06-24", key=f"raw/east/{year}.csv") for year in range(1, 5)]

    (found,) = disagreements(swapped)

    assert (found.cause, found.files) == (DAYS, 4)


@pytest.mark.parametrize(("apart", "alone"), [(4, True), (3, False)])
def test_a_day_stands_alone_where_no_file_is_within_three_days(apart: int, *, alone: bool) -> None:
    singles = [file(f"2024-{month:02}-12", key=f"raw/east/{month}.csv") for month in range(3, 8)]
    nearby = [file(f"2024-{month:02}-{12 + apart}", 5) for month in range(3, 8)]

    assert causes([*singles, *nearby]) == ([DAYS] if alone else [])


def test_rows_of_days_after_the_upload_are_a_disagreement() -> None:
    uploaded = datetime(2024, 6, 12, tzinfo=UTC)
    days = [file(f"2024-06-{day:02}", uploaded=uploaded) for day in range(1, 11)]

    (found,) = disagreements([*days, file("2024-11-06", uploaded=uploaded, key="raw/east/x.csv")])

    assert found.cause == DAYS
    assert "begin on 2024-11-06, but it was uploaded on 2024-06-12" in found.reason


def test_daily_files_with_their_own_date_and_monthly_ones_are_no_disagreement() -> None:
    named = [
        file(f"2024-06-{day:02}", key=f"raw/east/2024{6:02}{day:02}.csv") for day in range(1, 13)
    ]

    assert causes(named) == []
    assert causes(year()) == []


def test_a_file_that_is_named_after_the_day_of_its_export_is_no_disagreement() -> None:
    exported = [
        file(f"2024-06-{d:02}", key=f"raw/east/2024-06-{d + 1:02}.csv") for d in range(1, 13)
    ]

    assert causes(exported) == []


# --- as a whole -----------------------------------------------------------------------------------------


def test_order_and_copies_do_not_matter() -> None:
    files = year(lambda number: {"times": 0.25 if number % 3 else 1.0})
    copy = replace(files[4], key="raw/east/zz-copy.csv")
    expected = disagreements(files)

    for seed in range(20):
        shuffled = [*files, copy]
        random.Random(seed).shuffle(shuffled)
        assert disagreements(shuffled) == expected


def test_one_file_alone_disagrees_with_nobody() -> None:
    assert siblings.disagreements([file("2024-06-01", times=0.25)]) == ()


def test_traits_are_kept_as_text_and_those_of_another_release_are_unknown() -> None:
    traits = file("2024-06-01", 3).traits

    assert read(traits.text()) == traits
    assert read(traits.text().replace('"version":1', '"version":0')) is None
    assert read(None) is None
