"""How far apart the stamps of a forecast lie: within each issue, and often farther at its later leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from console.drafting.guess import Guess
from console.drafting.moments import Times
from console.drafting.stamps import MINUTE, Stamps
from services.data_watcher.domain.lead_steps import LEAST_RUN, apart
from services.data_watcher.domain.time_axis import stretches

Codes = npt.NDArray[np.intp]
_LONGEST = 1440  # min, that the YAML takes


def of_issues(found: Stamps, issues: Sequence[Codes]) -> Stamps:
    """Return stamps with the step of the issues; without one where it changes, which the reader finds.

    Parameters
    ----------
    issues
        Of each file, a number for each issue in it, one for each row.
    """
    each_file = [_apart(times, codes) for times, codes in zip(found.times, issues, strict=True)]
    together = np.concatenate(each_file)
    inside = together[together > 0]
    if not len(inside):
        return found
    steps = {
        int(minutes[start])
        for minutes in each_file
        for start, _ in stretches(minutes, LEAST_RUN)
        if minutes[start] > 0
    }
    guesses = {key: each for key, each in found.guesses.items() if key != "step_minutes"}
    if found.label is not None:
        guesses["label"] = found.label
    if len(steps) > 1:
        said = ", ".join(f"{each} min" for each in sorted(steps))
        note = (
            f"step_minutes is left out: the targets of an issue lie {said} apart, and each row keeps the "
            "length of its own interval"
        )
        return replace(found, guesses=guesses, notes=(note,))
    values, counts = np.unique(inside, return_counts=True)
    step, share = int(values[counts.argmax()]), counts.max() / len(inside)
    if step <= _LONGEST:
        guesses["step_minutes"] = Guess(step, f"{share:.0%} of distances within an issue")
    return replace(found, guesses=guesses, step=step, notes=())


def _apart(times: Times, codes: Codes) -> npt.NDArray[np.float64]:
    """Return how far targets lie apart [min]; negative between two issues."""
    known = np.flatnonzero(~np.isnat(times))
    order = known[np.lexsort((times[known], codes[known]))]
    minutes = apart((times[order] - np.datetime64(0, "us")) / MINUTE)
    minutes[np.diff(codes[order]) != 0] = -1.0
    found: npt.NDArray[np.float64] = minutes[minutes != 0]
    return found
