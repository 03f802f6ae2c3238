"""Stamps of an hour or a day: their intervals are counted by a column, or stand in columns side by side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from shared.solar.site import Site
from tests.unit.data_watcher.plant_files import (
    CSV,
    HEALTHY,
    accepted,
    canonical,
    plant,
    refused,
    site,
)

Row = tuple[datetime, float]
LONDON = ZoneInfo("Europe/London")


def described(timestamp: dict[str, Any], power: dict[str, Any], **changes: Any) -> Site:
    said = {
        "timestamp": {"column": "t", "step_minutes": 15} | timestamp,
        "columns": {"power_ac": power},
    }
    return site(CSV | said, **changes)


def numbered(first: int, hour: int) -> bytes:
    lines = [
        f"{moment:%m/%d/%Y};{moment.hour + hour};{moment.minute // 15 + first};{watt:.1f}"
        for moment, watt in HEALTHY
    ]
    return "\n".join(["day;hour;interval;p", *lines]).encode()


POWER = {"column": "p", "unit": "W"}
HOURS = {
    "column": "day",
    "time_column": "hour",
    "format": "%m/%d/%Y %H",
    "interval_column": "interval",
}


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(("hour", "label"), [(0, "left"), (1, "right")])
def test_intervals_of_an_hour_are_counted(first: int, hour: int, label: str) -> None:
    where = described(HOURS | {"label": label}, POWER)
    assert accepted(numbered(first, hour), where).rows.masks == {}


def test_a_step_that_the_numbers_contradict_is_refused() -> None:
    fault = refused(numbered(1, 0), described(HOURS | {"step_minutes": 5}, POWER))
    assert fault.code == "wrong_step"
    assert "each has 4 intervals in the file" in fault.reason


def test_numbers_that_nobody_names_are_in_the_remedy() -> None:
    hours = {name: each for name, each in HOURS.items() if name != "interval_column"}
    fault = refused(numbered(1, 0), described(hours, POWER))
    assert fault.code == "mixed_rows"
    assert "(timestamp.interval_column)" in fault.remedy
    accepted(numbered(1, 0), described(hours | {"interval_column": "interval"}, POWER))


def test_a_row_without_a_number_is_left_out() -> None:
    data = numbered(1, 0).replace(b"06/02/2024;12;2;", b"06/02/2024;12;;")
    rest = [row for row in HEALTHY if row[0] != datetime(2024, 6, 2, 12, 15, tzinfo=UTC)]
    reading = accepted(data, described(HOURS, POWER), rest)
    assert reading.rows.masks == {"bad_timestamp": 1}


def days_counted(rows: list[Row], zone: ZoneInfo) -> bytes:
    lines = ["day;period;p"]
    for day, some in groupby(rows, lambda row: row[0].astimezone(zone).date()):
        lines += [f"{day};{number};{watt:.1f}" for number, (_, watt) in enumerate(some, start=1)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize("month", [3, 10])
def test_intervals_of_a_day_are_counted_through_changes_of_the_clock(month: int) -> None:
    start = datetime(2024, month, 26 if month == 3 else 23, tzinfo=LONDON)
    shift = start.astimezone(UTC) - datetime(2024, 6, 1, tzinfo=UTC)
    rows = [(at + shift, watt) for at, watt in plant(7)]
    where = described(
        {"column": "day", "interval_column": "period"}, POWER, timezone="Europe/London"
    )
    assert accepted(days_counted(rows, LONDON), where, rows).rows.masks == {}


def test_dates_are_no_end() -> None:
    where = described({"column": "day", "interval_column": "period", "label": "right"}, POWER)
    fault = refused(days_counted(HEALTHY, ZoneInfo("UTC")), where)
    assert fault.code == "wrong_step"
    assert "leave out label" in fault.remedy


def side_by_side(names: list[str], stamp: Callable[[datetime], str]) -> bytes:
    """Return a file with a row for as many rows of the plant as there are names."""
    lines = [";".join(["t", *names, "note"])]
    for at in range(0, len(HEALTHY), len(names)):
        some = HEALTHY[at : at + len(names)]
        lines.append(";".join([stamp(some[0][0]), *(f"{watt:.1f}" for _, watt in some), "ok"]))
    return "\n".join(lines).encode()


QUARTERS = [
    ["00", "15", "30", "45"],
    ["Q1", "Q2", "Q3", "Q4"],
    ["00-15", "15-30", "30-45", "45-60"],
]


@pytest.mark.parametrize("names", QUARTERS)
def test_quarters_of_an_hour_in_columns_are_read_in_turn(names: list[str]) -> None:
    data = side_by_side(names, lambda moment: f"{moment:%Y-%m-%d %H:%M}")
    power = {"columns": names, "combine": "in_turn", "unit": "W"}
    assert accepted(data, described({}, power)).rows.masks == {}


def test_columns_in_turn_are_in_the_order_of_the_yaml() -> None:
    data = side_by_side(QUARTERS[0], lambda moment: f"{moment:%Y-%m-%d %H:%M}").decode()
    head, *lines = [line.split(";") for line in data.splitlines()]
    turned = [[row[0], *row[4:0:-1], row[5]] for row in (head, *lines)]
    data = "\n".join(";".join(row) for row in turned)
    power = {"columns": QUARTERS[0], "combine": "in_turn", "unit": "W"}
    accepted(data.encode(), described({}, power))


def test_rows_that_count_and_inverters_may_have_columns_in_turn() -> None:
    lines = ["t;inverter;kind;Q1;Q2;Q3;Q4"]
    for at in range(0, len(HEALTHY), 4):
        for name, share in (("1", 0.4), ("2", 0.6)):
            some = [share * watt for _, watt in HEALTHY[at : at + 4]]
            stamp = f"{HEALTHY[at][0]:%Y-%m-%d %H:%M}"
            lines.append(f"{stamp};{name};out;" + ";".join(f"{watt:.2f}" for watt in some))
            lines.append(f"{stamp};{name};in;5;5;5;5")
    power = {"columns": ["Q*"], "combine": "in_turn", "unit": "W"}
    stamp_ = {"timestamp": {"column": "t", "step_minutes": 15}, "columns": {"power_ac": power}}
    where = site(CSV | stamp_ | {"where": {"kind": "out"}, "sum_by": "inverter"})
    assert accepted("\n".join(lines).encode(), where).rows.masks == {}


def test_too_few_columns_in_turn_are_refused() -> None:
    data = side_by_side(QUARTERS[1], lambda moment: f"{moment:%Y-%m-%d %H:%M}")
    power = {"columns": ["Q[1-4]"], "combine": "in_turn", "unit": "W"}
    assert refused(data, described({"step_minutes": 5}, power)).code == "wrong_step"
    three = power | {"columns": ["Q[1-3]"]}
    assert refused(data, described({}, three)).code == "day_rows"


@pytest.mark.parametrize("names", QUARTERS)
def test_a_quarter_is_not_the_hour(names: list[str]) -> None:
    data = side_by_side(names, lambda moment: f"{moment:%Y-%m-%d %H:%M}")
    fault = refused(data, described({"step_minutes": 60}, {"column": names[1], "unit": "W"}))
    assert fault.code == "day_rows"
    assert "combine: in_turn and step_minutes: 15" in fault.remedy


def test_a_hour_that_ends_at_its_stamp_has_its_quarters_before_it() -> None:
    data = side_by_side(QUARTERS[1], lambda moment: f"{moment + timedelta(hours=1):%Y-%m-%d %H:%M}")
    power = {"columns": ["Q*"], "combine": "in_turn", "unit": "W"}
    accepted(data, described({"label": "right"}, power))


def test_a_row_for_each_day_is_read_in_turn() -> None:
    names = [f"{at // 4:02}:{15 * (at % 4):02}" for at in range(96)]
    power = {"columns": ["??:??"], "combine": "in_turn", "unit": "W"}
    data = side_by_side(names, lambda moment: f"{moment:%Y-%m-%d}")
    assert accepted(data, described({}, power)).rows.masks == {}


def test_a_day_of_a_changed_clock_is_left_out_where_its_columns_do_not_say_which_hours() -> None:
    start = datetime(2024, 3, 28, tzinfo=UTC) - datetime(2024, 6, 1, tzinfo=UTC)
    rows = [(at + start, watt) for at, watt in plant(6, 60)]
    by_clock = {
        (f"{at.astimezone(LONDON):%Y-%m-%d}", at.astimezone(LONDON).hour): watt for at, watt in rows
    }
    lines = [";".join(["t", *(f"H{hour}" for hour in range(1, 25))])]
    lines += [
        ";".join([day, *(str(by_clock.get((day, hour), "")) for hour in range(24))])
        for day in dict.fromkeys(day for day, _ in by_clock)
    ]
    power = {"columns": ["H*"], "combine": "in_turn", "unit": "W"}
    where = described({"step_minutes": 60}, power, timezone="Europe/London")
    reading, found = canonical("\n".join(lines).encode(), where)
    assert reading.rows.masks == {"no_such_local_time": 23}
    for at, watt in rows:
        value = found.get(at)
        if at.astimezone(LONDON).date() == date(2024, 3, 31):
            assert value is None
        elif at.astimezone(LONDON).date() < date(2024, 4, 2):
            assert value == pytest.approx(watt / 1000, abs=0.01)


@pytest.mark.parametrize(
    ("timestamp", "power"),
    [
        ({"interval_column": "n", "step_minutes": None}, POWER),
        ({"interval_column": "n", "label": "center", "step_minutes": 30}, POWER),
        ({"interval_column": "n"}, POWER | {"kind": "counter", "unit": "Wh"}),
        (
            {"interval_column": "n"},
            {"columns": ["a", "b"], "combine": "in_turn", "unit": "W"},
        ),
    ],
)
def test_a_yaml_that_cannot_be_meant_is_refused(
    timestamp: dict[str, Any], power: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        described(timestamp, power)


# --- hours that end -------------------------------------------------------------------------------------

HOURLY = list(plant(5, 60))


def hourly(cell: Callable[[datetime], str]) -> bytes:
    return "\n".join(["t;h;p", *(f"{cell(at)};{watt:.1f}" for at, watt in HOURLY)]).encode()


def by_hours(format_: str, **more: Any) -> Site:
    return described(
        {"column": "t", "time_column": "h", "format": format_, "step_minutes": 60} | more, POWER
    )


@pytest.mark.parametrize(
    ("cell", "format_"),
    [
        (lambda at: f"{at:%Y-%m-%d};{at.hour + 1}", "%Y-%m-%d %H"),
        (lambda at: f"{at:%Y-%m-%d};{at.hour + 1:02}:00", "%Y-%m-%d %H:%M"),
        (lambda at: f"{at:%Y-%m-%d};HE {at.hour + 1:02}", "%Y-%m-%d HE %H"),
    ],
)
def test_hours_up_to_24_are_read_where_the_yaml_says_what_they_name(
    cell: Callable[[datetime], str], format_: str
) -> None:
    accepted(hourly(cell), by_hours(format_, label="right"), HOURLY)


@pytest.mark.parametrize(
    ("cell", "format_"),
    [
        (lambda at: f"{at:%Y-%m-%d};{at.hour + 1}", "%Y-%m-%d %H"),
        (lambda at: f"{at:%Y-%m-%d};{at.hour + 1:02}:00", "%Y-%m-%d %H:%M"),
    ],
)
def test_hours_up_to_24_are_no_beginnings(cell: Callable[[datetime], str], format_: str) -> None:
    fault = refused(hourly(cell), by_hours(format_))
    assert fault.code == "wrong_label"
    assert "label: right" in fault.remedy
    accepted(hourly(cell), by_hours(format_, label="right"), HOURLY)


def test_hours_from_0_on_need_no_label() -> None:
    accepted(hourly(lambda at: f"{at:%Y-%m-%d};{at.hour}"), by_hours("%Y-%m-%d %H"), HOURLY)


def test_a_counter_may_be_read_at_24() -> None:
    total, lines = 0.0, ["t;h;p"]
    for at, watt in HOURLY:
        lines.append(f"{at:%Y-%m-%d};{at.hour + 1};{total:.3f}")
        total += watt
    counter = {"column": "p", "unit": "Wh", "kind": "counter"}
    where = site(
        CSV
        | {
            "timestamp": {
                "column": "t",
                "time_column": "h",
                "format": "%Y-%m-%d %H",
                "step_minutes": 60,
            },
            "columns": {"power_ac": counter},
        }
    )
    assert canonical("\n".join(lines).encode(), where)[1]


def test_the_word_before_an_hour_that_ends_is_named() -> None:
    data = hourly(lambda at: f"{at:%Y-%m-%d};HE{at.hour + 1:02}")
    assert "%m/%d/%Y HE%H, and say label: right" in refused(data, by_hours("%Y-%m-%d %H")).remedy
    accepted(data, by_hours("%Y-%m-%d HE%H", label="right"), HOURLY)
    with pytest.raises(ValidationError, match="hour ending"):
        by_hours("%Y-%m-%d HE%H")
