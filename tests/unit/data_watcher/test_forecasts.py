"""Forecast files: every row gets its issue and its interval, whatever the provider's shape."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.data_watcher.adapters.reading import read
from services.data_watcher.domain.believable.sky import Sky
from shared.canonical import CanonicalFile
from tests.corpus import workbook
from tests.unit.data_watcher.forecast_files import (
    ADDED_UP,
    ENDS,
    FIRST,
    HOUR,
    KEY,
    SOURCE,
    SSRD,
    Row,
    accepted,
    added_up,
    canonical,
    csv,
    forecasts,
    issued,
    over,
    refused,
    site,
)

ROWS = forecasts()
ONE = forecasts(issues=1)
STAMP = SOURCE["timestamp"]


# --- when it was issued ---------------------------------------------------------------------------------


def test_a_healthy_file_of_several_issues_is_read_as_it_is() -> None:
    reading = accepted(csv(ROWS), ROWS)

    assert reading.rows.masks == {}
    assert reading.rows.columns == ("forecast_ghi",)
    assert reading.rows.provider == "ecmwf"
    issues = reading.rows.issues
    assert issues is not None
    assert (issues.count, issues.first, issues.last) == (4, FIRST, FIRST + 36 * HOUR)
    assert (issues.shortest, issues.longest) == (0 * HOUR, 47 * HOUR)
    assert reading.rows.window_start == FIRST
    assert reading.rows.window_end == FIRST + 84 * HOUR


def test_the_canonical_object_has_the_columns_that_others_read() -> None:
    table = pq.read_table(pa.BufferReader(read(csv(ROWS), KEY, site()).parquet))

    names = ["timestamp", "issued_at", "provider", "step_minutes", "forecast_ghi"]
    assert table.column_names == names
    assert set(table["step_minutes"].to_pylist()) == {60}
    assert table.schema.field("issued_at").type == pa.timestamp("us", "UTC")
    assert set(table["provider"].to_pylist()) == {"ecmwf"}
    assert table["issued_at"].null_count == 0


def test_without_a_provider_it_is_called_like_its_source() -> None:
    assert read(csv(ROWS), KEY, site({"provider": None})).rows.provider == "nwp"


def test_the_order_of_the_rows_does_not_matter() -> None:
    accepted(csv(ROWS[::-1]), ROWS)
    accepted(csv(sorted(ROWS, key=lambda row: row.begins)), ROWS)


def test_the_issue_is_read_by_its_own_format_and_zone() -> None:
    where = site({"issued": {"column": "run", "format": "%Y%m%d%H", "timezone": "+02:00"}})
    rows = [
        f"{row.issued + 2 * HOUR:%Y%m%d%H},{row.begins:%Y-%m-%d %H:%M},{row.ghi}" for row in ROWS
    ]

    accepted("\n".join(["run,time,ghi", *rows]).encode(), ROWS, where)


def dated(late: Callable[[int, Row], timedelta], rows: list[Row] = ROWS) -> bytes:
    """Write rows, each with a time of its own after its issue."""
    lines = [
        f"{row.issued + late(n, row):%Y-%m-%d %H:%M:%S},{row.begins:%Y-%m-%d %H:%M},{row.ghi}"
        for n, row in enumerate(rows)
    ]
    return "\n".join(["run,time,ghi", *lines]).encode()


@pytest.mark.parametrize(
    ("late", "said"),
    [
        (lambda n, _: timedelta(seconds=n % 48), "47 s"),
        (lambda n, _: timedelta(seconds=n * 31 % 48), "47 s"),
        (lambda n, _: timedelta(seconds=n % 48 * 20), "16 min"),
    ],
    ids=["one after the other", "in any order", "slowly"],
)
def test_rows_that_were_written_one_after_the_other_are_one_issue_since_its_last(
    late: Callable[[int, Row], timedelta], said: str
) -> None:
    """Each would be an issue of one row: nothing beside it to learn from, and no sum that grows."""
    whole = max(late(n, row) for n, row in enumerate(ROWS))
    reading, found = canonical(dated(late))
    after = [row for row in ROWS if row.begins >= row.issued + whole]

    assert set(found) == {(row.issued + whole, row.begins) for row in after}
    assert reading.rows.issues is not None
    assert reading.rows.issues.count == 4
    assert reading.rows.masks == {"before_issue": 4}
    assert reading.rows.note == (
        f"rows of one issue were written up to {said} apart; it counts from its last row"
    )


def test_sums_grow_over_rows_that_were_written_one_after_the_other() -> None:
    early = [replace(row, issued=row.issued - HOUR) for row in ROWS]
    lines = added_up(ROWS).decode().splitlines()
    made = [
        f"{row.issued + timedelta(seconds=n % 48):%Y-%m-%d %H:%M:%S},{line.split(',', 1)[1]}"
        for n, (row, line) in enumerate(zip(early, lines[1:], strict=True))
    ]
    whole = [replace(row, issued=row.issued + timedelta(seconds=47)) for row in early]

    # Nobody knows how far the sum had grown before the first interval, unless it is still nothing.
    firsts = [row for row in whole if row.begins - row.issued < HOUR and row.ghi > 0]
    reading = accepted("\n".join([lines[0], *made]).encode(), whole, site(ADDED_UP), lost=firsts)
    assert reading.rows.masks == {"accumulation_gap": len(firsts)}


def test_issues_that_follow_each_other_within_minutes_are_not_joined() -> None:
    """Each says the same intervals anew: a nowcast."""
    rows = forecasts(issues=6, hours=6, every=1)
    soon = [replace(row, issued=FIRST + (row.issued - FIRST) / 12) for row in rows]
    soon = [row for row in soon if row.begins >= FIRST + 6 * HOUR]

    assert accepted(csv(soon), soon).rows.note is None


def test_an_archive_of_one_lead_is_not_joined() -> None:
    rows = [
        replace(row, issued=row.begins - HOUR)
        for row in forecasts(issues=1, hours=6, step=10, first=FIRST + 8 * HOUR)
    ]
    how = {"timestamp": STAMP | {"step_minutes": 10}}

    assert accepted(csv(rows), rows, site(how)).rows.note is None
    assert accepted(csv(rows[:4]), rows[:4], site(how)).rows.note is None


def test_an_issue_that_carries_its_offset_needs_no_zone() -> None:
    rows = [f"{row.issued.isoformat()},{row.begins:%Y-%m-%d %H:%M},{row.ghi}" for row in ROWS]
    where = site({"issued": {"column": "run", "timezone": "Asia/Tokyo"}})

    accepted("\n".join(["run,time,ghi", *rows]).encode(), ROWS, where)


def test_a_column_with_the_day_alone_takes_the_hour_from_the_yaml() -> None:
    rows = issued(ONE, lambda _: FIRST + 6 * HOUR)
    where = site(
        {"issued": {"column": "run", "format": "%Y-%m-%d", "at": "06:00", "timezone": "UTC"}}
    )
    lines = [f"{row.issued:%Y-%m-%d},{row.begins:%Y-%m-%d %H:%M},{row.ghi}" for row in rows]

    reading = accepted(
        "\n".join(["run,time,ghi", *lines]).encode(),
        [r for r in rows if r.begins >= r.issued],
        where,
    )
    assert reading.rows.masks == {"before_issue": 6}


@pytest.mark.parametrize(
    ("pattern", "name", "zone", "hours"),
    [
        ("nwp_%Y%m%d%H.csv", "nwp_2024060100.csv", "UTC", 0),
        ("nwp_%Y%m%d%H.csv", "nwp_2024060102.csv.gz", "+02:00", 0),
        ("*_%Y-%m-%dT%H%M_*.csv", "nwp_2024-06-01T0000_east.csv", "UTC", 0),
        ("nwp_%d%b%y-%H.csv", "nwp_31May24-23.csv", "UTC", -1),
    ],
)
def test_the_issue_is_read_from_the_files_name(
    pattern: str, name: str, zone: str, hours: int
) -> None:
    where = site(
        {"issued": {"file_name": pattern, "timezone": zone}, "files": "nwp*"},
    )
    rows = issued(ONE, lambda _: FIRST + hours * HOUR)

    accepted(csv(ONE, with_issue=False), rows, where, key=f"raw/east/{name}")


def test_a_name_that_does_not_say_the_issue_is_refused() -> None:
    where = site({"issued": {"file_name": "nwp_%Y%m%d%H.csv", "timezone": "UTC"}})
    error = refused(csv(ONE, with_issue=False), where, key="raw/east/nwp_20240601.csv")

    assert error.code == "unknown_issue"
    assert "'nwp_20240601.csv'" in error.reason
    assert "issued.file_name" in error.remedy


def test_a_constant_lead_dates_each_row() -> None:
    where = site({"issued": {"lead": "24h"}})
    rows = issued(ONE, lambda row: row.begins - 24 * HOUR)

    accepted(csv(ONE, with_issue=False), rows, where)


def test_the_day_before_at_an_hour_is_that_of_the_zones_clock() -> None:
    where = site({"issued": {"day_before_at": "12:00", "timezone": "Asia/Shanghai"}})

    def noon_before(row: Row) -> datetime:
        local = row.begins + 8 * HOUR
        return datetime(local.year, local.month, local.day, 12, tzinfo=UTC) - 32 * HOUR

    accepted(csv(ONE, with_issue=False), issued(ONE, noon_before), where)


@pytest.mark.parametrize("hour", [0, 6, 18])
def test_an_archive_joins_the_first_day_of_each_daily_run(hour: int) -> None:
    """Each sum grows from its run on, also over the run's first interval, which may be a bright one."""
    first = FIRST + hour * HOUR
    rows = forecasts(issues=5, hours=24, every=24, first=first)
    how = ADDED_UP | {"issued": {"daily_at": f"{hour:02}:00", "timezone": "UTC"}}
    with_issue = added_up(rows).decode().splitlines()
    without = "\n".join(line.split(",", 1)[1] for line in with_issue).encode()

    assert accepted(without, rows, site(how)).rows.masks == {}


