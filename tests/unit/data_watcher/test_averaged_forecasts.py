"""Irradiance that is the mean since its issue, or since a mark, is read by interval or refused.

GFS gives the mean since the last six hours of lead, ICON that since the issue.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.data_watcher.forecast_files import (
    ENDS,
    SOURCE,
    Row,
    accepted,
    averaged,
    csv,
    forecasts,
    refused,
    site,
)

HOUR = timedelta(hours=1)
GHI = {"column": "ghi", "unit": "W/m2", "kind": "averaged"}


def source(every: int | None, step: int = 60, **column: Any) -> dict[str, Any]:
    said = GHI | ({} if every is None else {"every": f"{every}h"}) | column
    return {"timestamp": ENDS | {"step_minutes": step}, "columns": {"ghi": said}}


PLAIN = {"timestamp": ENDS, "columns": SOURCE["columns"]}


@pytest.mark.parametrize("every", [3, 24, None])
@pytest.mark.parametrize("step", [60, 180])
@pytest.mark.parametrize("clear", [0.05, 1.0])
def test_each_interval_gets_what_the_sun_gave_in_it(
    every: int | None, step: int, clear: float
) -> None:
    rows = forecasts(4, hours=48, step=step, clear=clear)
    accepted(averaged(rows, every, step, digits=4), rows, site(source(every, step)))


def test_coarser_later_leads_are_read_as_well() -> None:
    rows = forecasts(3, hours=36)
    coarse = [
        Row(each[0].issued, each[0].begins, sum(row.ghi for row in each) / 3)
        for issued in sorted({row.issued for row in rows})
        for day in [
            [row for row in rows if row.issued == issued and row.begins - issued >= 24 * HOUR]
        ]
        for each in zip(*[iter(day)] * 3, strict=True)
    ]
    fine = [row for row in rows if row.begins - row.issued < 24 * HOUR]
    expected = sorted([*fine, *coarse], key=lambda row: row.pair)
    body = averaged(fine, 6, digits=4).decode()
    tail = averaged(coarse, 6, 180, digits=4).decode().partition("\n")[2]
    where = source(6)
    where["timestamp"] = {name: each for name, each in ENDS.items() if name != "step_minutes"}
    accepted((body + tail).encode(), expected, site(where))


def test_after_a_missing_lead_the_next_interval_is_not_known() -> None:
    rows = forecasts(2)
    gone = {rows[0].issued + timedelta(hours=each) for each in (8, 33)}
    kept = [row for row in rows if row.begins not in gone or row.issued != rows[0].issued]
    body = averaged(rows, 6, digits=4).decode().splitlines()
    lines = [body[0]] + [line for row, line in zip(rows, body[1:], strict=True) if row in kept]
    lost = [
        row
        for row in kept
        if row.issued == rows[0].issued and row.begins - row.issued in {9 * HOUR, 34 * HOUR}
    ]
    found = accepted("\n".join([*lines, ""]).encode(), kept, site(source(6)), lost=lost)
    assert found.rows.masks == {"accumulation_gap": 2}


def test_intervals_that_are_longer_than_from_mark_to_mark_have_no_value() -> None:
    rows = forecasts(4, hours=48, step=180)
    found = refused(averaged(rows, 2, 180), site(source(2, 180)))
    assert found.code == "empty"
    assert "accumulation_reset" in found.remedy


@pytest.mark.parametrize("every", [6, None])
@pytest.mark.parametrize("label", ["right", "left"])  # a draft does not know
@pytest.mark.parametrize("digits", [0, 1, 3])
def test_a_mean_that_the_yaml_does_not_call_one_is_refused_and_the_remedy_works(
    every: int | None, label: str, digits: int
) -> None:
    rows = forecasts(4)
    where = {"timestamp": ENDS | {"label": label}}
    found = refused(averaged(rows, every, digits=digits), site(where))
    assert found.code == "averaged"
    how = "kind: averaged" if every is None else "kind: averaged and every: 6h"
    assert found.remedy.startswith(f"say {how} for the column")
    accepted(averaged(rows, every, digits=4), rows, site(source(every)))


def test_direct_and_diffuse_irradiance_as_icon_gives_them_are_added_up() -> None:
    rows = forecasts(4)
    head, *lines = averaged(rows, None, digits=4).decode().splitlines()
    parts = []
    for line in lines:
        run, time, ghi, temp = line.split(",")
        parts.append(f"{run},{time},{0.7 * float(ghi):.4f},{0.3 * float(ghi):.4f},{temp}")
    body = "\n".join([head.replace("ghi", "ASWDIR_S,ASWDIFD_S"), *parts, ""]).encode()
    both = {"columns": ["ASWDIR_S", "ASWDIFD_S"], "combine": "sum", "unit": "W/m2"}
    columns = {"ghi": both | {"kind": "averaged"}}
    accepted(body, rows, site({"timestamp": ENDS, "columns": columns}))


def test_three_hourly_means_since_every_six_hours_are_refused_as_well() -> None:
    rows = forecasts(4, step=180)
    where = site({"timestamp": ENDS | {"step_minutes": 180}})
    found = refused(averaged(rows, 6, 180), where)
    assert (found.code, "every: 6h" in found.remedy) == ("averaged", True)


@pytest.mark.parametrize("every", [6, None])
@pytest.mark.parametrize("clear", [0.3, 1.0])
def test_means_of_their_own_interval_that_the_yaml_calls_lasting_are_refused(
    every: int | None, clear: float
) -> None:
    rows = forecasts(4, clear=clear)
    found = refused(csv(rows, late=HOUR), site(source(every)))
    assert found.code == "not_averaged"
    accepted(csv(rows, late=HOUR), rows, site(PLAIN))  # what the remedy says


def test_a_wrong_mark_is_refused() -> None:
    assert refused(averaged(forecasts(4), 6), site(source(None))).code == "not_averaged"
    assert refused(averaged(forecasts(4), 6), site(source(12))).code == "not_averaged"
