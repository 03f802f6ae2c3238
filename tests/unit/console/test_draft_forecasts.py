"""A draft knows forecasts by their names and their issue, and asks for what is not in the files."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.data_watcher.domain import validation
from shared.errors import InvalidConfigError
from shared.solar.site import Site, SourceFormat, names_of
from tests.unit.console.test_draft_samples import KEY, draft, plain, said, written
from tests.unit.data_watcher.coarser_files import lengths, stepped, sums
from tests.unit.data_watcher.forecast_files import (
    FIRST,
    HOUR,
    Row,
    accepted,
    added_up,
    averaged,
    csv,
    forecasts,
)

PLACE = ("--latitude", "52.1", "--longitude", "5.1", "--ac-capacity-kw", "6")
ROWS = forecasts()


def drafted(*paths: Path) -> Site:
    done = draft(*paths, options=PLACE)
    assert done.exit_code == 0, done.output
    found = validation.read(KEY, done.stdout.encode())
    assert isinstance(found, Site)
    return found


def source(*paths: Path) -> SourceFormat:
    (found,) = drafted(*paths).sources
    return found


def runs(folder: Path, issue: str = "init_time", name: str = "nwp.csv") -> Path:
    return written(folder, name, csv(ROWS).replace(b"run,time", f"{issue},valid_time".encode()))


def ssrd(folder: Path, name: str, rows: Sequence[Row]) -> Path:
    """A file of one issue as ECMWF writes it: sums in J/m2 until the stamp, temperature in K."""
    _, *lines = added_up(rows).decode().split()
    fields = [line.split(",") for line in added_up(rows).decode().splitlines()[1:]]
    assert lines
    body = [f"{time},{total},{float(temp) + 273.15:.2f}" for _, time, total, temp in fields]
    return written(folder, name, ["valid_time,ssrd,t2m", *body])


@pytest.mark.parametrize(
    "issue", ["init_time", "run", "issued_at", "reference_time", "model run", "forecast_issue_time"]
)
def test_a_column_that_is_called_like_an_issue_is_one(tmp_path: Path, issue: str) -> None:
    path = runs(tmp_path, issue, "weather.csv")
    found = source(path)

    assert found.is_forecast
    assert found.issued is not None
    assert (found.issued.column, found.issued.timezone) == (issue, "UTC")
    assert found.timestamp.column == "valid_time"
    assert set(found.columns) == {"ghi", "temp_air"}
    accepted(path.read_bytes(), ROWS, drafted(path), key="raw/my-site/weather.csv")


@pytest.mark.parametrize("name", ["created_at", "createdAt", "generated"])
def test_a_time_of_making_that_lies_before_the_stamps_is_the_issue(
    tmp_path: Path, name: str
) -> None:
    """A database dates each row for itself, a moment after the one before."""
    made = [row.issued - HOUR + timedelta(seconds=n % 48) for n, row in enumerate(ROWS)]
    lines = [
        f"{at:%Y-%m-%d %H:%M:%S},{row.begins:%Y-%m-%d %H:%M},{row.ghi}"
        for at, row in zip(made, ROWS, strict=True)
    ]
    path = written(tmp_path, "weather.csv", [f"{name},time,ghi", *lines])
    found = source(path)

    assert found.issued is not None
    assert (found.issued.column, found.timestamp.column) == (name, "time")
    assert found.timestamp.step_minutes == 60
    late = [replace(row, issued=row.issued - HOUR + timedelta(seconds=47)) for row in ROWS]
    accepted(path.read_bytes(), late, drafted(path), key="raw/my-site/weather.csv")


@pytest.mark.parametrize("name", ["created_at", "inserted", "LastUpdated", "received_time"])
def test_a_time_of_writing_after_the_stamps_is_neither_stamp_nor_issue(
    tmp_path: Path, name: str
) -> None:
    rows = [row for row in ROWS if row.issued == FIRST]
    lines = [
        f"{row.begins + timedelta(minutes=62, seconds=n * 7 % 11):%Y-%m-%d %H:%M:%S},"
        f"{row.begins:%Y-%m-%d %H:%M:%S},{row.ghi}"
        for n, row in enumerate(rows)
    ]
    found = source(written(tmp_path, "station.csv", [f"{name},time,ghi", *lines]))

    assert not found.is_forecast
    assert (found.timestamp.column, found.timestamp.step_minutes) == ("time", 60)


def test_the_issue_in_the_names_of_files_is_proposed_as_a_pattern(tmp_path: Path) -> None:
    issues = [forecasts(issues=1, first=FIRST + hours * HOUR) for hours in (0, 12)]
    paths = [ssrd(tmp_path, f"ecmwf_{rows[0].issued:%Y%m%d%H}_east.csv", rows) for rows in issues]
    found = source(*paths)

    assert found.issued is not None
    assert found.issued.file_name == "ecmwf_%Y%m%d%H_east.csv"
    assert found.provider == "ecmwf"
    assert (found.columns["ghi"].unit, found.columns["ghi"].kind) == ("J/m2", "accumulated")
    assert found.columns["temp_air"].unit == "K"
    assert found.timestamp.label == "right"
    for path, rows in zip(paths, issues, strict=True):
        accepted(path.read_bytes(), rows, drafted(*paths), key=f"raw/my-site/{path.name}")


def test_a_name_with_a_day_alone_leaves_the_hour_to_be_filled_in(tmp_path: Path) -> None:
    path = ssrd(tmp_path, "gfs_2024-06-01.csv", forecasts(issues=1))
    done = draft(path, options=PLACE)

    assert re.search(r"at: # FILL IN", done.stdout)
    with pytest.raises(InvalidConfigError, match="the hour of the issue"):
        validation.read(KEY, done.stdout.encode())
    filled_in = done.stdout.replace("at: # FILL IN", 'at: "00:00"')
    assert isinstance(validation.read(KEY, filled_in.encode()), Site)


def test_where_nothing_says_the_issue_it_is_asked_and_a_tie_is_said(tmp_path: Path) -> None:
    lines = [f"{row.begins:%Y-%m-%dT%H:%M},{row.ghi},{row.temp}" for row in ROWS[:48]]
    head = "time,shortwave_radiation (W/m²),temperature_2m (°C)"
    path = written(tmp_path, "download.csv", [head, *lines])
    words = said(path, options=PLACE)

    assert "issued: FILL IN" in words
    assert "a tie: archives of the past" in words
    done = draft(path, options=PLACE)
    with pytest.raises(InvalidConfigError, match="a forecast says when it was issued"):
        validation.read(KEY, done.stdout.encode())
    assert "too_short" not in words
    assert "at least 1 item" not in words


@pytest.mark.parametrize("issues", [1, 4])
def test_later_leads_may_be_coarser(tmp_path: Path, issues: int) -> None:
    steps = [(36, 60), (96, 180)]
    rows, length = stepped(steps, issues=issues), lengths(steps)
    path = written(tmp_path, "ecmwf.csv", sums(rows, length).replace(b"ghi", b"ssrd"))
    found = source(path)

    assert found.timestamp.step_minutes is None
    assert found.timestamp.label == "right"
    assert "targets of an issue lie 60 min, 180 min apart" in said(path, options=PLACE)
    accepted(path.read_bytes(), rows, drafted(path), key="raw/my-site/ecmwf.csv")


def test_a_missing_lead_leaves_the_step_as_it_is(tmp_path: Path) -> None:
    rows = [row for row in ROWS if (row.begins - row.issued) / HOUR not in {7, 8, 20}]
    path = written(tmp_path, "ecmwf.csv", csv(rows))

    assert source(path).timestamp.step_minutes == 60
    accepted(path.read_bytes(), rows, drafted(path), key="raw/my-site/ecmwf.csv")


def test_columns_of_previous_days_are_forecasts_of_that_lead_and_the_newest_run_is_none(
    tmp_path: Path,
) -> None:
    """Archives of one lead: beside them stands what the newest run said, which knew the hour already."""
    lines = [
        f"{row.begins:%Y-%m-%dT%H:%M},{row.ghi + 9},{row.ghi},{row.ghi + 1},{row.temp},{row.temp + 1}"
        for row in ROWS[:48]
    ]
    names = (
        "shortwave_radiation",
        "shortwave_radiation_previous_day1",
        "shortwave_radiation_previous_day2",
        "temperature_2m_previous_day1",
        "temperature_2m_previous_day2",
    )
    path = written(tmp_path, "download.csv", [f"time,{','.join(names)}", *lines])
    found = source(path)

    assert (found.kind, found.issued.lead) == ("forecast", "24h")
    assert found.columns["ghi"].column == "shortwave_radiation_previous_day1"
    assert found.columns["temp_air"].column == "temperature_2m_previous_day1"
    assert "write a second source" in said(path, options=PLACE)


def test_a_day_in_a_name_that_is_not_before_the_rows_is_no_issue(tmp_path: Path) -> None:
    path = ssrd(tmp_path, "nwp_2024070100.csv", forecasts(issues=1))

    assert "issued: FILL IN" in said(path, options=PLACE)


def test_members_of_an_ensemble_are_averaged(tmp_path: Path) -> None:
    lines = [
        f"{row.issued:%Y-%m-%d %H:%M},{row.begins:%Y-%m-%d %H:%M}"
        + "".join(f",{row.ghi * part:.2f}" for part in (0.8, 0.9, 1.1, 1.2))
        for row in ROWS
    ]
    path = written(tmp_path, "ens.csv", ["run,time,ghi_m1,ghi_m2,ghi_m3,ghi_m4", *lines])
    found = source(path).columns["ghi"]

    assert (found.columns, found.combine) == (("ghi_m*",), "mean")
    accepted(path.read_bytes(), ROWS, drafted(path), key="raw/my-site/ens.csv")


def test_columns_called_nwp_alone_become_a_forecast_without_the_prefix(tmp_path: Path) -> None:
    lines = [f"{row.begins:%Y-%m-%d %H:%M},{row.ghi},{row.temp}" for row in ROWS[:48]]
    path = written(tmp_path, "station.csv", ["time,nwp_globalirrad,nwp_temperature", *lines])
    words = said(path, options=PLACE)

    assert 'kind: "forecast"' in words
    assert "forecast_ghi" not in words
    assert 'ghi: column: "nwp_globalirrad"' in words


@pytest.mark.parametrize(
    ("name", "column", "canonical"),
    [
        ("station.csv", "ghi", "ghi"),
        ("station.csv", "power (W)", "power_ac"),
        ("nwp_station.csv", "power (W)", "power_ac"),
    ],
)
def test_forecasts_beside_measurements_in_one_file_are_a_source_of_their_own(
    tmp_path: Path, name: str, column: str, canonical: str
) -> None:
    lines = [f"{row.begins:%Y-%m-%d %H:%M},{row.ghi},{row.ghi * 0.9:.1f}" for row in ROWS[:48]]
    path = written(tmp_path, name, [f"time,nwp_globalirrad,{column}", *lines])
    words = said(path, options=PLACE)

    assert f"a second time as forecast-1_{name}" in words
    assert "issued: FILL IN" in words
    assert f"forecast-1_{name}: accepted by forecast-1, 48 rows" in words
    done = draft(path, options=PLACE).stdout
    with pytest.raises(InvalidConfigError, match="a forecast says when it was issued"):
        validation.read(KEY, done.encode())
    site = validation.read(KEY, done.replace("issued: # FILL IN", "issued: {lead: 24h}").encode())
    assert isinstance(site, Site)
    forecast, measured = site.sources
    assert (set(forecast.columns), forecast.provider) == ({"ghi"}, "nwp")
    assert set(measured.columns) == {canonical}
    assert names_of(site, name) == (name, f"forecast-1_{name}")
    rows = [replace(row, issued=row.begins - 24 * HOUR) for row in ROWS[:48]]
    accepted(path.read_bytes(), rows, site, key=f"raw/my-site/forecast-1_{name}")


def test_a_column_of_issues_beside_power_says_when_the_forecasts_were_issued(
    tmp_path: Path,
) -> None:
    lines = [
        f"{FIRST:%Y-%m-%d %H:%M},{row.begins:%Y-%m-%d %H:%M},{row.ghi},{row.ghi / 200:.3f}"
        for row in ROWS[:48]
    ]
    path = written(tmp_path, "station.csv", ["model_run,time,nwp_ghi,power (kW)", *lines])
    forecast, measured = drafted(path).sources

    assert forecast.issued is not None
    assert (forecast.issued.column, measured.is_forecast) == ("model_run", False)


def test_columns_of_previous_days_beside_power_are_forecasts_of_that_lead(tmp_path: Path) -> None:
    """And what the newest run said knew the hour already: it is neither measured nor a forecast."""
    lines = [
        f"{row.begins:%Y-%m-%dT%H:%M},{row.ghi / 200:.3f},{row.ghi + 9},{row.ghi},{row.temp}"
        for row in ROWS[:48]
    ]
    names = "power (kW),shortwave_radiation,shortwave_radiation_previous_day1,temp_air"
    path = written(tmp_path, "plant.csv", [f"time,{names}", *lines])
    forecast, measured = drafted(path).sources

    assert forecast.issued is not None
    assert forecast.issued.lead == "24h"
    assert {name: each.column for name, each in forecast.columns.items()} == {
        "ghi": "shortwave_radiation_previous_day1"
    }
    assert {name: each.column for name, each in measured.columns.items()} == {
        "power_ac": "power (kW)",
        "temp_air": "temp_air",
    }


def test_a_day_in_the_name_of_a_file_with_power_is_no_issue(tmp_path: Path) -> None:
    """It is the day of the measurements."""
    lines = [f"{row.begins:%Y-%m-%d %H:%M},{row.ghi},{row.ghi / 200:.3f}" for row in ROWS[:24]]
    path = written(tmp_path, "station_20240601.csv", ["time,nwp_ghi,power (kW)", *lines])

    assert "issued: FILL IN" in said(path, options=PLACE)
    assert 'files: "forecast-1_station_*.csv"' in said(path, options=PLACE)


def test_power_and_forecasts_are_sources_beside_each_other(tmp_path: Path) -> None:
    site = drafted(plain(tmp_path, "power.csv"), runs(tmp_path))

    assert {each.kind for each in site.sources} == {"measured", "forecast"}


def test_a_draft_shows_that_its_figures_are_those_of_a_forecast(tmp_path: Path) -> None:
    words = said(runs(tmp_path), options=PLACE)

    assert "highest predicted irradiance" in words
    assert "none masked" in words


def test_weather_that_was_measured_is_drafted_as_before(tmp_path: Path) -> None:
    moments = [FIRST + timedelta(hours=n) for n in range(96)]
    lines = [f"{each:%Y-%m-%d %H:%M},{n % 24 * 20},15.5" for n, each in enumerate(moments)]
    path = written(tmp_path, "weather.csv", ["time,ghi,temp_air", *lines])

    assert 'kind: "forecast"' not in said(path, options=PLACE)


def test_a_table_of_mosmix_is_a_forecast_issued_as_its_name_says(tmp_path: Path) -> None:
    rows = forecasts(issues=1)
    lines = [
        f"{row.begins + HOUR:%Y-%m-%dT%H:%M}Z;{row.ghi * 3.6:.1f};{row.temp + 273.15:.2f};50"
        for row in rows
    ]
    path = written(tmp_path, "mosmix_10501_2024060100.csv", ["forecast;Rad1h;TTT;Neff", *lines])
    done = draft(path, options=PLACE)
    found = source(path)

    assert (found.kind, found.provider) == ("forecast", "mosmix")
    assert found.issued is not None
    assert found.issued.file_name == "mosmix_10501_%Y%m%d%H.csv"
    assert found.files == "mosmix_10501_*.csv"
    assert (found.columns["ghi"].column, found.columns["temp_air"].column) == ("Rad1h", "TTT")
    assert "power_ac" not in found.columns
    filled = done.stdout.replace('unit: "W/m2"', 'unit: "kJ/m2"').replace(
        "# label: right", "label: right #"
    )
    where = validation.read(KEY, filled.encode())
    assert isinstance(where, Site)
    accepted(path.read_bytes(), rows, where, key=f"raw/my-site/{path.name}")


def test_a_range_beside_a_column_is_a_forecast_and_no_tie(tmp_path: Path) -> None:
    head = "PeriodEnd,Period,Ghi,Ghi10,Ghi90,AirTemp"
    lines = [
        f"{row.begins + HOUR:%Y-%m-%dT%H:%M}Z,PT60M,{row.ghi},{row.ghi * 0.7},{row.ghi * 1.1},{row.temp}"
        for row in forecasts(issues=1)
    ]
    path = written(tmp_path, "download.csv", [head, *lines])
    words = said(path, options=PLACE)

    assert "'Ghi10', 'Ghi90' are a range, which nobody measures" in words
    assert "issued: FILL IN" in words
    assert "a tie" not in words
    filled = re.sub("issued: .*", 'issued: {lead: "24h"}', draft(path, options=PLACE).stdout)
    where = validation.read(KEY, filled.encode())
    assert isinstance(where, Site)
    assert where.sources[0].columns["ghi"].column == "Ghi"
    plain = [line.replace("Ghi10,Ghi90", "Ghi20,Ghi30") for line in [head, *lines]]
    assert "kind: forecast" not in said(written(tmp_path, "sensors.csv", plain), options=PLACE)


def test_somebodys_forecast_of_power_is_neither_measured_nor_weather(tmp_path: Path) -> None:
    head = "PeriodEnd,Period,PvEstimate,PvEstimate10,PvEstimate90"
    lines = [
        f"{row.begins + HOUR:%Y-%m-%dT%H:%M}Z,PT60M,{row.ghi / 200},{row.ghi / 300},{row.ghi / 150}"
        for row in forecasts(issues=1)
    ]
    done = draft(written(tmp_path, "rooftop.csv", [head, *lines]), options=PLACE)
    assert done.exit_code == 1
    assert "'PvEstimate' has a range beside it" in str(done.exception)
    assert "ask the provider for irradiance and temperature" in str(done.exception)


def test_irradiance_above_a_clear_sky_asks_for_the_label(tmp_path: Path) -> None:
    rows = forecasts(clear=0.97)
    look = "so say label: right, or look at the zone"
    ends, begins = (
        written(tmp_path, f"nwp_{name}.csv", csv(rows, late=late))
        for name, late in (("ends", HOUR), ("begins", timedelta(0)))
    )
    assert look in said(ends, options=PLACE)
    assert look not in said(begins, options=PLACE)


def test_fields_of_gfs_are_known_and_means_that_go_on_are_told(tmp_path: Path) -> None:
    rows = forecasts()
    body = averaged(rows, 6).replace(b"run,time,ghi,temp", b"init_time,valid_time,DSWRF,TMP")
    found = said(written(tmp_path, "gfs.csv", body), options=PLACE)
    assert "TMP" in found
    assert "REFUSED (averaged)" in found
    assert "kind: averaged and every: 6h" in found


@pytest.mark.parametrize(
    ("names", "beside"),
    [("data.forecasts", {}), ("hours", {"issued_at": "2024-06-01T00:00:00Z"})],
)
def test_json_of_one_issue_is_a_forecast_by_the_names_around_its_records(
    tmp_path: Path, names: str, beside: dict[str, str]
) -> None:
    records = [
        {"period_end": f"2024-06-0{1 + at // 24}T{at % 24:02}:00:00Z", "ghi": at, "air_temp": 12}
        for at in range(48)
    ]
    content: object = records
    for name in reversed(names.split(".")):
        content = {name: content} | beside
    path = written(tmp_path, "fc_2024060100.json", [json.dumps(content)])
    found = source(path)
    assert found.is_forecast
    assert found.issued is not None
    assert found.issued.file_name == "fc_%Y%m%d%H.json"


def test_json_that_was_measured_stays_so_beside_a_forecast(tmp_path: Path) -> None:
    records = [
        {"time": f"2024-06-0{1 + at // 24}T{at % 24:02}:00:00Z", "ghi": at} for at in range(48)
    ]
    content = {"measured": records, "forecast": records[:3], "updated": "2024-06-03T00:00:00Z"}
    path = written(tmp_path, "station.json", [json.dumps(content)])
    assert not source(path).is_forecast