def test_the_last_daily_run_is_that_of_the_zones_clock_in_summer_and_in_winter() -> None:
    where = site({"issued": {"daily_at": "06:00", "timezone": "Europe/Berlin"}})
    rows = forecasts(issues=1, hours=96, first=datetime(2024, 10, 26, 4, tzinfo=UTC))

    def six_before(row: Row) -> datetime:
        runs = [datetime(2024, 10, 26, 4, tzinfo=UTC)]  # six o'clock in summer
        runs += [datetime(2024, 10, day, 5, tzinfo=UTC) for day in (27, 28, 29, 30)]
        return max(each for each in runs if each <= row.begins)

    accepted(csv(rows, with_issue=False), issued(rows, six_before), where)


def test_a_year_of_quarter_hours_issued_on_the_day_before_is_read() -> None:
    rows = forecasts(issues=60, hours=24, every=24, step=15)
    how = {
        "issued": {"day_before_at": "12:00", "timezone": "UTC"},
        "timestamp": STAMP | {"step_minutes": 15},
    }
    expected = issued(rows, lambda row: row.begins.replace(hour=0, minute=0) - 12 * HOUR)

    assert accepted(csv(rows, with_issue=False), expected, site(how)).rows.masks == {}


def test_the_upload_may_be_the_issue() -> None:
    where = site({"issued": {"upload": True}})
    rows = issued(ONE, lambda _: FIRST - 2 * HOUR)

    accepted(csv(ONE, with_issue=False), rows, where, uploaded_at=FIRST - 2 * HOUR)


