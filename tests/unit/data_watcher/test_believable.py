"""What a file says of its plant's power is believed only where it can be true: each question on its own."""

from __future__ import annotations

import numpy as np
import pytest

from services.data_watcher.domain import units
from services.data_watcher.domain.believable import (
    counter,
    losses,
    sign,
    stamps,
    sums,
    unit_by_capacity,
    unit_by_neighbours,
    unit_change,
    unit_fault,
)
from services.data_watcher.domain.believable.power import Power
from shared.errors import UnreadableFileError
from tests.unit.data_watcher.plant_files import site
from tests.unit.data_watcher.powers import (
    CAPACITY_KW,
    QUARTER,
    ROWS_OF_A_DAY,
    axis,
    power,
    refused,
    sunny,
)

# --- counters -------------------------------------------------------------------------------------

GROWING = np.linspace(0.0, 1.0, ROWS_OF_A_DAY)


def test_a_counter_that_begins_anew_each_day_is_refused_however_little_a_day_brings() -> None:
    fault = refused(counter.check, power(np.concatenate([GROWING, 0.6 * GROWING, 0.4 * GROWING])))

    assert fault.code == "counter"
    assert "begins anew each day" in fault.reason
    assert "kind: counter" in fault.remedy


def test_a_counter_that_is_never_set_back_is_refused() -> None:
    assert "it never falls" in refused(counter.check, power(GROWING)).reason


