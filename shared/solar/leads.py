"""How long before its rows a forecast was known: the buckets by which scores of forecasts are told apart."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime

HOURS = (6.0, 24.0, 48.0)  # where one bucket ends and the next begins
BUCKETS = ("0-6h", "6-24h", "24-48h", "48h+")


def hours(time: datetime, issued_at: datetime) -> float:
    """Return how long after its issue the interval begins that a forecast is for. [h]"""
    return (time - issued_at).total_seconds() / 3600.0


def bucket(lead_hours: float) -> str:
    """Return the bucket of a lead [h]; what was issued after the interval began is of the nearest one."""
    return BUCKETS[bisect_right(HOURS, lead_hours)]
