"""Marks of the hour that comes twice in autumn, held against the zone of the YAML."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.data_watcher.adapters.reading import stamp_text
from services.data_watcher.domain.time_axis import Times
from shared.errors import UnreadableFileError
from shared.solar.zones import tzinfo_of

_ONE_DAY = timedelta(days=1)


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
    ticks = local.astype("M8[us]").astype(np.int64)
    for row in np.flatnonzero(np.isin(ticks, ticks[marked]) & ~np.isnat(local)):
        said.setdefault(int(ticks[row]), set()).add(text[int(row)].as_py())
    for row in marked:
        if len(said.get(int(ticks[row]), ())) > 1 and not _changes(local[row].item(), zone):
            raise UnreadableFileError(
                "wrong_clock",
                f"{text[int(row)].as_py()!r} marks an hour that comes twice, so the file's clock follows "
                f"summer time, and timezone: {zone!r} changes no clock on that day",
                "name the zone of the file's clock in the site's YAML, like timezone: Europe/Berlin (or "
                "under timestamp of the source)",
            )


def _changes(moment: datetime, zone: str) -> bool:
    """Whether the zone's clock changes within a day of a time."""
    before, after = (
        each.replace(tzinfo=tzinfo_of(zone)).utcoffset()
        for each in (moment - _ONE_DAY, moment + _ONE_DAY)
    )
    return before != after
