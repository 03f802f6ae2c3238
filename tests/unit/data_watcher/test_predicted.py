"""Limits of what a forecast can say of irradiance: sums, its clock, too much and too little."""

from __future__ import annotations

import re

import numpy as np
import pytest

from services.data_watcher.domain.believable import predicted
from services.data_watcher.domain.believable.predicted import Light
from services.data_watcher.domain.believable.sky import Sky
from services.data_watcher.domain.time_axis import TimeAxis
from shared.errors import UnreadableFileError
from tests.unit.data_watcher.plant_files import site

HOUR = np.timedelta64(1, "h")
JUNE, APRIL, JANUARY, DECEMBER = "2024-06-01", "2024-04-10", "2024-01-20", "2024-12-10"


def sky(days: int = 10, start: str = JUNE, hours: int = 1) -> tuple[np.ndarray, Sky]:
    begins = np.datetime64(start, "us") + np.arange(0, 24 * days, hours) * HOUR
    return begins, Sky.over(begins, hours * 3600.0, site())


def light(
    values: np.ndarray,
    start: str = JUNE,
    *,
    hours: int = 1,
    name: str = "ghi",
    issued: np.ndarray | None = None,
    rows: slice = slice(None),
) -> Light:
    """A forecast of one issue; `rows` are those of the days that it has."""
    days = len(values) * hours // 24
    begins, over = sky(days, start, hours)
    kept = np.zeros(len(values), bool)
    kept[rows] = True
    step = hours * 3600.0
    return Light(
        name,
        values[kept],
        (np.full(len(values), begins[0]) if issued is None else issued)[kept],
        begins[kept],
        over.take(kept),
        "W/m2",
        1.0,
        step,
        np.full(int(kept.sum()), step),
        str,
    )


def fault(check: object, *args: object) -> str | None:
    try:
        check(*args)  # type: ignore[operator]
    except UnreadableFileError as found:
        return f"{found.code}: {found.reason} / {found.remedy}"
    return None


# --- sums ---------------------------------------------------------------------------------------------


def summed(start: str = DECEMBER) -> tuple[np.ndarray, np.ndarray]:
    """Sums that begin anew each day, and nothing at night; and the rows at night."""
    _, over = sky(10, start)
    sums = np.cumsum(over.clear.reshape(10, 24), axis=1).ravel()
    nights = np.flatnonzero(over.is_night)
    sums[nights] = 0.0
    return sums, nights


def test_sums_since_the_issue_are_refused() -> None:
    _, over = sky(3)
    found = str(fault(predicted.check_grows, light(np.cumsum(over.clear))))

    assert found.startswith(
        "accumulated: ghi only grows within an issue, and is high at night, as in row 21: it adds up"
    )
    assert "kind: accumulated" in found
    assert fault(predicted.check_grows, light(over.clear)) is None
    assert fault(predicted.check_grows, light(0 * over.clear)) is None


@pytest.mark.parametrize(
    ("share", "height", "known", "is_refused"),
    [
        (0.12, 1.0, 1.0, True),
        (0.08, 1.0, 1.0, False),
        (0.5, 0.06, 1.0, True),
        (0.5, 0.04, 1.0, False),
        (0.06, 1.0, 0.5, True),
    ],
    ids=[
        "a tenth of the nights",
        "less of them",
        "a twentieth of the highest",
        "less of it",
        "a tenth of those that are known",
    ],
)
def test_a_sum_is_high_at_night(
    share: float, height: float, known: float, *, is_refused: bool
) -> None:
    values, nights = summed()
    values[nights[round(known * len(nights)) :]] = np.nan
    high = nights[: round(share * len(nights))]
    values[high] = height * np.nanmax(values)
    values[nights[-1]] = np.nan

    assert (fault(predicted.check_grows, light(values, DECEMBER)) is not None) == is_refused


@pytest.mark.parametrize(
    ("every", "to", "is_refused"),
    [(30, 0.4, True), (30, 0.6, False), (70, 0.6, True)],
    ids=["begins anew", "falls a little", "rarely falls a little"],
)
def test_a_sum_falls_to_less_than_half_or_not_at_all(
    every: int, to: float, *, is_refused: bool
) -> None:
    values = [100.0]
    for row in range(1, 240):
        values.append(values[-1] * to if row % every == 0 else values[-1] + 60.0)

    assert (fault(predicted.check_grows, light(np.array(values))) is not None) == is_refused


