"""The hour that comes twice in autumn, marked or not, held against the zone of the YAML."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.adapters.reading import stamp_text
from services.data_watcher.domain.time_axis import HOUR, NAT, Times, ticks_of
from shared.errors import UnreadableFileError
from shared.solar.zones import CALENDARS, tzinfo_of

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - by the file's own clock
_ONE_DAY, _MOMENT = timedelta(days=1), timedelta(microseconds=1)
MOST_YEARS = 30
MOST_ROWS = 240  # of an hour


def check(text: pa.Array, local: Times, zone: str) -> None:
    """Refuse marks of an hour that the zone has once: all stamps after it would be an hour late.

    A mark counts where the same time is there without it, or with the other one; else it may mean anything.

    Raises
    ------
    UnreadableFileError
        `wrong_clock`: the clock of the file follows summer time, and the zone changes no clock on that day.
    """
    is_marked = pc.fill_null(pc.match_substring_regex(text, stamp_text.TWICE), fill_value=False)
    marked = np.flatnonzero(is_marked.to_numpy(zero_copy_only=False))
    if not len(marked):
        return
    said: dict[int, set[str]] = {}
    ticks = ticks_of(local.astype("M8[us]", copy=False))
    for row in np.flatnonzero(np.isin(ticks, ticks[marked]) & (ticks != NAT)):
        said.setdefault(int(ticks[row]), set()).add(text[int(row)].as_py())
    for row in marked:
        if len(said.get(int(ticks[row]), ())) > 1 and not _changes(local[row].item(), zone):
            raise _follows_summer_time(
                f"{text[int(row)].as_py()!r} marks an hour that comes twice", zone
            )


def check_order(local: Times, zone: str, *, are_ends: bool) -> None:
    """Refuse rows that go through an hour twice as a clock of summer time does, where the zone's does not.

    Parameters
    ----------
    local
        Stamps in the order of the file; NaT where unknown. [us]
    are_ends
        Whether they name the end of an interval; one alone may be of the hour before it, too.

    Raises
    ------
    UnreadableFileError
        `wrong_clock`: all stamps before it, or all after it, would be an hour off.
    """
    ticks = ticks_of(local)
    if (ticks[1:] > ticks[:-1]).all():
        return  # as where the clock only skips an hour
    ticks = ticks[ticks != NAT]
    if len(ticks) and ticks[0] > ticks[-1]:
        ticks = ticks[::-1]  # the newest row comes first
    apart = ticks[1:] - ticks[:-1]
    steps, turns = apart[:-1], apart[1:]
    an_hour_back = (steps > 0) & (turns <= 0) & (steps - turns == HOUR)
    for last in (np.flatnonzero(an_hour_back)[:MOST_YEARS] + 1).tolist():
        first = int(ticks[last + 1])
        if first not in ticks[max(last - MOST_ROWS, 0) : last + 1]:
            continue
        # Ends are of the clock as it is then, or as it was at the beginning: the middle is in the hour.
        moment = _EPOCH + timedelta(microseconds=(first + int(ticks[last])) // 2)
        moments = [moment, moment - _MOMENT] if are_ends and first == ticks[last] else [moment]
        fitting = [each for each in CALENDARS if any(_is_twice(one, each) for one in moments)]
        if fitting and not _changes(moment, zone):
            found = f"on {moment:%Y-%m-%d} the hour from {moment:%H}:00 on comes twice"
            raise _follows_summer_time(found, zone, " or ".join(fitting))


def _follows_summer_time(found: str, zone: str, like: str = "Europe/Berlin") -> UnreadableFileError:
    """Return the fault of a clock that changes on a day on which the zone's does not."""
    return UnreadableFileError(
        "wrong_clock",
        f"{found}, so the file's clock follows summer time, and timezone: {zone!r} changes no clock on that "
        "day",
        f"name the zone of the file's clock in the site's YAML, like timezone: {like} (or under timestamp of "
        "the source)",
    )


def _is_twice(moment: datetime, zone: str) -> bool:
    """Whether a zone's clock shows a time twice: the offset of its first pass is another one."""
    first, second = (moment.replace(tzinfo=tzinfo_of(zone), fold=fold) for fold in (0, 1))
    ahead, later = first.utcoffset(), second.utcoffset()
    return ahead is not None and later is not None and ahead > later


def _changes(moment: datetime, zone: str) -> bool:
    """Whether the zone's clock changes within a day of a time."""
    before, after = (
        each.replace(tzinfo=tzinfo_of(zone)).utcoffset()
        for each in (moment - _ONE_DAY, moment + _ONE_DAY)
    )
    return before != after