def test_what_falls_oftener_than_once_a_day_is_no_counter() -> None:
    ramps = [np.linspace(0.0, 1.0, ROWS_OF_A_DAY // 4)] * 4
    counter.check(power(np.concatenate([GROWING, *ramps])))


def test_what_stays_flat_on_half_of_its_days_is_no_counter() -> None:
    counter.check(power(np.concatenate([GROWING, np.full(ROWS_OF_A_DAY, 0.4)])))


def test_what_falls_by_a_part_of_its_height_is_no_counter() -> None:
    counter.check(power(np.concatenate([GROWING, 0.6 + 0.4 * GROWING])))


@pytest.mark.parametrize(("rows", "told"), [(81, True), (80, False)])
def test_growth_over_twenty_hours_is_a_counter_and_over_less_may_be_a_morning(
    rows: int, *, told: bool
) -> None:
    found = power(np.linspace(0.1, 0.9, rows))
    if told:
        assert refused(counter.check, found).reason.startswith(
            "power_ac is a counter of energy, not"
        )
    else:
        counter.check(found)


# --- the sign -------------------------------------------------------------------------------------


def with_large(negative: int, positive: int, amount: float = 0.4) -> Power:
    return power(
        np.concatenate([np.full(negative, -amount), np.full(positive, amount), np.zeros(20)])
    )


def test_generation_as_negative_power_is_refused_with_the_scale_that_turns_it() -> None:
    fault = refused(sign.check, power(-sunny(1), scale=1000.0))

    lowest = -CAPACITY_KW * sunny(1).max()
    assert fault.code == "wrong_sign"
    assert f"down to {lowest:.4g} kW" in fault.reason
    assert "scale: -1000 for power_ac" in fault.remedy


WINTER = {"start": "2024-12-10", "latitude": 61.5}


def test_a_dark_winter_with_its_sign_turned_is_found_by_its_nights() -> None:
    shares = -0.4 * sunny(4, **WINTER)
    assert -0.1 < shares.min() < -0.01
    assert refused(sign.check, power(shares, **WINTER)).code == "wrong_sign"


@pytest.mark.parametrize("shares", [
    -0.4 * sunny(2, **WINTER),
    -0.05 * sunny(4, **WINTER),
    np.where(sunny(4, **WINTER) > 0, -0.03, -0.02),
    np.where(sunny(4, **WINTER) > 0.1, 0.02, -0.03),
], ids=["two days", "next to nothing", "a plant at rest", "a plant that gives something"])  # fmt: skip
def test_what_a_plant_draws_in_winter_is_no_turned_sign(shares: np.ndarray) -> None:
    sign.check(power(shares, **WINTER))


@pytest.mark.parametrize(("negative", "positive"), [(8, 0), (9, 1)])
def test_eight_large_rows_of_which_nine_tenths_are_negative_are_a_turned_sign(
    negative: int, positive: int
) -> None:
    assert (
        f"in {negative} of {negative + positive}"
        in refused(sign.check, with_large(negative, positive)).reason
    )


@pytest.mark.parametrize(("negative", "positive"), [(7, 0), (8, 2), (4, 8)])
def test_fewer_negative_rows_are_spikes(negative: int, positive: int) -> None:
    sign.check(with_large(negative, positive))


def test_a_row_counts_as_large_from_a_fifth_of_the_largest_amount() -> None:
    shares = np.concatenate([[-0.8], np.full(9, -0.2), np.full(9, -0.1)])
    assert "in 10 of 10 such rows" in refused(sign.check, power(shares)).reason


# --- totals among columns -------------------------------------------------------------------------


def inverters(rows: int = 20, wrong: int = 0, off: float = 1.0) -> list[np.ndarray]:
    """Two inverters and a column that is their sum, except in some rows. [kW]"""
    one = np.linspace(0.02, 0.08, rows)
    two = np.linspace(0.06, 0.04, rows)
    total = (one + two) * off
    total[:wrong] *= 1.5
    return [one, two, total]


def added(parts: list[np.ndarray]) -> np.ndarray:
    return sums.total(parts, lambda number: f"column {number}", "leave it out")


@pytest.mark.parametrize("parts", [inverters(), inverters(wrong=1), inverters(off=1.004)])
def test_a_total_among_the_inverters_is_refused_by_its_name(parts: list[np.ndarray]) -> None:
    with pytest.raises(UnreadableFileError, match="column 2 is the sum of the others") as caught:
        added(parts)

    assert caught.value.code == "total_among_columns"
    assert caught.value.remedy == "leave it out"


def test_rows_in_which_an_inverter_says_nothing_do_not_hide_a_total() -> None:
    parts = inverters()
    parts[0][:7] = np.nan
    with pytest.raises(UnreadableFileError, match="in 100% of the rows with power"):
        added(parts)


NIGHT_LONG = [np.concatenate([np.zeros(80), each]) for each in inverters(wrong=2)]


@pytest.mark.parametrize(
    "parts", [inverters(wrong=2), inverters(off=1.02), inverters()[:2], NIGHT_LONG]
)
def test_columns_that_are_no_total_are_added_up(parts: list[np.ndarray]) -> None:
    np.testing.assert_allclose(added(parts), np.sum(parts, axis=0))


# --- units ----------------------------------------------------------------------------------------


def test_power_that_never_comes_near_the_capacity_within_three_days_is_refused() -> None:
    fault = refused(unit_by_capacity.check_peak, power(0.001 * sunny(3)))

    highest = CAPACITY_KW * 0.001 * sunny(3).max()
    assert fault.code == "wrong_unit"
    assert (
        f"within 3 days power never reaches 1% of the AC capacity of 6 kW; the highest is {highest:.3g} kW"
        in (fault.reason)
    )
    assert "values look like MW, the YAML says kW" in fault.reason


@pytest.mark.parametrize(("latitude", "highest"), [(65.0, 0.004), (68.0, 0.0005), (-65.0, 0.05)])
def test_a_dark_winter_in_the_far_north_keeps_its_faint_power(
    latitude: float, highest: float
) -> None:
    faint = power(highest * sunny(5) / sunny(5).max(), start="2024-12-10", latitude=latitude)

    unit_by_capacity.check_peak(faint)


def test_a_dark_winter_in_another_unit_is_refused_all_the_same() -> None:
    faint = power(0.03e-3 * sunny(5) / sunny(5).max(), start="2024-12-10", latitude=65.0)

    assert refused(unit_by_capacity.check_peak, faint).code == "wrong_unit"


def test_two_days_below_a_hundredth_of_the_capacity_may_be_snow() -> None:
    unit_by_capacity.check_peak(power(0.001 * sunny(2)))


@pytest.mark.parametrize(
    ("peak", "unit", "step", "said"),
    [
        (800.0, "kW", 900.0, "values look like W, the YAML says kW"),
        (0.0008, "kW", 900.0, "values look like MW, the YAML says kW"),
        (0.2, "kW", 900.0, "values look like kWh per 15 min, the YAML says kW"),
        (0.2, "kW", 600.0, "values look like kWh per 10 min, the YAML says kW"),
        (4.0, "kWh", 900.0, "values look like kW, the YAML says kWh"),
        (0.02, "kW", 3600.0, "no other unit than kW makes the values fit"),
    ],
)
def test_the_unit_that_would_make_the_peak_plausible_is_guessed(
    peak: float, unit: str, step: float, said: str
) -> None:
    assert said in unit_fault.guess(peak, unit, step)


def test_a_quantity_that_nobody_knows_has_no_units() -> None:
    assert units.known("") == ()
    assert not units.is_known("", "kW")


@pytest.mark.parametrize(("rows", "over"), [(96, 5), (1000, 11), (3, 3)])
def test_too_many_rows_far_above_the_capacity_are_a_wrong_unit(rows: int, over: int) -> None:
    shares = np.where(np.arange(rows) < over, 1.6, 0.5)
    reason = refused(unit_by_capacity.check_highest, power(shares)).reason

    assert f"{over} of {rows} rows with power exceed 1.5 times the AC capacity of 6 kW" in reason
    assert "the highest is 10 kW" in reason


@pytest.mark.parametrize(("rows", "over", "share"), [(96, 4, 1.6), (1000, 10, 1.6), (96, 90, 1.5)])
def test_a_few_rows_far_above_the_capacity_are_spikes(rows: int, over: int, share: float) -> None:
    unit_by_capacity.check_highest(power(np.where(np.arange(rows) < over, share, 0.5)))


# --- a unit that changes with the size of the value -----------------------------------------------


def written(values: list[float]) -> Power:
    """Power as a file has it that says W. [W]"""
    given = np.array(values)
    return Power.of(
        given / 1000, axis(len(given)), site(), "W", lambda row: str(row + 1), factor=0.001
    )


NIGHT = [0.0] * 8
RISING, FALLING = [1.0, 1000.0], [1000.0, 1.0]


def test_watts_below_a_thousand_and_kilowatts_above_are_refused_with_the_row() -> None:
    day = [600.0, 800.0, 990.0, 1.02, 1.4, 1.02, 980.0, 700.0]
    fault = refused(unit_by_neighbours.check, written([*NIGHT, *day, *NIGHT]))

    assert fault.code == "wrong_unit"
    assert "2 times: in row 12 990 is followed by 1.02, a thousand times less" in fault.reason
    assert "the YAML says W for all" in fault.reason


def test_a_jump_up_and_its_way_back_are_counted() -> None:
    fault = refused(unit_by_neighbours.check, written([*RISING, *FALLING, *NIGHT]))
    assert "2 times: in row 2 1 is followed by 1000, a thousand times more" in fault.reason


def test_half_of_the_large_jumps_must_be_by_a_thousand() -> None:
    assert refused(unit_by_neighbours.check, written([1.0, 1000.0, 1.0, 200.0, 1.0])).code
    unit_by_neighbours.check(written([1.0, 1000.0, 1.0, 200.0, 1.0, 200.0, 1.0]))


def test_rows_at_a_thousandth_of_both_neighbours_are_in_another_unit_at_any_size() -> None:
    shares = sunny(2)
    shares[::2] /= 1000

    assert refused(unit_by_neighbours.check, power(shares)).code == "wrong_unit"


def test_an_inverter_that_trips_again_and_again_to_stand_by_is_in_no_other_unit() -> None:
    shares = sunny(2)
    shares[40:60:2] = 0.0008

    unit_by_neighbours.check(power(shares))


@pytest.mark.parametrize("jumps", [RISING, FALLING], ids=["up", "down"])
def test_jumps_in_one_direction_alone_are_no_change_of_unit(jumps: list[float]) -> None:
    unit_by_neighbours.check(written([*jumps, *NIGHT, *jumps, *NIGHT]))


# --- a unit that changes inside a file ------------------------------------------------------------


def test_three_days_at_a_thousandth_of_the_others_are_a_change_of_unit() -> None:
    shares = sunny(6)
    shares[: 3 * ROWS_OF_A_DAY] /= 1000
    fault = refused(unit_change.check, power(shares))

    assert fault.code == "wrong_unit"
    assert f"inside the file at row {3 * ROWS_OF_A_DAY + 1} (2024-06-04 00:00 UTC)" in fault.reason


def test_a_plant_that_gives_a_hundredth_for_days_has_changed_no_unit() -> None:
    shares = sunny(6)
    shares[: 3 * ROWS_OF_A_DAY] /= 90
    unit_change.check(power(shares))


def test_a_unit_that_changes_shortly_before_sunset_is_found_in_its_row() -> None:
    shares = sunny(6)
    first = 2 * ROWS_OF_A_DAY + int(np.flatnonzero(sunny(1) > 0.01)[-1]) - 1
    shares[first:] *= 1000
    assert f"at row {first + 1} (2024-06-03 " in refused(unit_change.check, power(shares)).reason


# --- stamps ---------------------------------------------------------------------------------------


def after(minutes: list[float]) -> np.ndarray:
    """Stamps that lie so many minutes apart."""
    seconds = np.round(np.cumsum([0.0, *minutes]) * 60).astype(int)
    return np.datetime64("2024-06-01", "us") + seconds * np.timedelta64(1, "s")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ([5.0] * 30, "lie 5 min apart from 2024-06-01 00:00 UTC on"),
        ([15.0] * 30 + [5.0] * 24, "lie 5 min apart from 2024-06-01 07:30 UTC on"),
        (([60.0] * 20 + [90.0]) * 3, "lie 60 min apart"),
        ([3.0, 4.0, 7.0, 11.0] * 8, "lie irregular apart"),
    ],
)
def test_stamps_that_contradict_the_stated_step_are_refused_with_what_they_are(
    minutes: list[float], said: str
) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        stamps.check_step(after(minutes), 900.0)

    assert caught.value.code == "wrong_step"
    assert (
        f"the YAML says step_minutes: 15, but the stamps of the file {said}" in caught.value.reason
    )


