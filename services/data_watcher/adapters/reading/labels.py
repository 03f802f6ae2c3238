"""Stamps at hour 24, where an interval ends and none begins, though the YAML says that they begin one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from services.data_watcher.adapters.reading.parsing import parse
from services.data_watcher.domain.time_axis import DAY, Times, ticks_of
from shared.errors import UnreadableFileError
from shared.solar.site import TimestampFormat


def check_24(stamps: pa.Array, local: Times, how: TimestampFormat, zone: str) -> None:
    """Refuse stamps that say 24:00 and never 00:00, and are said to be beginnings.

    Parameters
    ----------
    local
        The stamps as they were read: hour 24 as the midnight after.

    Raises
    ------
    UnreadableFileError
        `wrong_label`
    """
    if how.label != "left" or not pa.types.is_string(stamps.type):
        return  # as in nearly every file
    midnight = np.flatnonzero(ticks_of(local) % DAY == 0)
    if not len(midnight):
        return
    by_date, _ = parse(
        stamps.take(pa.array(midnight)), how.model_copy(update={"label": "end"}), zone
    )
    if (by_date == local[midnight]).any():
        return  # a day begins at 00:00
    row = int(midnight[0])
    raise UnreadableFileError(
        "wrong_label",
        f"days end at hour 24 and none begins at 0, for example {stamps[row].as_py()!r}, so the stamps seem "
        "to name the end of an interval, and the site's YAML says label: left, or none: each value would "
        "count for the interval after its own",
        "say label: right under timestamp in the site's YAML (with step_minutes, the length of an interval)",
    )
