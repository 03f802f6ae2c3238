"""The plants that `make bench-peers` compares on, each a dataset laid out for the pipeline.

By default those whose data come with the locked packages: PVDAQ system 50 and SERF East (in pvanalytics).
DATA names a folder laid out as PVOD (Yao et al., Solar Energy 230, 2021, doi 10.1016/j.solener.2021.09.050):
`metadata.csv` with Station_ID, Capacity [kW], Latitude and Longitude, and `stationNN.csv` with date_time
[UTC], power [MW] and the columns below of the station's own sensors.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pandas as pd

from shared.solar.site import Site
from tests.unit.pipeline.datasets import Bench, serf_east, site

STATION_COLUMNS = {
    "lmd_totalirrad": "ghi",
    "lmd_diffuseirrad": "dhi",
    "lmd_temperature": "temp_air",
    "lmd_windspeed": "wind_speed",
    "lmd_pressure": "pressure",
}


def plants(base: Path) -> Iterator[tuple[str, Bench]]:
    """Yield each plant's name and dataset.

    Parameters
    ----------
    base
        Where the datasets are laid out, a folder each.
    """
    folder = os.environ.get("DATA")
    found = stations(Path(folder)) if folder else iter([system_50(), serf_east()])
    for described, tables in found:
        bench = Bench(base / described.site_id, sites=[described])
        for table in tables:
            bench.upload(table, described.site_id)
        yield described.site_id, bench


def system_50() -> tuple[Site, list[pd.DataFrame]]:
    """Return PVDAQ system 50 with satellite weather; its clock follows summer time and is corrected."""
    data = files("pvanalytics") / "data"
    power = pd.read_parquet(str(data / "system_50_ac_power_2_full_DST.parquet"))
    weather = pd.read_parquet(str(data / "system_50_ac_power_2_full_DST_psm3.parquet"))
    measured = power.set_index("measured_on")[["ac_power_2"]].tz_convert("UTC") / 1000
    sky = weather.set_index("index")[["ghi", "temp_air"]].tz_convert("UTC")
    sky.index -= pd.Timedelta(minutes=15)  # the satellite's values are of the stamp's moment
    described = site(
        "system-50",
        latitude=39.7406,
        longitude=-105.1775,
        timezone="America/Denver",
        ac_capacity_kw=3.4,
        clock="correct",
        weather_source="satellite",
    )
    return described, [measured.set_axis(["power_ac"], axis=1), sky[sky.index >= measured.index[0]]]


def stations(folder: Path) -> Iterator[tuple[Site, list[pd.DataFrame]]]:
    """Yield the stations of a folder laid out as PVOD."""
    known = pd.read_csv(folder / "metadata.csv", encoding="utf-8-sig").set_index("Station_ID")
    for path in sorted(folder.glob("station*.csv")):
        about = known.loc[path.stem]
        table = pd.read_csv(path)
        index = pd.DatetimeIndex(pd.to_datetime(table["date_time"], utc=True))
        weather = table[list(STATION_COLUMNS)].rename(columns=STATION_COLUMNS).astype(float)
        frame = weather.set_axis(index).assign(power_ac=table["power"].to_numpy() * 1000)
        described = site(
            path.stem,
            latitude=float(about["Latitude"]),
            longitude=float(about["Longitude"]),
            timezone="UTC",
            ac_capacity_kw=float(about["Capacity"]),
        )
        yield described, [frame]