@pytest.mark.parametrize(
    "minutes",
    [[15.0] * 30, [15.0] * 30 + [600.0] + [15.0] * 30, [15.0] * 40 + [5.0] * 8, [5.0] * 23],
    ids=["regular", "a gap", "some rows between", "too short to say"],
)
def test_stamps_that_leave_the_stated_step_seldom_are_believed(minutes: list[float]) -> None:
    stamps.check_step(after(minutes), 900.0)


def first_of_months(rows_a_day: int) -> np.ndarray:
    days = np.arange("2024-01", "2024-07", dtype="M8[M]").astype("M8[us]")
    return np.concatenate([day + np.arange(rows_a_day) * QUARTER for day in days])


def test_whole_days_a_month_apart_are_swapped_days_and_months() -> None:
    with pytest.raises(UnreadableFileError, match=r"only the 1\. of 6 months in a row") as caught:
        stamps.check_swapped(first_of_months(ROWS_OF_A_DAY))
    assert caught.value.code == "day_month_swapped"


def test_whole_days_years_apart_are_swapped_days_and_years() -> None:
    years = np.array([f"20{year:02}-06-24" for year in range(1, 5)], "M8[us]")
    rows = np.concatenate([day + np.arange(ROWS_OF_A_DAY) * QUARTER for day in years])

    with pytest.raises(UnreadableFileError, match="day and year are probably swapped") as caught:
        stamps.check_swapped(rows)
    assert caught.value.code == "day_month_swapped"


