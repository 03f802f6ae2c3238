"""Whether irradiance fits the sun, and power the irradiance beside it in the same file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain import masks
from services.data_watcher.domain.believable import clock, sun
from services.data_watcher.domain.believable.power import NOISE, STANDARD, Power, Values, spacing
from services.data_watcher.domain.believable.unit_by_clear_day import LOW as LOW_FOR_SUN
from services.data_watcher.domain.believable.unit_by_clear_day import faint_clear_day
from services.data_watcher.domain.believable.unit_fault import guess, wrong_unit
from services.data_watcher.domain.time_axis import TimeAxis, days_of
from shared.errors import UnreadableFileError
from shared.solar.site import Site

ON_PLANE = ("poa_global", "ghi")  # in the order in which they tell more of the plant
BRIGHT = 0.3  # of standard irradiance, or of AC capacity: either says that the sun shines
LOW = (
    0.28  # of what the irradiance promises, at best; plants that were held back all day showed 0.21
)
BEST = 0.9  # of the bright rows are below that: most plants are held back or off for hours
DAYS_FOR_LOW = 3  # of it; a plant under snow, or at a limit, is low for a day or two
HIGH = 5.0  # times what the irradiance promises; they lay at 1.8 and less
FEWEST = 24  # bright rows
HALF = 0.5  # of AC capacity, and more, is given under a high sun by
LEAST_FOR_ALL = (
    385.0  # W/m² for all of it: a plant of 1.6 times its AC capacity, in the plane that is best
)
HIGH_SUN = (
    0.7  # sine of its elevation; from there on no plane gets over 1.4 times what the ground gets
)
MOST_ON_PLANE = 1500.0  # W/m², but for moments at the edge of a cloud
HOURS_ABOVE, FEW = 4.0, 3  # fewer rows than FEWEST are enough where they are of so many hours
SUNNY = 800.0  # W/m² for a moment, on days that may tell
MOST_OF_DAYS = 0.3  # of those; a sensor that broke in the last months of years showed 0.1
NO_LIGHT = 0.005  # of standard irradiance, in which a plant does not give
GIVEN = 0.15  # of AC capacity
LOW_SUN = 0.1  # sine of its elevation: below, and at night, a battery may give it
NEARLY_NONE = (
    0.02  # of standard irradiance times the sine of the noon sun; rain at noon showed 0.05
)
DAYS_FOR_NONE = 3  # of it; a sensor under snow is dark for a day or two
LEAST_SUN = 0.2  # sine of the noon sun, for that
ABOVE_ALL = 1.35  # times what comes to the top of the atmosphere; a sensor that was off showed 1.1
TOO_MUCH = ABOVE_ALL * sun.SOLAR_CONSTANT * HIGH_SUN  # W/m², for a sun that is just high
MOST_ABOVE = 0.1  # of the rows under a high sun; below broken clouds it is more for moments


def check(name: str, values: Values, power: Power) -> None:
    """Refuse a file whose power and irradiance are many times apart: one of them has another unit. [W/m²]

    Parameters
    ----------
    name
        Canonical name of the irradiance.

    Raises
    ------
    UnreadableFileError
        `wrong_unit` for power, or for the irradiance.
    """
    every = spacing(len(power.share))
    light, own = values[::every] / STANDARD, power.share[::every]
    bright = (own > NOISE) & ((light > BRIGHT) | (own > BRIGHT)) & np.isfinite(light)
    if np.count_nonzero(bright) < FEWEST:
        return
    if _are_near(own[bright], light[bright]):
        _check_under_high_sun(name, light, power, every)
        return
    share, promised = float(np.median(own[bright])), float(np.median(light[bright]))
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
    days = len(np.unique(power.time.utc[::every][bright].astype("M8[D]")))
    lit = bright & (light > BRIGHT)
    if (
        days >= DAYS_FOR_LOW
        and lit.sum() >= FEWEST
        and np.quantile(own[lit] / light[lit], BEST) < LOW
    ):
        raise wrong_unit(found, guess(power.highest, power.unit, power.time.step))
    _check_under_high_sun(name, light, power, every)


def _are_near(own: Values, light: Values) -> bool:
    """Whether power and irradiance are about as high in all rows, as in nearly every file of a day."""
    return bool(LOW * light.max() <= own.min() and own.max() <= HIGH * light.min())


def _check_under_high_sun(name: str, light: Values, power: Power, every: int) -> None:
    """Refuse irradiance of which a plant could not give what it gives, as of energies that are called W/m².

    Under a low sun a steep plane gets several times what the ground gets, so only a high one tells.

    Parameters
    ----------
    light
        The irradiance as a share of the standard one, of every so many rows.
    """
    much = np.flatnonzero((power.share[::every] > HALF) & np.isfinite(light))
    if len(much) < FEWEST or _is_enough(light, power, every, much):
        return  # as in nearly every file
    local = sun.mean_solar_time(power.time.utc[::every][much], power.site)
    much = much[sun.roughly_up(local, power.site.latitude) > HIGH_SUN]
    if len(much) < FEWEST or _is_enough(light, power, every, much):
        return
    found, row = float(np.median(light[much])) * STANDARD, int(power.time.rows[much[0] * every])
    raise _wrong_irradiance(
        f"in {len(much)} rows under a high sun, from row {power.place(row)} on, power is at "
        f"{float(np.median(power.share[::every][much])):.2g} of the AC capacity of "
        f"{power.site.ac_capacity_kw:g} kW, and {name} at only {found:.3g} W/m2",
        name,
    )


def _is_enough(light: Values, power: Power, every: int, rows: npt.NDArray[np.intp]) -> bool:
    """Whether irradiance is high enough for what power is beside it: in all rows, or in the median."""
    for_all = light[rows] / power.share[::every][rows]  # what would give all of the AC capacity
    return bool(
        for_all.min() * STANDARD >= LEAST_FOR_ALL or np.median(for_all) * STANDARD >= LEAST_FOR_ALL
    )


def dark(light: Values, power: Values, time: TimeAxis, site: Site) -> npt.NDArray[np.bool_] | None:
    """Return the rows in which a sensor sees nothing while the plant gives power by day. [W/m², kW]"""
    found = np.flatnonzero((light < NO_LIGHT * STANDARD) & (power > GIVEN * site.ac_capacity_kw))
    if not len(found):
        return None  # as in nearly every file
    local = sun.mean_solar_time(time.utc[found], site)
    return masks.at(found[sun.roughly_up(local, site.latitude) > LOW_SUN], len(light))


def check_plane(name: str, values: Values, place: Callable[[int], str], time: TimeAxis) -> None:
    """Refuse irradiance on the modules that is again and again more than falls on any plane. [W/m²]

    Raises
    ------
    UnreadableFileError
        `wrong_unit`
    """
    if not np.fmax.reduce(values) > MOST_ON_PLANE:
        return  # as in nearly every file
    above = np.flatnonzero(values > MOST_ON_PLANE)
    if len(above) < max(min(FEWEST, HOURS_ABOVE * 3600.0 / time.step), FEW):
        return
    days = days_of(time.utc)
    bad, sunny = len(np.unique(days[above])), len(np.unique(days[values > SUNNY]))
    if bad < MOST_OF_DAYS * sunny:
        return
    raise UnreadableFileError(
        "wrong_unit",
        f"on {bad} of {sunny} sunny days, from row {place(int(time.rows[above[0]]))} on, {name} is "
        f"above {MOST_ON_PLANE:g} W/m2, up to {np.nanmax(values):.4g}: no plane gets as much but for moments",
        f"correct {name} in the site's YAML: its unit, its scale, or the column (photons in umol/m2/s are no "
        "irradiance, and two sensors that are added up are twice one: combine: mean); the file is then read "
        "again without a new upload",
    )


def is_doubtful(ghi: Values, time: TimeAxis, site: Site) -> bool:
    """Whether irradiance is never what it is under a high sun, or comes at night; as of few files. [W/m²]"""
    highest = float(np.fmax.reduce(ghi))
    if not LOW_FOR_SUN * STANDARD <= highest <= TOO_MUCH:
        return True
    if time.days < clock.LEAST_DAYS:
        return False
    every = spacing(len(ghi))
    much = np.flatnonzero(ghi[::every] > clock.MUCH * highest) * every
    return not clock.is_by_day(time, much, site)


def check_by_sun(light: Power) -> None:
    """Refuse a file whose global horizontal irradiance cannot be that of the sun over the site.

    Parameters
    ----------
    light
        The irradiance as a share of the standard one.

    Raises
    ------
    UnreadableFileError
        `wrong_unit` or `wrong_clock`.
    """
    if not len(light.generating):
        return
    clock.check(light, "irradiance")
    _check_above(light)
    if light.highest >= LOW_FOR_SUN:
        return  # as in nearly every file
    found = faint_clear_day(light)
    if found is not None:
        raise _wrong_irradiance(
            f"{found.said}, but ghi reached only {STANDARD * found.highest:.3g} W/m2",
            "ghi",
        )
    known = light.time.utc[np.isfinite(light.share)]
    days = np.unique(sun.mean_solar_time(known, light.site).astype("M8[D]"))
    noon = sun.noon_elevation(days, light.site.latitude).max() if len(days) else 0.0
    if len(days) >= DAYS_FOR_NONE and noon > LEAST_SUN and light.highest < NEARLY_NONE * noon:
        raise _wrong_irradiance(
            f"within {len(days)} days ghi reached only {STANDARD * light.highest:.3g} W/m2",
            "ghi",
        )


def _check_above(light: Power) -> None:
    """Refuse irradiance that is, under a high sun, again and again more than comes from it."""
    if light.highest * STANDARD <= TOO_MUCH:
        return
    local = sun.mean_solar_time(light.time.utc, light.site)
    up = sun.roughly_up(local, light.site.latitude)
    high = (up > HIGH_SUN) & np.isfinite(light.share)
    above = high & (light.share * STANDARD > ABOVE_ALL * sun.SOLAR_CONSTANT * up)
    if above.sum() < FEWEST or above.sum() < MOST_ABOVE * high.sum():
        return
    row = int(np.flatnonzero(above)[0])
    raise UnreadableFileError(
        "wrong_unit",
        f"in {above.sum()} of {high.sum()} rows under a high sun, from row "
        f"{light.place(int(light.time.rows[row]))} on, ghi is far more than comes from the sun: up to "
        f"{STANDARD * light.highest:.4g} W/m2",
        "correct ghi in the site's YAML: its unit, or the column, as photons (umol/m2/s) are no irradiance "
        "and what falls on tilted modules is poa_global; the file is then read again without a new upload",
    )


def _wrong_irradiance(said: str, name: str) -> UnreadableFileError:
    return UnreadableFileError(
        "wrong_unit",
        f"{said}: {name} seems to be in another unit than the site's YAML says",
        f"correct the unit of {name} in the site's YAML (kW/m2; Wh/m2 where it is the energy of each "
        "interval); the file is then read again without a new upload",
    )
