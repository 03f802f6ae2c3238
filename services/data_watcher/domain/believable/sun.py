"""The sun's position at the rows of a file."""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain.time_axis import Times
from shared.solar import position
from shared.solar.site import Site


def over(times: Times, step: float, site: Site) -> position.SolarPosition:
    """Return the sun at the middle of intervals.

    Parameters
    ----------
    times
        Starts of the intervals in UTC.
    step
        Length of an interval. [s]
    """
    centres = times + np.timedelta64(round(step * 5e5), "us")
    return position.position(position.ephemeris(centres), site.latitude, site.longitude)