def test_rows_without_an_issue_are_left_out_and_counted() -> None:
    data = csv(ROWS).replace(b"2024-06-01 00:00,2024-06-01 05:00", b",2024-06-01 05:00")
    reading = accepted(data, [row for row in ROWS if row.pair != (FIRST, FIRST + 5 * HOUR)])

    assert reading.rows.masks == {"no_issue": 1}


def test_a_column_of_issues_in_another_format_is_refused_with_an_example() -> None:
    where = site({"issued": {"column": "run", "format": "%d.%m.%Y %H:%M", "timezone": "UTC"}})
    error = refused(csv(ROWS), where)

    assert error.code == "unknown_issue"
    assert "2024-06-01 00:00" in error.reason


# --- leads ----------------------------------------------------------------------------------------------


def test_rows_that_begin_before_their_issue_are_left_out_and_counted() -> None:
    late = issued(ROWS, lambda row: row.issued + 3 * HOUR)
    reading = accepted(csv(late), [row for row in late if row.begins >= row.issued])

    assert reading.rows.masks == {"before_issue": 12}


@pytest.mark.parametrize("hours", [40, 60])
def test_a_file_that_was_issued_after_its_targets_is_refused(hours: int) -> None:
    error = refused(csv(issued(ROWS, lambda row: row.issued + hours * HOUR)))

    assert error.code == "issued_after_target"
    assert "issued" in error.remedy


def test_a_file_of_the_past_cannot_be_issued_by_its_upload() -> None:
    where = site({"issued": {"upload": True}})
    error = refused(csv(ONE, with_issue=False), where, uploaded_at=FIRST + 30 * 24 * HOUR)

    assert error.code == "issued_after_target"


