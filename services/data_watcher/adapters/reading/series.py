"""Long files: rows of several sensors or inverters below each other, told apart by a column of names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.adapters.reading import cells, faults, no_times, stamps
from services.data_watcher.adapters.reading.table import Raw, Table
from services.data_watcher.domain.believable import inverters, losses, sums
from services.data_watcher.domain.time_axis import TimeAxis, Times, ticks_of
from shared.errors import UnreadableFileError
from shared.solar.site import POWER, Site, SourceFormat

MOST_SERIES = 1_000  # of more the column does not name inverters
MOST_SHOWN = 10  # names in a message
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


# --- one of them: where ---------------------------------------------------------------------------------


def only(raw: Raw, source: SourceFormat) -> Raw:
    """Return the rows that the YAML's `where` names.

    Raises
    ------
    UnreadableFileError
        `no_such_series`: there is none, with the names that there are.
    """
    if not source.where:
        return raw
    wanted = np.ones(len(next(iter(raw.cells.values()))), bool)
    for column, value in source.where.items():
        written = cells.written(raw.cells[raw.columns.names[column]])
        some = value if isinstance(value, tuple) else (value,)
        any_of = np.zeros(len(wanted), bool)
        for each in map(_plain, some):
            found = cells.mask(pc.equal(written, each))
            if not found.any():
                raise UnreadableFileError(
                    "no_such_series",
                    f"no row has {each!r} in the column {column!r}; it holds {_some(written)}",
                    f"correct `where` of the source {source.name!r} in the site's YAML, or upload the file "
                    "to the site that it belongs to",
                )
            any_of |= found
        wanted &= any_of
    if not wanted.any():
        said = " and ".join(f"{column} {_said(value)}" for column, value in source.where.items())
        raise UnreadableFileError(
            "no_such_series",
            f"no row has {said} together",
            f"correct `where` of the source {source.name!r} in the site's YAML",
        )
    kept = pa.array(wanted)
    return replace(
        raw,
        cells={at: column.filter(kept) for at, column in raw.cells.items()},
        places=raw.places.keep(np.flatnonzero(wanted)),
        cut_off=raw.cut_off and bool(wanted[-1]),
    )


def _said(value: str | float | tuple[str | float, ...]) -> str:
    return " or ".join(
        repr(_plain(each)) for each in (value if isinstance(value, tuple) else (value,))
    )


def _plain(value: float | str) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return value.strip()


def _some(written: pa.ChunkedArray) -> str:
    names = [str(each) for each in pc.unique(pc.drop_null(written)).to_pylist()]
    shown = ", ".join(map(repr, names[:MOST_SHOWN]))
    return (
        f"{shown} and {len(names) - MOST_SHOWN} more" if names[MOST_SHOWN:] else shown or "no name"
    )


# --- all of them: sum_by --------------------------------------------------------------------------------


def names(raw: Raw, source: SourceFormat) -> pa.Array | None:
    """Return which inverter each row is of; None where the rows are those of one."""
    if source.sum_by is None:
        return None
    column = cells.written(raw.cells[raw.columns.names[source.sum_by]])
    return column.combine_chunks().dictionary_encode()


@dataclass(frozen=True, slots=True)
class _Series:
    """One inverter's rows.

    Attributes
    ----------
    utc
        Starts of the intervals, ascending and unique.
    rows
        Row of the whole table that each comes from.
    doubtful
        By quantity: which of them contradict another row of the inverter.
    """

    name: str
    utc: Times
    rows: Positions
    doubtful: dict[str, Mask]


def together(table: Table, source: SourceFormat, site: Site) -> tuple[Table, TimeAxis]:
    """Return a table with one row for each time: power added up over the inverters, the rest averaged.

    A time at which one of them has no power is masked, because a sum without it would be a lower power
    that the plant never had. Where the logger reads the inverters one after the other, each value counts
    for the interval that holds its stamp.

    Raises
    ------
    UnreadableFileError
        For what is wrong with the rows of one of them, `total_among_columns` where one is the sum of the
        others, or `too_much_masked` where too many rows name none.
    """
    counts: Counter[str] = Counter(table.skipped)
    series, like = _placed(table, source, site, counts)
    utc = np.unique(np.concatenate([each.utc for each in series]))
    faults.check_size(len(utc), len(series))
    at = [np.searchsorted(utc, each.utc) for each in series]
    first = np.full(len(utc), table.rows, np.intp)
    for each, places in zip(series, at, strict=True):
        first[places] = np.minimum(first[places], each.rows)
    values, reasons, doubtful = {}, {}, {}
    notes = [table.note]
    for name, column in table.values.items():
        reasons[name] = _marked(table.faults[name], series, at, len(utc))
        doubtful[name] = _doubtful(name, series, at, len(utc))
        if name != POWER:
            values[name] = _average(column, series, at, len(utc))
            continue
        spread = [
            _spread(column, each, places, len(utc)) for each, places in zip(series, at, strict=True)
        ]
        called = [repr(each.name) for each in series]
        values[name], lacking = _sum(spread, called, source)
        if lacking.any():
            reasons[name]["inverter_missing"] = lacking
        are_counters = source.columns[name].kind == "counter"
        unlike, note = inverters.check(spread, called, are_counters=are_counters)
        for rows in unlike.values():
            values[name][rows] = np.nan
        reasons[name] |= unlike
        notes.append(note)
    said = "; ".join(filter(None, notes)) or None
    joined = replace(table.take(first), values=values, faults=reasons, note=said, parts=len(series))
    found = {reason: count for reason, count in counts.items() if count}
    order = np.arange(len(utc))
    return joined, replace(
        like, utc=utc, rows=order, counts=found, is_whole=True, doubtful=doubtful
    )


def _placed(
    table: Table, source: SourceFormat, site: Site, counts: Counter[str]
) -> tuple[list[_Series], TimeAxis]:
    """Return the inverters on one grid of time, and the time of one of them by it; count what was done."""
    assert table.series is not None  # noqa: S101 - for the type checker
    called = [str(each) for each in table.series.dictionary.to_pylist()]
    if len(called) > MOST_SERIES:
        raise faults.too_large(
            f"names {len(called)} inverters in the column {source.sum_by!r}; at most "
            f"{MOST_SERIES} are added up",
            "name the column that holds the inverter's name as sum_by in the site's YAML",
        )
    codes = pc.fill_null(table.series.indices, -1).to_numpy(zero_copy_only=False)
    unnamed = codes < 0
    losses.check_rows(
        f"the column {source.sum_by!r}",
        "no_name",
        unnamed,
        table.values.get(POWER),
        site,
        table.said,
    )
    counts["no_name"] += int(unnamed.sum())
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(len(called) + 1))
    parts = [order[start:end] for start, end in pairwise(edges)]
    called, parts, times = _timed(table, source, site, called, parts, counts)
    step = _usual_step(times)
    grids = {_phase(time.utc, step) for time in times}
    series = []
    for name, rows, time in zip(called, parts, times, strict=True):
        utc, kept, doubtful = time.utc, time.rows, dict(time.doubtful)
        if len(grids) > 1:
            utc, chosen = stamps.last_of_each(_floored(utc, step))
            counts["snapped"] += int((utc != time.utc[chosen]).sum())
            counts["duplicate_stamp"] += len(time.utc) - len(utc)
            kept = kept[chosen]
            doubtful = {quantity: mask[chosen] for quantity, mask in doubtful.items()}
        series.append(_Series(name, utc, rows[kept], doubtful))
    return series, replace(times[0], step=step)


def _timed(  # noqa: PLR0917 - the file, how it reads, and its parts
    table: Table,
    source: SourceFormat,
    site: Site,
    called: list[str],
    parts: list[Positions],
    counts: Counter[str],
) -> tuple[list[str], list[Positions], list[TimeAxis]]:
    """Return the inverters with their rows and times; a few rows without a time are of none.

    A header that comes again below names a series of its own.
    """
    kept, times = [], []
    for name, rows in zip(called, parts, strict=True):
        try:
            time = stamps.convert(table.take(rows), source, site)
        except UnreadableFileError as error:
            if error.code != "no_timestamps" or len(rows) > losses.FEW:
                raise
            counts["bad_timestamp"] += len(rows)
            continue
        counts.update(time.counts)
        times.append(time)
        kept.append((name, rows))
    if not kept:
        raise no_times.no_timestamps(
            table,
            source.timestamp,
            np.ones(table.rows, bool),
            source.timestamp.timezone or "the site",
        )
    return [name for name, _ in kept], [rows for _, rows in kept], times


def _usual_step(times: Sequence[TimeAxis]) -> float:
    weights: Counter[float] = Counter()
    for time in times:
        weights[time.step] += len(time.utc)
    return weights.most_common(1)[0][0]


def _phase(utc: Times, step: float) -> int:
    """Return where in its interval most of a series' stamps are. [us]"""
    phases, counts = np.unique(ticks_of(utc) % round(step * 1e6), return_counts=True)
    return int(phases[counts.argmax()])


