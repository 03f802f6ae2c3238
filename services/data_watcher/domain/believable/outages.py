"""Where power is nothing for an hour and more of a day, and large just before and after: an outage.

Clouds take power away by and by, and never all of it. Readings that got lost look the same; neither is what
the sun gave. What begins or ends in the night may be snow, which a model has to know.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import NOISE
from services.data_watcher.domain.time_axis import TimeAxis
from shared.solar.site import Site

LARGE, SOME = 0.1, 0.03  # of the file's highest power, on one side and on the other
LEAST = 3600.0  # s
UP = 0.15  # sine of the sun's elevation
BRIGHT = 200.0  # W/m² of irradiance beside it; below, a storm may leave nothing
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def found(power: Values, time: TimeAxis, site: Site, lights: Sequence[Values]) -> Mask | None:
    """Return the rows of outages.

    Parameters
    ----------
    power
        NaN where unknown. [kW]
    lights
        Irradiance beside it, where the file has some. [W/m²]
    """
    highest = np.fmax.reduce(power, initial=0.0)
    some, nothing = power > SOME * highest, power <= NOISE * site.ac_capacity_kw
    falls = np.flatnonzero(some[:-1] & nothing[1:]) + 1
    if not len(falls):
        return None  # as in nearly every file
    rises = np.flatnonzero(nothing[:-1] & some[1:]) + 1
    after = np.searchsorted(rises, falls, side="right")
    starts, ends = falls[after < len(rises)], rises[after[after < len(rises)]]
    steep = np.maximum(power[starts - 1], power[ends]) > LARGE * highest  # few nights are
    steep &= (ends - starts) * time.step >= LEAST
    mask = np.zeros(len(power), bool)
    for start, end in zip(starts[steep].tolist(), ends[steep].tolist(), strict=True):
        if nothing[start:end].all():
            middles = time.utc[start:end] + np.timedelta64(round(time.step / 2), "s")
            up = sun.roughly_up(sun.mean_solar_time(middles, site), site.latitude)
            mask[start:end] = up.min() > UP and all(_is_bright(each[start:end]) for each in lights)
    return mask if mask.any() else None


def _is_bright(light: Values) -> bool:
    """Whether there is light enough; where none is known it does not count against it."""
    known = light[np.isfinite(light)]
    return not len(known) or float(np.median(known)) > BRIGHT