def test_nights_do_not_hide_that_daylight_was_issued_afterwards() -> None:
    """Of the 48 hours 16 nightly ones follow the issue, which are not what matters."""
    rows = [replace(row, issued=FIRST + 44 * HOUR) for row in ONE if row.begins.hour < 4] + [
        row for row in ONE if row.begins.hour >= 4
    ]
    lit = [replace(row, issued=FIRST + 60 * HOUR) for row in rows if row.begins.hour >= 4]
    dark = [row for row in ONE if row.begins.hour < 4 or row.begins.hour > 20]
    dark = [replace(row, issued=FIRST + 60 * HOUR, begins=row.begins + 72 * HOUR) for row in dark]

    assert refused(csv([*lit, *dark])).code == "issued_after_target"


def test_rows_beyond_the_horizon_are_left_out_and_counted() -> None:
    reading = accepted(
        csv(ROWS),
        [row for row in ROWS if row.begins - row.issued <= 24 * HOUR],
        site({"horizon": "24h"}),
    )
    assert reading.rows.masks == {"beyond_horizon": 4 * 23}


def test_a_file_that_reaches_less_far_than_its_horizon_says_so() -> None:
    note = accepted(csv(ROWS), ROWS, site({"horizon": "3d"})).rows.note

    assert note == "it reaches 48 h, the horizon is 72 h"


def test_missing_leads_and_a_gap_of_days_are_no_fault() -> None:
    some = [row for row in ROWS if not 5 <= (row.begins - row.issued) / HOUR < 9]
    later = forecasts(issues=1, first=FIRST + timedelta(days=9))

    assert accepted(csv([*some, *later]), [*some, *later]).rows.masks == {}


def test_the_same_row_twice_counts_once_and_contradicting_ones_do_not() -> None:
    twice = [*ROWS, ROWS[10], replace(ROWS[60], ghi=ROWS[60].ghi + 40)]
    reading = accepted(csv(twice), ROWS, lost=[ROWS[60]])

    assert reading.rows.masks == {"duplicate_stamp": 2, "contradicting_rows": 1}


def test_an_issue_that_is_told_twice_in_one_file_is_refused_and_belongs_into_two() -> None:
    anew = [replace(row, ghi=round(row.ghi * 0.7, 2)) for row in ROWS[:96]]
    found = refused(csv([*ROWS, *anew]))

    assert found.code == "mixed_rows"
    assert "put that into a file of its own and upload it later" in found.remedy
    accepted(csv(ROWS), ROWS)
    accepted(csv(anew), anew)


def test_several_places_below_each_other_are_refused_until_the_yaml_names_one() -> None:
    lines = [
        f"{row.issued:%Y-%m-%d %H:%M},{row.begins:%Y-%m-%d %H:%M},{row.ghi * part:.2f},{name}"
        for name, part in (("here", 1.0), ("there", 0.5))
        for row in ROWS
    ]
    data = "\n".join(["run,time,ghi,point", *lines]).encode()

    assert refused(data).code == "mixed_rows"
    accepted(data, ROWS, site({"where": {"point": "here"}}))


# --- steps and labels -----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [15, 30, 60, 180])
@pytest.mark.parametrize(("label", "part"), [("left", 0.0), ("right", 1.0)])
def test_any_step_is_read_by_its_label(step: int, label: str, part: float) -> None:
    rows = forecasts(step=step)
    how = STAMP | {"step_minutes": step, "label": label}

    accepted(csv(rows, late=part * timedelta(minutes=step)), rows, site({"timestamp": how}))


@pytest.mark.parametrize("step", [60, 180])
def test_values_of_a_moment_are_the_middle_of_an_interval(step: int) -> None:
    """The analysis itself is half an interval before its issue: it is no forecast."""
    half = timedelta(minutes=step / 2)
    rows = [replace(row, begins=row.begins - half) for row in forecasts(step=step)]
    how = STAMP | {"step_minutes": step, "label": "center"}
    reading = accepted(
        csv(rows, late=half),
        [row for row in rows if row.begins >= row.issued],
        site({"timestamp": how}),
    )

    assert reading.rows.masks == {"before_issue": 4}


def test_a_step_that_nobody_states_is_that_of_the_issues() -> None:
    rows = forecasts(step=180)

    accepted(csv(rows), rows, site({"timestamp": {"column": "time", "timezone": "UTC"}}))


