"""Where one of several inverters is off or hangs, the sum of all is not the plant's power."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import accumulate

import numpy as np
import pytest

from services.data_watcher.domain.believable import inverters
from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import CSV, canonical, plant, refused, site

DAYS = 10
QUARTER = timedelta(minutes=15)
LONG = list(plant(DAYS))
SHARES = {"a": 0.45, "b": 0.35, "c": 0.2}
Change = Callable[[int, float], float]


def as_columns(change: Mapping[str, Change]) -> tuple[bytes, Site]:
    names = list(SHARES)
    lines = [
        f"{at:%Y-%m-%d %H:%M};" + ";".join(f"{_part(name, row, change):.3f}" for name in names)
        for row, (at, _) in enumerate(LONG)
    ]
    body = "\n".join([";".join(["t", *names]), *lines]).encode()
    return body, site(CSV | {"columns": {"power_ac": {"columns": names, "unit": "W"}}})


def below_each_other(change: Mapping[str, Change]) -> tuple[bytes, Site]:
    lines = [
        f"{at:%Y-%m-%d %H:%M};{name};{_part(name, row, change):.3f}"
        for row, (at, _) in enumerate(LONG)
        for name in SHARES
    ]
    return "\n".join(["t;inverter;p", *lines]).encode(), site(CSV | {"sum_by": "inverter"})


def _part(name: str, row: int, change: Mapping[str, Change]) -> float:
    watt = LONG[row][1] * SHARES[name]
    return change[name](row, watt) if name in change else watt


LAYOUTS = pytest.mark.parametrize("layout", [as_columns, below_each_other])
Layout = Callable[[Mapping[str, Change]], tuple[bytes, Site]]


@LAYOUTS
def test_an_inverter_that_is_off_for_days_masks_their_daylight_and_nothing_else(
    layout: Layout,
) -> None:
    data, where = layout({"b": lambda row, watt: 0.0 if 192 <= row < 480 else watt})
    reading, found = canonical(data, where)

    assert reading.rows.masks.keys() == {"inverter_off"}
    for row, (at, watt) in enumerate(LONG):
        value = found[at]
        if 192 <= row < 480 and watt > 100:
            assert value is None, at
        else:
            assert value is None or value * 1000 == pytest.approx(watt, abs=40), at
        assert value is not None or 180 <= row < 500, at


@LAYOUTS
def test_an_inverter_that_is_off_on_most_days_is_refused(layout: Layout) -> None:
    fault = refused(*layout({"b": lambda row, watt: 0.0 if row >= 192 else watt}))

    assert fault.code == "too_much_masked"
    assert "inverter_off" in fault.reason


@LAYOUTS
def test_an_inverter_that_is_off_in_the_whole_file_is_told(layout: Layout) -> None:
    reading, found = canonical(*layout({"b": lambda *_: 0.0}))

    assert reading.rows.masks == {}
    assert reading.rows.note is not None
    assert "no power in the whole file" in reading.rows.note
    assert found[LONG[48][0]] == pytest.approx(LONG[48][1] * 0.65e-3, abs=1e-3)


@LAYOUTS
def test_an_inverter_that_hangs_through_the_night_of_the_others_masks_its_run(
    layout: Layout,
) -> None:
    data, where = layout({"c": lambda row, watt: 640.0 if 140 <= row < 210 else watt})
    reading, found = canonical(data, where)

    lost = [row for row, (at, _) in enumerate(LONG) if found[at] is None]
    assert reading.rows.masks == {"stuck": 70}
    assert lost == list(range(140, 210))


@LAYOUTS
def test_inverters_that_generate_together_are_added_up(layout: Layout) -> None:
    reading, found = canonical(*layout({}))

    assert reading.rows.masks == {}
    assert reading.rows.note is None
    assert all(found[at] == pytest.approx(watt / 1000, abs=1e-3) for at, watt in LONG)


@LAYOUTS
def test_a_counter_of_several_that_stands_still_masks_its_days(layout: Layout) -> None:
    totals = {
        name: list(accumulate(watt * part / 4000 for _, watt in LONG))
        for name, part in SHARES.items()
    }

    def counted(name: str, *, stands: bool) -> Change:
        def reading(row: int, _: float) -> float:
            return 5000 + totals[name][300 if stands and 300 < row < 480 else row]

        return reading

    data, where = layout({name: counted(name, stands=name == "b") for name in SHARES})
    data = data.replace(b"\n2024", b"\n2024")
    counter = {"unit": "kWh", "kind": "counter"}
    source = where.sources[0]
    column = source.columns["power_ac"].model_copy(update=counter)
    timestamp = source.timestamp.model_copy(update={"label": "right"})
    read_as = source.model_copy(update={"columns": {"power_ac": column}, "timestamp": timestamp})
    place = where.model_copy(update={"sources": (read_as,)})
    reading, found = canonical(data, place)

    assert "inverter_off" in reading.rows.masks
    for row, (at, watt) in enumerate(LONG):
        value = found.get(at - QUARTER)
        assert value is None or value * 1000 == pytest.approx(
            watt, abs=500 if 290 < row < 490 else 250
        ), at
        if 310 < row < 475 and watt > 1500:
            assert value is None, at


# --- limits -------------------------------------------------------------------------------------------

A_DAY = np.array([0.0, 0.0, 0.004, 0.007, 0.2, 0.4, 1.0, 0.4, 0.2, 0.007, 0.004, 0.0])
OTHER = np.tile(A_DAY, 3)
NIGHT = np.arange(22, 27)  # the second of them


def off(share: float = 1.0, *, where: list[int], at: float = 0.0) -> dict[str, list[int]]:
    """What is masked of the other's plant where an inverter of some size is off in rows of the second day."""
    part = share * OTHER
    part[[12 + row for row in where]] = at * share
    return masked(part, OTHER)


