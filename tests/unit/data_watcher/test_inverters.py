"""Where one of several inverters is off or hangs, the sum of all is not the plant's power."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import accumulate

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


def test_one_small_inverter_of_many_does_not_mask_the_plant() -> None:
    parts = [[100.0, 200.0, 300.0, 250.0]] * 30
    parts[3] = [100.0, 0.0, 0.0, 250.0]

    assert inverters.unlike([_values(part) for part in parts]) == {}


def _values(part: list[float]) -> inverters.Values:
    return inverters.np.array(part)


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
