"""The only place that reads the time, and how a week is called."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; tests bring their own."""

    def __call__(self) -> datetime:
        """Return the current time, aware and in UTC."""
        ...


def utc_now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC)


def iso_week(day: date) -> str:
    """Return a day's week of ISO 8601, like `2026-W48`."""
    return "{}-W{:02}".format(*day.isocalendar()[:2])