def masked(*parts: np.ndarray) -> dict[str, list[int]]:
    return {
        name: np.flatnonzero(rows).tolist() for name, rows in inverters.unlike(list(parts)).items()
    }


def test_an_inverter_is_off_where_the_sun_shines_on_the_others_and_until_it_is_dark() -> None:
    assert off(where=[4, 5, 6, 7, 8, 9, 10]) == {"inverter_off": [16, 17, 18, 19, 20, 21]}
    assert off(where=[3, 4, 5]) == {"inverter_off": [15, 16, 17]}


def test_an_inverter_that_rises_late_is_not_off() -> None:
    """The others are at a fifth of their highest power, and on the next day it is off at noon."""
    assert off(where=[2, 3, 4]) == {}
    assert off(where=[2, 3, 4, 18]) == {"inverter_off": [30]}


@pytest.mark.parametrize(("at", "is_off"), [(0.0008, True), (0.0015, False), (-0.0008, True)])
def test_an_inverter_that_is_off_gives_less_than_a_thousandth(at: float, *, is_off: bool) -> None:
    assert bool(off(where=[6], at=at)) == is_off


@pytest.mark.parametrize(("share", "is_off"), [(0.06, True), (0.045, False)])
def test_an_inverter_below_a_twentieth_of_the_plant_does_not_mask_it(
    share: float, *, is_off: bool
) -> None:
    assert bool(off(share, where=[6])) == is_off


def test_a_row_of_which_an_inverter_is_unknown_is_not_masked_for_it() -> None:
    part = OTHER.copy()
    part[18], part[17] = np.nan, 0.0

    assert masked(part, OTHER) == {"inverter_off": [17]}


def test_a_plant_that_is_off_lacks_no_inverter() -> None:
    assert masked(0 * OTHER, 0 * OTHER) == {}


def test_what_others_give_that_hardly_count_says_nothing_of_the_night() -> None:
    steady = np.ones(len(OTHER))
    steady[NIGHT] = 0.5

    assert masked(steady, 0.04 * OTHER) == {}


@pytest.mark.parametrize(
    ("rows", "at", "is_stuck"), [(4, 0.06, True), (3, 0.06, False), (5, 0.04, False)]
)
def test_an_inverter_hangs_that_stays_at_a_value_for_four_rows_of_the_others_night(
    rows: int, at: float, *, is_stuck: bool
) -> None:
    part = OTHER.copy()
    part[NIGHT[:rows]] = at

    assert masked(part, OTHER) == ({"stuck": NIGHT[:rows].tolist()} if is_stuck else {})


