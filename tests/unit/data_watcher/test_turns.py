"""Rows of several inverters that take turns are refused, though no stamp repeats and none steps back."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from services.data_watcher.domain.believable import sun, turns
from services.data_watcher.domain.believable.power import Power
from services.data_watcher.domain.time_axis import TimeAxis
from tests.unit.data_watcher.plant_files import CAPACITY_W, CSV, HEALTHY, accepted, refused, site
from tests.unit.data_watcher.powers import axis, power, sunny
from tests.unit.data_watcher.powers import refused as told

NO_STEP = CSV | {"timestamp": {"column": "t"}}


def in_turn(*levels: float, days: int = 3, minutes: int = 5) -> Power:
    """Power of clear days whose rows belong to inverters of some sizes in turn."""
    even = axis(days * 1440 // minutes, step=np.timedelta64(minutes, "m"))
    late = np.resize(np.arange(len(levels)), len(even.utc)) * np.timedelta64(70, "s")
    time = TimeAxis(even.utc + late, even.rows, even.step, {})
    up = sun.over(time.utc, minutes * 60.0, site()).up.clip(0)
    share = up * np.resize(levels, len(up))
    return Power.of(share * CAPACITY_W / 1000, time, site(), "kW", lambda row: str(row + 2))


def clouded(seed: int, days: int = 8) -> np.ndarray:
    return sunny(days) * np.random.default_rng(seed).uniform(0.2, 1.0, days * 96)


@pytest.mark.parametrize("levels", [(1.0, 0.5), (1.0, 0.85), (0.2, 1.0, 0.6), (0.9, 0.8, 0.4, 0.3)])
def test_inverters_that_take_turns_are_refused(levels: tuple[float, ...]) -> None:
    fault = told(turns.check, in_turn(*levels))

    assert fault.code == "mixed_rows"
    assert f"every {('second', 'third', 'fourth')[len(levels) - 2]} row" in fault.reason
    assert "sum_by: column" in fault.remedy


def test_a_missing_row_changes_the_turn_and_hides_nothing() -> None:
    whole = in_turn(1.0, 0.5, days=6)
    kept = np.delete(np.arange(len(whole.share)), [150, 700])
    time = TimeAxis(whole.time.utc[kept], kept, whole.time.step, {})

    assert (
        told(turns.check, Power.of(whole.values[kept], time, site(), "kW", str)).code
        == "mixed_rows"
    )


@pytest.mark.parametrize("seed", range(20))
def test_clouds_do_not_take_turns(seed: int) -> None:
    found = power(clouded(seed))
    uneven = found.time.utc + np.resize([0, 120], len(found.share)).astype("m8[s]")
    time = TimeAxis(uneven, found.time.rows, found.time.step, {})
    turns.check(Power.of(found.values, time, site(), "kW", str))


def test_rows_that_lie_equally_far_apart_by_a_part_of_an_hour_are_of_one_plant() -> None:
    turns.check(power(sunny(4) * np.resize([1.0, 0.5], 4 * 96)))


def test_rows_by_no_part_of_an_hour_may_be_of_several() -> None:
    seven = axis(4 * 192, step=np.timedelta64(7, "m"))
    up = sun.over(seven.utc, 420.0, site()).up.clip(0)
    values = up * np.resize([1.0, 0.5], len(up)) * CAPACITY_W / 1000

    assert told(turns.check, Power.of(values, seven, site(), "kW", str)).code == "mixed_rows"


@pytest.mark.parametrize("levels", [(1.0,), (1.0, 0.97)], ids=["one", "two alike"])
def test_what_power_cannot_tell_is_kept(levels: tuple[float, ...]) -> None:
    turns.check(in_turn(*levels))


@pytest.mark.parametrize(("days", "mixed"), [(1, False), (3, False), (4, True), (6, True)])
def test_most_of_the_days_take_turns_where_there_are_several_inverters(
    days: int, *, mixed: bool
) -> None:
    whole = in_turn(1.0, 0.5, days=6)
    cloud = np.random.default_rng(7).uniform(0.6, 1.0, len(whole.values))
    one = in_turn(1.0, 1.0, days=6).values * cloud
    until = days * 1440 // 5
    values = np.concatenate([whole.values[:until], one[until:]])
    found = Power.of(values, whole.time, site(), "kW", str)
    if mixed:
        assert told(turns.check, found).code == "mixed_rows"
    else:
        turns.check(found)


def test_a_file_of_two_inverters_seven_minutes_apart_is_refused_and_that_of_one_is_read() -> None:
    both = [
        line
        for at, watt in HEALTHY
        for line in (
            f"{at:%Y-%m-%d %H:%M};{0.4 * watt:.0f};1",
            f"{at + timedelta(minutes=7):%Y-%m-%d %H:%M};{0.6 * watt:.0f};2",
        )
    ]
    data = "\n".join(["t;p;inverter", *both]).encode()
    fault = refused(data, site(NO_STEP))

    assert fault.code == "mixed_rows"
    one = [(at, 0.4 * watt) for at, watt in HEALTHY]
    assert accepted(data, site(NO_STEP | {"where": {"inverter": 1}}), one).rows.masks == {}


def test_two_plants_below_each_other_in_winter_are_mixed_rows_though_their_nights_agree() -> None:
    day = [
        (at, watt if 34 <= number % 96 < 58 else 0.0) for number, (at, watt) in enumerate(HEALTHY)
    ]
    both = [f"{at:%Y-%m-%d %H:%M};{part * watt:.0f}" for part in (1.0, 0.8) for at, watt in day]

    assert refused("\n".join(["t;p", *both]).encode(), site(CSV)).code == "mixed_rows"
