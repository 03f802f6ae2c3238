"""Values to canonical units; what cannot be true is masked or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.data_watcher.adapters.reading import counters, percent
from services.data_watcher.adapters.reading.table import Table
from services.data_watcher.domain import units
from services.data_watcher.domain.believable import (
    clear_sky,
    filled,
    held_back,
    irradiance,
    losses,
    nights,
    outages,
    ranges,
    temperature,
)
from services.data_watcher.domain.believable.checks import check_beside, check_power
from services.data_watcher.domain.believable.power import STANDARD, Power
from services.data_watcher.domain.time_axis import TimeAxis
from services.data_watcher.domain.units import Unit
from shared.errors import UnreadableFileError
from shared.solar.site import POWER, ColumnFormat, Site, SourceFormat, canonical_unit

GHI, PLANE = "ghi", "poa_global"
HUMIDITY, TEMPERATURE, MODULE = "relative_humidity", "temp_air", "temp_module"
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


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
        For what cannot be believed, or `empty` where no value is left.
    """
    columns: dict[str, Values] = {}
    lost: dict[str, dict[str, Mask]] = {}
    power = None
    for name, column in source.columns.items():
        values, own = _values(name, table, source, site, time)
        if name == POWER:
            factor = column.scale * unit_of(name, column).factor
            power = Power.of(
                values,
                time,
                site,
                column.unit,
                table.places.said,
                scale=column.scale,
                factor=factor,
            )
            try:
                check_power(power)
            except UnreadableFileError as error:
                _check_numbers(name, own, table, time, site)
                raise percent.explained(error, column, site.ac_capacity_kw) from error
        else:
            _check_weather(name, values, column.unit, time, site, table.places.said)
        outside = {"out_of_range": ranges.outside(name, values, site)}
        columns[name], lost[name] = _without(values, outside), own | outside
    read = {name for name, each in source.columns.items() if each.kind == "value"}
    _take_out_what_nobody_measured(columns, lost, read, time, site)
    if all(np.isnan(values).all() for values in columns.values()):
        for name, own in lost.items():
            _check_numbers(name, own, table, time, site)
        taken = _by_reason(lost).items()
        raise UnreadableFileError(
            "empty",
            f"none of the {table.rows} rows holds a value in {', '.join(columns)}",
            "upload it again once it holds measurements; see the masked reasons if it should already: "
            + (", ".join(f"{name} {mask.sum()}" for name, mask in taken) or "none"),
        )
    _check_together(power, columns, source, time, site, table.places.said)
    for name, unlit in _dark(columns, time, site).items():
        columns[name] = _without(columns[name], unlit)
        lost[name] |= unlit
    losses.check(lost, time, site, said=table.said, examples=table.examples)
    reasons = _by_reason(lost)
    masked = np.zeros(len(time.utc), bool)
    for mask in reasons.values():
        masked |= mask
    masks = {name: int(mask.sum()) for name, mask in reasons.items() if mask.any()}
    return Measured(columns, masks, masked)


def _take_out_what_nobody_measured(
    columns: dict[str, Values],
    lost: dict[str, dict[str, Mask]],
    read: set[str],
    time: TimeAxis,
    site: Site,
) -> None:
    """Mask what was filled in, stood still or was held back in the columns that were read as they are."""
    filled_in = filled.found({name: columns[name] for name in columns if name in read}, time)
    still = nights.frozen(columns[POWER], time, site) if POWER in read else None
    if still is not None:
        filled_in[POWER] = _joined(filled_in[POWER], {"stuck": still})
    for name, made_up in filled_in.items():
        columns[name] = _without(columns[name], made_up)
        lost[name] |= made_up
    if POWER in read:
        interrupted = _interrupted(columns, time, site)
        columns[POWER] = _without(columns[POWER], interrupted)
        lost[POWER] = _joined(lost[POWER], interrupted)


def _check_numbers(
    name: str, own: dict[str, Mask], table: Table, time: TimeAxis, site: Site
) -> None:
    """Refuse a quantity for its cells that are no numbers: what is left without them tells no unit."""
    lost = {name: {reason: own[reason] for reason in own.keys() & {"no_number"}}}
    losses.check(lost, time, site, said=table.said, examples=table.examples)


