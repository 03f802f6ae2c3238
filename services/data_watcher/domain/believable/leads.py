"""Whether the leads of a forecast can be: it is issued before what it is about."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.time_axis import Times, minute_of
from shared.errors import UnreadableFileError
from shared.solar import issued as written

MOST = 0.5  # of an issue's rows, and of the issues, before the issue cannot be right
Mask = npt.NDArray[np.bool_]


def possible(begins: Times, issued: Times) -> Mask:
    """Return which rows have an issue within a year of their target; what is unknown has none."""
    longest = np.timedelta64(written.LONGEST)
    found: Mask = np.abs(begins - issued) <= longest
    return found


def beyond(begins: Times, issued: Times, horizon: str | None) -> Mask:
    """Return which rows reach farther than a horizon; none without one."""
    if horizon is None:
        return np.zeros(len(begins), bool)
    far: Mask = begins - issued > np.timedelta64(written.span(horizon))
    return far


def check_issued_before(begins: Times, issued: Times, lit: Mask) -> Mask:
    """Return which intervals begin before they were predicted; nobody may learn from those.

    Parameters
    ----------
    begins, issued
        Ordered by issue.
    lit
        Which intervals are in daylight: nights would hide how many matter.

    Raises
    ------
    UnreadableFileError
        `issued_after_target`: it is most rows of most issues.
    """
    late: Mask = begins < issued
    if not late.any():
        return late
    starts = np.flatnonzero(np.append(True, np.diff(issued) != np.timedelta64(0, "us")))
    in_day, in_all = np.add.reduceat(lit, starts), np.diff(np.append(starts, len(issued)))
    counting = np.where(in_day > 0, in_day, in_all)
    lost = np.where(in_day > 0, np.add.reduceat(late & lit, starts), np.add.reduceat(late, starts))
    bad = lost > MOST * counting
    # Where each row is an issue of its own, nights are issues, too; only those that matter are counted.
    telling = in_day > 0 if (in_day > 0).any() else np.ones(len(starts), bool)
    if late.all() or (bad & telling).sum() > MOST * telling.sum():
        row = int(np.flatnonzero(late)[0])
        raise UnreadableFileError(
            "issued_after_target",
            f"{int(late.sum())} of {len(late)} rows begin before they were issued, most of them in "
            f"{int((bad & telling).sum())} of {int(telling.sum())} issues: the one for "
            f"{minute_of(begins[row])} was issued at {minute_of(issued[row])} UTC",
            "correct in the site's YAML how a row's issue is found (issued: column, format, timezone), or "
            "the timezone of the stamps; a file of the past cannot be issued by its upload. If these rows "
            "were measured, or computed afterwards, leave out kind: forecast",
        )
    return late