def test_a_step_that_changes_inside_an_issue_is_refused_and_the_horizon_mends_it() -> None:
    rows = [
        row
        for row in forecasts(hours=72)
        if row.begins - row.issued < 36 * HOUR or (row.begins - row.issued) % (3 * HOUR) == 0 * HOUR
    ]
    error = refused(csv(rows))

    assert error.code == "wrong_step"
    assert "180 min" in error.reason
    near = [row for row in rows if row.begins - row.issued <= 36 * HOUR]
    accepted(csv(rows), near, site({"horizon": "36h"}))


def test_a_provider_that_changes_its_step_between_issues_is_refused() -> None:
    rows = [*forecasts(issues=2), *forecasts(issues=2, step=180, first=FIRST + 24 * HOUR)]

    assert refused(csv(rows)).code == "wrong_step"


def test_clocks_with_summer_time_are_read_issue_by_issue() -> None:
    """The hour that comes twice on 27 October does so in each of the issues."""
    rows = forecasts(issues=3, first=datetime(2024, 10, 26, tzinfo=UTC), every=6)

    def local(moment: datetime) -> str:
        summer = moment < datetime(2024, 10, 27, 1, tzinfo=UTC)
        return f"{moment + (2 if summer else 1) * HOUR:%Y-%m-%d %H:%M}"

    lines = [f"{row.issued:%Y-%m-%d %H:%M},{local(row.begins)},{row.ghi}" for row in rows]
    where = site({"timestamp": STAMP | {"timezone": "Europe/Amsterdam"}})

    accepted("\n".join(["run,time,ghi", *lines]).encode(), rows, where)


# --- quantities -----------------------------------------------------------------------------------------


def test_other_quantities_become_canonical_too() -> None:
    where = site({"columns": {"temp_air": {"column": "temp", "unit": "K"}}})
    rows = [replace(row, temp=round(row.temp + 273.15, 2)) for row in ROWS]
    reading, found = canonical(csv(rows), where, column="forecast_temp_air")

    assert reading.rows.columns == ("forecast_temp_air",)
    assert found[ROWS[7].pair] == pytest.approx(ROWS[7].temp, abs=0.01)


@pytest.mark.parametrize(("unit", "factor"), [("J/m2", 3600), ("kJ/m2", 3.6), ("Wh/m2", 1.0)])
@pytest.mark.parametrize("step", [60, 180])
def test_energies_of_an_interval_become_its_mean(unit: str, factor: float, step: int) -> None:
    rows = forecasts(step=step)
    how = {
        "timestamp": STAMP | {"step_minutes": step},
        "columns": {"ghi": {"column": "ghi", "unit": unit}},
    }

    accepted(csv(rows, number=lambda row: row.ghi * factor * step / 60), rows, site(how))


def test_a_sum_since_the_issue_is_differenced_in_each_issue() -> None:
    assert accepted(added_up(ROWS), ROWS, site(ADDED_UP)).rows.masks == {}


def test_a_sum_that_begins_with_nothing_at_the_issue_is_read_as_well() -> None:
    analysis = [Row(row.issued, row.issued - HOUR, 0.0) for row in ROWS if row.begins == row.issued]
    rows = sorted([*ROWS, *analysis], key=lambda row: row.pair)

    reading = accepted(added_up(rows), ROWS, site(ADDED_UP))
    assert reading.rows.masks == {"before_issue": 4}


def test_three_hourly_sums_are_read() -> None:
    rows = forecasts(step=180)
    how = {**ADDED_UP, "timestamp": ENDS | {"step_minutes": 180}}

    assert accepted(added_up(rows, step=180), rows, site(how)).rows.masks == {}


@pytest.mark.parametrize(
    ("step", "every"), [(60, 3), (60, 6), (60, 12), (60, 24), (180, 6), (180, 12)]
)
@pytest.mark.parametrize("clear", [0.05, 0.35, 0.8, 1.0])
def test_a_sum_that_begins_anew_by_a_rhythm_is_read(step: int, every: int, clear: float) -> None:
    """It need not fall: in the morning an interval brings more than all hours before."""

    def anew(row: Row) -> bool:
        return (row.begins - row.issued) % (every * HOUR) == 0 * HOUR

    rows = forecasts(issues=6, clear=clear, step=step)
    how = {**ADDED_UP, "timestamp": ENDS | {"step_minutes": step}}

    reading = accepted(added_up(rows, anew=anew, step=step), rows, site(how))
    assert reading.rows.masks == {}


