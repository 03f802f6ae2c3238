"""What a file says of its plant's power is believed only where it can be true: each question on its own."""

from __future__ import annotations

from collections.abc import Sequence

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
from services.data_watcher.domain.time_axis import TimeAxis
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
    -0.05 * sunny(4, **WINTER),
    np.where(sunny(4, **WINTER) > 0, -0.03, -0.02),
    np.where(sunny(4, **WINTER) > 0.1, 0.02, -0.03),
], ids=["next to nothing", "a plant at rest", "a plant that gives something"])  # fmt: skip
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


def dull(times: float = 0.08, days: int = 2) -> np.ndarray:
    """Power of dull days: as negative power it is no more than a plant may draw."""
    return times * sunny(days) * (0.6 + 0.4 * np.cos(np.arange(days * ROWS_OF_A_DAY) ** 2))


@pytest.mark.parametrize("night", [0.0, -0.001, 0.001])
@pytest.mark.parametrize("times", [0.03, 0.05, 0.08])
def test_the_turned_sign_of_dull_days_is_told_by_the_sun(times: float, night: float) -> None:
    fault = refused(sign.check, power(-dull(times) + night))

    assert fault.code == "wrong_sign"
    assert "scale: -1 for power_ac" in fault.remedy
    sign.check(power(dull(times) + night))


def test_the_turned_sign_of_dull_days_is_told_where_the_logger_sleeps_at_night() -> None:
    shares = -dull()
    shares[shares == 0] = np.nan

    assert refused(sign.check, power(shares)).code == "wrong_sign"


AWAKE = sunny(2) > 0.02


@pytest.mark.parametrize(
    "draw",
    [
        np.full(2 * ROWS_OF_A_DAY, 0.05),
        np.where(AWAKE, 0.05, 0.0),
        np.where(AWAKE, 0.0, 0.05),
        np.where(AWAKE, 0.004, 0.05),
        0.02 + dull(),
        dull(0.015),
        np.where(np.arange(2 * ROWS_OF_A_DAY) % ROWS_OF_A_DAY == 48, 0.09, 0.0),
    ],
    ids=[
        "day and night",
        "by day alone",
        "by night alone",
        "mostly at night",
        "what a house uses",
        "a little",
        "single rows",
    ],
)
def test_what_a_plant_that_is_off_draws_is_no_turned_sign(draw: np.ndarray) -> None:
    sign.check(power(-draw))


@pytest.mark.parametrize(("days", "told"), [(3, True), (2, False)])
def test_four_negative_nights_are_not_the_plants_own(days: int, *, told: bool) -> None:
    net = sunny(days) - 0.08
    gaps = net.copy()
    gaps[::2] = np.nan
    for shares in (net, gaps):
        if told:
            fault = refused(sign.check_nights, power(shares))
            assert (fault.code, "-0.48 kW, 8% of the AC" in fault.reason) == ("net_power", True)
        else:
            sign.check_nights(power(shares))


@pytest.mark.parametrize(("draw", "told"), [(0.032, True), (0.028, False)])
def test_what_is_drawn_at_night_is_up_to_three_percent(draw: float, *, told: bool) -> None:
    shares = sunny(5) - draw
    if told:
        refused(sign.check_nights, power(shares))
    else:
        sign.check_nights(power(shares))


def test_an_hour_of_each_night_says_nothing_of_the_usual_draw() -> None:
    shares = sunny(5)
    shares[np.arange(len(shares)) % ROWS_OF_A_DAY < 4] = -0.2
    sign.check_nights(power(shares))


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


CURVE = np.linspace(0.02, 0.9, 60)


@pytest.mark.parametrize(
    "copy",
    [CURVE, np.round(CURVE, 4), np.where(np.arange(60) % 30 == 0, 0.0, CURVE)],
    ids=["the same", "rounded", "of which some rows are lost"],
)
def test_the_total_of_one_inverter_is_its_copy(copy: np.ndarray) -> None:
    with pytest.raises(UnreadableFileError, match="column 1 has the values of column 0") as caught:
        added([CURVE, copy])

    assert caught.value.code == "total_among_columns"


@pytest.mark.parametrize(
    "other",
    [
        CURVE * 1.003,
        CURVE + 0.002 * np.cos(np.arange(60)),
        np.where(np.arange(60) % 10 == 7, 0.0, CURVE),
    ],
    ids=["a little more", "like it", "a tenth of which is lost"],
)
def test_two_inverters_alike_are_added_up(other: np.ndarray) -> None:
    np.testing.assert_allclose(added([CURVE, other]), CURVE + other)


