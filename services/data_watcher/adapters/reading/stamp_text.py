"""Time stamps as people and loggers write them: hour 24, names of zones, seconds since 1970."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.time_axis import Times

_DAY = np.timedelta64(1, "D")
_NAT = np.datetime64("NaT", "us")
# End of a day, as the 24th hour of it.
_HOUR_24 = re.compile(r"(?<![\d:])24:00(:00(\.0+)?)?(?![\d:])")
_ZONE = re.compile(r"^(.*\d)\s*([A-Z][A-Za-z]{0,4})$")
SUMMER = "DST"
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
_SECONDS = re.compile(r"^\d{9,10}(\.\d+)?$")
_MILLISECONDS = re.compile(r"^\d{12,13}$")


def without_hour_24(text: str) -> tuple[str, bool]:
    """Return a stamp with 00:00 for 24:00, and whether a day is to be added."""
    plain, count = _HOUR_24.subn(lambda found: f"00:00{':00' if found[1] else ''}", text)
    return plain, count > 0


def without_zone(text: str) -> tuple[str, str | None]:
    """Return a stamp without the name of a zone after it, and that name."""
    found = _ZONE.match(text)
    return (found[1].rstrip(), found[2]) if found else (text, None)


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
        return None

    def _summer(self, local: datetime) -> timedelta:
        """Return the offset of a clock that says it is summer time."""
        moment = local.replace(tzinfo=self.place, fold=0)
        offset = moment.utcoffset() or timedelta(0)
        return offset if moment.dst() else offset + timedelta(hours=1)


def since_1970(texts: list[str | None]) -> Times | None:
    """Return stamps that are seconds or milliseconds since 1970 in UTC; None where they are neither."""
    said = [each for each in texts if each]
    for pattern, scale in ((_SECONDS, 1e6), (_MILLISECONDS, 1e3)):
        fitting = sum(bool(pattern.match(each)) for each in said)
        if said and fitting >= 0.8 * len(said):
            return np.array(
                [
                    np.datetime64(round(float(each) * scale), "us")
                    if each and pattern.match(each)
                    else _NAT
                    for each in texts
                ],
                dtype="M8[us]",
            )
    return None


def numbers_since_1970(numbers: npt.NDArray[np.float64]) -> Times | None:
    """Return numeric stamps in UTC, like `since_1970`."""
    return since_1970([None if np.isnan(each) else f"{each:.0f}" for each in numbers])


def end_of_day(local: Times, *, always: bool) -> Times:
    """Return stamps whose date is that of the interval's beginning and whose time is that of its end.

    Midnight then belongs to the day after. Where the YAML does not say so, the order of the rows decides:
    midnight comes after the last interval of the date that it carries.

    Parameters
    ----------
    always
        Whether the YAML says so.
    """
    midnight = np.flatnonzero(~np.isnat(local) & (local == local.astype("M8[D]")))
    if not len(midnight):
        return local
    if not always:
        # Of a file that begins with its newest row, what was before is the row below.
        back = -1 if is_newest_first(local) else 1
        before = local[np.clip(midnight - back, 0, len(local) - 1)]
        behind = (before.astype("M8[D]") == local[midnight]) & (before > local[midnight])
        if behind.mean() < 0.5:  # noqa: PLR2004 - most of them
            return local
        midnight = midnight[behind]
    moved = local.copy()
    moved[midnight] += _DAY
    return moved


def is_newest_first(local: Times) -> bool:
    """Whether most rows are earlier than the one above; the first and the last of one day do not tell."""
    later = np.count_nonzero(local[1:] > local[:-1])
    if 2 * later >= len(local):  # as in nearly every file
        return False
    return bool(np.count_nonzero(local[1:] < local[:-1]) > later)


def as_utc(moment: datetime) -> datetime:
    """Return an aware time as a plain one in UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None)