@pytest.mark.parametrize("clear", [0.05, 0.35, 1.0])
@pytest.mark.parametrize("month", [6, 12])
def test_sums_of_any_season_and_weather_pass_unmasked(clear: float, month: int) -> None:
    rows = forecasts(issues=6, clear=clear, first=datetime(2024, month, 20, tzinfo=UTC))

    assert accepted(added_up(rows), rows, site(ADDED_UP)).rows.masks == {}


def test_a_sum_that_begins_anew_at_an_unexpected_hour_is_read_where_it_fits_its_neighbours() -> (
    None
):
    rows = forecasts(clear=0.8)
    unexpected = FIRST + 13 * HOUR

    reading = accepted(
        added_up(rows, anew=lambda row: row.pair == (FIRST, unexpected)), rows, site(ADDED_UP)
    )
    assert reading.rows.masks == {}


def test_a_sum_that_begins_anew_within_an_interval_is_masked_there() -> None:
    rows = forecasts(clear=0.8)
    partly = next(row for row in rows if row.pair == (FIRST, FIRST + 13 * HOUR))
    written = [replace(row, ghi=row.ghi / 5) if row is partly else row for row in rows]

    reading = accepted(
        added_up(written, anew=lambda row: row.pair == partly.pair),
        written,
        site(ADDED_UP),
        lost=[partly],
    )
    assert reading.rows.masks == {"accumulation_reset": 1}


def test_over_a_missing_lead_the_growth_of_a_sum_is_masked() -> None:
    gone, after = (
        next(row for row in ROWS if row.pair == (FIRST, FIRST + hours * HOUR)) for hours in (11, 12)
    )
    lines = added_up(ROWS).split(b"\n")
    del lines[1 + ROWS.index(gone)]
    left = [row for row in ROWS if row is not gone]

    reading = accepted(b"\n".join(lines), left, site(ADDED_UP), lost=[after])
    assert reading.rows.masks == {"accumulation_gap": 1}


def test_the_rounding_of_a_packed_sum_is_no_new_beginning() -> None:
    night = [row for row in ROWS if row.ghi == 0]
    rows = [replace(row, ghi=-0.4) if row in night[::2] else row for row in ROWS]

    reading = accepted(added_up(rows), ROWS, site(ADDED_UP))
    assert reading.rows.masks == {}


def _ensemble(rows: list[Row]) -> bytes:
    lines = [
        f"{row.issued:%Y-%m-%d %H:%M},{row.begins:%Y-%m-%d %H:%M},{row.ghi * 0.8},{row.ghi},{row.ghi * 1.2}"
        for row in rows
    ]
    return "\n".join(["run,time,m01,m02,m03", *lines]).encode()


MEMBERS = {"ghi": {"columns": ["m*"], "combine": "mean", "unit": "W/m2"}}


def test_an_ensemble_is_read_as_its_mean() -> None:
    assert accepted(_ensemble(ROWS), ROWS, site({"columns": MEMBERS})).rows.masks == {}


def test_a_row_that_lacks_a_member_is_masked() -> None:
    lines = _ensemble(ROWS).split(b"\n")
    lines[12] = lines[12].rpartition(b",")[0] + b","

    reading = accepted(b"\n".join(lines), ROWS, site({"columns": MEMBERS}), lost=[ROWS[11]])
    assert reading.rows.masks == {"member_missing": 1}


def test_an_ensemble_of_sums_is_differenced_and_averaged() -> None:
    lines = added_up(ROWS).decode().splitlines()
    head, *rest = (line.split(",") for line in lines)
    assert head[2] == "ghi"
    rows = [",".join([a, b, f"{float(v) * 0.9}", f"{float(v) * 1.1}"]) for a, b, v, _ in rest]
    column = {"columns": ["m1", "m2"], "combine": "mean", "unit": "J/m2", "kind": "accumulated"}

    accepted(
        "\n".join(["run,time,m1,m2", *rows]).encode(),
        ROWS,
        site({"timestamp": ENDS, "columns": {"ghi": column}}),
    )


@pytest.mark.parametrize("kind", ["json", "parquet"])
def test_other_formats_are_read_alike(kind: str) -> None:
    records = [
        {
            "run": f"{row.issued:%Y-%m-%dT%H:%M}",
            "time": f"{row.begins:%Y-%m-%dT%H:%M}",
            "ghi": row.ghi,
        }
        for row in ROWS
    ]
    if kind == "json":
        data = json.dumps(records).encode()
    else:
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(records), sink)
        data = sink.getvalue().to_pybytes()

    accepted(data, ROWS, site({"format": kind}))


