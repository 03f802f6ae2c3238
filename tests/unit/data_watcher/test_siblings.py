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
from services.data_watcher.domain.traits import Level, Traits, band_of, read
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


@pytest.mark.parametrize("times", [1 / 4, 12])
@pytest.mark.parametrize("which", [{0, 5}, set(range(6, 12))])
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


@pytest.mark.parametrize("after", [5.0, 60.0])
def test_a_logger_that_was_exchanged_once_is_no_disagreement(after: float) -> None:
    assert causes(year(lambda number: {"step": after if number > 4 else 15.0})) == []


def test_files_that_alternate_in_step_but_not_in_power_are_no_disagreement() -> None:
    assert causes(year(lambda number: {"step": 5.0 if number % 2 else 15.0})) == []


@pytest.mark.parametrize("times", [1.5, 2.0])
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


@pytest.mark.parametrize(("step", "times"), [(5.0, 0.8), (30.0, 1.3), (60.0, 0.8)])
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
    assert siblings.disagreements([]) == ()
    assert siblings.disagreements([file("2024-06-01", times=0.25)]) == ()


def test_traits_are_kept_as_text_and_those_of_another_release_are_unknown() -> None:
    traits = file("2024-06-01", 3).traits

    assert read(traits.text()) == traits
    assert read(traits.text().replace('"version":1', '"version":0')) is None
    assert read(None) is None


# --- limits ---------------------------------------------------------------------------------------------


def shows(
    number: int,
    height: float = 0.9,
    *,
    sun: float = 0.85,
    is_sure: bool = True,
    light: bool = False,
    days: int = 5,
    **traits: object,
) -> Sibling:
    """A file of some days of which the best reached a height, as it would be under the highest sun."""
    name = f"raw/east/{number:03}.csv"
    first = datetime(2024, 1, 1, tzinfo=UTC) + 6 * timedelta(days=number)
    level = Level(sun, height * sun**0.5, is_sure)
    said = {"step": 900.0, "middle": 0.0, "first": f"{first:%Y-%m-%d}"} | traits
    found = Traits(days=days, levels=(level,), **said)  # type: ignore[arg-type]
    return Sibling(name, name, LATER, first, found, is_light=light)


def odd(**change: object) -> list[str]:
    """Of which causes a file is said beside two others."""
    return causes([shows(1), shows(2), shows(3, **change)])  # type: ignore[arg-type]


@pytest.mark.parametrize("times", [2.4, 2.6, 1 / 2.4, 1 / 2.6])
def test_files_differ_by_two_and_a_half_times_and_more(times: float) -> None:
    expected = [POWER] if max(times, 1 / times) > 2.5 else []

    assert odd(height=0.9 * times) == expected
    assert odd(height=0.9 * times, sun=0.7) == expected  # a sun that is a third lower is like it
    assert odd(height=0.9 * times, sun=0.4) == []
    assert odd(apart=max(times, 1 / times)) == expected


@pytest.mark.parametrize(
    ("step", "times", "is_said"),
    [
        (1800.0, 2.0, True),
        (1800.0, 1.7, True),
        (1800.0, 2.4, True),
        (1350.0, 1.5, False),
        (2700.0, 1.9, False),
        (900.0, 2.0, False),
    ],
    ids=["as the steps", "a little less", "a little more", "too near", "far from the steps", "extended"],
)  # fmt: skip
def test_less_is_enough_where_files_differ_as_their_steps_do(
    step: float, times: float, *, is_said: bool
) -> None:
    (found,) = disagreements([shows(1), shows(2), shows(3, 0.9 * times, step=step)]) or (None,)

    assert (found is not None) == is_said
    assert found is None or "Their rows lie" in found.reason
    assert odd(height=0.9 / times, step=900.0 * 900.0 / step) == ([POWER] if is_said else [])


