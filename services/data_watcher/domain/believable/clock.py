"""Whether the clock of a file follows the sun: a plant does not generate at night."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import Power
from services.data_watcher.domain.time_axis import TimeAxis, days_of
from shared.errors import UnreadableFileError
from shared.solar.site import Site
from shared.solar.stamp_format import LOCAL_SINCE_1970
from shared.solar.zones import tzinfo_of

LEAST_DAYS = 3
LEAST_ROWS = 20  # with power
CENTRED = (
    0.4  # length of the mean vector of a day's energy on the 24-hour circle; 0 for constant power
)
MOST_OFF = 75.0  # minutes; a clock that follows summer time is an hour off, which Preprocess finds
BELOW_HORIZON = -0.05  # sine of three degrees: twilight is over for a plant
ROUGH = 0.07  # sine of the four degrees that the rough sun may be off
MUCH = 0.02  # of the file's highest power
MOST_DAYS = 60  # that are looked at, spread evenly over the file
MINUTES_PER_DEGREE = 4.0
HOUR = 3600.0  # s
NIGHT, DAYLIGHT = (
    -0.1,
    0.26,
)  # sine of the sun's elevation: six degrees below, fifteen above the horizon
FEW_DAYS = 2
MUCH_AT_NIGHT, NEARLY_NONE = 0.05, 0.005  # of AC capacity
_HALF_HOUR = 30.0
LEAST_OF_NIGHT = 0.03  # of the rows with power, at either end of the day
# Correlation of the usual day with the sun of the other half of the year, and how much better it is.
LIKE_OTHER, BETTER = 0.97, 0.06
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def check(power: Power, what: str = "power") -> None:
    """Refuse a file whose days are centred far from solar noon, with power after sunset or before sunrise.

    A steep array that faces east or west has its centre off noon, too, but no power at night. Both together
    are a wrong clock.

    Raises
    ------
    UnreadableFileError
        `wrong_clock`, with the measured offset and the time zone that would mend it.
    """
    if power.time.days < LEAST_DAYS:
        return  # as in files of a day
    generating = np.flatnonzero(power.share > MUCH * max(power.highest, 1e-9))
    if len(generating) < LEAST_ROWS:
        return
    day = days_of(power.time.utc[generating]).view(np.int64)
    every = -(-(day[-1] - day[0] + 1) // MOST_DAYS)
    chosen = (day - day[0]) % every == 0
    generating, day = generating[chosen], day[chosen]
    if is_by_day(power.time, generating, power.site):
        return  # as in nearly every file
    over = sun.over(power.time.utc[generating], power.time.step, power.site)
    night = over.up < BELOW_HORIZON
    if night.mean() < MUCH:
        return
    _, which = np.unique(day, return_inverse=True)
    energy = power.share[generating]
    total = np.bincount(which, energy)
    turned = np.bincount(which, energy * np.cos(over.hour_angle)) + 1j * np.bincount(
        which, energy * np.sin(over.hour_angle)
    )
    telling = (np.bincount(which, night) > 0) & (np.abs(turned) > CENTRED * total)
    off = np.degrees(np.angle(turned[telling])) * MINUTES_PER_DEGREE
    if len(off) < LEAST_DAYS:
        return
    # Weighted by energy over all days: the centre of a dull day can be anywhere, so it counts little.
    middle = float(np.degrees(np.angle(turned[telling].sum()))) * MINUTES_PER_DEGREE
    alike = np.abs((off - middle + 720.0) % 1440.0 - 720.0) < MOST_OFF
    if abs(middle) <= MOST_OFF:
        _check_season(power, night, over.hour_angle, what)
    if abs(middle) <= MOST_OFF or alike.sum() < max(LEAST_DAYS, len(off) / 2):
        return
    raise UnreadableFileError(
        "wrong_clock",
        f"{what} is centred {abs(middle) / 60:.1f} hours {'after' if middle > 0 else 'before'} solar noon on "
        f"{len(off)} days, and {night.mean():.0%} of the rows with {what} lie in the night; the clock of the "
        "file is not the stated one",
        remedy(power.time, power.site, middle),
    )


def _check_season(power: Power, night: Mask, hour_angle: Values, what: str) -> None:
    """Refuse a file whose days are as long as those of the other half of the year, at both of their ends.

    A battery gives power at night, too, but its days do not have the shape of a longer day.

    Parameters
    ----------
    night, hour_angle
        Of rows that generate: whether they lie in the night, and their solar time. [rad]
    """
    both = min((night & (hour_angle < 0)).mean(), (night & (hour_angle > 0)).mean())
    if both < LEAST_OF_NIGHT:
        return
    local = sun.mean_solar_time(power.time.utc, power.site)
    hour = (local - local.astype("M8[D]")) // np.timedelta64(30, "m")
    known = np.isfinite(power.share)
    usual = _mean_by(hour[known], np.fmax(power.share[known], 0.0))
    own, other = (
        _mean_by(hour[known], np.maximum(sun.roughly_up(local[known], latitude), 0.0))
        for latitude in (power.site.latitude, -power.site.latitude)
    )
    fits_own, fits_other = (np.corrcoef(usual, each)[0, 1] for each in (own, other))
    if fits_other < LIKE_OTHER or fits_other < fits_own + BETTER:
        return
    raise UnreadableFileError(
        "wrong_clock",
        f"{night.mean():.0%} of the rows with {what} lie in the night, before sunrise and after sunset: the "
        "days are as long as those of the other half of the year",
        "correct latitude in the site's YAML (south is negative), or the dates in the file: year, month and "
        "day; the file may be another plant's, too",
    )


def _mean_by(group: npt.NDArray[np.int64], values: Values) -> Values:
    count = np.bincount(group)
    total = np.bincount(group, values)
    return np.divide(total, count, out=np.zeros(len(total)), where=count > 0)


def is_by_day(time: TimeAxis, rows: npt.NDArray[np.intp], site: Site) -> bool:
    """Whether so few of some rows are near or in the night that the exact sun need not be asked."""
    middles = time.utc[rows] + np.timedelta64(round(time.step * 5e5), "us")
    local = sun.mean_solar_time(middles, site)
    low = sun.roughly_below(local, site.latitude, BELOW_HORIZON + ROUGH)
    return bool(np.count_nonzero(low) < MUCH * len(rows))


def check_each_day(power: Power) -> None:
    """Refuse a file in which a day has power for an hour of night and none for an hour of daylight.

    One of them alone happens: a battery, an outage. Both on one day are a clock that is hours off, if only
    for a part of the file.

    Raises
    ------
    UnreadableFileError
        `wrong_clock`, with the day and its first row in the night.
    """
    hour = HOUR / power.time.step
    much = np.flatnonzero(power.share > MUCH_AT_NIGHT)
    if len(much) < hour:
        return
    local = sun.mean_solar_time(power.time.utc[much], power.site)
    if power.time.days <= FEW_DAYS and sun.lowest(local, power.site.latitude) > NIGHT + ROUGH:
        return  # as in nearly every file of a day
    dark = much[sun.roughly_below(local, power.site.latitude, NIGHT)]
    if len(dark) < hour:
        return  # as in nearly every file
    local = sun.mean_solar_time(power.time.utc, power.site)
    day = days_of(local).view(np.int64)
    day -= day[0]
    at_night = np.bincount(day[dark], minlength=day[-1] + 1)
    dead = np.flatnonzero((power.share < NEARLY_NONE) & (at_night >= hour)[day])
    dead = dead[sun.roughly_up(local[dead], power.site.latitude) > DAYLIGHT]
    without = np.bincount(day[dead], minlength=len(at_night))
    both = np.flatnonzero((at_night >= hour) & (without >= hour))
    if not len(both):
        return
    first = dark[day[dark] == both[0]][0]
    row = power.place(int(power.time.rows[first]))
    raise UnreadableFileError(
        "wrong_clock",
        f"on {local[first].astype('M8[D]')} there is power for {at_night[both[0]] / hour:.1f} h of night, "
        f"from row {row} on, and none for {without[both[0]] / hour:.1f} h of daylight; the clock of this "
        "part of the file is hours off",
        "correct the stamps, or the timezone in the site's YAML; where the clock changed inside the file, "
        "split it there",
    )


def remedy(time: TimeAxis, site: Site, minutes: float) -> str:
    """Return which offset would bring the middle of the days to solar noon.

    Parameters
    ----------
    minutes
        How long after solar noon the days are centred.
    """
    zone = "UTC" if time.is_absolute else time.zone or site.timezone
    stated = _offset(zone, time.utc[0].astype("M8[s]").item())
    right = stated + timedelta(minutes=_HALF_HOUR * round(minutes / _HALF_HOUR))
    hours = right.total_seconds() / 3600
    if not -12 <= hours <= 14:  # noqa: PLR2004 - the offsets on earth
        hours -= 24 * round(hours / 24)
    sign = "-" if hours < 0 else "+"
    said = f"{sign}{int(abs(hours)):02}:{round(abs(hours) % 1 * 60):02}"
    if time.is_absolute:
        return (
            "the stamps say their offset from UTC themselves, or count from 1970; where they are times of "
            f"another clock all the same, say under timestamp of the source in the site's YAML "
            f'timezone: "{said}", and format: {LOCAL_SINCE_1970} of counts, else their format with the wrong '
            "offset as plain text (%Y-%m-%dT%H:%M:%SZ); also look at longitude, label and the logger's clock"
        )
    place = "under timestamp of the source in the site's YAML"
    if time.zone is None:
        place = "in the site's YAML (or under timestamp of the source)"
    return (
        f'timezone: "{said}" {place} would put it there; also look at longitude, label and the logger\'s '
        "clock"
    )


def _offset(zone: str, moment: datetime) -> timedelta:
    return moment.replace(tzinfo=tzinfo_of(zone)).utcoffset() or timedelta(0)
