"""What shows, judged by the site's AC capacity, that the unit of power must be wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.data_watcher.adapters.reading.stamps import TimeAxis
from services.data_watcher.adapters.reading.table import Table
from services.data_watcher.adapters.reading.zones import Times
from services.data_watcher.domain import units
from shared.errors import UnreadableFileError
from shared.solar.site import Site

Values = npt.NDArray[np.float64]

OVER_CAPACITY = 1.5  # of AC capacity; inverters were seen 1.34 above nameplate
NIGHT_DRAW = -0.1  # of AC capacity; stand-by consumption stays far above
MOST_OVER = 0.01  # share of rows with power over OVER_CAPACITY, before the unit must be wrong
FEW = 4  # rows over it that are spikes in however small a file
LEAST_PEAK = 0.01  # of AC capacity; snow and rain included, reached within DAYS_FOR_PEAK
DAYS_FOR_PEAK = 3
PLAUSIBLE_PEAK, MOST_PEAK = 0.3, 1.5  # of AC capacity, for guessing which unit was meant
LEAST_PER_HOUR = 4  # intervals; half-hourly energies look like the power of a cloudy month
DAYS_FOR_ENERGY = 30
MOST_PEAK_OF_ENERGY = 1.2  # of AC capacity times the interval: the highest energy an interval holds
LEAST_SHARE_OF_NOON = 0.4  # of capacity times the sine of the noon sun; clear days reach about one
NOISE = 1e-5  # of AC capacity; a plant that stands still is no wrong unit
JUMP = 100.0  # between the levels before and after a change of unit, which is a factor of 1000
APART = 10.0  # between the lowest day on one side and the highest on the other
MOSTLY = 0.85  # of a day's rows with power, a little under the tenth that its peak leaves out
HOURS_OF_A_DAY = 3  # with power, for a day's peak to say something


def check(values: Values, time: TimeAxis, table: Table, site: Site, unit: str) -> None:
    """Refuse a file whose power cannot be in the stated unit.

    Parameters
    ----------
    values
        Power by the stated unit. [kW]

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the unit that would fit or the row where it changes.
    """
    share = values / site.ac_capacity_kw
    generating = share[share > NOISE]
    if not len(generating):
        return
    _check_change(share, time, table, unit)
    over = int((generating > OVER_CAPACITY).sum())
    if over > max(MOST_OVER * len(generating), FEW) or over == len(generating):
        raise _wrong_unit(
            f"{over} of {len(generating)} rows with power exceed {OVER_CAPACITY} times the AC capacity of "
            f"{site.ac_capacity_kw:g} kW; the highest is {np.nanmax(values):,.0f} kW",
            _guess(float(np.quantile(generating, 0.99)), unit, time.step),
        )
    if generating.max() < LEAST_PEAK:
        days = len(np.unique(time.utc[~np.isnan(values)].astype("M8[D]")))
        if days >= DAYS_FOR_PEAK:
            raise _wrong_unit(
                f"within {days} days power never reaches {LEAST_PEAK:.0%} of the AC capacity of "
                f"{site.ac_capacity_kw:g} kW; the highest is {np.nanmax(values):.3g} kW",
                _guess(float(np.quantile(generating, 0.99)), unit, time.step),
            )
    _check_energy(share, time, site, unit)


def _guess(peak: float, unit: str, step: float) -> str:
    """Say which unit would make the peak, given as a share of capacity, a plausible one.

    Parameters
    ----------
    step
        Length of an interval. [s]
    """
    stated = _factor(unit, step)
    for other in units.known("kW"):
        if other != unit and PLAUSIBLE_PEAK <= peak * _factor(other, step) / stated <= MOST_PEAK:
            return f"values look like {_said(other, step)}, the YAML says {unit}"
    return f"no other unit than {unit} makes the values fit; is ac_capacity_kw right?"


def _factor(unit: str, step: float) -> float:
    """Return what a value of 1 is. [kW]"""
    conversion = units.conversion("kW", unit)
    return conversion.factor * (3600.0 / step if conversion.per_interval else 1.0)


def _said(unit: str, step: float) -> str:
    per_interval = units.conversion("kW", unit).per_interval
    return f"{unit} per {step / 60:g} min" if per_interval else unit


def _check_energy(share: Values, time: TimeAxis, site: Site, unit: str) -> None:
    """Refuse energies per interval that are called a power: they stay at a fraction of the capacity.

    Only where the sun stands high enough for long enough that a plant would have shown more: over 30 days,
    no plant of the public data sets stayed below a third of what the noon sun allows.
    """
    per_hour = 3600.0 / time.step
    if units.conversion("kW", unit).per_interval or per_hour < LEAST_PER_HOUR:
        return
    peak = float(np.nanmax(share))
    if not LEAST_PEAK <= peak <= MOST_PEAK_OF_ENERGY / per_hour:
        return
    days = np.unique(time.utc[share > NOISE].astype("M8[D]"))
    if len(days) < DAYS_FOR_ENERGY:
        return
    noon = _highest_noon(days, site.latitude)
    if peak < noon * LEAST_SHARE_OF_NOON:
        meant = _said("kWh" if unit == "kW" else f"{unit}h", time.step)
        raise _wrong_unit(
            f"within {len(days)} days, with the noon sun up to {np.degrees(np.arcsin(noon)):.0f} degrees "
            f"high, power never exceeds {peak:.0%} of the AC capacity of {site.ac_capacity_kw:g} kW",
            f"values look like {meant}, the YAML says {unit}",
        )


def _highest_noon(days: Times, latitude: float) -> float:
    """Return the sine of the sun's greatest elevation at noon over some days. [unitless]

    References
    ----------
    .. [1] P. I. Cooper, "The absorption of radiation in solar stills", Solar Energy 12 (3), 333-346, 1969.
       doi:10.1016/0038-092X(69)90047-4
    """
    of_year = (days - days.astype("M8[Y]")).astype(float) + 1
    declination = 23.45 * np.sin(2 * np.pi * (284 + of_year) / 365)
    return float(np.cos(np.radians(latitude - declination)).max())


def _wrong_unit(found: str, guess: str) -> UnreadableFileError:
    return UnreadableFileError(
        "wrong_unit",
        f"{found}: {guess}",
        "correct the unit of power_ac or ac_capacity_kw in the site's YAML (the file is then read again "
        "without a new upload), or upload the file in the stated unit",
    )


def _check_change(share: Values, time: TimeAxis, table: Table, unit: str) -> None:
    """Refuse a file whose power changes its unit between two days: by a factor of about 1000."""
    if not _may_change(share, time):
        return
    days, levels = _daily_peaks(share, time)
    if len(levels) < 2:  # noqa: PLR2004 - a change needs a before and an after
        return
    at = _farthest_apart(np.log10(levels))
    before, after = levels[:at], levels[at:]
    if not _is_change(before, after):
        return
    row = _first_row(share, time, days[at], rises=bool(after.max() > before.max()))
    stamp = str(time.utc[row])[:16].replace("T", " ")
    raise UnreadableFileError(
        "wrong_unit",
        f"the unit of power changes inside the file at row {time.rows[row] + table.first_row} "
        f"({stamp} UTC): the days before peak at {before.max():.3g} times the AC capacity, those after "
        f"at {after.max():.3g} times; the YAML says {unit} for all",
        "split the file there and upload both parts in one unit, or correct the values",
    )


def _may_change(share: Values, time: TimeAxis) -> bool:
    """Whether a change of unit is possible at all: some value is far too high, or some days far too low.

    Spares the sorting of every day's values for nearly every file.
    """
    if np.nanmax(share) > OVER_CAPACITY:
        return True
    days = time.utc.astype("M8[D]").astype(np.int64)
    starts = np.flatnonzero(np.append(True, np.diff(days) != 0))
    generating = np.add.reduceat(share > NOISE, starts, dtype=np.int64)
    low = generating - np.add.reduceat(share >= LEAST_PEAK, starts, dtype=np.int64)
    return bool(((generating > 0) & (low >= MOSTLY * generating)).sum() >= DAYS_FOR_PEAK)


def _farthest_apart(logs: Values) -> int:
    """Return where to cut so that the days before and those after are farthest apart."""
    falls = np.minimum.accumulate(logs)[:-1] - np.maximum.accumulate(logs[::-1])[::-1][1:]
    rises = np.minimum.accumulate(logs[::-1])[::-1][1:] - np.maximum.accumulate(logs)[:-1]
    return int(np.maximum(falls, rises).argmax()) + 1


def _is_change(before: Values, after: Values) -> bool:
    """Whether every day on one side is far from every day on the other, and one side cannot be.

    A cloudy day is not far; a plant that stands still is low, but not for days at a steady thousandth.
    """
    low, high = sorted((before, after), key=np.max)
    if high.min() < low.max() * APART or np.median(high) < np.median(low) * JUMP:
        return False
    too_high = high.max() > OVER_CAPACITY >= low.max()
    too_low = low.max() < LEAST_PEAK and len(low) >= DAYS_FOR_PEAK
    return bool(too_high or too_low)


def _daily_peaks(share: Values, time: TimeAxis) -> tuple[Times, Values]:
    """Return the days with power for some hours, and how high it was in a tenth of that time.

    The tenth keeps a single spike from looking like a day in another unit.
    """
    generating = share > NOISE
    power = share[generating]
    days, starts, counts = np.unique(
        time.utc[generating].astype("M8[D]"), return_index=True, return_counts=True
    )
    by_day = np.lexsort((power, np.repeat(np.arange(len(days)), counts)))
    levels = power[by_day][starts + ((counts - 1) * 0.9).astype(np.intp)]
    whole = counts * time.step >= HOURS_OF_A_DAY * 3600
    return days[whole], levels[whole]


def _first_row(share: Values, time: TimeAxis, day: np.datetime64, *, rises: bool) -> int:
    """Return the first row after the change, looking from the day before it [position on the axis]."""
    window = np.flatnonzero(
        (time.utc >= day - np.timedelta64(1, "D")) & (time.utc < day + np.timedelta64(1, "D"))
    )
    high = window[share[window] > OVER_CAPACITY]
    if len(high):
        return int(high[0]) if rises else int(min(high[-1] + 1, window[-1]))
    return int(window[np.searchsorted(time.utc[window], day)])