def test_a_meter_that_is_read_on_the_first_of_each_month_has_swapped_nothing() -> None:
    stamps.check_swapped(first_of_months(rows_a_day=1))


@pytest.mark.parametrize(("wrong", "found"), [(2, 2), (3, 0)])
def test_at_most_a_fifth_of_the_rows_can_be_in_a_wrong_year(wrong: int, found: int) -> None:
    utc = axis(10).utc
    utc[:wrong] = np.datetime64("2000-01-01")
    assert stamps.strays(utc).sum() == found


# --- what would be lost ---------------------------------------------------------------------------


def lost(mask: np.ndarray, reason: str = "out_of_range", **changes: object) -> None:
    losses.check(
        {"power_ac": {reason: mask}},
        axis(len(mask)),
        site(**changes),
        said=lambda row: f"{row + 1}",
        examples={},
    )


def test_too_many_lost_rows_are_refused_with_their_share_of_the_daylight_and_examples() -> None:
    lit = sunny(1) > 0
    mask = np.zeros(len(lit), bool)
    mask[:4] = True
    first = int(np.flatnonzero(lit)[0])
    mask[first : first + 12] = True
    with pytest.raises(UnreadableFileError) as caught:
        lost(mask)

    fault = caught.value
    assert fault.code == "too_much_masked"
    assert f"masked in 12 of {lit.sum()} rows that matter ({12 / lit.sum():.0%})" in fault.reason
    assert fault.reason.endswith(f"rows {first + 1}, {first + 2}, {first + 3}")
    assert fault.remedy.startswith("look at the unit and the scale of the column")
    assert "most_masked" in fault.remedy


@pytest.mark.parametrize(
    "mask",
    [np.arange(96) < 8, np.isin(np.arange(96), [40, 41, 42, 43])],
    ids=["in the night", "four of a day"],
)
def test_a_few_lost_rows_and_those_of_the_night_are_masked(mask: np.ndarray) -> None:
    lost(mask)


def test_an_owner_may_allow_more() -> None:
    mask = np.isin(np.arange(96), np.arange(40, 52))
    lost(mask, most_masked={"share": 0.3, "reason": "the logger sleeps at noon"})
    lost(mask, "sentinel")


def test_too_many_rows_that_are_lost_altogether_are_refused_with_the_first_of_those_with_power() -> (
    None
):
    bad = np.arange(60) < 30
    with pytest.raises(UnreadableFileError) as caught:
        losses.check_rows(
            "the time", "bad_timestamp", bad, sunny(1)[:60], site(), lambda row: f"{row + 1}"
        )

    first = int(np.flatnonzero(sunny(1))[0])
    assert caught.value.reason.endswith(f"rows {first + 1}, {first + 2}, {first + 3}")
    assert caught.value.remedy.startswith("correct timestamp.format")


def test_midnight_that_ends_the_last_day_does_not_hide_swapped_days() -> None:
    rows = first_of_months(ROWS_OF_A_DAY)
    with pytest.raises(UnreadableFileError) as caught:
        stamps.check_swapped(np.sort(np.append(rows, rows.max().astype("M8[D]") + 1)))
    assert caught.value.code == "day_month_swapped"