def test_workbooks_are_read_alike() -> None:
    head: list[object] = ["run", "time", "ghi"]
    cells = [
        [row.issued.replace(tzinfo=None), row.begins.replace(tzinfo=None), row.ghi] for row in ROWS
    ]

    accepted(workbook.xlsx([head, *cells]), ROWS, site({"format": "xlsx"}))


def test_a_packed_file_is_called_like_the_plain_one() -> None:
    where = site({"issued": {"file_name": "nwp_%Y%m%d%H.csv", "timezone": "UTC"}})

    accepted(gzip.compress(csv(ONE, with_issue=False)), ONE, where, key=f"{KEY}.gz")


# --- what cannot be true --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "meant"),
    [
        (3600, "J/m2 per 60 min"),
        (3.6, "kJ/m2 per 60 min"),
        (0.001, "kW/m2"),
        (0.0036, "MJ/m2 per 60 min"),
    ],
)
def test_irradiance_in_another_unit_is_refused_and_the_unit_named(
    factor: float, meant: str
) -> None:
    error = refused(csv(ROWS, number=lambda row: row.ghi * factor))

    assert error.code == "wrong_unit"
    assert f"values look like {meant}, the YAML says W/m2" in error.reason


def test_a_unit_that_changes_inside_a_file_is_found_even_in_one_day() -> None:
    rows = forecasts(issues=20, every=24, hours=24)
    data = csv(rows, number=lambda row: row.ghi / (1000 if row.begins.day == 13 else 1))
    error = refused(data)

    assert error.code == "wrong_unit"
    assert "2024-06-13" in error.reason


@pytest.mark.parametrize("share", [0.006, 0.02])
def test_a_day_of_the_darkest_rain_is_weather(share: float) -> None:
    rows = forecasts(issues=20, every=24, hours=24)
    rows = [replace(row, ghi=row.ghi * share) if row.begins.day == 13 else row for row in rows]

    assert accepted(csv(rows), rows).rows.masks == {}


def test_a_dark_morning_before_midnight_in_utc_is_a_part_of_its_day() -> None:
    quarters = {"timestamp": SOURCE["timestamp"] | {"step_minutes": 15}}
    east = site(quarters, longitude=117.5, timezone="Asia/Shanghai")
    rows = forecasts(issues=10, every=24, hours=24, step=15)
    begins = np.array([row.begins.replace(tzinfo=None) for row in rows], "M8[us]")
    clear = Sky.over(begins, 900.0, east).clear
    rows = [
        replace(row, ghi=round(float(ghi) * (0.001 if row.begins.hour > 18 else 0.7), 3))
        for row, ghi in zip(rows, clear, strict=True)
    ]

    assert accepted(csv(rows), rows, east).rows.masks == {}


def test_many_dark_days_are_no_weather() -> None:
    rows = forecasts(issues=20, every=24, hours=24)
    error = refused(csv(rows, number=lambda row: row.ghi / (150 if row.begins.day > 12 else 1)))

    assert error.code == "wrong_unit"


def test_a_day_without_any_light_is_masked() -> None:
    rows = forecasts(issues=20, every=24, hours=24)
    dark = [replace(row, ghi=0.0) if row.begins.day == 13 else row for row in rows]
    lit = [row for row in dark if row.begins.day == 13 and over([row.begins])[0] > 0]
    reading = accepted(csv(dark), dark, lost=lit)

    assert reading.rows.masks == {"dark_day": len(lit)}


def test_a_few_values_above_any_sky_are_masked() -> None:
    high = [row for row in ROWS if row.ghi > 300][:3]
    rows = [replace(row, ghi=1400.0) if row in high else row for row in ROWS]
    reading = accepted(csv(rows), rows, lost=[row for row in rows if row.ghi == 1400.0])

    assert reading.rows.masks == {"above_any_sky": 3}


def test_a_sum_that_the_yaml_does_not_call_one_is_refused() -> None:
    how = {"timestamp": ENDS, "columns": {"ghi": {"column": "ghi", "unit": "J/m2"}}}
    error = refused(added_up(ROWS), site(how))

    assert error.code == "accumulated"
    assert "kind: accumulated" in error.remedy


def test_what_is_called_a_sum_and_is_none_is_refused() -> None:
    data = csv(ROWS, number=lambda row: row.ghi * 3600, late=HOUR)

    assert refused(data, site(ADDED_UP)).code == "not_accumulated"


