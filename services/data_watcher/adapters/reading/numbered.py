"""Stamps of an hour or a day whose intervals are counted: by a column, or by the columns of a row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.adapters.reading import cells
from services.data_watcher.adapters.reading.no_times import MOST_BAD
from services.data_watcher.adapters.reading.table import Raw, Table
from services.data_watcher.adapters.reading.zones import to_utc
from services.data_watcher.domain.time_axis import Times
from shared.errors import UnreadableFileError
from shared.solar.site import SourceFormat, TimestampFormat

UNKNOWN = -1
_DAYS = (24 * 60, 23 * 60, 25 * 60)  # as the clock has them [min]
_DAY, _HOUR = np.timedelta64(1, "D"), np.timedelta64(1, "h")
_NAT = np.datetime64("NaT", "us")
Turns = npt.NDArray[np.int64]


def turns(raw: Raw, source: SourceFormat) -> Turns | None:
    """Return how many intervals after its stamp each row begins; `UNKNOWN` where no number says it.

    Raises
    ------
    UnreadableFileError
        `no_timestamps`: the column holds no numbers.
    """
    name = source.timestamp.interval_column
    if name is None:
        return raw.turns
    written = cells.written(raw.cells[raw.columns.names[name]])
    counts = pc.match_substring_regex(written, r"^\d{1,4}$")
    unlike = pc.index(counts, value=False).as_py()
    if unlike >= 0 and (pc.mean(counts).as_py() or 0.0) < 1 - MOST_BAD:
        raise UnreadableFileError(
            "no_timestamps",
            f"the column {name!r} counts no intervals, for example {written[unlike].as_py()!r}",
            "correct interval_column in the site's YAML: it holds whole numbers, like 1 to 4",
        )
    whole = pc.if_else(counts, written, None)
    found: Turns = pc.fill_null(pc.cast(whole, pa.int64()), UNKNOWN).to_numpy().copy()
    counts_from_one = not (found == 0).any()
    found[found >= 0] -= counts_from_one
    return found


def placed(
    table: Table, local: Times, how: TimestampFormat, zone: str, *, is_utc: bool
) -> tuple[Times, Times, int]:
    """Return where the intervals begin, by the clock of the stamps and in UTC.

    The intervals of an hour follow the clock. Those of a day are counted from its midnight on: where the
    clock is changed it has more or fewer, and a day that has another number of them is left out, as nobody
    knows how its hours were numbered. How many rows are left out comes last.

    Raises
    ------
    UnreadableFileError
        `wrong_step`: there are more or fewer intervals than an hour or a day has, or the YAML says that dates
        are an end; `wrong_clock`: a day has an hour more than the YAML's zone gives it.
    """
    assert table.turns is not None  # noqa: S101 - for the caller
    assert how.step_minutes is not None  # noqa: S101 - the schema sees to it
    step = np.timedelta64(how.step_minutes, "m")
    ahead = table.turns * step
    if _are_days(local, ahead):
        if how.label == "right":
            raise UnreadableFileError(
                "wrong_step",
                "the stamps are dates whose intervals are counted, and the YAML says label: right",
                "leave out label in the site's YAML: the number says which interval of the day it is",
            )
        _check_count(table.turns, how.step_minutes, "day", _DAYS)
        return _of_days(table, local, step, zone, is_utc=is_utc)
    _check_count(table.turns, how.step_minutes, "hour", (60,))
    begins = local + ahead - (_HOUR if how.label == "right" else np.timedelta64(0, "h"))
    if is_utc:
        return begins, begins, 0
    utc, never = to_utc(begins, zone)
    return begins, utc, int(np.count_nonzero(never))


def _are_days(local: Times, ahead: npt.NDArray[np.timedelta64]) -> bool:
    known = local[~np.isnat(local)]
    return bool((ahead >= _HOUR).any() and (known == known.astype("M8[D]")).all())


def _too_long(table: Table, row: int, day: np.datetime64, count: int) -> UnreadableFileError:
    """Return the fault of a day with an hour more than the clock of the YAML's zone has on it."""
    assert table.turns is not None  # noqa: S101 - as above
    return UnreadableFileError(
        "wrong_clock",
        f"{str(day)[:10]} has {table.turns[row] + 1} intervals in row {table.places.said(row)}, and by the "
        f"clock of the stated zone {count}: the clock of the file is changed on that day",
        "name the zone of the file's clock in the site's YAML, like Europe/London, or under timestamp of "
        "the source",
    )


def _check_count(counted: Turns, step: int, span: str, lengths: tuple[int, ...]) -> None:
    """Refuse numbers that reach higher, or less high, than there are intervals in an hour or a day."""
    highest = int(counted.max()) + 1
    if highest not in {length // step for length in lengths}:
        raise UnreadableFileError(
            "wrong_step",
            f"the stamps are {span}s, of which each has {highest} intervals in the file, and not the "
            f"{lengths[0] / step:g} of which step_minutes: {step} speaks",
            "correct step_minutes in the site's YAML, or which columns it names (interval_column, or columns "
            "with combine: in_turn)",
        )


def _of_days(
    table: Table, local: Times, step: np.timedelta64, zone: str, *, is_utc: bool
) -> tuple[Times, Times, int]:
    assert table.turns is not None  # noqa: S101 - as above
    days, of_row = np.unique(local, return_inverse=True)
    begin, end = (
        (days, days + _DAY) if is_utc else (to_utc(each, zone)[0] for each in (days, days + _DAY))
    )
    lengths = end - begin
    count = np.where(np.isnat(lengths), 0, lengths // step).astype(np.int64)
    highest = np.zeros(len(days), np.int64)
    filled = np.zeros(len(local), bool)
    for values in table.values.values():
        filled |= np.isfinite(values)
    np.maximum.at(highest, of_row[filled], table.turns[filled] + 1)
    unusual = lengths != _DAY
    beyond = table.turns >= count[of_row]
    # What comes on a shorter day is unclear in any case.
    longer = np.flatnonzero(beyond & ~unusual[of_row] & filled)
    if len(longer):
        row = int(longer[0])
        raise _too_long(table, row, days[of_row[row]], int(count[of_row[row]]))
    unclear = unusual & (highest != count)
    utc = begin[of_row] + table.turns * step
    utc[unclear[of_row] | beyond] = _NAT
    lost = ~np.isnat(local) & np.isnat(utc) & filled
    return local + table.turns * step, utc, int(np.count_nonzero(lost))
