"""The traits of a file: how high its power was under which sun, when it is centred, and names of its days."""

from __future__ import annotations

import numpy as np
import pytest

from services.data_watcher.domain.believable import resemblance, sun
from services.data_watcher.domain.traits import Traits
from tests.unit.data_watcher.plant_files import site
from tests.unit.data_watcher.powers import CAPACITY_KW, axis, sunny

A_DAY = 96  # rows
NIGHTS = (0.0, 0.0)


def traits(share: np.ndarray, start: str = "2024-06-01", **changes: object) -> Traits:
    """Traits of power in rows of a quarter of an hour, as a share of the AC capacity."""
    return resemblance.traits(axis(len(share), start), share * CAPACITY_KW, site(**changes))


def days_of(*heights: float, clouds: float = 0.0) -> np.ndarray:
    """Days of June at so many times what a clear one gives."""
    shape = sunny(len(heights)) * (1 - clouds * (np.arange(len(heights) * A_DAY) % 6 < 3))
    return shape * np.repeat(heights, A_DAY)


def test_a_clear_day_says_all_of_it() -> None:
    found = traits(0.9 * sunny(1))

    (level,) = found.levels
    assert (found.step, found.days, found.first) == (900.0, 1, "2024-06-01")
    assert (level.sun, level.is_sure) == (0.8667, True)
    assert level.peak == pytest.approx(0.9 * 0.87, abs=0.01)
    assert found.middle == pytest.approx(0.0, abs=3.0)
    assert (found.apart, found.parts, len(found.prints)) == (1.0, 1, 1)


@pytest.mark.parametrize("share", [np.zeros(A_DAY), np.full(A_DAY, 1e-8)], ids=["off", "noise"])
def test_a_plant_that_is_off_has_none(share: np.ndarray) -> None:
    assert traits(share) == Traits(900.0)


def test_a_file_without_power_and_irradiance_has_none() -> None:
    assert resemblance.of_file(axis(A_DAY), {"temp_air": np.ones(A_DAY)}, site()) == Traits(900.0)


def test_irradiance_counts_as_capacity_at_a_thousand_watts_and_leaves_no_names_of_days() -> None:
    light = 900.0 * sunny(1)
    columns = {"poa_global": light / 2, "ghi": light}

    found = resemblance.of_file(axis(A_DAY), columns, site())

    assert found.levels == traits(0.9 * sunny(1)).levels
    assert found.prints == ()


def test_power_is_looked_at_before_irradiance_and_says_of_how_many_inverters_it_is() -> None:
    power = 0.5 * CAPACITY_KW * sunny(1)

    found = resemblance.of_file(axis(A_DAY), {"ghi": sunny(1), "power_ac": power}, site(), 3)

    assert found.levels == traits(0.5 * sunny(1)).levels
    assert (found.parts, len(found.prints)) == (3, 1)


def test_what_is_drawn_at_night_and_what_is_unknown_count_as_nothing() -> None:
    share = sunny(2)
    drawn = np.where(share > 0, share, -0.01)
    drawn[:8] = np.nan

    assert traits(drawn) == traits(share)
    assert traits(np.where(share > 0, share, -0.01)) == traits(share)


def test_days_with_a_fiftieth_of_the_best_ones_energy_count() -> None:
    assert traits(days_of(1.0, 0.015, 0.025)).days == 2
    assert traits(days_of(0.015, 1.0)).first == "2024-06-02"


def test_every_second_of_forty_days_is_looked_at() -> None:
    usual, double = [0.4] * 40, 0.8
    odd, even = [*usual], [*usual]
    odd[38], even[37] = double, double  # counted from the first

    def best(heights: list[float]) -> float:
        return max(level.peak for level in traits(days_of(*heights)).levels)

    assert best(odd) == pytest.approx(2 * best(usual), rel=0.02)
    assert best(even) == best(usual)


# --- levels -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "is_sure"), [(6, False), (7, True)])
def test_the_best_of_seven_days_of_any_weather_says_what_the_plant_can(
    days: int, *, is_sure: bool
) -> None:
    found = traits(days_of(*[1.0] * days, clouds=0.5))

    assert [level.is_sure for level in found.levels] == [is_sure]
    assert (found.middle is not None) == is_sure


def test_one_clear_day_among_clouds_is_enough() -> None:
    cloudy, clear = days_of(0.6, 0.6, clouds=0.5), days_of(0.8)
    alone = traits(clear).levels[0]

    (level,) = traits(np.concatenate([cloudy, clear])).levels

    assert level.is_sure
    assert level.peak == pytest.approx(alone.peak, rel=0.01)


