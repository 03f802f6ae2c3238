"""Gathers the rows of an issue that were written one after the other, each with a time of its own."""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain.time_axis import Times

APART = np.timedelta64(10, "m")  # between rows of one issue at most
LONGEST = np.timedelta64(30, "m")  # from its first row to its last
_NONE = np.timedelta64(0, "us")


def gather(issued: Times, targets: Times) -> tuple[Times, float]:
    """Give the rows of an issue the time of its last one: before, nobody had it whole.

    Returns when each row was issued, and how far those of one issue lay apart at most. [s]

    Times that lie within minutes are of one issue, where this gives no issue a target twice. Where each row
    was issued equally long before its target, the times are those of an archive of one lead, and stay.

    Parameters
    ----------
    issued, targets
        Of each row, in UTC and as its stamp says; NaT where unknown.
    """
    known = np.flatnonzero(~np.isnat(issued) & ~np.isnat(targets))
    moments, at = np.unique(issued[known], return_inverse=True)
    begins = np.flatnonzero(np.append(True, np.diff(moments) > APART)[: len(moments)])
    if len(begins) == len(moments):
        return issued, 0.0  # as in nearly every file
    ends = np.append(begins[1:], len(moments)) - 1
    apart = moments[ends] - moments[begins]
    group = np.searchsorted(begins, at, side="right") - 1
    if (
        apart.max() > LONGEST
        or _repeats(group, targets[known])
        or _is_one_lead(group, targets[known] - issued[known], apart > _NONE)
    ):
        return issued, 0.0
    together = issued.copy()
    together[known] = moments[ends][group]
    return together, float(apart.max() / np.timedelta64(1, "s"))


def _repeats(group: np.ndarray, targets: Times) -> bool:
    """Whether a group has a target twice."""
    order = np.lexsort((targets, group))
    same = (np.diff(group[order]) == 0) & (np.diff(targets[order]) == _NONE)
    return bool(same.any())


def _is_one_lead(group: np.ndarray, leads: np.ndarray, is_drawn_out: np.ndarray) -> bool:
    """Whether all rows of the groups that are drawn out have the lead of the first."""
    some = leads[is_drawn_out[group]]
    return bool((some == some[0]).all())