def test_from_issue_to_issue_a_sum_may_fall_as_it_likes() -> None:
    begins, _ = sky()
    values = 1500.0 + np.arange(240) % 12 * 100.0
    issued = begins[np.arange(240) // 12 * 12]

    assert fault(predicted.check_grows, light(values, issued=issued)) is not None
    assert fault(predicted.check_grows, light(values)) is None


def test_what_never_grows_is_no_sum() -> None:
    assert fault(predicted.check_grows, light(np.full(72, 300.0))) is None


def test_a_file_without_a_night_shows_no_sum() -> None:
    _, over = sky(1)
    by_day = np.flatnonzero(over.is_lit)
    day = light(np.cumsum(over.clear), rows=slice(by_day[0], by_day[-1] + 1))

    assert fault(predicted.check_grows, day) is None


# --- clock --------------------------------------------------------------------------------------------


def clock(found: Light, middle: float | None = None) -> str | None:
    time = TimeAxis(found.begins, np.arange(len(found.begins)), found.step, {})
    return fault(predicted.check_clock, found, time, site(), middle)


def late(minutes: float, days: int = 10, start: str = JUNE) -> np.ndarray:
    begins, _ = sky(days, start)
    return Sky.over(begins - np.timedelta64(round(minutes), "m"), 3600.0, site()).clear


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (180, "3.0 hours after its time"),
        (-180, "3.0 hours before its time"),
        (600, "10.0 hours after its time"),
        (120, "2.0 hours after its time"),
        (150, "2.5 hours after its time"),
        (60, None),
        (0, None),
    ],
)
def test_irradiance_that_follows_another_sun_is_refused(minutes: float, said: str | None) -> None:
    found = clock(light(late(minutes)))

    assert (found is None) == (said is None)
    assert said is None or said in str(found)
    assert said is None or str(found).startswith("wrong_clock: ghi follows the sun ")


def quiet(minutes: float = 90, start: str = JUNE) -> tuple[np.ndarray, Sky]:
    """Late irradiance that is nowhere too much or too little, nor any at night."""
    _, over = sky(10, start)
    values = np.minimum(np.maximum(late(minutes, 10, start), 0.03 * over.clear), over.most)
    return np.where(over.is_night, 0.0, values), over


@pytest.mark.parametrize(
    ("middle", "is_refused"), [(None, False), (70.0, False), (80.0, True), (-80.0, True)]
)
def test_clear_days_tell_where_nothing_else_does(middle: float | None, *, is_refused: bool) -> None:
    values, _ = quiet()

    assert (clock(light(values), middle) is not None) == is_refused
    assert clock(light(quiet(0)[0]), middle) is None


@pytest.mark.parametrize(("share", "is_refused"), [(0.015, False), (0.03, True)])
def test_a_fiftieth_of_the_energy_at_night_tells(share: float, *, is_refused: bool) -> None:
    values, over = quiet()
    values[over.is_night] = share / (1 - share) * values.sum() / over.is_night.sum()
    values[12] = np.nan

    found = clock(light(values))

    assert (found is not None) == is_refused
    assert found is None or "3% of its energy comes at night" in found


@pytest.mark.parametrize(
    ("much", "little", "part", "is_refused"),
    [
        (10, 10, 0.015, True),
        (5, 5, 0.015, False),
        (5, 20, 0.015, False),
        (20, 5, 0.015, False),
        (10, 10, 0.03, False),
        (10, 10, 0.0, True),
    ],
    ids=[
        "a twentieth of the daylight",
        "less of it",
        "little alone",
        "much alone",
        "little light",
        "no light",
    ],
)  # fmt: skip
def test_too_much_and_too_little_tell_together(
    much: int, little: int, part: float, *, is_refused: bool
) -> None:
    """The ten days have 155 rows in daylight."""
    values, over = quiet()
    assert int((over.clear > 60).sum()) == pytest.approx(155, abs=6)
    values[np.flatnonzero((over.clear < 130) & ~over.is_night & (over.hour_angle > 0))[:much]] = (
        300.0
    )
    dark = np.flatnonzero(over.clear > 300)[::5][:little]
    values[dark] = part * over.clear[dark]

    assert (clock(light(values)) is not None) == is_refused


@pytest.mark.parametrize(
    ("start", "low", "high", "is_refused"),
    [(DECEMBER, 20.0, 60.0, False), (JUNE, 61.0, 119.0, True)],
)
def test_rows_of_a_low_sun_may_be_dark(
    start: str, low: float, high: float, *, is_refused: bool
) -> None:
    values, over = quiet(120, start)
    dusk = (over.clear < 40) & ~over.is_night & (over.hour_angle > 0)
    values[dusk] = 300.0
    dark = (over.clear > low) & (over.clear <= high)
    values[dark] = 0.0

    assert min(int(dusk.sum()), int(dark.sum())) >= 10
    assert (clock(light(values, start)) is not None) == is_refused


