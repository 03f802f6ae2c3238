"""The benchmark against peers takes a folder of plants, and those of the locked packages without one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bench import peers_plants


def test_a_folder_of_stations_becomes_plants(tmp_path, monkeypatch):
    (tmp_path / "metadata.csv").write_text(
        "\ufeffStation_ID,Capacity,Longitude,Latitude\nstation42,20000,114.9,38.0\n", "utf-8"
    )
    stamps = pd.date_range("2019-01-01", periods=96, freq="15min").strftime("%Y-%m-%d %H:%M:%S")
    table = {name: np.arange(96.0) for name in peers_plants.STATION_COLUMNS}
    pd.DataFrame({"date_time": stamps, **table, "power": 1.5}).to_csv(
        tmp_path / "station42.csv", index=False
    )
    monkeypatch.setenv("DATA", str(tmp_path))
    ((name, bench),) = peers_plants.plants(tmp_path / "out")
    assert (name, bench.sites[0].ac_capacity_kw) == ("station42", 20000)
    written = pd.read_parquet(bench.input / bench.files[0].key)
    assert set(written) >= {"power_ac", "ghi", "dhi", "temp_air", "wind_speed", "pressure"}
    assert written["power_ac"].eq(1500).all()
    assert str(written["timestamp"].iloc[0]) == "2019-01-01 00:00:00+00:00"


def test_without_a_folder_the_plants_come_with_the_packages(tmp_path, monkeypatch):
    monkeypatch.delenv("DATA", raising=False)
    assert [name for name, _ in peers_plants.plants(tmp_path)] == ["system-50", "serf-east"]
