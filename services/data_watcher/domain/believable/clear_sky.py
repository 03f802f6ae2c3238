"""Whether irradiance reaches on clear days what a clear sky gives: half-hourly energies reach the half."""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import Values
from services.data_watcher.domain.time_axis import TimeAxis
from shared.errors import UnreadableFileError
from shared.solar import runs
from shared.solar.site import Site

TOO_LOW = 0.6  # of a clear sky, in the whole file; a dusty sensor showed 0.8
LEAST_SUN = 0.5  # sine of the noon sun: below, an even cloud and a clear sky are hard to tell apart
LIKE_CLEAR = 0.997  # correlation of a day with the clear sky; an even cloud has less
SMOOTH = 1.03  # way up and down over twice the peak
DAYS = 3  # such days
LEAST_ROWS = 16  # of daylight


def check(ghi: Values, time: TimeAxis, site: Site) -> None:
    """Refuse global horizontal irradiance that clear days show to be far too low. [W/m²]

    Raises
    ------
    UnreadableFileError
        `wrong_unit`
    """
    if time.days < DAYS:
        return
    highest = float(np.fmax.reduce(ghi))
    first, last = time.utc[[0, -1]].astype("M8[D]")
    noon = sun.noon_elevation(np.arange(first, last + 1), site.latitude).max()
    if noon < LEAST_SUN or highest > TOO_LOW * _clear(noon):
        return  # as in nearly every file
    up = np.asarray(sun.over(time.utc, time.step, site).up)
    days = sun.mean_solar_time(time.utc, site).astype("M8[D]")
    clear = [
        rows
        for rows in np.split(np.arange(len(days)), runs.starts(days)[1:])
        if _is_clear(ghi[rows], up[rows])
    ]
    if len(clear) < DAYS:
        return
    shares = [float(np.max(ghi[rows]) / _clear(up[rows].max())) for rows in clear]
    raise UnreadableFileError(
        "wrong_unit",
        f"{len(clear)} days rise and fall like a clear sky, the first of them {days[clear[0][0]]}, but ghi "
        f"reaches only {np.median(shares):.0%} of it on them, and {highest:.3g} W/m2 in the whole file: it "
        "seems to be in another unit than the site's YAML says",
        "correct the unit of ghi in the site's YAML (Wh/m2 where it is the energy of each interval), or its "
        "column; where the sensor is wrong by a factor, say its scale; the file is then read again without a "
        "new upload",
    )


def _is_clear(day: Values, up: Values) -> bool:
    lit = up > 0
    own = day[lit]
    if (
        lit.sum() < LEAST_ROWS
        or up.max() < LEAST_SUN
        or not np.isfinite(own).all()
        or not own.std()
    ):
        return False
    way = np.abs(np.diff(np.concatenate([[0.0], own, [0.0]]))).sum() / (2 * own.max())
    return bool(way < SMOOTH and np.corrcoef(own, _clear(up[lit]))[0, 1] > LIKE_CLEAR)


def _clear(up: Values) -> Values:
    """Return the irradiance of a clear sky on a level plane. [W/m²]

    By B. Haurwitz, "Insolation in relation to cloudiness and cloud density", Journal of Meteorology 2 (3),
    154-166, 1945.
    """
    return 1098.0 * up * np.exp(-0.057 / np.maximum(up, 1e-3))
