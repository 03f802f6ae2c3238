"""Whether the unit of power changes with the size of the value: 987 (W) is followed by 1.02 (kW)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable.power import NOISE, Power, Values
from shared.errors import UnreadableFileError

THOUSAND = 3.0  # log10
NEAR = 0.35  # log10: neighbours around the change are within a factor of about two of each other
LEAST_JUMPS = 2
LOW, HIGH = 0.95, 1050.0  # as written: less than 0.95 kW is written in W, which ends near 1,000
APART = 1.01  # rounding
VARIES = 1.3  # times the least of what is small; stand-by is always about the same
MOSTLY = 0.5  # of all large jumps
LARGE = 2.0  # log10
LEAST_RETURNS = 6  # of single rows; an inverter that trips may stop for one
Mask = npt.NDArray[np.bool_]


def check(power: Power) -> None:
    """Refuse a file whose power jumps by about a thousand between neighbours, again and again.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the first row after a jump.
    """
    if power.highest < NOISE:
        return
    ratio = power.generating[1:] / power.generating[:-1]
    if np.count_nonzero((ratio > 10**LARGE) | (ratio < 10**-LARGE)) < LEAST_JUMPS:
        return  # as in nearly every file
    at = np.flatnonzero(power.share > NOISE)
    logs = np.log10(power.share[at])
    steps = np.diff(logs)
    large = np.abs(steps) > LARGE
    if large.sum() < LEAST_JUMPS:
        return
    close = np.diff(power.time.utc[at]) <= np.timedelta64(int(2 * power.time.step), "s")
    jumps = close & (np.abs(np.abs(steps) - THOUSAND) < NEAR)
    up, down = (jumps & (steps > 0)).sum(), (jumps & (steps < 0)).sum()
    if jumps.sum() < LEAST_JUMPS or not (up and down) or jumps.sum() < MOSTLY * large.sum():
        return
    written = power.values[at] / power.factor
    if not _is_by_size(jumps, steps, written) and not _is_to_and_fro(jumps, steps, written):
        return  # an outage, which falls to stand-by
    first = int(np.flatnonzero(jumps)[0])
    before, after = (power.values[at[first + n]] / power.factor for n in (0, 1))
    row = power.place(int(power.time.rows[at[first + 1]]))
    raise UnreadableFileError(
        "wrong_unit",
        f"the unit of power changes inside the day, {int(jumps.sum())} times: in row {row} {before:.4g} is "
        f"followed by {after:.4g}, a thousand times {'less' if after < before else 'more'}; the YAML says "
        f"{power.unit} for all",
        "the program that wrote the file seems to change between W and kW by the size of the value: export "
        "the column in one unit, or with the unit in each cell",
    )


def _is_by_size(jumps: Mask, steps: Values, written: Values) -> bool:
    """Whether all that is small after a fall by a thousand is at least as much as all that is large.

    987 W and 1.02 kW are so, as programs write them; and any other limit between them is.
    """
    if written.max() <= HIGH and np.minimum(written[:-1], written[1:])[jumps].min() >= LOW:
        return True
    level = np.append(0.0, np.cumsum(np.where(jumps, np.sign(steps), 0.0)))
    small = level == level.min()
    if np.ptp(level) != 1 or len(np.unique(written[small])) < LEAST_RETURNS:
        return False
    if written[small].max() < VARIES * written[small].min():
        return False  # stand-by
    return bool(written[~small].max() <= APART * 10**THOUSAND * written[small].min())


def _is_to_and_fro(jumps: Mask, steps: Values, written: Values) -> bool:
    """Whether single rows hold a thousandth of both rows around them, again and again, and follow them."""
    back = jumps[:-1] & jumps[1:] & (steps[:-1] < 0) & (np.abs(steps[:-1] + steps[1:]) < NEAR)
    small = written[1:-1][back]
    return len(np.unique(small)) >= LEAST_RETURNS  # stand-by is always about the same
