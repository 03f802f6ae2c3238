"""How far apart the targets of an issue lie: many providers make their later leads coarser.

A coarser step is told from missing rows by what rows alone can show: it holds for the rest of the issue, and
begins at the same lead in most issues.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.time_axis import stretches
from shared.errors import UnreadableFileError

LEAST_RUN = 4  # equal distances in a row; fewer may be leads that are missing
LEAST_REPEATED = 2  # as few at an issue's end are either; one alone is a missing row
MOST = 0.5  # of the issues that reach so far
CLOSE = 0.5  # min; stamps are whole minutes apart, whatever the second of the issue
Minutes = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
Change = tuple[float, float]  # from which lead on, and the step there [min]


@dataclass(frozen=True, slots=True)
class Steps:
    """The step of each stretch of leads.

    Attributes
    ----------
    first
        The step of the first leads. [min]
    changes
        Leads from which on another one holds, and that one; both ascend. [min]
    is_known
        Whether anything shows the step.
    """

    first: float
    changes: tuple[Change, ...] = ()
    is_known: bool = True

    @property
    def each(self) -> tuple[float, ...]:
        """Return all steps. [min]"""
        return self.first, *(step for _, step in self.changes)

    def beginning_at(self, leads: Minutes) -> Minutes:
        """Return the length of the intervals that begin at some leads. [min]"""
        return self._at(np.searchsorted(self._edges - CLOSE, leads))

    def stamped_at(self, leads: Minutes) -> Minutes:
        """Return the length of the intervals whose end or middle is at some leads. [min]"""
        return self._at(np.searchsorted(self._edges + CLOSE, leads))

    @property
    def _edges(self) -> Minutes:
        return np.array([lead for lead, _ in self.changes])

    def _at(self, stretch: Codes) -> Minutes:
        found: Minutes = np.array(self.each)[stretch]
        return found


def apart(leads: Minutes) -> Minutes:
    """Return how far the targets lie apart, in whole minutes."""
    return np.round(np.diff(leads))


def usual(distances: Minutes) -> float | None:
    """Return the most frequent distance; None where there is none. [min]"""
    if not len(distances):
        return None
    values, counts = np.unique(distances, return_counts=True)
    return float(values[counts.argmax()])


def find(leads: Minutes, issue: Codes, horizon: float = np.inf) -> Steps | None:
    """Return the steps in which the targets of issues lie; None where no issue has two targets.

    Parameters
    ----------
    leads
        From the issue to each stamp, ordered by issue and time, each once in an issue. [min]
    issue
        Of each of them, as a number.
    horizon
        Leads beyond do not count. [min]

    Raises
    ------
    UnreadableFileError
        `wrong_step`: the last few targets lie farther apart, too few to tell a coarser step from missing
        rows.
    """
    distances = apart(leads)
    inside = np.diff(issue) == 0
    first = usual(distances[inside])
    if first is None:
        return None
    if (distances[inside] == first).all():
        return Steps(first)
    issues = np.split(leads, np.flatnonzero(~inside) + 1)
    changes = _agreed(issues, LEAST_RUN)
    unclear = [each for each in _agreed(issues, LEAST_REPEATED) if each not in changes]
    if unclear and min(unclear)[0] <= horizon:
        raise _unclear(*min(unclear), first)
    before = distances[inside & (leads[:-1] < changes[0][0])] if changes else distances[inside]
    steps = Steps(usual(before) or first, tuple(changes))
    whole = all(later > step and later % step == 0 for step, later in pairwise(steps.each))
    return steps if whole else Steps(first)


def _agreed(issues: Sequence[Minutes], least: int) -> list[Change]:
    """Return the changes that most issues have that reach beyond them."""
    votes = Counter(each for leads in issues for each in _changes(leads, least))
    starts, ends = (np.array([leads[at] for leads in issues]) for at in (0, -1))
    return sorted(
        (lead, step)
        for (lead, step), count in votes.items()
        if count > MOST * ((starts < lead) & (ends >= lead + least * step)).sum()
    )


def _changes(leads: Minutes, least: int) -> Iterator[Change]:
    """Yield from which leads on all distances of an issue are longer, where so many are equal.

    Where rows are missing at the change, the coarser grid is continued to the last row that is not on it.
    """
    distances = apart(leads)
    if not len(distances):
        return
    shortest_left = np.minimum.accumulate(distances[::-1])[::-1]
    edges = np.flatnonzero(np.diff(shortest_left) > 0) + 1
    for start, end in pairwise([*edges.tolist(), len(distances)]):
        step = float(shortest_left[start])
        to_end = np.round(leads[end] - leads[start:end])
        off_grid = np.flatnonzero(to_end % step)
        first = start + (off_grid[-1] if len(off_grid) else 0)
        if (distances[first:end] == step).sum() >= least:
            on_grid = (leads[end] - leads[first] + CLOSE) // step * step
            yield round(float(leads[end] - on_grid), 3), step


def check(leads: Minutes, issue: Codes, steps: Steps, *, is_stated: bool) -> None:
    """Refuse a file whose targets are not as far apart as is said, or not everywhere.

    Parameters
    ----------
    leads, issue
        As for `find`.
    is_stated
        Whether the YAML says the step, or most of the file.

    Raises
    ------
    UnreadableFileError
        `wrong_step`
    """
    inside = np.diff(issue) == 0
    if not inside.any():
        return
    distances = np.where(inside, apart(leads), -1.0)  # negative between two issues
    expected = steps.beginning_at(leads[:-1])
    if (distances == expected)[inside].all():
        return
    # How many of its own step each distance is, so that a run goes on over a change.
    runs = stretches(np.where(inside, distances / expected, -1.0), LEAST_RUN)
    others = [distances[at] for at, _ in runs if inside[at] and distances[at] != expected[at]]
    frequent = usual(distances[inside])
    if not steps.changes and frequent != steps.first:
        raise _wrong_step(steps, f"{frequent:g} min apart", is_stated=is_stated)
    if others:
        said = f"{others[0]:g} min apart {LEAST_RUN} times and more in a row"
        raise _wrong_step(steps, said, is_stated=is_stated)


def _wrong_step(steps: Steps, found: str, *, is_stated: bool) -> UnreadableFileError:
    said = "the YAML says step_minutes:" if is_stated else "the usual step is, in minutes,"
    remedy = (
        "leave out step_minutes in the site's YAML where the later leads of each issue are coarser, or where "
        "all are as the stamps say; else correct it"
        if is_stated
        else "a step may become coarser at one lead of all issues; where only a part of the issues is like "
        "that, say horizon: to leave these leads out"
    )
    return UnreadableFileError(
        "wrong_step",
        f"{said} {', then '.join(f'{each:g}' for each in steps.each)}, but targets of one issue lie {found}",
        f"{remedy}, and give a product of another step a file and a source of its own",
    )


def _unclear(lead: float, step: float, before: float) -> UnreadableFileError:
    return UnreadableFileError(
        "wrong_step",
        f"from a lead of {lead / 60:g} h on, the last targets of an issue lie {step:g} min apart: too few to "
        "tell a coarser step from missing rows",
        f"say horizon: {(lead - before) / 60:g}h in the site's YAML to leave them out, upload issues that "
        "reach farther, or say step_minutes where rows are missing",
    )