def test_what_is_above_any_sky_under_a_high_sun_is_no_clock() -> None:
    values, over = quiet()
    high = np.flatnonzero((over.clear > 400) & (over.hour_angle > 0.5))
    values[high[:20]] = 1.5 * over.most[high[:20]]
    dark = np.flatnonzero((over.clear > 400) & (over.hour_angle < -0.5))
    values[dark[-10:]] = 0.0

    assert clock(light(values)) is None


def test_one_row_of_each_is_chance_in_a_file_of_hours() -> None:
    _, over = sky(1)
    values = late(120, 1)
    rows = slice(14, 22)  # with its evening

    def shown(dark: int) -> str | None:
        some = np.maximum(values, 0.03 * over.clear)
        some[14 : 14 + dark] = 0.0
        return clock(light(some, rows=rows))

    assert shown(0) is None
    assert shown(1) is None
    assert shown(2) is not None


def test_a_file_without_light_says_nothing_of_its_clock() -> None:
    assert clock(light(np.zeros(48)), 200.0) is None


# --- unit: too much -----------------------------------------------------------------------------------


def above(days: int, each: list[int], rows: slice = slice(None)) -> tuple[str | None, Light]:
    """What is said of days of which so many rows are twice a clear sky."""
    _, over = sky(days)
    values = 0.9 * over.clear
    for day, count in enumerate(each):
        own = np.flatnonzero(over.clear > 400)
        own = own[(own // 24 == day) & np.isin(own, np.arange(24 * days)[rows])][
            -count or len(own) :
        ]
        values[own] = 2 * over.clear[own]
    found = light(values, rows=rows)
    return fault(predicted.check_unit, found), found


@pytest.mark.parametrize(
    ("days", "each", "is_refused"),
    [
        (2, [2, 2], False),
        (2, [3, 2], True),
        (10, [2] * 7, False),
        (10, [2] * 8, True),
        (10, [9], True),
        (10, [8], False),
    ],
    ids=["four", "five", "a tenth", "more than a tenth", "most of a day", "half of a day"],
)
def test_a_few_rows_above_any_sky_are_masked_and_more_are_refused(
    days: int, each: list[int], *, is_refused: bool
) -> None:
    said, found = above(days, each)

    assert (said is not None) == is_refused
    if said is None:
        masked, dark = predicted.check_unit(found)
        assert (int(masked.sum()), int(dark.sum())) == (sum(each), 0)
    else:
        assert f"above what any sky gives in {sum(each)} of " in said


@pytest.mark.parametrize(
    ("rows", "count", "is_refused"),
    [(slice(13, 17), 3, True), (slice(13, 16), 2, False), (slice(11, 17), 3, False)],
    ids=["three of four", "two of three", "three of six"],
)
def test_three_rows_and_most_of_a_day_are_refused(
    rows: slice, count: int, *, is_refused: bool
) -> None:
    assert (above(1, [count], rows)[0] is not None) == is_refused


def test_rows_that_are_unknown_are_no_daylight() -> None:
    """Ten of 70 rows are more than a tenth."""
    _, over = sky(10)
    values = np.where(np.arange(240) % 24 >= 12, 0.9, np.nan) * over.clear
    bright = (
        np.flatnonzero((over.clear > 400) & np.isfinite(values)).reshape(10, -1)[:5, :2].ravel()
    )
    values[bright] = 2 * over.clear[bright]

    assert "in 10 of " in str(fault(predicted.check_unit, light(values)))


@pytest.mark.parametrize("rows", [slice(None), slice(15, 22)], ids=["a day", "an evening"])
def test_rows_of_a_low_sun_above_any_sky_are_masked(rows: slice) -> None:
    _, over = sky(1)
    values = 0.9 * over.clear
    dusk = np.flatnonzero((over.clear < 130) & (np.arange(24) >= 15) & (np.arange(24) < 22))
    values[dusk] = 300.0

    masked, _ = predicted.check_unit(light(values, rows=rows))

    assert len(dusk) >= 3
    assert int(masked.sum()) == len(dusk)


def test_the_worst_row_of_the_day_that_is_wrong_is_named_with_its_likely_unit() -> None:
    _, over = sky(10)
    values = 0.9 * over.clear
    values[6:18] *= 3.6 * 0.9
    values[20], values[5 * 24 + 12] = 300.0, 9 * over.clear[5 * 24 + 12]

    said = str(fault(predicted.check_unit, light(values)))

    assert "above what any sky gives in 13 of 1" in said
    assert "where a clear sky gives" in said
    assert int(said.split(" in row ")[1].split(",", maxsplit=1)[0]) in range(6, 18)
    assert "values look like kJ/m2 per 60 min" in said


# --- unit: too little -----------------------------------------------------------------------------------


def faint(
    parts: list[float], start: str = JUNE, *, hours: int = 1, name: str = "ghi"
) -> str | None:
    """What is said of ten days of which the first ones are such a part of a clear sky."""
    _, over = sky(10, start, hours)
    part = np.full(10, 0.7)
    part[: len(parts)] = parts
    found = light(np.repeat(part, 24 // hours) * over.clear, start, hours=hours, name=name)
    return fault(predicted.check_unit, found)


@pytest.mark.parametrize(
    ("parts", "is_refused"),
    [
        ([0.004], True),
        ([0.005], False),
        ([0.008], False),
        ([0.008, 0.008], False),
        ([0.008, 0.008, 0.008], True),
        ([0.012, 0.012, 0.012], False),
    ],
    ids=["darker than any", "rain", "heavy rain", "two of ten", "three of ten", "three of rain"],
)
def test_a_day_is_not_as_dark_as_another_unit_and_few_days_are_nearly(
    parts: list[float], *, is_refused: bool
) -> None:
    found = faint(parts)

    assert (found is not None) == is_refused
    assert found is None or re.match(
        r"wrong_unit: ghi reaches only [1-7]\.\d+ W/m2 on 2024-06-0", found
    )
    assert faint(parts, name="dhi") is None


def test_only_a_high_sun_shows_that() -> None:
    assert faint([0.003], JANUARY) is None
    assert faint([0.003], APRIL) is not None


@pytest.mark.parametrize(
    ("rows", "hours", "is_refused"),
    [
        (slice(10, 12), 1, False),
        (slice(10, 13), 1, True),
        (slice(4, 5), 3, False),
        (slice(3, 5), 3, True),
    ],
    ids=["two hours", "three hours", "one row", "two rows"],
)
def test_three_hours_and_two_rows_show_a_day(rows: slice, hours: int, *, is_refused: bool) -> None:
    _, over = sky(1, JUNE, hours)
    found = light(0.003 * over.clear, hours=hours, rows=rows)

    assert (fault(predicted.check_unit, found) is not None) == is_refused


def test_days_without_any_light_under_a_high_sun_are_masked_while_the_sun_is_up() -> None:
    _, over = sky(3)
    values = 0.7 * over.clear
    values[24:48] = 0.0
    values[40] = np.nan

    masked, dark = predicted.check_unit(light(values))

    lit = [row for row in range(24, 48) if over.clear[row] > 0 and row != 40]
    assert np.flatnonzero(dark).tolist() == lit
    assert not masked.any()


@pytest.mark.parametrize(("start", "rows"), [(JANUARY, slice(None)), (JUNE, slice(10, 12))])
def test_a_dark_day_of_a_low_sun_or_of_two_hours_stays(start: str, rows: slice) -> None:
    _, dark = predicted.check_unit(light(np.zeros(24), start, rows=rows))

    assert not dark.any()


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (1e-3, "values look like kW/m2, the YAML says W/m2"),
        (3.6, "values look like kJ/m2 per 60 min, the YAML says W/m2"),
        (5e-4, "values look like kW/m2, the YAML says W/m2"),
        (2.5e-3, "values look like MJ/m2 per 60 min, the YAML says W/m2"),
        (1e9, "no other unit than W/m2 makes the values fit; look at scale, too"),
    ],
)
def test_the_unit_that_would_fit_is_named(factor: float, said: str) -> None:
    _, over = sky(3)

    assert said in str(fault(predicted.check_unit, light(factor * 0.8 * over.clear)))


def test_energies_are_those_of_the_interval() -> None:
    _, over = sky(3, JUNE, 3)
    energy = light(3 * 0.8 * over.clear, hours=3)

    assert "values look like Wh/m2 per 180 min" in str(fault(predicted.check_unit, energy))


# --- days of issues -----------------------------------------------------------------------------------


def test_days_are_told_apart_by_issue_and_of_constant_leads_by_the_sun_alone() -> None:
    begins, over = sky(2)
    twice = np.concatenate([begins, begins])
    both = np.arange(96) % 48

    def groups(issued: np.ndarray) -> list[int]:
        rows = [
            getattr(over, name)[both]
            for name in ("clear", "most", "is_lit", "is_night", "hour_angle")
        ]
        hour = np.full(96, 3600.0)
        found = Light("ghi", hour, issued, twice, Sky(*rows), "W/m2", 1.0, 3600.0, hour, str)
        return np.bincount(found.groups).tolist()

    assert groups(np.repeat(begins[[0, 24]], 48)) == [24, 24, 24, 24]
    assert groups(np.repeat(begins[:32], 3)) == [3] * 32
    assert groups(twice - 6 * HOUR) == [48, 48]
