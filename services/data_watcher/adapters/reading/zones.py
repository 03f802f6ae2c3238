"""Local clocks to UTC, through the gap and the fold of daylight saving, for whole columns at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.time_axis import DAY, NAT, Ticks, Times, ticks_of
from shared.solar.zones import tzinfo_of

_ONE_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = 9_214_646_400_000_000  # us, in 2262: no offset ends, or begins, so late


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
    ticks = ticks_of(local)
    never = np.zeros(len(ticks), bool)
    unknown = ticks == NAT
    if unknown.all():
        return local, never
    first, last = int(ticks.min()), int(ticks.max())
    if first == NAT:
        first = int(ticks[~unknown].min())
    opens, closes, offsets = _segments(name, first // DAY, last // DAY)
    at = int(opens.searchsorted(first, side="right")) - 1
    before = closes[at - 1] if at > 0 else opens[0]
    if at >= 0 and before <= first and last < min(closes[at], _next(opens, at)):
        # No change of the clock lies in the file.
        return local - np.timedelta64(int(offsets[at]), "us"), never
    segment = _segment_of(ticks, opens)
    never = ticks >= closes[segment]
    twice = ticks < np.append(NAT, closes[:-1])[segment]
    for each in np.unique(segment[twice]):
        rows = np.flatnonzero(twice & (segment == each))
        ordered = rows if _ascends(ticks[~unknown]) else rows[::-1]
        again = np.append(False, np.diff(ticks[ordered]) <= 0).cumsum() > 0
        segment[ordered[~again]] -= 1
    utc = ticks - offsets[segment]
    utc[never | unknown] = NAT
    return utc.view("M8[us]"), never


def _segment_of(ticks: Ticks, opens: Ticks) -> npt.NDArray[np.intp]:
    """Return the last segment that had opened at each time, the first for what is before it or unknown."""
    if (ticks[1:] >= ticks[:-1]).all():  # a few cuts are quicker than as many searches as rows
        cuts = np.searchsorted(ticks, opens[1:])
        lengths = np.diff(cuts, prepend=0, append=len(ticks))
        return np.repeat(np.arange(len(opens)), lengths)
    return np.clip(np.searchsorted(opens, ticks, side="right") - 1, 0, None)


def _next(opens: Ticks, at: int) -> int:
    return int(opens[at + 1]) if at + 1 < len(opens) else _NEVER


def _ascends(known: Ticks) -> bool:
    return bool(known[-1] >= known[0])


@lru_cache(maxsize=64)
def _segments(name: str, first: int, last: int) -> tuple[Ticks, Ticks, Ticks]:
    """Return what a zone's clock shows as each offset begins and ends, and the offsets, around some days.

    All of them in microseconds; the clock's since 1970, as the days are counted.
    """
    place = tzinfo_of(name)
    moment, end = _EPOCH + (first - 2) * _ONE_DAY, _EPOCH + (last + 2) * _ONE_DAY
    offset = _offset(place, moment)
    starts, offsets = [moment], [offset]
    while moment < end:
        following = moment + _ONE_DAY
        if _offset(place, following) != offset:
            start = _change(place, moment, following)
            offset = _offset(place, start)
            starts.append(start)
            offsets.append(offset)
            following = start
        moment = following
    begins = np.array([each.replace(tzinfo=None) for each in starts], "M8[us]").view(np.int64)
    ahead = np.array(offsets, "m8[us]").view(np.int64)
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