def test_the_plainest_file_is_the_example_with_how_high_it_was() -> None:
    files = [*map(shows, range(5)), shows(5, 2.7), shows(6, 3.6)]

    (power,) = disagreements(files)
    (light,) = disagreements([replace(each, is_light=True) for each in files])

    assert (power.files, power.judged, power.example) == (2, 7, "raw/east/006.csv")
    assert power.reason.startswith("under a like sun it shows 4 times the power of raw/east/00")
    assert power.reason.endswith(": for half an hour at best 331.9% of the AC capacity")
    assert light.cause == IRRADIANCE
    assert "it shows 4 times the irradiance of raw/east/00" in light.reason
    assert light.reason.endswith(": at best 3319 W/m2")
    (mixed,) = disagreements([replace(files[0], is_light=True), *files[1:]])
    assert mixed.cause == IRRADIANCE


@pytest.mark.parametrize(
    ("height", "sun", "causes_of"),
    [(0.5, 0.65, [CAPACITY]), (0.57, 0.65, []), (0.5, 0.55, []), (0.3, 0.65, [CAPACITY])],
)
def test_under_a_high_sun_a_plant_gives_more_than_half(
    height: float, sun: float, causes_of: list[str]
) -> None:
    files = [shows(number, height, sun=sun) for number in range(3)]

    assert causes(files) == causes_of
    assert causes([shows(number, height, sun=sun, is_sure=False) for number in range(3)]) == []


def test_all_files_are_read_alike_and_the_best_of_the_high_sun_is_the_example() -> None:
    files = [shows(1, 0.4), shows(2, 0.5), shows(3, 0.4, sun=0.4), shows(4, 0.45, step=1800.0)]

    (found,) = disagreements(files)

    assert (found.cause, found.files, found.example) == (CAPACITY, 4, "raw/east/002.csv")
    assert (
        found.reason
        == "under a high sun, on its best days, power stays below 46% of the AC capacity"
    )
    (halves,) = disagreements(
        [replace(each, traits=replace(each.traits, step=1800.0)) for each in files]
    )
    assert "Its rows lie half an hour apart" in halves.reason


def two_levels(number: int, *heights: float) -> Sibling:
    """A file with days under a sun of 0.65 and of 0.9."""
    each = shows(number)
    levels = tuple(
        Level(sun, height * sun**0.5, is_sure=True)
        for sun, height in zip((0.65, 0.9), heights, strict=True)
    )
    return replace(each, traits=replace(each.traits, levels=levels))


def test_of_two_heights_of_the_sun_the_plainer_one_is_said() -> None:
    usual = [two_levels(number, 0.9, 0.9) for number in range(3)]

    (more,) = disagreements([*usual, two_levels(4, 2.7, 3.6)])
    (less,) = disagreements([two_levels(1, 0.4, 0.5), shows(2, 0.45), shows(3, 0.45)])

    assert "it shows 4 times the power" in more.reason
    assert (less.cause, less.example) == (CAPACITY, "raw/east/001.csv")
    assert less.reason.endswith("power stays below 47% of the AC capacity")


@pytest.mark.parametrize(("middle", "is_said"), [(74.0, False), (76.0, True), (-76.0, True)])
def test_a_clock_is_more_than_75_minutes_off(middle: float, *, is_said: bool) -> None:
    assert odd(middle=middle) == ([CLOCK] if is_said else [])
    assert odd(middle=None) == []


@pytest.mark.parametrize(("days", "is_said"), [(3, False), (5, True)])
def test_a_fiftieth_of_the_days_makes_a_source_suspect(days: int, *, is_said: bool) -> None:
    """Three of two hundred may be an outage."""
    usual = [shows(number, days=20) for number in range(10)]

    assert causes([*usual, shows(11, 3.6, days=days)]) == ([POWER] if is_said else [])


@pytest.mark.parametrize(("ahead", "is_said"), [(1.5, False), (2.5, True)])
def test_rows_may_begin_two_days_after_their_upload(ahead: float, *, is_said: bool) -> None:
    def uploaded(each: Sibling) -> Sibling:
        return replace(each, uploaded_at=each.window_start - timedelta(days=ahead))

    files = [uploaded(shows(number)) for number in range(3)]

    assert causes(files) == ([DAYS] if is_said else [])
    assert causes([replace(files[0], is_forecast=True), *files[1:]]) == []