def test_a_peak_lasts_for_half_an_hour_and_more() -> None:
    """Of two quarters of an hour that are higher nothing is left; of three, the lowest."""

    def peak(rows: int) -> float:
        share = days_of(0.5)
        share[40 : 40 + rows] = 0.9
        return traits(share).levels[0].peak

    assert peak(2) == pytest.approx(peak(0), rel=0.01)
    assert peak(3) == pytest.approx(0.9)


def test_days_of_winter_and_of_summer_are_levels_of_their_own() -> None:
    half_a_year = traits(sunny(183, "2024-06-20"), "2024-06-20")

    assert len(half_a_year.levels) == 6
    assert [level.sun for level in half_a_year.levels] == sorted(
        level.sun for level in half_a_year.levels
    )


def test_below_a_noon_sun_of_a_fifth_the_horizon_decides() -> None:
    december = "2024-12-20"

    assert [level.sun for level in traits(sunny(1, december), december).levels] == [0.2495]
    north = traits(sunny(1, december, latitude=60.0), december, latitude=60.0)
    assert (north.days, north.levels, north.middle) == (1, (), None)


@pytest.mark.parametrize(
    ("minutes", "day", "is_clear"),
    [(60, "2024-02-10", True), (120, "2024-06-10", True), (180, "2024-06-10", False)],
)
def test_eight_rows_with_power_show_a_shape(minutes: int, day: str, *, is_clear: bool) -> None:
    step = np.timedelta64(minutes, "m")
    time = axis(1440 // minutes, day, step)
    up = np.asarray(sun.over(time.utc, time.step, site()).up, float).clip(0.0)

    found = resemblance.traits(time, CAPACITY_KW * up, site())

    assert [level.is_sure for level in found.levels] == [is_clear]


def test_a_part_of_a_day_and_another_shape_than_the_suns_are_not_clear() -> None:
    morning = sunny(1)
    morning[48:] = 0.0
    early = np.interp(np.arange(A_DAY), [14, 22, 80], [0.0, 0.8, 0.0])

    assert not traits(morning).levels[0].is_sure
    assert not traits(early).levels[0].is_sure
    assert not traits((sunny(1) - 0.6).clip(0.0)).levels[0].is_sure  # seven hours of sixteen
    assert traits(sunny(1, late=3.0)).levels[0].is_sure  # whatever its clock says


# --- how far clear days are apart ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heights", "apart"),
    [
        ([1.0] * 8 + [0.4, 0.3], 2.5),
        ([1.0] * 8 + [0.6, 0.6], 1.0),
        ([1.0] * 9 + [0.4], 1.0),
        ([1.0] * 3 + [0.4], 1.0),
        ([1.0] * 16 + [0.4] * 4, 2.5),
        ([1.0] * 17 + [0.4] * 3, 1.0),
    ],
    ids=["two of ten", "by less than half", "one of ten", "one of four", "a fifth", "fewer than a fifth"],
)  # fmt: skip
def test_clear_days_are_apart_where_a_fifth_of_them_is_faint(
    heights: list[float], apart: float
) -> None:
    assert traits(days_of(*heights)).apart == pytest.approx(apart, rel=0.02)


def test_cloudy_days_are_not_faint() -> None:
    cloudy = days_of(0.3, 0.3, 0.3, clouds=0.5)

    assert traits(np.concatenate([days_of(*[1.0] * 7), cloudy])).apart == pytest.approx(1, abs=0.02)


# --- middle -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [-3.0, 2.0])
def test_a_clear_day_is_centred_as_late_as_its_clock(late: float) -> None:
    assert traits(sunny(1, late=late)).middle == pytest.approx(60 * late, abs=5.0)


def test_the_middle_is_that_of_clear_days_alone_and_counts_by_energy() -> None:
    late, high = sunny(1, late=2.0), 2.0 * sunny(1)
    cloudy = sunny(1, late=-4.0) * (1 - 0.6 * (np.arange(A_DAY) % 6 < 3))

    assert traits(np.concatenate([late, high])).middle == pytest.approx(40.0, abs=4.0)
    assert traits(np.concatenate([late, cloudy])).middle == pytest.approx(120.0, abs=4.0)


# --- names of days ------------------------------------------------------------------------------------


def test_four_days_have_names_and_these_are_the_same_in_every_file() -> None:
    share = np.repeat(0.5 + 0.01 * np.arange(12), A_DAY)

    whole, part = traits(share), traits(share[: 6 * A_DAY])

    assert whole.prints == ("4da4.b0b55d6c", "4da9.83bcbf68", "4dae.77f1e620", "4da6.89237f17")
    assert [each.split(".")[0] for each in part.prints] == ["4da4", "4da6", "4da3", "4da8"]
    assert set(part.prints[:2]) == {whole.prints[0], whole.prints[3]}


def test_days_without_power_have_no_name() -> None:
    assert len(traits(days_of(1.0, 0.0, 1.0)).prints) == 2
