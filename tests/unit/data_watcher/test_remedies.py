"""What a refused file's remedy says works when it is followed: the values are those of the plant."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import count
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from services.data_watcher.adapters.reading import read
from shared.errors import UnreadableFileError
from tests.unit.data_watcher.files_page import (
    EXAMPLES,
    FORECASTS,
    POWER,
    SOURCE,
    Example,
    csv,
    healthy,
)

STAMP: dict[str, Any] = SOURCE["timestamp"]
Truth = dict[Any, float]


def truth(days: int = 3, step: int = 15, times: float = 1.0) -> Truth:
    """Return the plant's power by time. [kW]"""
    return {at: watt * times / 1000 for at, watt in healthy(days, step)}


def power_of(**column: Any) -> dict[str, Any]:
    return {"columns": {"power_ac": {"unit": "W"} | column}}


def stamps(**changes: Any) -> dict[str, Any]:
    return {"timestamp": STAMP | changes}


def followed(example: Example, source: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the canonical rows of an example's file by another YAML."""
    changed = replace(example, source=example.source | source)
    reading = read(changed.body, changed.key, changed.configured())
    found: dict[str, list[Any]] = pq.read_table(pa.BufferReader(reading.parquet)).to_pydict()
    return found


def agrees(found: dict[str, list[Any]], expected: Truth, within: float = 0.006) -> bool:
    """Whether the canonical power is the plant's; where there is none, it was said so."""
    rows = dict(zip(found["timestamp"], found["power_ac"], strict=True))
    known = {at: value for at, value in rows.items() if value is not None}
    assert len(known) > 0.8 * len(expected)
    return all(value == pytest.approx(expected[at], abs=within) for at, value in known.items())


# What of the remedy is followed, the YAML that follows it, and the power that is then read.
FOLLOWED: list[tuple[str, str, dict[str, Any], Truth]] = [
    ("missing_column", "name the file's columns", power_of(column="ac_power"), truth()),
    ("no_timestamps", "timestamp.format", stamps(format="%d.%m.%Y %H:%M"), truth()),
    ("day_month_swapped", "%m/%d/%Y", stamps(format="%m/%d/%Y %H:%M"), truth(7)),
    ("wrong_step", "correct step_minutes", stamps(step_minutes=60), truth(step=60)),
    ("wrong_step", "or leave it out", {"timestamp": {"column": "time"}}, truth(step=60)),
    ("mixed_rows", "where: {column: value}", {"where": {"sensor": "roof"}}, truth()),
    ("mixed_rows", "sum_by: column", {"sum_by": "sensor"}, truth(times=1.5)),
    ("no_such_series", "correct `where`", {"where": {"sensor": "roof"}}, truth()),
    ("number_format", "decimal: '.' and thousands: ','", {"decimal": ".", "thousands": ","}, truth()),
    ("total_among_columns", "the total alone", power_of(column="inverter total"), truth()),
    (
        "total_among_columns",
        "the inverters' columns without it",
        power_of(columns=["inverter 1", "inverter 2"]),
        truth(),
    ),
    ("no_counter", "a unit of power", power_of(column="power"), truth()),
    ("wrong_unit", "correct the unit", power_of(column="power"), truth()),
    ("wrong_clock", 'timezone: "+06:00"', stamps(timezone="+06:00"), truth()),
    ("too_much_masked", "(missing)", {"missing": ["error"]}, truth()),
]  # fmt: skip


@pytest.mark.parametrize(("code", "said", "source", "expected"), FOLLOWED)
def test_a_yaml_that_follows_the_remedy_reads_the_plants_power(
    code: str, said: str, source: dict[str, Any], expected: Truth
) -> None:
    example = EXAMPLES[code]
    with pytest.raises(UnreadableFileError) as caught:
        followed(example, {})

    assert (caught.value.code, said in caught.value.remedy) == (code, True), caught.value.remedy
    assert agrees(followed(example, source), expected)


def test_a_turned_sign_is_turned_back() -> None:
    """The plant of the example draws 4 W at night."""
    found = followed(EXAMPLES["wrong_sign"], power_of(column="power", scale=-1))

    assert agrees(found, {at: value - 0.004 for at, value in truth().items()})


def test_the_turned_sign_of_dull_days_is_turned_back() -> None:
    example = EXAMPLES["wrong_sign"]
    gusts = (0.05 + 0.03 * math.cos(number**2) for number in count())
    dull = {at: value * next(gusts) for at, value in truth().items()}
    rows = [f"{at:%Y-%m-%d %H:%M},{-1000 * value:.1f}" for at, value in dull.items()]
    faulty = replace(example, body=csv(rows))
    with pytest.raises(UnreadableFileError) as caught:
        followed(faulty, {})

    assert (caught.value.code, "scale: -1" in caught.value.remedy) == ("wrong_sign", True)
    assert agrees(followed(faulty, power_of(column="power", scale=-1)), dull, within=1e-4)


def test_a_counter_that_is_called_one_gives_the_power_that_it_counts() -> None:
    found = followed(EXAMPLES["counter"], power_of(column="energy", unit="kWh", kind="counter"))

    assert agrees(found, truth(), within=0.045)  # a digit in a quarter of an hour


def test_a_loss_that_the_owner_allows_is_masked() -> None:
    example = EXAMPLES["too_much_masked"]
    allowed = {"most_masked": {"share": 0.2, "reason": "the logger restarts at noon"}}

    assert agrees(followed(replace(example, site=allowed), {}), truth())


def test_both_parts_of_a_file_with_a_second_header_are_read() -> None:
    example = EXAMPLES["second_header"]
    first, second = example.body.split(b"time,ghi,power")

    for part in (first, b"time,ghi,power" + second):
        assert agrees(followed(replace(example, body=part), {}), half(part))


def half(part: bytes) -> Truth:
    days = {line[:10] for line in part.decode().splitlines() if line[:2] == "20"}
    return {at: value for at, value in truth(4).items() if f"{at:%Y-%m-%d}" in days}


def test_a_row_for_each_interval_is_read() -> None:
    lines = EXAMPLES["day_rows"].body.decode().splitlines()[1:]
    rows = [
        f"{date} {hour:02}:00,{watt}"
        for date, *watts in (line.split(",") for line in lines)
        for hour, watt in enumerate(watts)
    ]

    unpivoted = Example(csv(rows), stamps(step_minutes=60) | {"columns": {"power_ac": POWER}})
    assert agrees(followed(unpivoted, {}), truth(7, step=60))


# --- counters that are too coarse ---------------------------------------------------------------------------


def counted(step: int, kwh: float) -> Example:
    """A counter of a plant of 6 kW that is read every so many minutes and shows multiples of so many kWh."""
    rows, total = [], 0.0
    for at, watt in healthy(step=step):
        rows.append(f"{at:%Y-%m-%d %H:%M},{total // kwh * kwh:.2f}")
        total += watt / 1000 * step / 60
    columns = power_of(column="energy", unit="kWh", kind="counter")
    return Example(csv(rows, "time,energy"), columns | stamps(step_minutes=step))


@pytest.mark.parametrize(
    ("kwh", "said", "finer", "longer"),
    [
        (1.0, "export the counter with more digits (0.01 kWh), or export power", 0.01, None),
        (0.1, "more digits (0.01 kWh), or every 30 min, or export power", 0.01, 30),
        (0.2, "more digits (0.01 kWh), or every 60 min, or export power", 0.01, 60),
    ],
)
def test_a_coarse_counter_is_read_with_the_digits_or_the_interval_that_are_named(
    kwh: float, said: str, finer: float, longer: int | None
) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        followed(counted(15, kwh), {})

    assert (caught.value.code, said in caught.value.remedy) == ("coarse_counter", True)
    assert agrees(followed(counted(15, finer), {}), truth(), within=finer * 4)
    if longer:
        found = followed(counted(longer, kwh), {})
        assert agrees(found, truth(step=longer), within=kwh * 60 / longer)


# --- forecasts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "said", "source"),
    [
        (
            "accumulated",
            "kind: accumulated",
            {"columns": {"ghi": {"column": "ghi", "unit": "J/m2", "kind": "accumulated"}}},
        ),
        (
            "not_accumulated",
            "remove `kind: accumulated`",
            {"columns": {"ghi": {"column": "ghi", "unit": "J/m2"}}},
        ),
        (
            "unknown_issue",
            "correct issued.file_name",
            {"issued": {"column": "run", "timezone": "UTC"}},
        ),
    ],
)
def test_a_yaml_that_follows_the_remedy_reads_the_forecast(
    code: str, said: str, source: dict[str, Any]
) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        followed(EXAMPLES[code], {})
    found = followed(EXAMPLES[code], source)

    assert (caught.value.code, said in caught.value.remedy) == (code, True)
    rows = zip(found["issued_at"], found["timestamp"], found["forecast_ghi"], strict=True)
    read_back = {(issued, at): value for issued, at, value in rows}
    meant = {(row.issued, row.begins): pytest.approx(row.ghi, abs=0.01) for row in FORECASTS}
    assert read_back == meant
