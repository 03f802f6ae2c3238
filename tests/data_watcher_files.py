"""Small uploads for the tests of data_watcher."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import pi, sin

SITE_YAML = b"""\
site_id: east
model_id: fleet
latitude: 39.742
longitude: -105.1727
timezone: -07:00
ac_capacity_kw: 6
sources:
  - name: power
    files: "power*.csv"
    timestamp: {column: measured_on, step_minutes: 15}
    columns:
      power_ac: {column: ac_power, unit: W}
"""


def power_csv(*, days: int = 1, day: int = 1, peak: float = 5000.0) -> bytes:
    """Return days of 15-min power [W] from some day of July 2024 on, local time without offset."""
    start = datetime(2024, 7, day)  # noqa: DTZ001 - a plant's clock
    lines = ["measured_on,ac_power"]
    for row in range(days * 96):
        hour = row % 96 / 4
        power = max(0.0, sin(pi * (hour - 6) / 12)) * peak
        lines.append(f"{start + timedelta(minutes=15 * row)},{power:.1f}")
    return "\n".join(lines).encode()
