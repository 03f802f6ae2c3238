"""Whether irradiance fits the sun, and power the irradiance beside it in the same file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from services.data_watcher.domain.believable import clock, sun
from services.data_watcher.domain.believable.power import NOISE, Power, Values
from services.data_watcher.domain.believable.unit_by_clear_day import LOW as LOW_FOR_SUN
from services.data_watcher.domain.believable.unit_by_clear_day import faint_clear_day
from services.data_watcher.domain.believable.unit_fault import guess, wrong_unit
from shared.errors import UnreadableFileError

ON_PLANE = ("poa_global", "ghi")  # in the order in which they tell more of the plant
STANDARD = 1000.0  # W/m² at which a plant's rating holds
BRIGHT = 0.3  # of standard irradiance, or of AC capacity: either says that the sun shines
LOW = 0.03  # of what the irradiance promises; days' medians of public plants lay at 0.16 and more
DAYS_FOR_LOW = 3  # of it; a plant under snow is low for a day or two
HIGH = 5.0  # times what the irradiance promises; they lay at 1.8 and less
FEWEST = 24  # bright rows
ENOUGH = 4_000  # rows that are looked at
NEARLY_NONE = (
    0.02  # of standard irradiance times the sine of the noon sun; rain at noon showed 0.05
)
DAYS_FOR_NONE = 3  # of it; a sensor under snow is dark for a day or two
LEAST_SUN = 0.2  # sine of the noon sun, for that


def check(power: Power, columns: Mapping[str, Values]) -> None:
    """Refuse a file whose power and irradiance are many times apart: one of them has another unit.

    Parameters
    ----------
    columns
        Values by canonical name. [canonical unit]

    Raises
    ------
    UnreadableFileError
        `wrong_unit` for power, or for the irradiance.
    """
    name = next((each for each in ON_PLANE if each in columns), None)
    if name is None:
        return
    every = len(power.share) // ENOUGH | 1  # an odd one meets every hour of the day
    sun, own = columns[name][::every] / STANDARD, power.share[::every]
    bright = (own > NOISE) & ((sun > BRIGHT) | (own > BRIGHT)) & np.isfinite(sun)
    if bright.sum() < FEWEST:
        return
    share, promised = float(np.median(own[bright])), float(np.median(sun[bright]))
    if LOW * promised <= share <= HIGH * promised:
        return
    days = len(np.unique(power.time.utc[::every][bright].astype("M8[D]")))
    found = (
        f"in {bright.sum()} bright rows power is at {share:.2g} of the AC capacity of "
        f"{power.site.ac_capacity_kw:g} kW, and {name} at {promised * STANDARD:.3g} W/m2"
    )
    if share > HIGH * promised:
        raise UnreadableFileError(
            "wrong_unit",
            f"{found}: {name} seems to be in another unit than the site's YAML says",
            f"correct the unit of {name} in the site's YAML, for example kW/m2; the file is then read again "
            "without a new upload",
        )
    if days >= DAYS_FOR_LOW:
        raise wrong_unit(found, guess(power.highest, power.unit, power.time.step))


def is_faint(ghi: Values) -> bool:
    """Whether irradiance never is what it is under a high sun; as of few files. [W/m²]"""
    return not np.fmax.reduce(ghi) >= LOW_FOR_SUN * STANDARD


def check_by_sun(light: Power, *, is_alone: bool) -> None:
    """Refuse a file whose global horizontal irradiance cannot be that of the sun over the site.

    Parameters
    ----------
    light
        The irradiance as a share of the standard one.
    is_alone
        Whether the file has no power; its clock is judged by the irradiance then.

    Raises
    ------
    UnreadableFileError
        `wrong_unit` or `wrong_clock`.
    """
    if is_alone and len(light.generating):
        clock.check(light, "irradiance")
    if not len(light.generating) or light.highest >= LOW_FOR_SUN:
        return  # as in nearly every file
    found = faint_clear_day(light)
    if found is not None:
        raise _wrong_irradiance(
            f"{found.said}, but ghi reached only {STANDARD * found.highest:.3g} W/m2", light
        )
    known = light.time.utc[np.isfinite(light.share)]
    days = np.unique(sun.mean_solar_time(known, light.site).astype("M8[D]"))
    noon = sun.noon_elevation(days, light.site.latitude).max() if len(days) else 0.0
    if len(days) >= DAYS_FOR_NONE and noon > LEAST_SUN and light.highest < NEARLY_NONE * noon:
        raise _wrong_irradiance(
            f"within {len(days)} days ghi reached only {STANDARD * light.highest:.3g} W/m2", light
        )


def _wrong_irradiance(said: str, light: Power) -> UnreadableFileError:
    return UnreadableFileError(
        "wrong_unit",
        f"{said}: ghi seems to be in another unit than {light.unit}, which the site's YAML says",
        "correct the unit of ghi in the site's YAML (kW/m2; Wh/m2 where it is the energy of each interval); "
        "the file is then read again without a new upload",
    )
