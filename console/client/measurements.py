"""What was measured at a site: power and weather, as its accepted files say it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

from console.client import objects
from console.target import System
from shared.solar.site import CANONICAL_UNITS, POWER

SUMMER = timedelta(hours=1)
MOST_FILES = 200  # whose rows one answer holds
WEATHER = tuple(name for name in CANONICAL_UNITS if name != POWER)
Values = dict[datetime, float]


def power(
    system: System,
    files: Iterable[Mapping[str, Any]],
    begin: datetime,
    end: datetime,
    *,
    summer_clock: str | None = None,
) -> list[tuple[datetime, float]]:
    """Return the power of a site's accepted files in [begin, end); of a time the later upload's. [kW]

    Parameters
    ----------
    files
        Files of the ledger that may have rows of the time.
    summer_clock
        Zone whose summer time the site's clock follows although its stamps say otherwise: they are corrected,
        as they are before anything is learnt or scored.
    """
    until = end + SUMMER if summer_clock else end
    found = _columns(system, files, (POWER,), begin, until).get(POWER, {})
    if not summer_clock or not found:
        return sorted(found.items())
    import numpy as np  # noqa: PLC0415 - heavy, and only needed here

    from shared.solar import clock_check  # noqa: PLC0415

    stated = np.array([each.replace(tzinfo=None) for each in found], dtype="datetime64[us]")
    true = clock_check.true_times(stated, summer_clock).astype(object)
    moved = zip((each.replace(tzinfo=UTC) for each in true), found.values(), strict=True)
    return sorted((at, value) for at, value in moved if begin <= at < end)


def weather(
    system: System, files: Iterable[Mapping[str, Any]], begin: datetime, end: datetime
) -> dict[str, list[tuple[datetime, float]]]:
    """Return the measured weather of a site's accepted files in [begin, end) by column, in its usual unit."""
    found = _columns(system, files, WEATHER, begin, end)
    return {name: sorted(found[name].items()) for name in WEATHER if found.get(name)}


def means(
    points: Sequence[tuple[datetime, float]], of: Callable[[datetime], str]
) -> list[tuple[str, float]]:
    """Return the mean of each group of points, as `of` names it, in the order of names."""
    groups: dict[str, list[float]] = {}
    for at, value in points:
        groups.setdefault(of(at), []).append(value)
    return [(name, sum(values) / len(values)) for name, values in sorted(groups.items())]


def energies(
    points: Sequence[tuple[datetime, float]], day_of: Callable[[datetime], str]
) -> list[tuple[str, float | None]]:
    """Return the energy of each day that has some power, on the usual step of its rows. [kWh]"""
    found: list[tuple[str, float | None]] = []
    for day, rows in groupby(points, key=lambda each: day_of(each[0])):
        kept = list(rows)
        steps = sorted(after[0] - before[0] for before, after in pairwise(kept))
        if steps:
            hours = steps[len(steps) // 2] / timedelta(hours=1)
            found.append((day, hours * sum(max(value, 0.0) for _, value in kept)))
    return found


def too_many(files: Iterable[Mapping[str, Any]], begin: datetime, end: datetime) -> int:
    """Return how many files have rows of a time and are not read: the earlier uploads of very many."""
    return max(len(_overlapping(files, begin, end)) - MOST_FILES, 0)


def _columns(
    system: System,
    files: Iterable[Mapping[str, Any]],
    names: Sequence[str],
    begin: datetime,
    end: datetime,
) -> dict[str, Values]:
    """Return columns by the stamps as the files state them; of a time the later upload's."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and only needed here

    found: dict[str, Values] = {}
    for each in _overlapping(files, begin, end)[-MOST_FILES:]:
        body = objects.bytes_at(system, str(each["canonical_uri"]).split("/", 3)[3])
        if body is None:
            continue
        file = pq.ParquetFile(io.BytesIO(body))
        carried = [name for name in names if name in file.schema_arrow.names]
        if not carried:
            continue
        table = file.read(columns=["timestamp", *carried], use_threads=False).to_pydict()
        for name in carried:
            values = found.setdefault(name, {})
            for at, value in zip(table["timestamp"], table[name], strict=True):
                if value is not None and begin <= at < end:
                    values[at] = value
    return found


def _overlapping(
    files: Iterable[Mapping[str, Any]], begin: datetime, end: datetime
) -> list[Mapping[str, Any]]:
    """Return the accepted files with measured rows of a time, in the order of their uploads."""
    fitting = [
        each
        for each in files
        if each["state"] == "accepted"
        and each["canonical_uri"]
        and not each["provider"]
        and datetime.fromisoformat(each["window_start"]) < end
        and datetime.fromisoformat(each["window_end"]) > begin
    ]
    return sorted(fitting, key=lambda each: str(each["uploaded_at"]))
