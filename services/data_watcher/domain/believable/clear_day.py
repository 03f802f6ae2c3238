"""What a clear day is: its values rise once and fall once, from little to little, and have the sun's shape.

Who needs stricter limits, or is content with fewer rows, says so with the reason.
"""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain.believable.power import NOISE, Values

SMOOTH = 1.05  # way up and down over twice the peak; 1 on a perfect day, 1.3 and more under clouds
LITTLE = 0.25  # of the peak, at either end; with more it is only a part of a day
LIKE_SUN = 0.9  # correlation with the sine of the sun's elevation
LEAST_ROWS = 16  # of daylight, before a file is refused for a day
LEAST_SUN = 0.35  # sine of the noon sun; low winter suns say little of a plane that is not known
ALIKE = 0.85  # of the best of them: so are clear days of the same weeks, and even clouds are not


def is_clear(share: Values, up: Values) -> bool:
    """Whether power of a day shows a clear day.

    Parameters
    ----------
    share
        Of the AC capacity; NaN where unknown.
    up
        Sine of the sun's elevation in the same intervals.
    """
    lit = np.flatnonzero((up > 0) & np.isfinite(share))
    if len(lit) < LEAST_ROWS or up.max() < LEAST_SUN:
        return False
    whole = slice(lit[0], lit[-1] + 1)  # what is masked for a night may reach into its dawn
    day = share[whole]
    return bool(day.max() > NOISE) and rises_once(day) and follows(day, up[whole])


def rises_once(day: Values) -> bool:
    """Whether values of a day rise once and fall once; never where one of them is unknown."""
    way = np.abs(day[1:] - day[:-1]).sum() + abs(day[0]) + abs(day[-1])
    peak = day.max()
    return bool(max(day[0], day[-1]) <= LITTLE * peak and way < SMOOTH * 2 * peak)


def follows(day: Values, sun: Values, like: float = LIKE_SUN) -> bool:
    """Whether values of a day have the shape of what the sun gives at the same moments."""
    return bool(np.corrcoef(day, sun)[0, 1] > like)