def test_an_inverter_that_hangs_does_so_from_its_last_row_by_day() -> None:
    part = OTHER.copy()
    part[20:26] = 0.2

    assert masked(part, OTHER) == {"stuck": [20, 21, 22, 23, 24, 25]}


@pytest.mark.parametrize(("share", "is_said"), [(0.009, True), (0.011, False)])
def test_an_inverter_with_less_than_a_hundredth_in_the_whole_file_is_said_to_give_nothing(
    share: float, *, is_said: bool
) -> None:
    _, note = inverters.check([OTHER, share * OTHER], ["a", "b"], are_counters=False)

    assert (note is not None) == is_said
    assert note is None or note.startswith("no power in the whole file: b; if it was off")


def test_three_silent_inverters_are_named_and_the_others_counted() -> None:
    parts = [OTHER, *[0 * OTHER] * 5]

    assert "file: b, c, d and 2 more;" in str(inverters.check(parts, "abcdef", are_counters=False))
    assert "file: b, c, d;" in str(inverters.check(parts[:4], "abcd", are_counters=False))
    assert inverters.check([0 * OTHER] * 2, "ab", are_counters=False) == ({}, None)


HOURS = 1.0 + 0.0 * np.arange(200)


def registers(
    *, both: int = 0, drop: float = 1.0, dropped: int = 20, faint: float = 0.0
) -> list[np.ndarray]:
    """Two registers that take over from each other after every tenth row, at power that goes on.

    `both` rows have power in both; of the twenty changes `dropped` go down to some part, and some rows of
    the second are `faint`.
    """
    day = np.arange(200) // 10 % 2 == 0
    total = HOURS.copy()
    for change in range(dropped):
        total[10 * change : 10 * change + 10] *= drop if change % 2 else 1.0
    first, second = np.where(day, total, 0.0), np.where(day, 0.0, total)
    second[:both] = 0.5
    if faint:
        first[100:], second[100:] = faint, faint
    return [first, second]


@pytest.mark.parametrize(
    ("parts", "take_turns"),
    [
        (registers(), True),
        (registers(both=3), True),
        (registers(both=6), False),
        (registers(drop=0.6), True),
        (registers(drop=0.4), False),
        (registers(drop=0.4, dropped=4), True),
        (registers(drop=0.4, dropped=10), False),
        (registers(faint=0.009), True),
        (registers(faint=0.015), False),
        ([HOURS, 0 * HOURS], False),
    ],
    ids=[
        "by turns",
        "rarely both",
        "often both",
        "little less",
        "half",
        "half now and then",
        "half as often as not",
        "both draw next to nothing",
        "both draw little",
        "one alone",
    ],
)
def test_registers_take_over_from_each_other_at_about_the_same_power(
    parts: list[np.ndarray], *, take_turns: bool
) -> None:
    """They are told by what is not masked: neither is an inverter that is off while the other generates."""
    silent = [*parts, 0 * HOURS]

    assert (inverters.check(silent, "abc", are_counters=False) == ({}, None)) == take_turns


