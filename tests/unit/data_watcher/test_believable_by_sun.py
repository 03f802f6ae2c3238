"""Power is held against the sun of its place: its clock, its unit and the irradiance beside it."""

from __future__ import annotations

import numpy as np
import pytest

from services.data_watcher.domain.believable import (
    checks,
    clock,
    irradiance,
    sun,
    unit_by_clear_day,
    unit_by_faintness,
    unit_by_noon_sun,
)
from services.data_watcher.domain.believable.power import Power
from shared.errors import UnreadableFileError
from tests.unit.data_watcher.plant_files import site
from tests.unit.data_watcher.powers import (
    CAPACITY_KW,
    ROWS_OF_A_DAY,
    axis,
    power,
    refused,
    sunny,
)

# --- the clock ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "zone", "said", "mended"),
    [
        (3, "UTC", "3.0 hours after", "+03:00"),
        (-3, "UTC", "3.0 hours before", "-03:00"),
        (5.5, "UTC", "5.5 hours after", "+05:30"),
        (-3.5, "UTC", "3.5 hours before", "-03:30"),
        (3.3, "UTC", "3.3 hours after", "+03:30"),
        (11, "+09:00", "11.0 hours after", "-04:00"),
        (-10, "-08:00", "10.0 hours before", "+06:00"),
    ],
)
def test_a_clock_that_is_hours_off_is_refused_with_the_offset_that_mends_it(
    late: float, zone: str, said: str, mended: str
) -> None:
    fault = refused(clock.check, power(sunny(5, late=late), timezone=zone))

    assert fault.code == "wrong_clock"
    assert f"power is centred {said} solar noon on 5 days" in fault.reason
    assert f'timezone: "{mended}"' in fault.remedy


def test_an_array_that_faces_west_has_no_wrong_clock() -> None:
    shares = sunny(10)
    hours = np.arange(len(shares)) % ROWS_OF_A_DAY / 4
    shares[hours < 14] = 0.0
    clock.check(power(shares))


def test_two_nights_with_power_do_not_make_an_array_that_faces_west_a_wrong_clock() -> None:
    shares = sunny(10)
    hours = np.arange(len(shares)) % ROWS_OF_A_DAY / 4
    shares[hours < 14] = 0.0
    shares[20 : 2 * ROWS_OF_A_DAY][hours[20 : 2 * ROWS_OF_A_DAY] > 22] = 0.3
    clock.check(power(shares))


def test_days_that_are_off_by_other_hours_each_have_no_zone_that_mends_them() -> None:
    day = sunny(1)
    clock.check(power(np.concatenate([np.roll(day, 4 * hours) for hours in (3, 5, 7, 9, 11)])))
    alike = [np.roll(day, 4 * hours) for hours in (5, 5, 5, 5, 9)]
    assert refused(clock.check, power(np.concatenate(alike))).code == "wrong_clock"


@pytest.mark.parametrize(("rows", "told"), [(20, True), (19, False)])
def test_twenty_rows_with_power_are_enough_for_a_wrong_clock(rows: int, *, told: bool) -> None:
    shares = np.zeros(4 * ROWS_OF_A_DAY)
    shares[[day * ROWS_OF_A_DAY + 92 - row for row in range(5) for day in range(4)][:rows]] = 0.5
    if told:
        refused(clock.check, power(shares))
    else:
        clock.check(power(shares))


def test_power_that_never_changes_has_no_centre() -> None:
    clock.check(power(np.full(5 * ROWS_OF_A_DAY + 30, 0.5)))


@pytest.mark.parametrize(("days", "asked"), [(60, 60), (61, 31)])
def test_of_more_than_sixty_days_only_some_are_asked(days: int, asked: int) -> None:
    reason = refused(clock.check, power(sunny(days, late=3))).reason
    assert f"3.0 hours after solar noon on {asked} days" in reason


def test_two_days_are_too_few_for_a_wrong_clock_and_three_are_enough() -> None:
    clock.check(power(sunny(2, late=6)))
    assert "solar noon on 3 days" in refused(clock.check, power(sunny(3, late=6))).reason