@pytest.mark.parametrize("values", [np.full(60, 0.5), CURVE[:15]], ids=["steady", "few"])
def test_equal_columns_that_show_little_are_added_up(values: np.ndarray) -> None:
    np.testing.assert_allclose(added([values, values]), 2 * values)


def test_an_inverter_in_kilowatts_beside_one_in_watts_is_refused_with_both() -> None:
    with pytest.raises(UnreadableFileError, match=r"column 1 follows column 0 at 0\.1%") as caught:
        added([CURVE * 1000, CURVE])

    assert caught.value.code == "wrong_unit"


@pytest.mark.parametrize(
    "small",
    [
        CURVE / 150,
        CURVE / 8000,
        0.001 + 0.0005 * np.cos(np.arange(60)),
        np.where(np.arange(60) < 15, CURVE / 1000, 0.0),
        np.round(CURVE / 1000, 4),
    ],
    ids=["a small one", "noise", "stand-by", "few rows", "few values"],
)
def test_a_small_column_beside_a_large_one_is_added_up(small: np.ndarray) -> None:
    np.testing.assert_allclose(added([CURVE, small]), CURVE + small)


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


@pytest.mark.parametrize("limit", [1500.0, 2200.0, 3000.0])
def test_watts_below_any_limit_and_kilowatts_above_are_refused(limit: float) -> None:
    watts = 1000 * CAPACITY_KW * sunny(2)
    found = written(np.where(watts < limit, watts, watts / 1000).tolist())

    assert "changes inside the day" in refused(unit_by_neighbours.check, found).reason


@pytest.mark.parametrize("draw", [[5.0], [4.6, 4.7, 4.8, 4.9, 5.0, 5.1, 5.2]])
def test_stand_by_at_a_thousandth_of_the_power_is_in_no_other_unit(draw: list[float]) -> None:
    watts = 1000 * CAPACITY_KW * np.minimum(sunny(2), 0.75)
    off = np.arange(40, 54)
    watts[off] = np.resize(draw, len(off))

    unit_by_neighbours.check(written(watts.tolist()))


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


def by_day(*factors: float, rows: int = ROWS_OF_A_DAY) -> Power:
    """Power of clear days, each times a factor, of which the first rows are kept."""
    days = sunny(len(factors)).reshape(len(factors), ROWS_OF_A_DAY) / sunny(1).max()
    days = days * np.array(factors)[:, None]
    days[:, rows:] = 0.0
    return power(days.ravel())


@pytest.mark.parametrize(
    ("factors", "told"),
    [
        ([0.005] * 3 + [0.75] * 3, True),
        ([0.005] * 3 + [0.45] * 3, False),
        ([0.001] * 2 + [1.0] * 4, False),
        ([0.001] * 3 + [0.009, 0.07, 0.5, 0.5], False),
        ([0.001] * 3 + [0.02, 0.3, 0.3, 0.3], True),
        ([0.012] * 3 + [1.4] * 3, False),
    ],
    ids=[
        "150 times",
        "90 times",
        "two low days",
        "days between both",
        "a dull day",
        "too high for a thousandth",
    ],
)
def test_days_are_in_another_unit_where_none_lies_between_the_two_levels(
    factors: list[float], *, told: bool
) -> None:
    if told:
        refused(unit_change.check, by_day(*factors))
    else:
        unit_change.check(by_day(*factors))


def test_two_low_days_beside_a_spike_are_no_other_unit() -> None:
    shares = by_day(0.001, 0.001, 1.0, 1.0, 1.0).share.copy()
    shares[3 * ROWS_OF_A_DAY + 48] = 1.6
    unit_change.check(power(shares))


def test_what_is_too_high_is_in_another_unit_from_its_first_day_on() -> None:
    fault = refused(unit_change.check, by_day(0.9, 0.8, 900.0))

    assert "(2024-06-03 " in fault.reason


@pytest.mark.parametrize(("hours", "told"), [(4, True), (2, False)])
def test_three_hours_of_power_make_a_day_that_tells(hours: int, *, told: bool) -> None:
    first = int(np.flatnonzero(sunny(1) > 0)[0])
    found = by_day(0.001, 0.001, 0.001, 1.0, 1.0, 1.0, rows=first + hours * 4)
    if told:
        refused(unit_change.check, found)
    else:
        unit_change.check(found)


# --- energies that hold those of missing rows -------------------------------------------------------------


