"""Many providers make their later leads coarser; every row keeps the length of its own interval."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.data_watcher.adapters.reading import read
from shared.errors import UnreadableFileError
from shared.solar.site import Site
from tests.unit.data_watcher.coarser_files import lengths, stamped, stepped, sums, written
from tests.unit.data_watcher.forecast_files import (
    ADDED_UP,
    FIRST,
    HOUR,
    KEY,
    Row,
    accepted,
    canonical,
    csv,
    forecasts,
    over,
    refused,
    site,
)

OPEN = {"column": "time", "timezone": "UTC"}  # without step_minutes
ENDS = OPEN | {"label": "right"}


def minutes(data: bytes, where: Site) -> dict[tuple[datetime, datetime], int | None]:
    table = pq.read_table(pa.BufferReader(read(data, KEY, where).parquet)).to_pydict()
    return dict(
        zip(
            zip(table["issued_at"], table["timestamp"], strict=True),
            table["step_minutes"],
            strict=True,
        )
    )


SHAPES = {
    "gfs": [(120, 60), (168, 180)],
    "ecmwf": [(144, 180), (240, 360)],
    "icon": [(78, 60), (120, 180)],
    "three steps": [(36, 15), (72, 60), (120, 180)],
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("issues", [1, 4])
@pytest.mark.parametrize(("label", "part"), [("left", 0.0), ("right", 1.0)])
def test_every_row_keeps_its_own_interval(shape: str, issues: int, label: str, part: float) -> None:
    steps = SHAPES[shape]
    rows, length = stepped(steps, issues=issues), lengths(steps)
    data = written(stamped(rows, length, part), lambda row: row.ghi)
    where = site({"timestamp": OPEN | {"label": label}})

    reading = accepted(data, rows, where)
    assert reading.rows.masks == {}
    assert reading.rows.window_end == rows[-1].begins + length(rows[-1])
    assert minutes(data, where) == {row.pair: length(row) // timedelta(minutes=1) for row in rows}


def test_values_of_a_moment_are_the_middle_of_their_own_interval() -> None:
    """Between the last fine moment and the first coarse one nobody says anything of an hour."""
    moments = [Row(FIRST, FIRST + hour * HOUR, 0.0) for hour in (*range(1, 37), *range(39, 73, 3))]
    rows = [
        replace(row, begins=row.begins - (0.5 if at < 36 else 1.5) * HOUR)
        for at, row in enumerate(moments)
    ]
    sky = [over([row.begins], 60 if at < 36 else 180)[0] for at, row in enumerate(rows)]
    rows = [
        replace(row, ghi=round(0.6 * float(clear), 2)) for row, clear in zip(rows, sky, strict=True)
    ]
    data = written(
        [(moment.begins, row) for moment, row in zip(moments, rows, strict=True)],
        lambda row: row.ghi,
    )
    where = site({"timestamp": OPEN | {"label": "center"}})

    assert accepted(data, rows, where).rows.masks == {}
    assert list(minutes(data, where).values()) == [60] * 36 + [180] * 12


def test_stamps_in_the_middle_of_quarter_hours_are_refused() -> None:
    error = refused(csv(forecasts(step=15)), site({"timestamp": OPEN | {"label": "center"}}))

    assert error.code == "wrong_step"
    assert "half-hours" in error.reason


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("issues", [1, 4])
def test_a_sum_grows_over_the_length_of_each_interval(shape: str, issues: int) -> None:
    steps = SHAPES[shape]
    rows, length = stepped(steps, issues=issues), lengths(steps)
    where = site(ADDED_UP | {"timestamp": ENDS})

    assert accepted(sums(rows, length), rows, where).rows.masks == {}


@pytest.mark.parametrize(("unit", "factor"), [("J/m2", 3600), ("Wh/m2", 1.0)])
def test_the_energy_of_an_interval_is_divided_by_its_own_length(unit: str, factor: float) -> None:
    rows, length = stepped(SHAPES["gfs"]), lengths(SHAPES["gfs"])
    data = written(stamped(rows, length, 1.0), lambda row: row.ghi * factor * (length(row) / HOUR))
    where = site({"timestamp": ENDS, "columns": {"ghi": {"column": "ghi", "unit": unit}}})

    assert accepted(data, rows, where).rows.masks == {}


def test_a_sum_that_begins_anew_every_six_hours_is_read_over_the_change() -> None:
    steps = [(36, 60), (72, 180)]
    rows, length = stepped(steps, issues=6), lengths(steps)
    total, since = {}, 0.0
    for row in rows:
        anew = (row.begins - row.issued) % (6 * HOUR) == 0 * HOUR
        since = (0.0 if anew else since) + row.ghi * length(row).total_seconds()
        total[row.pair] = round(since, 1)
    data = written(stamped(rows, length, 1.0), lambda row: total[row.pair])

    reading = accepted(data, rows, site(ADDED_UP | {"timestamp": ENDS}))
    assert reading.rows.masks == {}


def test_a_sum_that_begins_anew_within_coarse_intervals_is_no_value_there() -> None:
    """Of six hours the sum then holds the last three."""
    steps = [(72, 60), (96, 360)]
    rows, length = stepped(steps, issues=8), lengths(steps)
    fine = {row.pair: row.ghi * 3600 for row in forecasts(8, 96)}
    total = {}
    for row in rows:
        end = row.begins + length(row)
        hours = (end - HOUR - row.issued) // HOUR % 3 + 1
        since = [fine[row.issued, end - back * HOUR] for back in range(1, hours + 1)]
        total[row.pair] = round(sum(since), 1)
    data = written(stamped(rows, length, 1.0), lambda row: total[row.pair])
    where = site(
        ADDED_UP | {"timestamp": ENDS},
        most_masked={"share": 0.5, "reason": "the sum begins anew every three hours"},
    )

    coarse = [row for row in rows if length(row) == 6 * HOUR]

    reading = accepted(data, rows, where, lost=coarse)
    assert reading.rows.masks == {"accumulation_reset": len(coarse)}


# --- what is no change ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "gone", [{20}, {20, 21}, {20, 21, 40, 41}, {22, 24, 26}, set(range(10, 30))]
)
@pytest.mark.parametrize("issues", [1, 4])
@pytest.mark.parametrize(("label", "part"), [("left", 0.0), ("right", 1.0)])
def test_missing_rows_are_a_gap(gone: set[int], issues: int, label: str, part: float) -> None:
    rows = [row for row in forecasts(issues) if (row.begins - row.issued) / HOUR not in gone]
    data = csv(rows, late=part * HOUR)
    where = site({"timestamp": OPEN | {"label": label}})

    assert accepted(data, rows, where).rows.masks == {}
    assert set(minutes(data, where).values()) == {60}


def test_the_last_row_but_one_of_an_issue_may_be_missing() -> None:
    rows = [row for row in forecasts() if row.pair != (FIRST, FIRST + 46 * HOUR)]
    where = site({"timestamp": ENDS})

    assert accepted(csv(rows, late=HOUR), rows, where).rows.masks == {}


def test_rows_missing_at_the_end_of_one_issue_are_a_gap_where_others_have_them() -> None:
    gone = {(FIRST, FIRST + hours * HOUR) for hours in (43, 45)}
    rows = [row for row in forecasts() if row.pair not in gone]
    where = site({"timestamp": ENDS})

    assert accepted(csv(rows, late=HOUR), rows, where).rows.masks == {}
    assert set(minutes(csv(rows, late=HOUR), where).values()) == {60}


@pytest.mark.parametrize("gone", [{30}, {35}, {36}, {39}, {35, 36}, {45, 48}, {34, 35, 36, 39}])
@pytest.mark.parametrize("issues", [1, 4])
@pytest.mark.parametrize(("label", "part"), [("left", 0.0), ("right", 1.0)])
def test_rows_missing_around_a_change_leave_the_others_as_they_are(
    gone: set[int], issues: int, label: str, part: float
) -> None:
    steps = [(36, 60), (72, 180)]
    length = lengths(steps)
    rows = [
        row
        for row in stepped(steps, issues=issues)
        if (row.begins - row.issued) / HOUR not in gone or row.issued != FIRST
    ]
    data = written(stamped(rows, length, part), lambda row: row.ghi)

    accepted(data, rows, site({"timestamp": OPEN | {"label": label}}))


def test_too_few_coarse_rows_to_tell_from_missing_ones_are_asked_and_the_remedies_work() -> None:
    steps = [(36, 60), (42, 180)]
    rows, length = stepped(steps, issues=1), lengths(steps)
    data = written(stamped(rows, length, 1.0), lambda row: row.ghi)
    error = refused(data, site({"timestamp": ENDS}))

    assert error.code == "wrong_step"
    assert "from a lead of 36 h on" in error.reason
    assert "horizon: 35h" in error.remedy
    near = [row for row in rows if row.begins - row.issued <= 35 * HOUR]
    accepted(data, near, site({"timestamp": ENDS, "horizon": "35h"}))
    farther = [(36, 60), (48, 180)]
    rows, length = stepped(farther, issues=1), lengths(farther)
    accepted(
        written(stamped(rows, length, 1.0), lambda row: row.ghi), rows, site({"timestamp": ENDS})
    )


def test_shorter_issues_follow_those_that_show_the_change() -> None:
    """As those of 06 and 18 hours, which reach less far."""
    steps = [(36, 60), (72, 180)]
    length = lengths(steps)
    rows = [
        row
        for row in stepped(steps, issues=4)
        if row.issued.hour == 0 or row.begins - row.issued < 42 * HOUR
    ]
    data = written(stamped(rows, length, 1.0), lambda row: row.ghi)

    assert accepted(data, rows, site({"timestamp": ENDS})).rows.masks == {}


def test_a_stated_step_that_the_stamps_contradict_stays_a_fault_and_the_remedy_works() -> None:
    steps = [(36, 60), (72, 180)]
    rows, length = stepped(steps), lengths(steps)
    data = written(stamped(rows, length, 1.0), lambda row: row.ghi)
    error = refused(data, site({"timestamp": ENDS | {"step_minutes": 60}}))

    assert error.code == "wrong_step"
    assert "step_minutes: 60, but targets of one issue lie 180 min apart" in error.reason
    assert "leave out step_minutes" in error.remedy
    accepted(data, rows, site({"timestamp": ENDS}))


@pytest.mark.parametrize("steps", [[(36, 180), (72, 60)], [(36, 60), (72, 90)]])
def test_steps_that_become_finer_or_do_not_fit_are_refused(steps: list[tuple[int, int]]) -> None:
    rows, length = stepped(steps), lengths(steps)
    data = written(stamped(rows, length, 1.0), lambda row: row.ghi)

    assert refused(data, site({"timestamp": ENDS})).code == "wrong_step"


def test_issues_that_change_at_different_leads_are_refused() -> None:
    rows = [
        row
        for at, change in enumerate((24, 36, 48))
        for row in stepped([(change, 60), (72, 180)], issues=3)
        if row.issued == FIRST + 12 * at * HOUR
    ]

    assert refused(csv(rows), site({"timestamp": OPEN})).code == "wrong_step"


def test_a_horizon_cuts_coarse_rows_as_well() -> None:
    steps = [(36, 60), (72, 180)]
    rows, length = stepped(steps), lengths(steps)
    data = written(stamped(rows, length, 1.0), lambda row: row.ghi)
    near = [row for row in rows if row.begins - row.issued <= 40 * HOUR]

    reading = accepted(data, near, site({"timestamp": ENDS, "horizon": "40h"}))
    assert reading.rows.issues is not None
    assert reading.rows.issues.longest == 39 * HOUR


@pytest.mark.parametrize(("label", "part"), [("left", 0.0), ("right", 1.0)])
def test_the_row_that_begins_at_the_horizon_of_a_stated_step_is_as_long_as_it_is(
    label: str, part: float
) -> None:
    steps = [(36, 60), (72, 180)]
    rows, length = stepped(steps), lengths(steps)
    data = written(stamped(rows, length, part), lambda row: row.ghi)
    where = site({"timestamp": OPEN | {"label": label, "step_minutes": 60}, "horizon": "36h"})

    accepted(data, [row for row in rows if row.begins - row.issued <= 36 * HOUR], where)
    assert list(minutes(data, where).values()) == ([60] * 36 + [180]) * 4
    farther = site({"timestamp": OPEN | {"label": label, "step_minutes": 60}, "horizon": "60h"})
    assert refused(data, farther).code == "wrong_step"


def test_one_row_whose_stamp_is_its_end_needs_a_step() -> None:
    rows = [row for row in forecasts(issues=3) if row.begins - row.issued == 9 * HOUR]
    error = refused(csv(rows, late=HOUR), site({"timestamp": ENDS}))

    assert error.code == "wrong_step"
    accepted(csv(rows, late=HOUR), rows, site({"timestamp": ENDS | {"step_minutes": 60}}))
    assert set(minutes(csv(rows), site({"timestamp": OPEN})).values()) == {None}


def test_a_constant_lead_has_one_step() -> None:
    rows = [row for row in forecasts(issues=1) if row.begins - row.issued < 24 * HOUR]
    where = site({"timestamp": ENDS, "issued": {"lead": "24h"}})
    dated = [replace(row, issued=row.begins - 24 * HOUR) for row in rows]

    accepted(csv(rows, late=HOUR), dated, where)
    assert set(minutes(csv(rows, late=HOUR), where).values()) == {60}


@given(
    seed=st.integers(0, 2**32 - 1),
    share=st.sampled_from([0.01, 0.03, 0.1]),
    label=st.sampled_from(["left", "right"]),
    shape=st.sampled_from([[(36, 60), (84, 180)], [(48, 60)], [(24, 15), (48, 60), (96, 180)]]),
    issues=st.integers(1, 5),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_missing_a_value_is_right_or_the_file_is_refused(
    seed: int, share: float, label: str, shape: list[tuple[int, int]], issues: int
) -> None:
    """But for those just before a change: without them nothing shows where between them it is."""
    chance, length = Random(seed), lengths(shape)
    kept = {
        end * HOUR - timedelta(minutes=back * step) for end, step in shape[:-1] for back in (1, 2)
    }
    rows = [
        row
        for row in stepped(shape, issues=issues)
        if chance.random() > share or row.begins - row.issued in kept
    ]
    part = 1.0 if label == "right" else 0.0
    where = site({"timestamp": OPEN | {"label": label}})
    data = written(stamped(rows, length, part), lambda row: row.ghi)
    try:
        _, found = canonical(data, where)
    except UnreadableFileError:
        return
    truth: dict[Any, Row] = {row.pair: row for row in rows}
    wrong = [pair for pair in found if pair not in truth]
    assert not wrong, wrong
    for pair, value in found.items():
        assert value == pytest.approx(truth[pair].ghi, abs=0.01)
    assert minutes(data, where) == {
        pair: length(row) // timedelta(minutes=1) for pair, row in truth.items()
    }


def test_hourly_rows_are_the_same_with_and_without_a_coarse_tail() -> None:
    rows, length = stepped(SHAPES["gfs"]), lengths(SHAPES["gfs"])
    near = [row for row in rows if length(row) == HOUR]
    where = site(ADDED_UP | {"timestamp": ENDS})
    _, whole = canonical(sums(rows, length), where)
    _, alone = canonical(sums(near, length), where)

    assert alone == {pair: whole[pair] for pair in alone}
    assert len(alone) == len(near)
