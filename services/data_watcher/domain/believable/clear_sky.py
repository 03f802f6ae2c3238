"""Whether irradiance reaches on clear days what a clear sky gives: half-hourly energies reach the half.

A file may hold them from some day on only, so each spell of low days is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.clear_day import ALIKE, LEAST_ROWS, follows, rises_once
from services.data_watcher.domain.believable.power import Values
from services.data_watcher.domain.time_axis import TimeAxis, Times
from shared.errors import UnreadableFileError
from shared.solar import runs
from shared.solar.irradiance import clearsky_ghi
from shared.solar.site import Site

TOO_LOW = 0.62  # of a clear sky, at best, for days in a row; a dusty sensor showed 0.8
BEST = 1.3  # of a clear sky at most: where a sensor shows too much, or clouds are broken
LEAST_SUN = 0.5  # sine of the noon sun: below, an even cloud and a clear sky are hard to tell apart
HIGH = 0.35  # sine of the sun's elevation
LIKE_CLEAR = 0.997  # correlation of a day with the clear sky; an even cloud has less
QUARTER = 900.0  # s; in rows that are closer the digits of a sensor make a way of their own
DAYS = 3  # such days
LONG = 12  # days of any weather; in seven the sky opened for a row, on the Aleutians, too
NO_LIGHT = 0.1  # of a clear sky: a sensor that is covered has no other unit
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Spell:
    """Days in a row of which no row under a high sun comes near a clear sky.

    Attributes
    ----------
    rows
        Where they lie in the file.
    first
        The first of them, by the sun.
    days
        How many they are.
    best
        What their best row reaches of a clear sky. [unitless]
    clear
        What each of them reaches of it, if it rises and falls like a clear sky, else 0. [unitless]
    """

    rows: slice
    first: np.datetime64
    days: int
    best: float
    clear: Values


def check(ghi: Values, time: TimeAxis, site: Site, place: Callable[[int], str]) -> None:
    """Refuse global horizontal irradiance that clear days, or many days, show to be far too low. [W/m²]

    Raises
    ------
    UnreadableFileError
        `wrong_unit`
    """
    for spell in low_spells(ghi, time, site):
        row = place(int(time.rows[spell.rows.start]))
        alike = spell.clear[spell.clear > ALIKE * spell.clear.max()]
        if len(alike) >= DAYS:
            said = (
                f"{len(alike)} days rise and fall like a clear sky from {spell.first} (row {row}) on, but "
                f"ghi reaches only {np.median(alike):.0%} of it on them"
            )
        elif spell.days >= LONG and spell.best > NO_LIGHT:
            said = (
                f"on {spell.days} days in a row, from {spell.first} (row {row}) on, ghi never reaches more "
                f"than {spell.best:.0%} of a clear sky"
            )
        else:
            continue
        raise wrong_unit(said)


def wrong_unit(said: str, name: str = "ghi") -> UnreadableFileError:
    """Return the fault of irradiance that is too low for the sky."""
    return UnreadableFileError(
        "wrong_unit",
        f"{said}: {name} seems to be in another unit than the site's YAML says",
        f"correct the unit of {name} in the site's YAML (Wh/m2 where it is the energy of each interval), or "
        "its column; where the sensor is wrong by a factor, say its scale; the file is then read again "
        "without a new upload. Where only a part of the file is so, split it there, and give both parts "
        "sources of their own",
    )


def low_spells(
    ghi: Values, time: TimeAxis, site: Site, *, by_its_best: bool = False
) -> Iterator[Spell]:
    """Yield the spells of three days and more in which the sky seems never to open. [W/m²]

    Parameters
    ----------
    by_its_best
        Whether a sensor that shows more than a clear sky on its best days is judged by those.
    """
    if time.days < DAYS:
        return
    starts, ends, day = sun.days(time.utc, site)
    noon = sun.noon_elevation(day, site.latitude)
    share = np.fmax.reduceat(ghi, starts) / clearsky_ghi(np.maximum(noon, LEAST_SUN))
    limit = TOO_LOW
    if by_its_best:
        limit *= min(float(np.fmax.reduce(share, where=noon > LEAST_SUN, initial=1.0)), BEST)
    low = (noon > LEAST_SUN) & ~(share > limit)
    for first, after in zip(*_long(low), strict=True):
        rows = slice(int(starts[first]), int(ends[after - 1]))
        up = np.asarray(sun.over(time.utc[rows], time.step, site).up)
        own = np.repeat(day[first:after], (ends - starts)[first:after])
        yield from _to_the_row(ghi, up, own, rows, time.step, limit)


def _to_the_row(  # noqa: PLR0917 - one call
    ghi: Values, up: Values, day: Times, rows: slice, step: float, limit: float
) -> Iterator[Spell]:
    """Yield what is left of a spell once each row is compared with its own sun.

    Parameters
    ----------
    up, day
        Of these rows alone.
    """
    own = ghi[rows]
    starts = runs.starts(day)
    ends = np.append(starts[1:], len(day))
    best = np.fmax.reduceat(
        np.where(up > HIGH, own / clearsky_ghi(np.maximum(up, HIGH)), np.nan), starts
    )
    for first, after in zip(*_long(best <= limit), strict=True):
        days = [slice(*each) for each in zip(starts[first:after], ends[first:after], strict=True)]
        yield Spell(
            slice(rows.start + int(starts[first]), rows.start + int(ends[after - 1])),
            day[starts[first]],
            len(days),
            float(best[first:after].max()),
            np.array([_of_clear_day(own[each], up[each], step) for each in days]),
        )


def _long(days: Mask) -> tuple[Positions, Positions]:
    """Return where the spells of enough days begin, and end."""
    if np.count_nonzero(days) < DAYS:
        return np.array([], np.intp), np.array([], np.intp)  # as in nearly every file
    starts, ends = runs.where(days)
    long = ends - starts >= DAYS
    return starts[long], ends[long]


def _of_clear_day(day: Values, up: Values, step: float) -> float:
    """Return what a day reaches of a clear sky where it rises and falls like one, else 0."""
    lit = np.flatnonzero(up > 0)[:: max(round(QUARTER / step), 1)]
    own, clear = day[lit], clearsky_ghi(up[lit])
    if len(lit) < LEAST_ROWS or not rises_once(own) or not follows(own, clear, LIKE_CLEAR):
        return 0.0
    return float(own.max() / clear.max())
