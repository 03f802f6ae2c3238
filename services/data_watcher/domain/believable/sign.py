"""Whether generation is written as negative power, as by meters that count a house's consumption."""

from __future__ import annotations

import numpy as np

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import Power
from shared.errors import UnreadableFileError

MUCH = 0.2  # of the largest amount that a file holds; stand-by draw stays far below
MOSTLY = 0.9  # of the rows with much power
FEWEST = 8  # such rows: fewer are spikes
LEAST_USED = 0.03  # of AC capacity; a transformer that is not loaded draws below one percent
NIGHTS = 3
NIGHT = -0.1  # sine of six degrees below the horizon
MOST_DRAW = 0.1  # of AC capacity; a plant never draws as much
LEAST_TURNED = 0.02  # of AC capacity; less may be what inverters draw by day
AT_REST = 0.1  # of the largest amount, which turned generation does not reach at night
FOLLOWS = 0.5  # correlation with the sun by day; what is drawn all day shows none


def check_nights(power: Power) -> None:
    """Refuse a file whose nights are clearly negative: what the plant gives less what others use.

    Raises
    ------
    UnreadableFileError
        `net_power`
    """
    if -power.lowest <= LEAST_USED:
        return
    local = sun.mean_solar_time(power.time.utc, power.site)
    dark = (sun.roughly_up(local, power.site.latitude) < NIGHT) & np.isfinite(power.share)
    nights = len(np.unique(local[dark].astype("M8[D]")))
    if nights <= NIGHTS or not (-np.median(power.share[dark]) > LEAST_USED):
        return
    used = -float(np.median(power.values[dark]))
    raise UnreadableFileError(
        "net_power",
        f"at night power is usually {-used:.3g} kW, {used / power.site.ac_capacity_kw:.0%} of the AC "
        "capacity, and inverters at rest draw far less: the column is what the plant gives less what others "
        "use",
        "name the column of the plant's own power in the site's YAML (production, generation), not that of "
        "the grid's meter",
    )


def check(power: Power) -> None:
    """Refuse a file whose large values are nearly all negative.

    Raises
    ------
    UnreadableFileError
        `wrong_sign`
    """
    amount = -power.lowest
    if amount <= LEAST_TURNED:
        return
    much = abs(power.share) > MUCH * max(amount, power.highest)
    negative = int((power.share[much] < 0).sum())
    if much.sum() < FEWEST or negative < MOSTLY * much.sum():
        return
    if amount <= MOST_DRAW and not _follows_sun(power, amount):
        return
    scale = -power.scale
    raise UnreadableFileError(
        "wrong_sign",
        f"power is negative when it is large: in {negative} of {int(much.sum())} such rows, down to "
        f"{power.lowest * power.site.ac_capacity_kw:,.4g} kW; the meter counts what is drawn as positive",
        f"say scale: {scale:g} for power_ac in the site's YAML; the file is then read again without a new "
        "upload",
    )


def _follows_sun(power: Power, amount: float) -> bool:
    """Whether small negative power is what a dull day gives: none at night, and more under a higher sun."""
    known = np.isfinite(power.share)
    drawn = -power.share[known]
    up = sun.roughly_up(sun.mean_solar_time(power.time.utc[known], power.site), power.site.latitude)
    at_rest = drawn[up < NIGHT] <= AT_REST * amount
    if at_rest.sum() < MOSTLY * len(at_rest) or not drawn[up > 0].std():
        return False
    return bool(np.corrcoef(drawn[up > 0], up[up > 0])[0, 1] > FOLLOWS)