def with_gaps(*, unit: str, over: Sequence[int], missing: Sequence[int]) -> Power:
    """A day at half of its capacity, of which some rows are at 1.6 times of it, and some are missing."""
    shares = np.full(ROWS_OF_A_DAY, 0.5)
    shares[list(over)] = 1.6
    kept = np.delete(np.arange(ROWS_OF_A_DAY), list(missing))
    whole = axis(ROWS_OF_A_DAY)
    some = TimeAxis(whole.utc[kept], np.arange(len(kept)), whole.step, {})
    return Power.of(shares[kept] * CAPACITY_KW, some, site(), unit, lambda row: str(row + 1))


BEHIND = [10, 20, 30, 40, 50]


def test_energies_behind_missing_rows_hold_those_of_the_missing_ones() -> None:
    before = [each - 1 for each in BEHIND]
    found = with_gaps(unit="kWh", over=BEHIND, missing=before)
    fault = refused(unit_by_capacity.check_highest, found)

    assert fault.code == "wrong_step"
    assert fault.reason.startswith("5 rows, each after missing ones, exceed 1.5 times")
    assert "first row 10:" in fault.reason


@pytest.mark.parametrize(
    ("unit", "missing"),
    [("kW", [each - 1 for each in BEHIND]), ("kWh", [9, 19, 29, 39]), ("kWh", [])],
    ids=["power", "one behind no gap", "no gap"],
)
def test_what_is_too_high_without_a_gap_before_it_is_another_unit(
    unit: str, missing: list[int]
) -> None:
    found = with_gaps(unit=unit, over=BEHIND, missing=missing)

    assert refused(unit_by_capacity.check_highest, found).code == "wrong_unit"


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


def on(*days: str, rows: int = 24) -> np.ndarray:
    """Stamps of some days, as many of each."""
    hours = np.arange(rows) * np.timedelta64(1, "h")
    return np.concatenate([np.datetime64(day, "us") + hours for day in days])


@pytest.mark.parametrize(
    "days",
    [
        ("2024-01-01", "2024-02-02"),
        ("2024-01-01", "2024-03-01", "2024-04-01"),
        ("2024-01-13", "2024-02-13", "2024-03-13"),
        ("2024-01-01", "2024-02-02", "2024-03-01", "2024-04-02", "2024-05-01"),
        ("2024-06-01", "2024-06-02", "2024-06-03", "2024-06-04"),
    ],
    ids=["two", "one is missing", "the 13th", "other days as well", "days in a row"],
)
def test_days_that_no_swap_explains_are_kept(days: tuple[str, ...]) -> None:
    stamps.check_swapped(on(*days))


HOME = [f"2024-06-{day:02}" for day in range(13, 20)]


@pytest.mark.parametrize(
    ("away", "told"),
    [
        (["2024-11-06", "2024-12-06"], True),
        (["2024-12-06"], False),
        (["2024-11-06", "2024-12-06", "2024-01-20"], False),
        (["2024-11-06", "2024-12-06", "2024-06-11"], False),
        (["2024-11-05", "2024-12-05"], False),
        (["2024-09-20", "2024-09-21"], False),
    ],
    ids=[
        "the two days before",
        "one day",
        "two of three",
        "one is there already",
        "of another month",
        "after the 12th",
    ],
)
def test_days_far_away_are_turned_round_where_they_fit_beside_the_others(
    away: list[str], *, told: bool
) -> None:
    local = on(*sorted([*HOME, *away]))
    if told:
        with pytest.raises(UnreadableFileError, match="2 days lie far from the others") as caught:
            stamps.check_swapped(local)
        assert caught.value.code == "day_month_swapped"
    else:
        stamps.check_swapped(local)


def test_a_row_that_says_nothing_contradicts_none_of_the_same_time() -> None:
    utc = np.repeat(axis(10).utc, 2)
    one, other = np.arange(10.0), np.where(np.arange(10) % 2, np.nan, np.arange(10.0))
    values = np.stack([one, other], axis=1).ravel()
    rows, chosen = np.arange(20), np.arange(1, 20, 2)

    found = stamps.contradicting({"power_ac": values}, utc, rows, chosen, said=str)
    assert not found["power_ac"].any()
    values[[4, 8]] += 1.0
    found = stamps.contradicting({"power_ac": values}, utc, rows, chosen, said=str)
    assert np.flatnonzero(found["power_ac"]).tolist() == [2, 4]