@pytest.mark.parametrize("hours", [-8, -3, 3, 8, 12])
@pytest.mark.parametrize("clear", [0.3, 0.95])
def test_a_clock_that_is_hours_off_the_sun_is_refused(hours: int, clear: float) -> None:
    shifted = [replace(row, begins=row.begins + hours * HOUR) for row in forecasts(clear=clear)]
    rows = issued(shifted, lambda row: row.issued - 12 * HOUR)
    error = refused(csv(rows))

    assert error.code == "wrong_clock"
    assert f"{abs(hours):.1f} hours" in error.reason or abs(hours) == 12


def test_an_issue_of_two_days_is_enough_to_see_a_wrong_clock() -> None:
    rows = [replace(row, begins=row.begins + 7 * HOUR) for row in ONE]
    error = refused(csv(rows))

    assert error.code == "wrong_clock"
    assert '"+07:00"' in error.remedy


def test_the_zone_in_the_remedy_starts_from_that_of_the_stamps() -> None:
    rows = [replace(row, begins=row.begins + 7 * HOUR) for row in ONE]
    error = refused(csv(rows), site(timezone="Asia/Tokyo"))

    assert '"+07:00"' in error.remedy


@pytest.mark.parametrize(
    "first",
    [datetime(2024, month, 20, tzinfo=UTC) for month in (1, 6, 9)],
    ids=lambda first: f"{first:%b}",
)
@pytest.mark.parametrize("clear", [0.05, 0.98])
@pytest.mark.parametrize("step", [15, 180])
def test_healthy_files_of_any_season_and_weather_pass_unmasked(
    first: datetime, clear: float, step: int
) -> None:
    rows = forecasts(first=first, clear=clear, step=step)
    how = {"timestamp": STAMP | {"step_minutes": step}}

    assert accepted(csv(rows), rows, site(how)).rows.masks == {}


@given(
    latitude=st.integers(-55, 68),
    longitude=st.integers(-180, 180),
    first=st.datetimes(datetime(2024, 1, 1), datetime(2024, 12, 1)),  # noqa: DTZ001 - as hypothesis wants it
    shape=st.sampled_from(
        [(15, 24), (30, 48), (60, 6), (60, 48), (60, 96), (180, 48), (180, 240), (360, 96)]
    ),
    every=st.sampled_from([3, 6, 7, 12, 24]),
    clear=st.sampled_from([0.05, 0.4, 0.95]),
)
@settings(max_examples=60, deadline=None)
def test_healthy_files_of_any_place_pass_unmasked(  # noqa: PLR0917 - what a healthy file may be
    latitude: int, longitude: int, first: datetime, shape: tuple[int, int], every: int, clear: float
) -> None:
    step, hours = shape
    how = {"timestamp": STAMP | {"step_minutes": step}}
    where = site(how, latitude=latitude, longitude=longitude)
    begins = first.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    rows = forecasts(3, hours, every=every, step=step, clear=clear, first=begins, where=where)

    assert accepted(csv(rows), rows, where).rows.masks == {}


@pytest.mark.parametrize("hours", [3, 6, 12])
def test_short_issues_pass_unmasked(hours: int) -> None:
    rows = forecasts(issues=12, every=3, hours=hours, clear=0.9)

    assert accepted(csv(rows), rows).rows.masks == {}


def test_a_file_without_any_value_is_refused() -> None:
    error = refused(csv(ROWS, number=lambda _: ""))

    assert error.code == "empty"


def test_too_many_masked_rows_in_daylight_refuse_the_file() -> None:
    data = csv(ROWS, number=lambda row: "error" if row.ghi > 400 else row.ghi)

    assert refused(data).code == "too_much_masked"


def test_only_forecasts_name_a_provider_in_their_objects_metadata() -> None:
    described = CanonicalFile(
        file_id="f",
        site_id="east",
        rows=1,
        rows_masked=0,
        columns=("forecast_ghi",),
        window_start=FIRST,
        window_end=FIRST + HOUR,
        uploaded_at=FIRST,
        provider="ecmwf",
    )
    assert CanonicalFile.from_metadata(described.metadata()) == described
    assert "provider" not in replace_provider(described).metadata()
    assert CanonicalFile.from_metadata(replace_provider(described).metadata()).provider == ""


def replace_provider(file: CanonicalFile) -> CanonicalFile:
    return file.model_copy(update={"provider": ""})


def test_an_accumulated_column_keeps_its_scale() -> None:
    how = {**ADDED_UP, "columns": {"ghi": SSRD | {"unit": "kJ/m2", "scale": 0.001}}}

    accepted(added_up(ROWS), ROWS, site(how))