def _check_together(  # noqa: PLR0917 - columns, their file and its site
    power: Power | None,
    columns: dict[str, Values],
    source: SourceFormat,
    time: TimeAxis,
    site: Site,
    place: Callable[[int], str],
) -> None:
    """Refuse a file whose columns cannot be true beside each other, or beside the sky."""
    if MODULE in columns:
        unit = source.columns[MODULE].unit
        temperature.check_module(columns[MODULE], columns.get(TEMPERATURE), time, site, unit)
    if power is not None:
        check_beside(power, columns)
    if GHI in columns:
        clear_sky.check(columns[GHI], time, site, place)


def _dark(columns: dict[str, Values], time: TimeAxis, site: Site) -> dict[str, dict[str, Mask]]:
    """Return the rows of irradiance in which its sensor sees nothing while the plant gives power."""
    power = columns.get(POWER)
    names = [name for name in irradiance.ON_PLANE if name in columns and power is not None]
    found = {name: irradiance.dark(columns[name], columns[POWER], time, site) for name in names}
    return {name: {"dark_sensor": rows} for name, rows in found.items() if rows is not None}


def _interrupted(columns: dict[str, Values], time: TimeAxis, site: Site) -> dict[str, Mask]:
    """Return the rows of power that are not what the sun gave, by reason."""
    lights = [columns[name] for name in irradiance.ON_PLANE if name in columns]
    found = held_back.found(columns[POWER], time, site, columns.get(PLANE))
    outage = outages.found(columns[POWER], time, site, lights)
    return found if outage is None else found | {"outage": outage}


def _check_weather(  # noqa: PLR0917 - a column, its file and its site
    name: str,
    values: Values,
    unit: str,
    time: TimeAxis,
    site: Site,
    place: Callable[[int], str],
) -> None:
    """Refuse a file whose weather cannot be what its column says; most columns say nothing of themselves."""
    if name == GHI:
        if irradiance.is_doubtful(values, time, site):
            light = values / STANDARD * site.ac_capacity_kw
            irradiance.check_by_sun(Power.of(light, time, site, unit, place))
    elif name == PLANE:
        irradiance.check_plane(name, values, place, time)
    elif name == TEMPERATURE:
        temperature.check_jump(name, values, time, site, place)
        temperature.check(values, time, site, unit)
    elif name == MODULE:
        temperature.check_jump(name, values, time, site, place)
    elif name == HUMIDITY:
        ranges.check_fraction(name, values, unit)


def _values(
    name: str, table: Table, source: SourceFormat, site: Site, time: TimeAxis
) -> tuple[Values, dict[str, Mask]]:
    """Return a quantity on the time axis in its canonical unit, and which rows have none by reason."""
    column = source.columns[name]
    unit = unit_of(name, column)
    values = converted(time.pick(table.values[name]), column.scale, unit)
    reasons = {reason: time.pick(fault) for reason, fault in table.faults[name].items()}
    if name in time.doubtful:
        reasons["contradicting_rows"] = time.doubtful[name]
        values = np.where(time.doubtful[name], np.nan, values)
    if column.kind == "counter":
        at_end = source.timestamp.label in {"right", "end"}
        values, uncounted = counters.energies(values, time, name, site, at_end=at_end)
        reasons |= uncounted
    if unit.per_interval:
        values = values / (time.lengths() / 3600.0)
    return values, reasons


def unit_of(name: str, column: ColumnFormat) -> Unit:
    """Return how the numbers of a quantity become its canonical unit."""
    return units.conversion(canonical_unit(name) or "", column.unit)


def converted(values: Values, scale: float, unit: Unit) -> Values:
    """Return values in the canonical unit; columns are long, so no step is done for nothing."""
    if scale != 1:
        values = values * scale
    if unit.factor != 1:
        values = values * unit.factor
    return values + unit.offset if unit.offset else values


def _without(values: Values, reasons: dict[str, Mask]) -> Values:
    """Return values without those that are lost for some reason."""
    for rows in reasons.values():
        if rows.any():
            values = np.where(rows, np.nan, values)
    return values


def _joined(one: dict[str, Mask], other: dict[str, Mask]) -> dict[str, Mask]:
    return one | {name: rows | one[name] if name in one else rows for name, rows in other.items()}


def _by_reason(lost: dict[str, dict[str, Mask]]) -> dict[str, Mask]:
    """Return which rows lose a value of any quantity, by reason."""
    reasons: dict[str, Mask] = {}
    for own in lost.values():
        for reason, rows in own.items():
            reasons[reason] = reasons[reason] | rows if reason in reasons else rows
    return reasons
