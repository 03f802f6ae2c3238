"""SERF East (NREL, Golden): 10,000 rows of 15-minute power and satellite weather, out of pvanalytics."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pvanalytics

SITE_YAML = b"""\
site_id: serf-east
model_id: serf
name: SERF East, NREL, Golden, Colorado
latitude: 39.742
longitude: -105.1727
altitude: 1829
timezone: America/Denver
ac_capacity_kw: 6.0
weather_source: satellite
sources:
  - name: power
    files: "power*.csv*"
    timestamp: {column: measured_on}
    columns: {power_ac: {column: ac_power, unit: W}}
  - name: weather
    files: "weather*.csv"
    timestamp: {column: measured_on}
    columns:
      ghi: {column: ghi, unit: W/m2}
      temp_air: {column: temp_air, unit: C}
"""
MODEL_YAML = b"""\
model_id: serf
model_type: lightgbm
accuracy_threshold: 0.6
policy: {quiet_period: 2 s, maximum_wait: 1 h, minimum_new_days: 7, cool_down: 1 s}
margins: {least_days: 60, site_bias: 0.15}  # few days, a satellite's weather: else a person approves
endpoint: {mode: realtime, bake: 1 s}
"""
FIRST_ROWS = 7200  # 75 days; the remaining 29 challenge the first model
_FOLDER = Path(pvanalytics.__file__).parent / "data"


def power(first: int, last: int) -> bytes:
    frame = pd.read_csv(_FOLDER / "serf_east_15min_ac_power.csv")
    return frame[first:last].to_csv(index=False).encode()


def weather(first: int, last: int) -> bytes:
    frame = pd.read_csv(_FOLDER / "serf_east_psm3_data.csv")[["measured_on", "ghi", "temp_air"]]
    return frame[first:last].to_csv(index=False).encode()