def _floored(utc: Times, step: float) -> Times:
    width = round(step * 1e6)
    return (ticks_of(utc) // width * width).view(utc.dtype)


def _spread(column: Values, series: _Series, at: Positions, length: int) -> Values:
    spread = np.full(length, np.nan)
    spread[at] = column[series.rows]
    return spread


def _sum(
    spread: Sequence[Values], called: Sequence[str], source: SourceFormat
) -> tuple[Values, Mask]:
    """Return the sum, and where some of the inverters lack a value but not all."""
    missing = sum(
        (np.isnan(each).astype(np.intp) for each in spread), start=np.zeros(len(spread[0]), np.intp)
    )
    total = sums.total(
        spread,
        lambda number: f"{called[number]} in the column {source.sum_by!r}",
        "name the total alone (where: instead of sum_by: in the site's YAML), or export the file without it",
    )
    return total, (missing > 0) & (missing < len(spread))


def _average(
    column: Values, series: Sequence[_Series], at: Sequence[Positions], length: int
) -> Values:
    total, count = np.zeros(length), np.zeros(length)
    average: Values = np.full(length, np.nan)
    for each, places in zip(series, at, strict=True):
        values = column[each.rows]
        known = np.isfinite(values)
        total[places[known]] += values[known]
        count[places[known]] += 1
    return np.divide(total, count, out=average, where=count > 0)


def _marked(
    reasons: dict[str, Mask], series: Sequence[_Series], at: Sequence[Positions], length: int
) -> dict[str, Mask]:
    marked = {reason: np.zeros(length, bool) for reason in reasons}
    for reason, mask in reasons.items():
        for each, places in zip(series, at, strict=True):
            marked[reason][places] |= mask[each.rows]
    return marked


def _doubtful(name: str, series: Sequence[_Series], at: Sequence[Positions], length: int) -> Mask:
    found = np.zeros(length, bool)
    for each, places in zip(series, at, strict=True):
        if name in each.doubtful:
            found[places] |= each.doubtful[name]
    return found
