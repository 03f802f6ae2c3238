"""Time zones as people name them: IANA, a fixed offset like +01:00, or UTC."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

# One of each calendar of summer time. Europe changes in all zones at once, at another hour of each clock;
# North America at 2:00 of each clock.
CALENDARS = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Athens",
    "America/New_York",
    "Australia/Sydney",
    "Pacific/Auckland",
    "America/Santiago",
)
_FIXED_OFFSET = re.compile(r"[+-]\d{2}:[0-5]\d")
_FARTHEST_WEST, _FARTHEST_EAST = timedelta(hours=-12), timedelta(hours=14)


def tzinfo_of(zone: str) -> tzinfo:
    """Return the zone of a valid name: IANA, a fixed offset like +01:00, or UTC."""
    if zone == "UTC":
        return UTC
    if zone[0] in "+-":
        hours, _, minutes = zone[1:].partition(":")
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-offset if zone[0] == "-" else offset)
    return ZoneInfo(zone)


def _known_zone(zone: str) -> str:
    if zone == "UTC":
        return zone
    if _FIXED_OFFSET.fullmatch(zone):
        offset = tzinfo_of(zone).utcoffset(None) or timedelta(0)
        if not _FARTHEST_WEST <= offset <= _FARTHEST_EAST:
            message = f"no place on earth has the offset {zone}; they go from -12:00 to +14:00"
            raise ValueError(message)
        return zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = f"{zone!r} is no time zone; use a name like Europe/Berlin, an offset like +01:00, or UTC"
        raise ValueError(message) from error
    return zone


Zone = Annotated[str, AfterValidator(_known_zone)]
