"""Whether power of whole days can be their mean, or is their highest power, or that of one hour."""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import Power, Values
from services.data_watcher.domain.time_axis import Times
from shared.errors import UnreadableFileError

DAY = 86_400.0  # s
MOST_OF_LIGHT = (
    0.85  # of the share of a day with the sun up: a plant needs time to rise and to fall
)
LEAST_ROWS = 3
LEAST_SHARE = 0.1  # of the rows


def check(power: Power) -> None:
    """Refuse power of whole days that is more than all of their light at full capacity.

    Raises
    ------
    UnreadableFileError
        `day_rows`
    """
    if power.time.step < DAY:
        return
    light = _light(power.time.utc, power)
    high = power.share > MOST_OF_LIGHT * light
    if high.sum() < max(LEAST_ROWS, LEAST_SHARE * len(high)):
        return
    row = int(np.flatnonzero(high)[0])
    raise UnreadableFileError(
        "day_rows",
        f"a row is a day, and in {int(high.sum())} of {len(high)} power is more than the mean of a day can "
        f"be: in row {power.place(int(power.time.rows[row]))} it is {power.share[row]:.0%} of the AC "
        f"capacity of {power.site.ac_capacity_kw:g} kW, with the sun up for {light[row] * 24:.1f} h",
        "it may be the highest power of each day, or that of one hour: export a row for each interval, or "
        "name the column of each day's energy with its unit (kWh) in the site's YAML; look at "
        "ac_capacity_kw as well",
    )


def _light(days: Times, power: Power) -> Values:
    """Return the share of each day with the sun up. [unitless]"""
    ahead = np.timedelta64(sun.ahead(power.site), "s")
    times = days[:, None] + np.arange(0, round(DAY), 1800).astype("m8[s]")
    up = sun.roughly_up((times + ahead).ravel(), power.site.latitude) > 0
    return np.asarray(up.reshape(times.shape).mean(axis=1))