NOON = 11 * 4 + 2  # row of a day; the sun of the site is highest at 11:40


def moved_by(hours: int, day: int = 1) -> np.ndarray:
    """Three clear days, of which the clock of one is some hours late."""
    shares = sunny(3)
    one = slice(day * ROWS_OF_A_DAY, (day + 1) * ROWS_OF_A_DAY)
    shares[one] = np.roll(shares[one], hours * 4)
    return shares


def test_one_day_whose_clock_is_hours_off_is_refused_with_its_first_row_in_the_night() -> None:
    found = power(moved_by(7))
    fault = refused(clock.check_each_day, found)

    local = found.time.utc + np.timedelta64(round(5.1 * 240), "s")
    that_day = local.astype("M8[D]") == np.datetime64("2024-06-02")
    up = sun.roughly_up(local, 52.1)
    dark = that_day & (found.share > 0.05) & (up < -0.1)
    dead = that_day & (found.share < 0.005) & (up > 0.26)
    assert fault.code == "wrong_clock"
    assert f"on 2024-06-02 there is power for {dark.sum() / 4:.1f} h of night" in fault.reason
    assert f"from row {np.flatnonzero(dark)[0] + 1} on" in fault.reason
    assert f"none for {dead.sum() / 4:.1f} h of daylight" in fault.reason


def test_power_in_the_night_alone_is_a_battery_and_none_at_noon_alone_an_outage() -> None:
    battery, outage = sunny(3), sunny(3)
    battery[: 2 * 4] = 0.3
    outage[ROWS_OF_A_DAY + NOON : ROWS_OF_A_DAY + NOON + 8] = 0.0
    for shares in (battery, outage, np.concatenate([battery, outage])):
        clock.check_each_day(power(shares))


@pytest.mark.parametrize(("rows", "told"), [(4, True), (3, False)])
def test_an_hour_of_each_on_one_day_is_enough(rows: int, *, told: bool) -> None:
    shares = sunny(1)
    shares[:rows] = 0.3
    shares[NOON : NOON + rows] = 0.0
    if told:
        assert (
            "for 1.0 h of night, from row 1 on"
            in refused(clock.check_each_day, power(shares)).reason
        )
    else:
        clock.check_each_day(power(shares))


# --- the sun --------------------------------------------------------------------------------------


def test_the_sun_of_an_interval_is_the_sun_at_its_middle() -> None:
    starts = axis(24, step=np.timedelta64(1, "h")).utc
    middles = starts + np.timedelta64(30, "m")
    np.testing.assert_allclose(
        sun.over(starts, 3600.0, site()).up, sun.over(middles, 0.0, site()).up
    )


@pytest.mark.parametrize(("unit", "meant"), [("kW", "kWh"), ("W", "Wh"), ("MW", "MWh")])
def test_a_month_of_energies_that_are_called_a_power_is_refused_with_the_unit_that_is_meant(
    unit: str, meant: str
) -> None:
    fault = refused(unit_by_noon_sun.check, power(0.25 * sunny(31), unit=unit))

    assert fault.code == "wrong_unit"
    assert f"values look like {meant} per 15 min, the YAML says {unit}" in fault.reason


@pytest.mark.parametrize(
    ("start", "latitude", "degrees"),
    [("2024-06-01", 52.1, 61), ("2024-03-02", 52.1, 42), ("2024-12-01", -35.0, 78)],
)
def test_the_noon_sun_by_which_energies_are_judged_is_that_of_the_place_and_the_season(
    start: str, latitude: float, degrees: int
) -> None:
    found = power(0.2 * sunny(30, start, latitude=latitude), start, latitude=latitude)
    assert (
        f"the noon sun up to {degrees} degrees high"
        in refused(unit_by_noon_sun.check, found).reason
    )


def test_a_month_at_a_third_of_the_capacity_is_more_than_energies_of_quarters_can_be() -> None:
    shares = 0.39 * sunny(31)
    assert 0.3 < shares.max() < 0.4 * sunny(31).max()
    unit_by_noon_sun.check(power(shares))


