"""Whether what a forecast says of irradiance can be true: it has the sun, and no power beside it.

A provider's irradiance is smooth and on a horizontal plane. So a day of it says more than one of a plant,
and files of a day or two, which is what most issues are, can be judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain import units
from services.data_watcher.domain.believable import clock
from services.data_watcher.domain.believable.sky import Sky
from services.data_watcher.domain.time_axis import TimeAxis, Times, ticks_of
from shared.errors import UnreadableFileError
from shared.solar import irradiance, position
from shared.solar.site import Site

UNDER_SKY = ("ghi", "dhi")  # what a clear sky limits
LIT = 130.0  # W/m² of clear sky; below, a low sun and the horizon decide
HIGH = 400.0  # W/m² of clear sky: the sun is high
FEW, MOST = 4, 0.1  # rows above a clear sky; as few are masked
ROWS_OF_DAY, MOST_OF_DAY = 3, 0.6  # the same of one day of an issue
FAINT = 0.01  # of a clear sky, of a whole day; a day in a thousand is as dark under heavy rain
FAINTEST = 0.0045  # a single day is no darker, but in MJ or kWh it would be
MANY_FAINT = 0.2  # of the days
LEAST_HIGH, LEAST_HOURS = 2, 3.0  # rows under a high sun, and hours, that a day must have for that
LOW, NOTHING = 60.0, 0.02  # W/m² of clear sky, and the part of it that is no light at all
FEWEST, BOTH = 2, 0.05  # rows with too much and with too little; of the rows in daylight
AT_NIGHT = 0.02  # of the energy
ENOUGH, LONGEST_LAG = 2_000, 720  # rows that are looked at, and minutes
GROWN_AT_NIGHT = 0.05  # of the highest value
GROWN_NIGHTS = 0.1  # of the rows at night
GRADUAL, MOST_GRADUAL = 0.5, 0.02  # a fall to more than half, and how often a sum does that
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Light:
    """Irradiance of a forecast by its stated unit, ordered by issue and target.

    Attributes
    ----------
    name, values
        Its name and its means over the intervals. [W/m²]
    unit
        The unit that the site's YAML states.
    factor
        What a value of 1 of the file becomes in an interval of the usual length. [W/m²]
    step
        The usual length of an interval. [s]
    lengths
        That of each. [s]
    said
        Says where a row is in the file.
    """

    name: str
    values: Values
    issued: Times
    begins: Times
    sky: Sky
    unit: str
    factor: float
    step: float
    lengths: Values
    said: Callable[[int], str]

    @property
    def groups(self) -> npt.NDArray[np.intp]:
        """Return which day, by the sun, of which issue each row is of; of constant leads, which day."""
        issues = len(np.unique(self.issued))
        hours = self.begins.astype("M8[s]").astype(np.int64) / 3600.0 + self.lengths / 7200.0
        day = np.round((hours - self.sky.hour_angle * 12 / np.pi - 12) / 24).astype(np.int64)
        issue = ticks_of(self.issued) if 2 * issues < len(self.issued) else np.zeros_like(day)
        keys = np.stack([issue, day])
        group: npt.NDArray[np.intp] = np.unique(keys, axis=1, return_inverse=True)[1].reshape(-1)
        return group


def check_grows(light: Light) -> None:
    """Refuse a column that adds up, and of which the YAML does not say so.

    Raises
    ------
    UnreadableFileError
        `accumulated`
    """
    highest = np.fmax.reduce(light.values)
    at_night = light.sky.is_night & np.isfinite(light.values)
    if not at_night.any():
        return
    high = light.values > GROWN_AT_NIGHT * highest
    if (at_night & high).sum() < GROWN_NIGHTS * at_night.sum():
        return
    same = np.diff(light.issued) == np.timedelta64(0, "us")
    one, next_ = light.values[:-1][same], light.values[1:][same]
    fell = next_ < one * 0.999
    gradual = fell & (next_ > GRADUAL * one)
    if not (next_ > one).any() or gradual.sum() > MOST_GRADUAL * len(one):
        return
    row = int(np.flatnonzero(at_night & high)[0])
    raise UnreadableFileError(
        "accumulated",
        f"{light.name} only grows within an issue, and is high at night, as in row {light.said(row)}: it "
        f"adds up since the issue, and the YAML says {light.unit} of each interval",
        "say kind: accumulated for the column in the site's YAML, with its unit (J/m2, Wh/m2) and "
        "timestamp.label: right",
    )


def check_clock(light: Light, time: TimeAxis, site: Site, middle: float | None) -> None:
    """Refuse a file whose irradiance follows another sun than that over the site.

    There is light at night and none by day, much of the energy comes at night, or clear days are centred
    hours off noon. An hour, as of summer time, is for Preprocess to find.

    Parameters
    ----------
    time
        The rows in time, and by which zone they were read.
    middle
        How long after solar noon its clear days are centred [minutes]; None where the weather may decide.

    Raises
    ------
    UnreadableFileError
        `wrong_clock`, with the offset at which the irradiance follows the sun best.
    """
    energy = np.where(np.isfinite(light.values), np.maximum(light.values, 0.0), 0.0)
    total, lit = float(energy.sum()), light.sky.clear > LOW
    if not total > 0:
        return
    at_night = float(energy[light.sky.is_night].sum()) / total
    too_much = ~(light.sky.clear > LIT) & (light.values > light.sky.most)
    too_little = lit & (light.values < NOTHING * light.sky.clear)
    both = min(int(too_much.sum()), int(too_little.sum())) >= max(FEWEST, BOTH * lit.sum())
    clear_days_off = middle is not None and abs(middle) > clock.MOST_OFF
    if not (at_night >= AT_NIGHT or both or clear_days_off):
        return
    off = _lag(light, energy, site)
    if abs(off) <= clock.MOST_OFF:
        return
    raise UnreadableFileError(
        "wrong_clock",
        f"{light.name} follows the sun {abs(off) / 60:.1f} hours {'after' if off > 0 else 'before'} its "
        f"time: {at_night:.0%} of its energy comes at night, and {int(too_little.sum())} rows by day have "
        "none; the clock of the file is not the stated one",
        clock.remedy(time, site, off),
    )


def _lag(light: Light, energy: Values, site: Site) -> float:
    """Return how long after the sun irradiance comes, as where both are most alike. [minutes]"""
    some = slice(None, None, len(energy) // ENOUGH + 1)
    middles = light.begins[some] + (light.lengths[some] * 5e5).astype("m8[us]")
    alike: dict[float, float] = {}
    for minutes in range(-LONGEST_LAG, LONGEST_LAG + 1, 30):
        sun = position.position(
            position.ephemeris(middles - np.timedelta64(minutes, "m")),
            site.latitude,
            site.longitude,
        )
        alike[minutes] = float(irradiance.clearsky_ghi(sun.up) @ energy[some])
    return max(alike, key=lambda each: (alike[each], -abs(each)))


def check_unit(light: Light) -> tuple[Mask, Mask]:
    """Return which rows are above what any sky gives, and which are nothing all day under a high sun.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`: they are too many, in the file or in one day of an issue, or a day is next to nothing.
    """
    known = np.isfinite(light.values)
    lit = known & (light.sky.clear > LIT)
    above = light.values > light.sky.most
    group = light.groups
    of_day, high_of_day = np.bincount(group, lit), np.bincount(group, above & lit)
    days = (high_of_day >= ROWS_OF_DAY) & (high_of_day > MOST_OF_DAY * of_day)
    count = int((above & lit).sum())
    if count > max(FEW, MOST * lit.sum()) or days.any():
        worst = above & lit & (days[group] if days.any() else True)
        _raise_above(light, worst, count, int(lit.sum()))
    high = known & (light.sky.clear > HIGH)
    peak = np.zeros(len(of_day))
    np.maximum.at(
        peak, group, np.where(high, light.values / np.maximum(light.sky.clear, HIGH), 0.0)
    )
    rows_high = np.bincount(group, high)
    seconds_high = np.bincount(group, np.where(high, light.lengths, 0.0))
    enough = (rows_high >= LEAST_HIGH) & (seconds_high >= LEAST_HOURS * 3600)
    faint = enough & (peak < FAINT) & (peak > 0)
    wrong = faint & (peak < FAINTEST) if faint.sum() <= MANY_FAINT * enough.sum() else faint
    if wrong.any() and light.name == "ghi":
        _raise_faint(light, high & wrong[group])
    dark: Mask = (enough & (peak <= 0))[group] & known & (light.sky.clear > 0)
    return above, dark


def _raise_above(light: Light, rows: Mask, count: int, of: int) -> None:
    times = light.values[rows] / light.sky.clear[rows]
    row = int(np.flatnonzero(rows)[int(np.argmax(times))])
    raise UnreadableFileError(
        "wrong_unit",
        f"{light.name} is above what any sky gives in {count} of {of} rows in daylight: "
        f"{light.values[row]:.4g} W/m2 in row {light.said(row)}, where a clear sky gives "
        f"{light.sky.clear[row]:.0f}; "
        f"{_guess(light, float(np.quantile(times, 0.9)))}",
        _REMEDY.format(name=light.name),
    )


def _raise_faint(light: Light, rows: Mask) -> None:
    times = light.values[rows] / light.sky.clear[rows]
    row = int(np.flatnonzero(rows)[int(np.argmax(times))])
    raise UnreadableFileError(
        "wrong_unit",
        f"{light.name} reaches only {light.values[row]:.3g} W/m2 on {str(light.begins[row])[:10]}, in row "
        f"{light.said(row)}, where a clear sky gives {light.sky.clear[row]:.0f} and rain a twentieth of it; "
        f"{_guess(light, float(np.max(times)))}",
        _REMEDY.format(name=light.name),
    )


_REMEDY = (
    "correct the unit of {name} in the site's YAML (J/m2 and Wh/m2 are of one interval; kind: accumulated "
    "where they add up since the issue); where the provider changed it inside the file, split it there. The "
    "file is read again without a new upload"
)


def _guess(light: Light, times: float) -> str:
    """Return which other unit would make the highest of the sky's shares plausible."""
    hours = light.step / 3600.0
    for other in units.known("W/m2"):
        unit = units.conversion("W/m2", other)
        factor = unit.factor / hours if unit.per_interval else unit.factor
        if 0.3 <= times * factor / light.factor <= 1.3:  # noqa: PLR2004 - of a clear sky
            per = f" per {light.step / 60:g} min" if unit.per_interval else ""
            return f"values look like {other}{per}, the YAML says {light.unit}"
    return f"no other unit than {light.unit} makes the values fit; look at scale, too"
