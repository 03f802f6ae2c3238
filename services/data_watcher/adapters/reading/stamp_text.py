"""Time stamps as people and loggers write them: hour 24, halves of a day, seconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.domain.time_axis import Times

_DAY = np.timedelta64(1, "D")
_NAT = np.datetime64("NaT", "us")
# End of a day, as the 24th hour of it.
_HOUR_24 = re.compile(r"(?<![\d:])24:00(:00(\.0+)?)?(?![\d:])")
# The hour that a clock shows twice in autumn: 2A:15 and 2B:15, or 02:15 and 02:15*.
_TWICE = re.compile(
    r"(?<=[\sT])(0?[0-3])[AB](?=[:.h\s]|$)|(?<=[\sT])(0?[0-3]:\d\d(?::\d\d)?)\s?[AB*]$"
)
TWICE = r"[\sT]0?[0-3][AB](?:[:.h\s]|$)|[\sT]0?[0-3]:\d\d(?::\d\d)?\s?[AB*]$"  # as Arrow can look for it
_SECONDS = re.compile(r"^\d{9,10}(\.\d+)?$")
_MILLISECONDS = re.compile(r"^\d{12,13}$")
# 2024060112000000 are the parts of a date, and not a day of 2034.
_MICROSECONDS = re.compile(r"^(?!19[0-9]{2}[01]|20[0-9]{2}[01])\d{15,16}$")
_NANOSECONDS = re.compile(r"^\d{18,19}$")
_SINCE_1970 = ((_SECONDS, 1e6), (_MILLISECONDS, 1e3), (_MICROSECONDS, 1.0), (_NANOSECONDS, 1e-3))
_PLANTS = (631_152_000e6, 4_102_444_800e6)  # 1990 to 2100 [us]
_HALVES = {
    r"(?i)([^a-z])([ap])\.?[ \x{a0}\x{202f}]?m\b\.?": r"\1\2M",
    "오전|上午|午前": "AM",
    "오후|下午|午後": "PM",
}


def without_hour_24(text: str) -> tuple[str, bool]:
    """Return a stamp with 00:00 for 24:00, and whether a day is to be added."""
    plain, count = _HOUR_24.subn(lambda found: f"00:00{':00' if found[1] else ''}", text)
    return plain, count > 0


def without_pass(text: str) -> str:
    """Return a stamp without the mark of an hour that comes twice; the order of the rows tells the same."""
    return _TWICE.sub(r"\1\2", text)


def with_halves(text: pa.Array) -> pa.Array:
    """Return stamps with AM and PM for the halves of a day as other languages write them: a. m., 오전."""
    for pattern, half in _HALVES.items():
        text = pc.replace_substring_regex(text, pattern, half)
    return text


def is_since_1970(text: str) -> bool:
    """Whether a text counts seconds, or parts of them, since 1970, in years of a plant."""
    for pattern, scale in _SINCE_1970:
        if pattern.match(text):
            return _PLANTS[0] <= float(text) * scale < _PLANTS[1]
    return False


def since_1970(texts: list[str | None]) -> Times | None:
    """Return stamps that count seconds, or parts of them, since 1970 in UTC; None where they do not."""
    said = [each for each in texts if each]
    for pattern, scale in _SINCE_1970:
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
