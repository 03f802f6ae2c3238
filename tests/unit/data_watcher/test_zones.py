"""A clock's times become UTC the same way, however much of the year a file holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.data_watcher.adapters.reading.zones import to_utc

ZONES = (
    "Europe/Berlin",
    "America/Denver",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "UTC",
    "-07:00",
)
CHANGES = ("2024-03-31", "2024-11-03", "2024-10-06", "2024-06-01")


def one_by_one(moment: datetime, zone: str) -> datetime | None:
    """Return what the standard library says of a time's first pass; None of one that never was."""
    place = UTC if zone == "UTC" else ZoneInfo(zone)
    found = moment.replace(tzinfo=place).astimezone(UTC)
    back = found.astimezone(place).replace(tzinfo=None)
    return found.replace(tzinfo=None) if back == moment else None


@given(
    st.sampled_from(ZONES[:-1]),
    st.sampled_from(CHANGES),
    st.integers(-72, 24),
    st.integers(1, 96),
    st.sampled_from([15, 30, 60]),
)
def test_any_part_of_a_year_is_converted_as_each_of_its_times_is(
    zone: str, change: str, hours: int, rows: int, step: int
) -> None:
    start = datetime.fromisoformat(change) + timedelta(hours=hours)
    local = [start + timedelta(minutes=step * row) for row in range(rows)]
    utc, never = to_utc(np.array(local, dtype="M8[us]"), zone)
    expected = [one_by_one(each, zone) for each in local]
    assert never.tolist() == [each is None for each in expected]
    assert utc.tolist() == expected


@pytest.mark.parametrize("zone", ZONES)
def test_unknown_times_stay_unknown(zone: str) -> None:
    local = np.array(["NaT", "2024-07-01T12:00", "NaT"], dtype="M8[us]")
    utc, never = to_utc(local, zone)
    assert np.isnat(utc).tolist() == [True, False, True]
    assert not never.any()
