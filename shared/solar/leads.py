"""How long before its rows a forecast was known: the buckets by which scores of forecasts are told apart."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta

HOURS = (6.0, 24.0, 48.0)  # where one bucket ends and the next begins
BUCKETS = ("0-6h", "6-24h", "24-48h", "48h+")

# After its issue. A file that comes later is history: nothing is due after it, and how it would have been
# predicted then is what its leads say.
LIVE = timedelta(days=2)


def hours(time: datetime, issued_at: datetime) -> float:
    """Return how long after its issue the interval begins that a forecast is for. [h]"""
    return (time - issued_at).total_seconds() / 3600.0


def bucket(lead_hours: float) -> str:
    """Return the bucket of a lead [h]; what was issued after the interval began is of the nearest one."""
    return BUCKETS[bisect_right(HOURS, lead_hours)]


def is_hindsight(
    end: datetime, made_at: datetime, issued_at: datetime, uploaded_at: datetime
) -> bool:
    """Whether a prediction from a forecast came when its interval was over: nobody could use it.

    Of history, which comes long after its issues, nothing is said: it is scored as it would have been.
    """
    return made_at >= end and uploaded_at - issued_at <= LIVE
