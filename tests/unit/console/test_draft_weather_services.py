"""Files of weather services whose columns are codes are weather, and never a plant's power."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.files import power, quarters
from tests.unit.console.test_draft_samples import JUNE, PLACE, said, site, written

HOURS = quarters(96 * 10, JUNE)[::4]
PER_CM2 = 0.36  # an hour of 1 W/m2 in J/cm2
CAPACITY = (*PLACE, "--ac-capacity-kw", "8")

DWD = [
    "STATIONS_ID;MESS_DATUM;QN_592;FD_LBERG;FG_LBERG;SD_LBERG;eor",
    *(
        f"1420;{each:%Y%m%d%H:%M};3;{power(each, 200) * PER_CM2:.1f};{power(each, 900) * PER_CM2:.1f};0;eor"
        for each in HOURS
    ),
]
TEN_MINUTES = [
    "STATIONS_ID;MESS_DATUM;  QN;DS_10;GS_10;SD_10;LS_10;eor",
    *(
        f"1420;{each:%Y%m%d%H%M};3;{power(each, 12):.3f};{power(each, 54):.3f};0;-999;eor"
        for each in HOURS
    ),
]
KNMI = [
    "# BRON: KNMI",
    "STN,YYYYMMDD,   HH,    T,    Q",
    *(
        f"260,{each:%Y%m%d},{each.hour + 1},{120 + power(each, 80):.0f},{power(each, 900) * PER_CM2:.0f}"
        for each in HOURS
    ),
]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (DWD, {"ghi": ("FG_LBERG", 10_000.0), "dhi": ("FD_LBERG", 10_000.0)}),
        (TEN_MINUTES, {"ghi": ("GS_10", 10_000.0), "dhi": ("DS_10", 10_000.0)}),
        (KNMI, {"ghi": ("Q", 10_000.0), "temp_air": ("T", 0.1)}),
    ],
)
def test_codes_of_weather_services_are_known(
    tmp_path: Path, lines: list[str], expected: dict[str, tuple[str, float]]
) -> None:
    path = written(tmp_path, "station.txt", lines)
    source = site(path, options=CAPACITY).sources[0]
    assert {name: (each.column, each.scale) for name, each in source.columns.items()} == expected
    assert source.timestamp.timezone == "UTC"
    assert "GUESSED: " in said(path, options=CAPACITY)