@pytest.mark.parametrize("nights_of", [0, 1])
def test_registers_need_not_go_on_over_a_night(nights_of: int) -> None:
    night = (np.arange(200) // 10 % 2 == nights_of) & (np.arange(200) % 10 < 2)
    parts = [np.where(night, 0.0, each) for each in registers()]

    assert inverters.check([*parts, 0 * HOURS], "abc", are_counters=False) == ({}, None)


def test_a_coarse_counter_is_not_off_between_two_of_its_steps() -> None:
    """Of an inverter that counts whole kWh, every fourth reading grows."""
    fine, coarse = np.arange(60.0), np.floor((np.arange(60) + 2) / 4) * 4
    standing = np.where(np.arange(60) < 30, coarse, coarse[30])

    assert inverters.check([fine, coarse], "ab", are_counters=True) == ({}, None)
    rows, _ = inverters.check([fine, standing], "ab", are_counters=True)
    assert np.flatnonzero(rows["inverter_off"]).tolist() == list(range(33, 60))


def test_a_counter_that_starts_anew_gives_nothing_in_that_row() -> None:
    fine = np.arange(60.0)
    reset = np.where(np.arange(60) < 30, fine + 500, fine - 30)

    assert inverters.check([fine, reset], "ab", are_counters=True) == ({}, None)


def by_register(at: datetime) -> str:
    return "day" if 7 <= at.hour < 16 and at.weekday() < 5 else "night"


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize("days", [3, DAYS])
def test_registers_of_a_meter_take_turns_and_are_added_up(
    days: int, *, below: bool, counted: bool
) -> None:
    """START is a Saturday, of which night's register counts all."""
    rows = LONG[: days * 96]
    energy = {
        name: [watt / 4 if by_register(at) == name else 0.0 for at, watt in rows]
        for name in ("day", "night")
    }
    if counted:
        energy = {
            name: list(accumulate(each, initial=5000.0))[:-1] for name, each in energy.items()
        }
    column = {"unit": "Wh"} | ({"kind": "counter"} if counted else {})
    if below:
        lines = [
            f"{at:%Y-%m-%d %H:%M};{name};{energy[name][row]:.3f}"
            for name in energy
            for row, (at, _) in enumerate(rows)
        ]
        header, source = "t;register;p", {"sum_by": "register"}
        columns = {"power_ac": {"column": "p"} | column}
    else:
        lines = [
            f"{at:%Y-%m-%d %H:%M};{energy['day'][row]:.3f};{energy['night'][row]:.3f}"
            for row, (at, _) in enumerate(rows)
        ]
        header, source = "t;day;night", {}
        columns = {"power_ac": {"columns": ["day", "night"]} | column}
    data = "\n".join([header, *lines]).encode()

    reading, found = canonical(data, site(CSV | source | {"columns": columns}))

    assert reading.rows.masks.keys() <= {"counter_gap"}
    for at, watt in rows[:-1]:
        value = found[at]
        assert value is not None
        assert value * 1000 == pytest.approx(watt, abs=1)


def test_an_inverter_that_ends_by_night_where_another_begins_is_off() -> None:
    rows = [(at, watt, row < 5 * 96) for row, (at, watt) in enumerate(LONG)]
    lines = [
        f"{at:%Y-%m-%d %H:%M};{watt * first:.1f};{watt * (not first):.1f}"
        for at, watt, first in rows
    ]
    where = site(CSV | {"columns": {"power_ac": {"columns": ["a", "b"], "unit": "W"}}})
    fault = refused("\n".join(["t;a;b", *lines]).encode(), where)
    assert (fault.code, "inverter_off" in fault.reason) == ("too_much_masked", True)


def four_registers() -> bytes:
    lines = ["t;register;p"]
    for at, watt in LONG:
        own = by_register(at)
        for name in ("day", "night"):
            lines.append(f"{at:%Y-%m-%d %H:%M};fed in, {name};{watt / 4 * (name == own):.2f}")
            lines.append(f"{at:%Y-%m-%d %H:%M};drawn, {name};{90.0 * (name == own):.2f}")
    return "\n".join(lines).encode()


METER = CSV | {"sum_by": "register", "columns": {"power_ac": {"column": "p", "unit": "Wh"}}}


def test_some_registers_of_a_meter_are_read_and_added_up() -> None:
    fed_in = {"register": ["fed in, day", "fed in, night"]}
    reading, found = canonical(four_registers(), site(METER | {"where": fed_in}))
    assert reading.rows.masks == {}
    for at, watt in LONG:
        value = found[at]
        assert value is not None
        assert value * 1000 == pytest.approx(watt, abs=1)


def test_a_register_that_no_row_has_is_refused() -> None:
    fault = refused(
        four_registers(), site(METER | {"where": {"register": ["fed in, day", "fed in, noon"]}})
    )
    assert fault.code == "no_such_series"
    assert "'fed in, noon'" in fault.reason