def single(first: str, days: int = 1) -> Sibling:
    each = shows(1, days=days, first=first)
    return replace(each, key=f"raw/east/{first}-{days}.csv", content=f"{first}-{days}")


@pytest.mark.parametrize(
    ("firsts", "is_said"),
    [
        (["2024-01-04", "2024-02-04"], False),
        (["2024-01-04", "2024-02-04", "2024-03-04"], True),
        (["2023-11-04", "2023-12-04", "2024-01-04"], True),
        (["2024-07-04", "2025-02-04", "2025-03-04"], False),
        (["2022-07-04", "2023-07-04", "2024-07-04"], True),
    ],
)
def test_three_months_or_years_in_a_row_are_no_chance(firsts: list[str], *, is_said: bool) -> None:
    assert causes([single(first) for first in firsts]) == ([DAYS] if is_said else [])
    assert causes([single(first, days=2) for first in firsts]) == []


@pytest.mark.parametrize(("before", "is_said"), [("05", True), ("06", False)])
def test_a_day_is_not_alone_with_a_file_that_ends_within_three_days_of_it(
    before: str, *, is_said: bool
) -> None:
    months = [f"2024-{month:02}" for month in range(3, 7)]
    days = [single(f"{month}-12") for month in months]
    nearby = [single(f"{month}-{before}", days=4) for month in months]
    around = [single(f"{month}-01", days=20) for month in months]

    assert causes([*days, *nearby]) == ([DAYS] if is_said else [])
    assert causes([*days, *nearby, *around]) == []


def test_a_name_shows_swapped_days_more_plainly_than_an_upload_and_that_than_a_gap() -> None:
    gaps = [single(f"2024-{month:02}-12") for month in range(3, 7)]
    early = replace(single("2024-08-20", 2), key="raw/east/zz.csv")
    early = replace(early, uploaded_at=early.window_start - timedelta(days=30))
    named = replace(single("2024-10-06"), key="raw/east/2024-06-10.csv")

    assert disagreements(gaps)[0].example == "raw/east/2024-06-12-1.csv"
    assert disagreements([*gaps, early])[0].example == "raw/east/zz.csv"
    assert disagreements([*gaps, early, named])[0].example == "raw/east/2024-06-10.csv"


@pytest.mark.parametrize(
    ("name", "is_said"),
    [
        ("power_2024-06-10.csv", True),
        ("power_20240610.csv", True),
        ("power_2024.06.10_to_2024.06.11.csv", False),
        ("power_2023-06-10.csv", False),
        ("power_2024-10-06.csv", False),
        ("power_2024-10-07.csv", False),
        ("power_2024-13-06.csv", False),
        ("power_120240610.csv", False),
        ("2024-06-10/power.csv", False),
    ],
)
def test_only_one_whole_date_in_the_name_of_the_file_can_be_swapped(
    name: str, *, is_said: bool
) -> None:
    own = replace(shows(3, first="2024-10-06", days=9), key=f"raw/east/{name}")

    assert causes([shows(1, days=40), own]) == ([DAYS] if is_said else [])


def test_of_the_same_bytes_the_first_by_name_is_judged() -> None:
    copies = [replace(shows(number, 3.6), content="same") for number in (7, 4, 9)]

    (found,) = disagreements([shows(1), shows(2), shows(3), *copies])

    assert (found.files, found.judged, found.example) == (1, 4, "raw/east/004.csv")


def test_heights_of_the_noon_sun_that_are_like_each_other_are_a_third_apart() -> None:
    assert [band_of(sine) for sine in (1.0, 0.78, 0.76, 0.6, 0.58)] == [0, -1, -2, -2, -3]
    assert Level(0.25, 0.3, is_sure=True).height == 0.6
