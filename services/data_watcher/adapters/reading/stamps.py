"""Time stamps: parsed, moved to UTC and to the left end of their interval, snapped to the grid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.adapters.reading import intervals, labels, numbered, passes, stamp_text
from services.data_watcher.adapters.reading.no_times import (
    MOST_BAD,
    are_of_unknown_months,
    no_timestamps,
)
from services.data_watcher.adapters.reading.parsing import parse
from services.data_watcher.adapters.reading.table import Table
from services.data_watcher.adapters.reading.zones import to_utc
from services.data_watcher.domain.believable import losses
from services.data_watcher.domain.believable import stamps as believable
from services.data_watcher.domain.time_axis import NAT, TimeAxis, Times, ticks_of
from shared.errors import UnreadableFileError
from shared.solar.site import Site, SourceFormat, TimestampFormat

_EARLIEST, _LATEST = ticks_of(np.array(["1980-01-01", "2100-01-01"], "M8[us]")).tolist()
TOLERANCE = np.timedelta64(60, "s")  # of a stamp off the grid; loggers were seen 59 s off
# Part of an interval between its beginning and its stamp, by the label of the stamp.
_OFFSET = {"left": 0.0, "center": 0.5, "right": 1.0, "end": 1.0}
HOURS = 12  # of half a day
MOSTLY = 0.8  # of the rows
NOON = np.timedelta64(13, "h")  # and later hours, which a clock of twelve does not have
_NAT = np.datetime64("NaT", "us")
_MICROSECOND = np.timedelta64(1, "us")
Mask = npt.NDArray[np.bool_]


def convert(table: Table, source: SourceFormat, site: Site) -> TimeAxis:
    """Give each row of a table its place in time.

    Raises
    ------
    UnreadableFileError
        `no_timestamps`: too many stamps are no time in the format that the YAML says.
    """
    how = source.timestamp
    zone = how.timezone or site.timezone
    table, how = intervals.begun(table, how, zone)
    has_counter = any(each.kind == "counter" for each in source.columns.values())
    local, is_utc, counts = parsed(table, how, zone, site, is_moment=has_counter)
    if table.turns is not None:
        local, utc, counts["no_such_local_time"] = numbered.placed(
            table, local, how, zone, is_utc=is_utc
        )
        how = how.model_copy(update={"label": "left"})
    elif is_utc:
        utc = local
    else:
        utc, never = to_utc(local, zone)
        counts["no_such_local_time"] = int(np.count_nonzero(never))
    strays = believable.strays(utc)
    if strays.any():
        utc, local = utc.copy(), local.copy()
        utc[strays] = local[strays] = _NAT
        counts["bad_timestamp"] += int(strays.sum())
    step = _step(utc, how)
    utc, counts["snapped"] = snap(begins(utc, step, how), step)
    kept, rows, doubtful = utc, np.arange(len(utc)), dict[str, Mask]()
    is_whole = _ascends(utc)
    if is_whole:  # as in nearly every file
        believable.check_swapped(local)
    else:
        if not is_utc:
            passes.check_order(local, zone, are_ends=_OFFSET[how.label] == 1)
        kept, rows, doubtful, counts["out_of_order"] = _put_in_order(utc, local, table, how)
        counts["duplicate_stamp"] = int((~np.isnat(utc)).sum()) - len(kept)
    if how.step_minutes is not None:
        believable.check_step(kept, step, by_yaml=source.timestamp.step_minutes is not None)
    found = {name: count for name, count in counts.items() if count}
    return TimeAxis(kept, rows, step, found, is_whole, doubtful, source.timestamp.timezone, is_utc)


def _ascends(utc: Times) -> bool:
    """Whether every row has a time, and a later one than the row before it."""
    ticks = ticks_of(utc)
    return bool((ticks[1:] > ticks[:-1]).all()) and (ticks[:1] != NAT).all()


def _put_in_order(
    utc: Times, local: Times, table: Table, how: TimestampFormat
) -> tuple[Times, npt.NDArray[np.intp], dict[str, Mask], int]:
    """Return the times, ascending and unique, the row of each, where another row contradicts it.

    Last comes how many rows were out of order.
    """
    rows = np.flatnonzero(~np.isnat(utc))
    if not len(rows):
        raise no_timestamps(table, how, np.isnat(utc), how.timezone or "the site")
    believable.check_turned(local[rows])
    kept, chosen = last_of_each(utc[rows])
    doubtful = {}
    if len(kept) < len(rows):
        # Sheets follow each other in time: one that covers another's time is a summary, or another plant.
        most = 0.0 if table.places.several else believable.MOST_MIXED
        try:
            doubtful = believable.contradicting(
                table.values, utc, rows, rows[chosen], said=table.said, most=most
            )
        except UnreadableFileError as error:
            raise _of_twelve_hours(local[rows]) or error from error
    believable.check_swapped(local[rows[chosen]])
    return kept, rows[chosen], doubtful, believable.check_overlapping(utc, rows, table.said)


def _of_twelve_hours(local: Times) -> UnreadableFileError | None:
    """Return the fault of stamps that do not say which half of a day they are of; None of all others."""
    hours = local - local.astype("M8[D]")
    if len(np.unique(hours.astype("m8[h]"))) < HOURS or (hours >= NOON).any():
        return None
    return UnreadableFileError(
        "mixed_rows",
        "stamps repeat with other values, and none is after 12:59: they seem to count twelve hours twice a "
        "day without saying which half it is",
        "export the file with hours from 0 to 23, or with AM and PM (%I and %p in timestamp.format)",
    )


def parsed(
    table: Table,
    how: TimestampFormat,
    zone: str,
    site: Site,
    *,
    by_rows: bool = True,
    is_moment: bool = False,
) -> tuple[Times, bool, dict[str, int]]:
    """Return the stamps as they are written, whether that is UTC, and how many rows have none by reason.

    Parameters
    ----------
    by_rows
        Whether the order of the rows may tell that midnight ends a day.
    is_moment
        Whether a stamp names the moment of a reading, as of counters, which may be the end of a day.

    Raises
    ------
    UnreadableFileError
        `no_timestamps` or `too_much_masked`: too many stamps are no time in the format that the YAML says;
        `wrong_label`: they say hour 24, and the YAML that intervals begin there.
    """
    local, is_utc = parse(table.stamps, how, zone)
    if not is_utc and not is_moment:
        labels.check_24(table.stamps, local, how, zone)
    if how.label in {"right", "end"} and not is_utc and (by_rows or how.label == "end"):
        local = stamp_text.end_of_day(local, always=how.label == "end")
    forget_absurd(local)
    if table.turns is not None:
        local[table.turns == numbered.UNKNOWN] = _NAT
    bad = np.isnat(local)
    count = int(np.count_nonzero(bad))
    if count > MOST_BAD * len(bad) or are_of_unknown_months(table, how, bad):
        raise no_timestamps(table, how, bad, zone)
    losses.check_rows(
        "the time stamp", "bad_timestamp", bad, table.values.get("power_ac"), site, table.said
    )
    return local, is_utc, dict(table.skipped) | {"bad_timestamp": count}


def forget_absurd(times: Times) -> None:
    """Make times unknown that no measurement and no forecast is of."""
    ticks = ticks_of(times)
    times[(ticks < _EARLIEST) | (ticks >= _LATEST)] = _NAT


def begins(utc: Times, lengths: float | npt.NDArray[np.float64], how: TimestampFormat) -> Times:
    """Return where the intervals of some stamps begin, by their length or that of each. [s]"""
    if not _OFFSET[how.label]:
        return utc
    before = np.round(np.asarray(lengths) * _OFFSET[how.label]).astype("m8[s]")
    return np.asarray(utc - before, "M8[us]")


def last_of_each(utc: Times) -> tuple[Times, npt.NDArray[np.intp]]:
    """Return the stamps, ascending and unique, and of the rows of each the last."""
    ticks = ticks_of(utc)
    if (ticks[1:] > ticks[:-1]).all():
        return utc, np.arange(len(utc))
    kept, first = np.unique(utc[::-1], return_index=True)
    return kept, len(utc) - 1 - first


# --- grid -------------------------------------------------------------------------------------------


def _step(utc: Times, how: TimestampFormat) -> float:
    """Return the length of an interval: as the YAML says, or the most frequent distance [s]."""
    if how.step_minutes is not None:
        return how.step_minutes * 60.0
    distances = np.diff(np.sort(utc[~np.isnat(utc)])) / np.timedelta64(1, "s")
    minutes = np.round(distances / 60.0)
    minutes = minutes[minutes > 0]
    if not len(minutes):
        return 900.0
    values, counts = np.unique(minutes, return_counts=True)
    return float(values[counts.argmax()]) * 60.0


def snap(utc: Times, step: float) -> tuple[Times, int]:
    """Move stamps that miss the file's own grid by at most a minute onto it."""
    width = round(step * 1e6)
    ticks = ticks_of(utc)
    phase = ticks % width
    if (phase == phase[:1]).all():
        return utc, 0  # as in nearly every file
    known = ticks != NAT
    first = phase[int(known.argmax())]
    if ((phase == first) | ~known).all():
        return utc, 0  # as where some rows have no time
    tolerance = min(TOLERANCE / _MICROSECOND, width / 4)
    off = _off(ticks, _grid(phase[known], width, tolerance), width)
    move = known & (off != 0) & (np.abs(off) <= tolerance)
    snapped = utc.copy()
    snapped[move] = utc[move] - off[move].astype("m8[us]")
    return snapped, int(move.sum())


def _grid(phase: npt.NDArray[np.int64], width: int, tolerance: float) -> int:
    """Return where in a step the file's stamps lie: mostly, or where each is a little late, by the clock."""
    phases, counts = np.unique(phase, return_counts=True)
    usual = counts.argmax()
    by_clock = np.abs(_off(phases, 0, width)) <= tolerance
    if 2 * counts[usual] < len(phase) and counts[by_clock].sum() > MOSTLY * len(phase):
        return 0
    return int(phases[usual])


def _off(ticks: npt.NDArray[np.int64], grid: int, width: int) -> npt.NDArray[np.int64]:
    off: npt.NDArray[np.int64] = (ticks - grid + width // 2) % width - width // 2
    return off
