"""Values to canonical units, what cannot be masked, and what shows that a unit must be wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.data_watcher import units
from services.data_watcher.reading.files import Table
from services.data_watcher.reading.stamps import TimeAxis
from services.data_watcher.reading.zones import Times
from shared.errors import UnreadableFileError
from shared.solar.site import FORECAST_PREFIX, Site, SourceFormat, canonical_unit

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Limits outside of which no instrument of a plant measures [canonical unit]. Irradiance above the solar
# constant occurs under broken clouds; a few W/m² below zero is a pyranometer's night offset.
LIMITS: dict[str, tuple[float, float]] = {
    "ghi": (-20.0, 1800.0),
    "dni": (-20.0, 1500.0),
    "dhi": (-20.0, 1200.0),
    "poa_global": (-20.0, 2000.0),
    "temp_air": (-60.0, 65.0),
    "temp_module": (-60.0, 120.0),
    "wind_speed": (0.0, 75.0),
    "relative_humidity": (0.0, 105.0),
    "pressure": (450.0, 1100.0),
}
OVER_CAPACITY = 1.5  # of AC capacity; inverters were seen 1.34 above nameplate
NIGHT_DRAW = -0.1  # of AC capacity; stand-by consumption stays far above
MOST_OVER = 0.01  # share of rows with power over OVER_CAPACITY, before the unit must be wrong
FEW = 4  # rows over it that are spikes in however small a file
LEAST_PEAK = 0.01  # of AC capacity; snow and rain included, reached within DAYS_FOR_PEAK
DAYS_FOR_PEAK = 3
PLAUSIBLE_PEAK = 0.05  # of AC capacity, for guessing which unit was meant
NOISE = 1e-5  # of AC capacity; a plant that stands still is no wrong unit
JUMP = 100.0  # between the levels before and after a change of unit, which is a factor of 1000
APART = 10.0  # between the lowest day on one side and the highest on the other
HOURS_OF_A_DAY = 3  # with power, for a day's peak to say something


@dataclass(frozen=True, slots=True)
class Measured:
    """Canonical columns on the time axis, and what was masked.

    Attributes
    ----------
    columns
        Values by canonical name, NaN where there is none [canonical unit].
    masks
        How many rows were masked, by reason.
    masked
        Which rows lost a value.
    """

    columns: dict[str, Values]
    masks: dict[str, int]
    masked: Mask


def convert(table: Table, source: SourceFormat, site: Site, time: TimeAxis) -> Measured:
    """Convert a table's numbers to canonical units and mask those that cannot be.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, judged by the site's AC capacity, or `empty` where no value is left.
    """
    columns: dict[str, Values] = {}
    reasons: dict[str, Mask] = {}
    for name, column in source.columns.items():
        unit = units.conversion(canonical_unit(name) or "", column.unit)
        values = table.values[name][time.rows] * column.scale * unit.factor + unit.offset
        if unit.per_interval:
            values = values / (time.step / 3600.0)
        if name == "power_ac":
            _check_power(values, time, table, site, column.unit)
        for reason, fault in table.faults[name].items():
            _add(reasons, reason, fault[time.rows])
        outside = _outside(name, values, site)
        _add(reasons, "out_of_range", outside)
        columns[name] = np.where(outside, np.nan, values)
    if all(np.isnan(values).all() for values in columns.values()):
        raise UnreadableFileError(
            "empty",
            f"none of the {table.rows} rows holds a value in {', '.join(columns)}",
            "upload it again once it holds measurements; see the masked reasons if it should already: "
            + (", ".join(f"{name} {mask.sum()}" for name, mask in reasons.items()) or "none"),
        )
    masked = np.zeros(len(time.utc), bool)
    for mask in reasons.values():
        masked |= mask
    masks = {name: int(mask.sum()) for name, mask in reasons.items() if mask.any()}
    return Measured(columns, masks, masked)


def _add(reasons: dict[str, Mask], reason: str, mask: Mask) -> None:
    reasons[reason] = reasons[reason] | mask if reason in reasons else mask


def _outside(name: str, values: Values, site: Site) -> Mask:
    quantity = name.removeprefix(FORECAST_PREFIX)
    low, high = LIMITS.get(
        quantity, (NIGHT_DRAW * site.ac_capacity_kw, OVER_CAPACITY * site.ac_capacity_kw)
    )
    return (values < low) | (values > high)


# --- power against capacity -------------------------------------------------------------------------


def _check_power(values: Values, time: TimeAxis, table: Table, site: Site, unit: str) -> None:
    share = values / site.ac_capacity_kw
    generating = share[share > NOISE]
    if not len(generating):
        return
    _check_change(share, time, table, unit)
    over = int((generating > OVER_CAPACITY).sum())
    peak = float(np.quantile(generating, 0.99))
    if over > max(MOST_OVER * len(generating), FEW) or over == len(generating):
        raise _wrong_unit(
            f"{over} of {len(generating)} rows with power exceed {OVER_CAPACITY} times the AC capacity of "
            f"{site.ac_capacity_kw:g} kW; the highest is {np.nanmax(values):,.0f} kW",
            _guess(peak, unit),
        )
    days = len(np.unique(time.utc[~np.isnan(values)].astype("M8[D]")))
    if generating.max() < LEAST_PEAK and days >= DAYS_FOR_PEAK:
        raise _wrong_unit(
            f"within {days} days power never reaches {LEAST_PEAK:.0%} of the AC capacity of "
            f"{site.ac_capacity_kw:g} kW; the highest is {np.nanmax(values):.3g} kW",
            _guess(peak, unit),
        )


def _guess(peak: float, unit: str) -> str:
    """Say which unit would make the peak, given as a share of capacity, a plausible one."""
    for other, conversion in _power_units():
        stated = units.conversion("kW", unit)
        if conversion.per_interval != stated.per_interval:
            continue
        if PLAUSIBLE_PEAK <= peak * conversion.factor / stated.factor <= OVER_CAPACITY:
            return f"values look like {other}, the YAML says {unit}"
    return f"no other unit than {unit} makes the values fit; is ac_capacity_kw right?"


def _power_units() -> list[tuple[str, units.Unit]]:
    return [(name, units.conversion("kW", name)) for name in units.known("kW")]


def _wrong_unit(found: str, guess: str) -> UnreadableFileError:
    return UnreadableFileError(
        "wrong_unit",
        f"{found}: {guess}",
        "correct the unit of power_ac or ac_capacity_kw in the site's YAML (the file is then read again "
        "without a new upload), or upload the file in the stated unit",
    )


def _check_change(share: Values, time: TimeAxis, table: Table, unit: str) -> None:
    """Refuse a file whose power changes its unit between two days: by a factor of about 1000."""
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
