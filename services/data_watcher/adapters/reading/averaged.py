"""Irradiance that a forecast gives as the mean since its issue, or since a mark: what each interval adds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.adapters.reading.issues import Placed
from services.data_watcher.domain import masks
from services.data_watcher.domain.believable import lasting
from services.data_watcher.domain.believable.predicted import LIT
from services.data_watcher.domain.believable.sky import Sky
from shared.errors import UnreadableFileError
from shared.solar import issued as written

FALL = 0.05, 10.0  # of a clear sky, and W/m²: a mean cannot take back more
FEWEST, MOST = 2, 0.03  # rows in daylight that do
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def means(
    readings: Values, placed: Placed, sky: Sky, name: str, every: str | None
) -> tuple[Values, dict[str, Mask]]:
    """Return the mean irradiance of each interval [W/m²], and which have none by reason.

    After a missing lead it is not known when the sun came, and neither is it in an interval that is
    longer than from mark to mark.

    Parameters
    ----------
    readings
        The mean from the mark before an interval to its end, NaN where there is none. [W/m²]
    name
        The quantity's name.
    every
        After which span of lead the mean begins anew; None where it goes on since the issue.

    Raises
    ------
    UnreadableFileError
        `not_averaged`: the mean of intervals would be below nothing.
    """
    known = np.flatnonzero(np.isfinite(readings))
    begins, ends = placed.time.utc[known], placed.ends[known]
    span = None if every is None else np.timedelta64(written.span(every))
    since = lasting.marks(begins, placed.issued[known], span)
    total = readings[known] * ((ends - since) / np.timedelta64(1, "h"))
    follows = np.append(False, (since[1:] == since[:-1]) & (begins[1:] == ends[:-1]))
    before = np.where(
        begins == since, 0.0, np.where(follows, np.append(np.nan, total[:-1]), np.nan)
    )
    beyond = np.zeros(len(known), bool) if span is None else ends > since + span
    found = (total - before) / (placed.lengths[known] / 3600.0)
    found[beyond] = np.nan
    _check(found, sky.clear[known], name, every)
    result = np.full(len(readings), np.nan)
    # What is left at night is the rounding of the means.
    result[known] = np.where(sky.is_night[known] & np.isfinite(found), 0.0, np.maximum(found, 0.0))
    reasons = {
        "accumulation_gap": masks.at(known[np.isnan(before) & ~beyond], len(result)),
        "accumulation_reset": masks.at(known[beyond], len(result)),
    }
    return result, {reason: mask for reason, mask in reasons.items() if mask.any()}


def _check(found: Values, clear: Values, name: str, every: str | None) -> None:
    lit = np.isfinite(found) & (clear > LIT)
    fell = lit & (found < -(FALL[0] * clear + FALL[1]))
    if fell.sum() < max(FEWEST, MOST * lit.sum()):
        return
    since = "the issue" if every is None else f"the last {every} of lead"
    raise UnreadableFileError(
        "not_averaged",
        f"the site's YAML says that {name} is the mean since {since}, but in {int(fell.sum())} of "
        f"{int(lit.sum())} rows in daylight less than nothing would be left for their own interval",
        "leave out kind: averaged in the site's YAML where each value is the mean of its own interval; else "
        "correct every, the span of lead after which the mean begins anew (left out: never)",
    )