def test_a_dark_month_in_the_north_is_no_month_of_energies() -> None:
    shares = 0.6 * sunny(31, "2024-12-01", latitude=62.0)
    assert shares.max() < 0.1
    unit_by_noon_sun.check(power(shares, "2024-12-01", latitude=62.0))


# --- clear days -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "unit", "guessed"),
    [(0.25, "kW", "kWh per 15 min"), (0.01, "kW", "no other unit"), (0.001, "kW", "MW")],
)
def test_a_clear_day_far_below_what_the_sun_allows_is_another_unit(
    factor: float, unit: str, guessed: str
) -> None:
    shares = factor * sunny(2)
    fault = refused(unit_by_clear_day.check, power(shares, unit=unit))

    elevation = np.degrees(np.arcsin(sunny(2).max()))
    assert fault.code == "wrong_unit"
    assert f"with the noon sun {elevation:.0f} degrees high" in fault.reason
    assert f"only {shares[:ROWS_OF_A_DAY].max():.1%} of the AC capacity of 6 kW" in fault.reason
    assert f"and {shares.max():.1%} in the whole file" in fault.reason
    assert guessed in fault.reason


def test_a_clear_day_is_found_among_cloudy_ones_wherever_the_plant_is() -> None:
    place = {"longitude": -150.0}
    shares = 0.2 * sunny(4, **place)
    cloudy = slice(0, 2 * ROWS_OF_A_DAY)
    shares[cloudy] *= np.tile([1.0, 0.5], ROWS_OF_A_DAY)
    reason = refused(unit_by_clear_day.check, power(shares, **place)).reason
    assert "2024-06-03 was a clear day" in reason


def changed(day: np.ndarray, rows: slice, factor: float) -> np.ndarray:
    day = day.copy()
    day[rows] *= factor
    return day


LOW_DAY = 0.2 * sunny(1)


@pytest.mark.parametrize(
    "shares",
    [
        changed(LOW_DAY, slice(NOON - 6, NOON), 0.3),
        changed(LOW_DAY, slice(NOON - 20, NOON), 0.0),
        changed(LOW_DAY, slice(NOON, NOON + 1), np.nan),
        LOW_DAY[: NOON + 8],
        np.where(LOW_DAY > 0, 0.1, 0.0),
        0.3 * sunny(1),
        0.0 * sunny(1),
    ],
    ids=["a cloud", "a dead morning", "a gap", "half a day", "a plateau", "a third", "nothing"],
)
def test_a_day_that_is_not_surely_clear_or_not_surely_low_says_nothing(shares: np.ndarray) -> None:
    unit_by_clear_day.check(power(shares))


def test_a_night_that_is_masked_into_its_dawn_does_not_hide_a_clear_day() -> None:
    shares = np.where(sunny(3) > 0.05, 0.2 * sunny(3), np.nan)
    assert "was a clear day" in refused(unit_by_clear_day.check, power(shares)).reason


def test_a_low_winter_sun_says_nothing() -> None:
    unit_by_clear_day.check(power(0.2 * sunny(3, "2024-12-20"), "2024-12-20"))


# --- hours of faint power -------------------------------------------------------------------------


