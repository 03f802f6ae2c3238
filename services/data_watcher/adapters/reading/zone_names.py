"""Names of zones behind stamps: those that mean one offset everywhere, and those of a place's own clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

SUMMER = "DST"
_ZONE = re.compile(r"^(.*\d)\s*([A-Z][A-Za-z]{0,4})$")
# The name of a zone beside its offset says nothing more: CEST+0200, GMT+0200 (Central European Summer Time).
_BEFORE_OFFSET = r"(\d)\s*\(?[A-Z][A-Za-z]{2,4}\)?\s?([-+]\d\d:?\d\d)\)?(?:\s*\([^()]*\))?$"
_BEHIND_OFFSET = r"(\d\d(?:Z|[-+]\d\d:?\d\d))\[[A-Za-z_/+-]+\]$"
# Names that mean one offset everywhere. [h]
_OFFSETS = {
    "UTC": 0.0,
    "GMT": 0.0,
    "Z": 0.0,
    "WET": 0.0,
    "WEST": 1.0,
    "CET": 1.0,
    "MEZ": 1.0,
    "CEST": 2.0,
    "MESZ": 2.0,
    "EET": 2.0,
    "EEST": 3.0,
}
# Whose clock a name is of, as a rule; it may mean others, and is believed only where the clock agrees.
PLACES = {
    "BST": "Europe/London",
    "MSK": "Europe/Moscow",
    "NST": "America/St_Johns",
    "NDT": "America/St_Johns",
    "AST": "America/Halifax",
    "ADT": "America/Halifax",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "AKST": "America/Anchorage",
    "AKDT": "America/Anchorage",
    "HST": "Pacific/Honolulu",
    "SAST": "Africa/Johannesburg",
    "EAT": "Africa/Nairobi",
    "CAT": "Africa/Harare",
    "IDT": "Asia/Jerusalem",
    "PKT": "Asia/Karachi",
    "IST": "Asia/Kolkata",
    "WIB": "Asia/Jakarta",
    "HKT": "Asia/Hong_Kong",
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    "AWST": "Australia/Perth",
    "ACST": "Australia/Adelaide",
    "ACDT": "Australia/Adelaide",
    "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney",
    "NZST": "Pacific/Auckland",
    "NZDT": "Pacific/Auckland",
}


def apart(text: str) -> tuple[str, str | None]:
    """Return a stamp without the name of a zone after it, and that name."""
    found = _ZONE.match(text)
    return (found[1].rstrip(), found[2]) if found else (text, None)


def has_offset_behind(cell: object) -> bool:
    """Whether a stamp has both the name of its zone and its offset."""
    return isinstance(cell, str) and bool(
        re.search(_BEFORE_OFFSET, cell) or re.search(_BEHIND_OFFSET, cell)
    )


def without_name_of_offset(text: str) -> str:
    """Return a stamp without the name of a zone beside its offset."""
    return re.sub(_BEHIND_OFFSET, r"\1", re.sub(_BEFORE_OFFSET, r"\1\2", text))


def without_names_of_offsets(text: pa.Array) -> pa.Array:
    """Return stamps without the names of zones beside their offsets."""
    text = pc.replace_substring_regex(text, _BEFORE_OFFSET, r"\1\2")
    return pc.replace_substring_regex(text, _BEHIND_OFFSET, r"\1")


def is_known(name: str) -> bool:
    """Whether a name is that of a clock somewhere."""
    return name in _OFFSETS or name in PLACES or name == SUMMER


@cache
def usual_offset(name: str) -> timedelta | None:
    """Return what a name means at the place whose clock it is of as a rule; None where it is of none."""
    if name not in PLACES:
        return None
    zone = ZoneInfo(PLACES[name])
    for month in (1, 7):
        moment = datetime(2024, month, 1, tzinfo=UTC).astimezone(zone)
        if moment.tzname() == name:
            return moment.utcoffset()
    return None


def as_offset(offset: timedelta) -> str:
    """Return an offset as a site's YAML says it."""
    minutes = round(offset / timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


@dataclass(frozen=True, slots=True)
class ZoneNames:
    """What names of zones mean at a place: those that mean one offset everywhere, and the place's own."""

    place: tzinfo

    def offset(self, name: str, local: datetime) -> timedelta | None:
        """Return the offset that a name means, None where it is not known here."""
        if name in _OFFSETS:
            return timedelta(hours=_OFFSETS[name])
        for fold in (0, 1):
            moment = local.replace(tzinfo=self.place, fold=fold)
            if moment.tzname() == name:
                return moment.utcoffset()
        if name == SUMMER:
            return self._summer(local)
        # Of an offset like -05:00, whose clock has no name, and of a neighbour's zone.
        usual = usual_offset(name)
        return usual if usual == local.replace(tzinfo=self.place).utcoffset() else None

    def _summer(self, local: datetime) -> timedelta:
        """Return the offset of a clock that says it is summer time."""
        moment = local.replace(tzinfo=self.place, fold=0)
        offset = moment.utcoffset() or timedelta(0)
        return offset if moment.dst() else offset + timedelta(hours=1)


def unknown(name: str, zone: str) -> str:
    """Say what to do about a name that does not name the clock of the YAML's zone."""
    usual = usual_offset(name)
    if usual is None:
        return (
            f"; {name!r} names no zone that is known: name the zone of the stamps' clock (timezone: …), and "
            f"write {name} into timestamp.format as it is, like %Y-%m-%d %H:%M:%S {name}"
        )
    place = f"say timezone: {PLACES[name]}, or " if PLACES[name] != zone else ""
    return (
        f"; {name!r} is no clock of {zone} then: {place}where the clock stays at {name} all year, say "
        f'timezone: "{as_offset(usual)}" (in the site\'s YAML or under timestamp of the source); where it is '
        f"but a word, write it into timestamp.format, like %Y-%m-%d %H:%M:%S {name}"
    )
