"""Local clocks to UTC, through the gap and the fold of daylight saving, for whole columns at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.time_axis import Times
from shared.solar.zones import tzinfo_of

_DAY = timedelta(days=1)
_NEVER = np.datetime64("2262-01-01", "us")  # no offset ends, or begins, so late


def to_utc(local: Times, name: str) -> tuple[Times, npt.NDArray[np.bool_]]:
    """Convert local clock times to UTC.

    An hour that the clock shows twice is taken as its first pass until the rows step back in time within
    it, and as its second from there on. An hour that the clock leaves out does not exist.

    Parameters
    ----------
    local
        Clock times in the order of the file; NaT where unknown [us].
    name
        IANA zone, fixed offset or UTC.

    Returns
    -------
    tuple
        Times in UTC, NaT where the clock never showed such a time, and which those are.
    """
    never = np.zeros(len(local), bool)
    if np.isnat(local).all():
        return local, never
    first, last = np.fmin.reduce(local), np.fmax.reduce(local)
    opens, closes, offsets = _segments(name, first.astype("M8[D]"), last.astype("M8[D]"))
    at = int(opens.searchsorted(first, side="right")) - 1
    before = closes[at - 1] if at > 0 else opens[0]
    if at >= 0 and before <= first and last < min(closes[at], _next(opens, at)):
        return local - offsets[at], never  # no change of the clock lies in the file
    segment = _segment_of(local, opens)
    never = (local >= closes[segment]) & ~np.isnat(local)
    twice = (segment > 0) & (local < closes[np.clip(segment - 1, 0, None)])
    for each in np.unique(segment[twice]):
        rows = np.flatnonzero(twice & (segment == each))
        ordered = rows if _ascends(local) else rows[::-1]
        again = np.append(False, np.diff(local[ordered]) <= np.timedelta64(0, "us")).cumsum() > 0
        segment[ordered[~again]] -= 1
    utc = local - offsets[segment]
    utc[never] = np.datetime64("NaT", "us")
    return utc, never


def _segment_of(local: Times, opens: Times) -> npt.NDArray[np.intp]:
    """Return the last segment that had opened at each time, the first for what is before it or unknown."""
    if (local[1:] >= local[:-1]).all():  # a few cuts are quicker than as many searches as rows
        cuts = np.searchsorted(local, opens[1:])
        lengths = np.diff(cuts, prepend=0, append=len(local))
        return np.repeat(np.arange(len(opens)), lengths)
    return np.clip(np.searchsorted(opens, local, side="right") - 1, 0, None)


def _next(opens: Times, at: int) -> np.datetime64:
    return opens[at + 1] if at + 1 < len(opens) else _NEVER


def _ascends(local: Times) -> bool:
    known = local[~np.isnat(local)]
    return bool(known[-1] >= known[0])


@lru_cache(maxsize=64)
def _segments(
    name: str, first: np.datetime64, last: np.datetime64
) -> tuple[Times, Times, npt.NDArray[np.timedelta64]]:
    """Return what a zone's clock shows as each offset begins and ends, and the offsets, around some days."""
    place = tzinfo_of(name)
    moment = datetime.fromisoformat(str(first)).replace(tzinfo=UTC) - 2 * _DAY
    end = datetime.fromisoformat(str(last)).replace(tzinfo=UTC) + 2 * _DAY
    offset = _offset(place, moment)
    starts, offsets = [moment], [offset]
    while moment < end:
        following = moment + _DAY
        if _offset(place, following) != offset:
            start = _change(place, moment, following)
            offset = _offset(place, start)
            starts.append(start)
            offsets.append(offset)
            following = start
        moment = following
    begins = np.array([each.replace(tzinfo=None) for each in starts], dtype="M8[us]")
    ahead = np.array(offsets, dtype="m8[us]")
    return begins + ahead, np.append(begins[1:] + ahead[:-1], _NEVER), ahead


def _change(place: tzinfo, before: datetime, after: datetime) -> datetime:
    """Return the second at which a zone's offset changes."""
    offset = _offset(place, before)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle == before:
            break
        if _offset(place, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(place: tzinfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(place).utcoffset()
    return offset if offset is not None else timedelta(0)