def faint(rows: int, *, share: float = 0.001, values: int = 8) -> np.ndarray:
    """A clear day that holds a thousandth around noon, in so many different values."""
    shares = sunny(1)
    at = np.arange(rows)
    shares[NOON - rows // 2 : NOON - rows // 2 + rows] = share * (1 - 0.05 * (at % values))
    return shares


def test_two_hours_of_high_sun_with_a_thousandth_are_another_unit() -> None:
    fault = refused(unit_by_faintness.check, power(faint(8)))

    assert fault.code == "wrong_unit"
    assert f"in row {NOON - 4 + 1} begin 2.0 h of high sun" in fault.reason
    assert f"at most {0.001 * CAPACITY_KW:.3g}, which is 0.10% of the AC capacity" in fault.reason
    assert "values look like MW" in fault.reason


def test_the_faint_power_is_given_as_the_file_has_it_and_four_values_are_enough() -> None:
    fault = refused(unit_by_faintness.check, power(faint(8, values=4), unit="W", factor=0.001))
    assert f"power of at most {CAPACITY_KW:.3g}, which is 0.10%" in fault.reason


@pytest.mark.parametrize(
    "shares",
    [faint(7), faint(8, values=3), faint(8, share=0.0016), np.roll(faint(8), 8 * 4), 0 * sunny(1)],
    ids=["shorter", "three values", "more", "in the evening", "off"],
)
def test_a_plant_that_is_off_or_under_snow_has_no_other_unit(shares: np.ndarray) -> None:
    unit_by_faintness.check(power(shares))


# --- irradiance beside power ----------------------------------------------------------------------


def beside(power_of_sun: float, irradiance_of_sun: float, days: int = 3, name: str = "ghi") -> None:
    irradiance.check(
        name, 1000.0 * irradiance_of_sun * sunny(days), power(power_of_sun * sunny(days))
    )


def test_power_far_above_its_irradiance_means_another_unit_of_the_irradiance() -> None:
    with pytest.raises(UnreadableFileError) as caught:
        beside(0.9, 0.0009, days=1)

    own = 0.9 * sunny(1)
    bright = own > 0.3
    found = (
        f"in {bright.sum()} bright rows power is at {np.median(own[bright]):.2g} of the AC capacity of "
        f"6 kW, and ghi at {np.median(own[bright]):.3g} W/m2"
    )
    assert caught.value.code == "wrong_unit"
    assert caught.value.reason.startswith(f"{found}: ghi seems to be in another unit")
    assert "correct the unit of ghi" in caught.value.remedy


@pytest.mark.parametrize(("rows", "told"), [(24, True), (23, False)])
def test_twenty_four_bright_rows_with_both_are_enough(rows: int, *, told: bool) -> None:
    lit = np.full(rows + 10, 0.9)
    lit[rows:] = np.nan
    found = power(np.full(rows + 10, 0.9))
    if told:
        with pytest.raises(UnreadableFileError, match=f"in {rows} bright rows"):
            irradiance.check("ghi", lit, found)
    else:
        irradiance.check("ghi", lit, found)


def test_power_far_below_its_irradiance_for_three_days_means_another_unit_of_power() -> None:
    with pytest.raises(UnreadableFileError, match="values look like MW, the YAML says kW"):
        beside(0.0009, 0.9)
    beside(0.0009, 0.9, days=2)


@pytest.mark.parametrize(
    ("power_share", "irradiance_share"), [(0.26, 0.9), (0.5, 0.11), (0.5, 0.9)]
)
def test_power_may_be_from_a_quarter_to_five_times_of_what_irradiance_promises(
    power_share: float, irradiance_share: float
) -> None:
    beside(power_share, irradiance_share)


@pytest.mark.parametrize(("irradiance_of_sun", "told"), [(0.34, True), (0.36, False)])
def test_under_a_high_sun_a_plant_cannot_give_all_with_less_than_385_watts(
    irradiance_of_sun: float, *, told: bool
) -> None:
    if told:
        with pytest.raises(UnreadableFileError, match="under a high sun, from row"):
            beside(0.9, irradiance_of_sun)
    else:
        beside(0.9, irradiance_of_sun)


def with_noon(shares: np.ndarray, noon: float) -> np.ndarray:
    """Return shares of some days, of which the first has another one at noon."""
    changed = shares.copy()
    changed[NOON] = noon
    return changed


def test_one_row_decides_nothing_about_power_and_irradiance() -> None:
    lit = sunny(3)
    with pytest.raises(UnreadableFileError, match=r"bright rows power is at 0\.00063"):
        irradiance.check("ghi", 900.0 * lit, power(with_noon(0.0009 * lit, 0.9)))
    with pytest.raises(
        UnreadableFileError, match=r"bright rows .*: ghi seems to be in another unit"
    ):
        irradiance.check("ghi", 1000.0 * with_noon(0.1 * lit, 0.9), power(0.9 * lit))
    with pytest.raises(UnreadableFileError, match="under a high sun, from row"):
        irradiance.check("ghi", 1000.0 * with_noon(0.34 * lit, 0.9), power(0.9 * lit))
    for noon in (0.001, 0.3, 9.0):
        irradiance.check("ghi", 1000.0 * with_noon(0.9 * lit, noon), power(0.9 * lit))


def test_under_a_low_sun_a_steep_plane_gets_many_times_what_the_ground_gets() -> None:
    winter = sunny(3, "2024-12-20")
    irradiance.check(
        "ghi", 250.0 * winter / winter.max(), power(winter / winter.max(), "2024-12-20")
    )


def test_the_irradiance_in_the_modules_plane_is_asked_first_and_the_other_as_well() -> None:
    found, lit = power(0.9 * sunny(3)), 1000.0 * sunny(3)
    checks.check_beside(found, {"ghi": 0.9 * lit, "poa_global": lit})
    with pytest.raises(UnreadableFileError, match="ghi seems to be"):
        checks.check_beside(found, {"ghi": 0.001 * lit, "poa_global": lit})
    checks.check_beside(found, {"temp_air": 0.001 * lit})
    with pytest.raises(UnreadableFileError, match="poa_global seems to be"):
        checks.check_beside(found, {"ghi": lit, "poa_global": 0.001 * lit})


@pytest.mark.parametrize(("days", "late", "doubtful"), [(2, 6, False), (3, 6, True), (3, 0, False)])
def test_only_irradiance_at_night_on_three_days_and_more_is_held_against_the_exact_sun(
    days: int, late: int, *, doubtful: bool
) -> None:
    light = power(sunny(days, late=late))
    assert irradiance.is_doubtful(1000.0 * light.share, light.time, light.site) is doubtful


def test_a_plant_that_is_off_is_not_held_against_its_irradiance() -> None:
    off: Power = power(0.0 * sunny(3))
    checks.check_beside(off, {"ghi": 1000.0 * sunny(3)})


def test_the_rough_sun_is_within_four_degrees_of_the_exact_one() -> None:
    for start in ("2024-03-20", "2024-06-20", "2024-09-22", "2024-12-20"):
        utc = axis(3 * ROWS_OF_A_DAY, start).utc
        exact = np.degrees(np.arcsin(sun.over(utc, 0.0, site()).up))
        local = utc + np.timedelta64(round(5.1 * 240), "s")
        rough = np.degrees(np.arcsin(sun.roughly_up(local, 52.1)))
        assert np.abs(rough - exact).max() < 4.0
    assert sun.roughly_up(utc[:0], 52.1).size == 0


@pytest.mark.parametrize("latitude", [-78.0, -34.0, 0.0, 52.1, 69.0])
@pytest.mark.parametrize("start", ["2024-01-01", "2024-03-20", "2024-06-20", "2024-12-30T10:15"])
def test_the_lowest_sun_of_a_day_or_two_is_that_of_all_moments(latitude: float, start: str) -> None:
    local = np.datetime64(start, "us") + np.arange(150) * np.timedelta64(15, "m")

    for some in (local, local[30:70], local[60:61]):
        expected = sun.roughly_up(some, latitude).min()
        assert sun.lowest(some, latitude) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("latitude", [-78.0, -33.9, 0.0, 52.1, 69.7, 90.0])
@pytest.mark.parametrize("sine", [-0.1, 0.02, 0.26])
def test_when_the_sun_is_low_is_the_same_by_each_day_and_by_each_row(
    latitude: float, sine: float
) -> None:
    every = np.arange("2024-01-01T05:10", "2025-01-03T17:20", 7, dtype="M8[m]").astype("M8[us]")
    gap = (every > np.datetime64("2024-03-01")) & (every < np.datetime64("2024-04-03T12:31"))
    for local in (every, every[~gap], every[:1], every[:0]):
        by_row = sun.roughly_up(local, latitude)
        sure = np.abs(by_row - sine) > 1e-6  # the rest lies on the edge itself
        assert (sun.roughly_below(local, latitude, sine) == (by_row < sine))[sure].all()