def test_rows_years_away_are_strays_whatever_their_order() -> None:
    utc = axis(30).utc.copy()
    utc[[4, 7]] -= np.timedelta64(3000, "D")
    utc[9] = np.datetime64("NaT")

    assert np.flatnonzero(stamps.strays(utc)).tolist() == [4, 7]
    assert np.flatnonzero(stamps.strays(utc[::-1])).tolist() == [22, 25]


def test_a_meter_that_is_read_on_the_first_of_each_month_has_swapped_nothing() -> None:
    stamps.check_swapped(first_of_months(rows_a_day=1))


@pytest.mark.parametrize(("wrong", "found"), [(2, 2), (3, 0)])
def test_at_most_a_fifth_of_the_rows_can_be_in_a_wrong_year(wrong: int, found: int) -> None:
    utc = axis(10).utc
    utc[:wrong] = np.datetime64("2000-01-01")
    assert stamps.strays(utc).sum() == found


# --- what would be lost ---------------------------------------------------------------------------


def lost(
    mask: np.ndarray,
    reason: str = "out_of_range",
    name: str = "power_ac",
    examples: tuple[str, ...] = (),
    **changes: object,
) -> None:
    losses.check(
        {name: {reason: mask}},
        axis(len(mask)),
        site(**changes),
        said=lambda row: f"{row + 1}",
        examples={name: examples},
    )


def daylight(count: int) -> np.ndarray:
    """Return so many rows of a day's daylight; of every day of the year there are 65 at most."""
    mask = np.zeros(ROWS_OF_A_DAY, bool)
    mask[np.flatnonzero(sunny(1) > 0)[:count]] = True
    return mask


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


@pytest.mark.parametrize("reason", ["outage", "held_back", "inverter_off"])
def test_half_of_the_daylight_may_be_lost_to_how_the_plant_was_run(reason: str) -> None:
    of = int((sunny(1) > 0).sum())
    lost(daylight(of // 2), reason)
    with pytest.raises(UnreadableFileError) as caught:
        lost(daylight(of // 2 + 1), reason)

    assert "at most 50% are masked" in caught.value.reason


@pytest.mark.parametrize("name", ["ghi", "temp_air"])
def test_of_other_quantities_no_more_than_a_tenth_may_be_lost_to_an_outage(name: str) -> None:
    with pytest.raises(UnreadableFileError, match="at most 10% are masked"):
        lost(daylight(20), "outage", name)


@pytest.mark.parametrize("name", ["temp_air", "temp_module"])
def test_a_temperature_may_hang_for_the_whole_file_and_irradiance_may_not(name: str) -> None:
    lost(np.ones(ROWS_OF_A_DAY, bool), "stuck", name)
    with pytest.raises(UnreadableFileError, match="because of stuck"):
        lost(daylight(20), "stuck", "ghi")


def test_cells_that_are_no_numbers_are_shown_and_of_other_reasons_the_rows() -> None:
    cells = ("off", "n/a", "?", "!")
    for reason, examples, shown in [
        ("no_number", cells, "For example 'off', 'n/a', '?'"),
        ("no_number", (), "For example rows "),
        ("out_of_range", cells, "For example rows "),
    ]:
        with pytest.raises(UnreadableFileError) as caught:
            lost(daylight(20), reason, examples=examples)
        said = caught.value.reason
        assert shown in said
        assert not said.endswith("rows ")


def test_an_owner_may_allow_more() -> None:
    mask = np.isin(np.arange(96), np.arange(40, 52))
    lost(mask, most_masked={"share": 0.3, "reason": "the logger sleeps at noon"})
    lost(mask, "sentinel")


def test_too_many_rows_that_are_lost_altogether_are_refused_with_the_first_of_those_with_power() -> (
    None
):
    first = int(np.flatnonzero(sunny(1))[0]) + 2
    bad = (np.arange(60) < 5) | ((np.arange(60) >= first) & (np.arange(60) < 30))
    with pytest.raises(UnreadableFileError) as caught:
        losses.check_rows(
            "the time", "bad_timestamp", bad, sunny(1)[:60], site(), lambda row: f"{row + 1}"
        )

    assert caught.value.reason.endswith(f"rows {first + 1}, {first + 2}, {first + 3}")
    assert caught.value.remedy.startswith("correct timestamp.format")


def test_midnight_that_ends_the_last_day_does_not_hide_swapped_days() -> None:
    rows = first_of_months(ROWS_OF_A_DAY)
    with pytest.raises(UnreadableFileError) as caught:
        stamps.check_swapped(np.sort(np.append(rows, rows.max().astype("M8[D]") + 1)))
    assert caught.value.code == "day_month_swapped"
