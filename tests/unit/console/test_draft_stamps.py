"""A draft knows stamps that people have: intervals, dates in several columns, words, serial dates."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.corpus.files import power, quarters
from tests.unit.console.test_draft_samples import PLACE, draft, said, site, written

JUNE = datetime(2024, 6, 27)  # noqa: DTZ001 - a plant's clock
MOMENTS = quarters(96 * 4, JUNE)
QUARTER = timedelta(minutes=15)


def test_the_radiation_service_of_cams_is_drafted(tmp_path: Path) -> None:
    lines = [
        "# Time reference: Universal time (UT)",
        "# 1. Observation period (ISO 8601)",
        "# 2. GHI. Global irradiation on horizontal plane at ground level (Wh/m2)",
        "# 3. BNI. Beam irradiation at normal incidence (Wh/m2)",
        "# Observation period;GHI;BNI",
    ]
    lines += [
        f"{each:%Y-%m-%dT%H:%M:%S}.0/{each + QUARTER:%Y-%m-%dT%H:%M:%S}.0;"
        f"{power(each) * 25:.4f};{power(each) * 20:.4f}"
        for each in MOMENTS
    ]
    path = written(tmp_path, "cams.csv", lines)

    source = site(path, options=(*PLACE, "--ac-capacity-kw", "8")).sources[0]

    assert source.timestamp.column == "# Observation period"
    assert source.timestamp.format == "%Y-%m-%dT%H:%M:%S.%f/%Y-%m-%dT%H:%M:%S.%f"
    assert (source.timestamp.step_minutes, source.timestamp.timezone) == (15, "UTC")
    assert {name: each.unit for name, each in source.columns.items()} == {
        "ghi": "Wh/m2",
        "dni": "Wh/m2",
    }
    text = said(path)
    assert "accepted by weather-1, 384 rows, none masked" in text
    assert "label: right" not in text


@pytest.mark.parametrize(
    ("header", "behind", "zone"),
    [
        ("MTU (UTC)", "", "UTC"),
        ("MTU (CET/CEST)", "", "Europe/Brussels"),
        ("MTU", " (UTC)", None),
        ("MTU", " (CET/CEST)", "Europe/Brussels"),
    ],
)
def test_the_platform_of_entsoe_is_drafted(
    tmp_path: Path, header: str, behind: str, zone: str | None
) -> None:
    lines = [f'"{header}","Solar - Actual Aggregated [MW]"']
    lines += [
        f'"{each:%d.%m.%Y %H:%M} - {each + QUARTER:%d.%m.%Y %H:%M}{behind}",'
        f'"{"n/e" if number in {3, 4} else power(each)}"'
        for number, each in enumerate(MOMENTS)
    ]
    path = written(tmp_path, "entsoe.csv", lines)

    found = site(path)

    how = found.sources[0].timestamp
    assert how.format == "%d.%m.%Y %H:%M - %d.%m.%Y %H:%M" + (" (%Z)" if behind else "")
    assert (how.timezone, found.timezone) == (zone, zone or "UTC")
    assert found.sources[0].missing == ("n/e",)
    assert "accepted by power-1, 384 rows, sentinel 2" in said(path)


def test_a_range_of_hours_beside_its_date_is_drafted(tmp_path: Path) -> None:
    lines = [
        f"{each:%d.%m.%Y};{each:%H:%M}-{each + QUARTER:%H:%M};{power(each)}" for each in MOMENTS
    ]
    path = written(tmp_path, "range.csv", ["Datum;Zeit;Leistung (kW)", *lines])

    how = site(path).sources[0].timestamp

    assert (how.column, how.time_column) == ("Datum", "Zeit")
    assert (how.format, how.step_minutes) == ("%d.%m.%Y %H:%M-%H:%M", 15)
    assert "accepted by power-1, 384 rows, none masked" in said(path)


def test_day_and_month_of_an_interval_that_cannot_be_told_apart_are_a_guess(tmp_path: Path) -> None:
    lines = [
        f"{each:%d/%m/%Y %H:%M} - {each + QUARTER:%d/%m/%Y %H:%M},{power(each)}"
        for each in quarters(60, datetime(2024, 6, 3))  # noqa: DTZ001
    ]
    path = written(tmp_path, "power.csv", ["time,power (kW)", *lines])

    assert "GUESSED: day and month cannot be told apart" in said(path)


def test_offsets_stay_offsets(tmp_path: Path) -> None:
    lines = [f"{each:%Y-%m-%d %H:%M}-07:00,{power(each)}" for each in MOMENTS]
    path = written(tmp_path, "power.csv", ["time,power (kW)", *lines])

    assert site(path, options=("--latitude", "40", "--longitude", "-105")).timezone == "-07:00"
    assert draft(path).exit_code == 0
