"""Reads what somebody predicted: canonical rows of each issue, never of what was known before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from services.data_watcher.adapters.reading import (
    accumulated,
    averaged,
    canonical,
    issues,
    quantities,
)
from services.data_watcher.adapters.reading.issues import Placed
from services.data_watcher.adapters.reading.table import Table
from services.data_watcher.domain.believable import (
    lasting,
    leads,
    losses,
    predicted,
    ranges,
    resemblance,
)
from services.data_watcher.domain.believable.power import STANDARD
from services.data_watcher.domain.believable.predicted import Light
from services.data_watcher.domain.believable.sky import Sky
from services.data_watcher.domain.time_axis import TimeAxis, ticks_of
from services.data_watcher.domain.traits import Traits
from services.data_watcher.ports import Reading
from shared.errors import UnreadableFileError
from shared.solar import issued as written
from shared.solar.site import FORECAST_PREFIX, Site, SourceFormat

GHI = "ghi"
IRRADIANCES = ("ghi", "dhi", "dni", "poa_global")
# What a row that lacks one of several columns is called elsewhere.
_RENAMED = {"inverter_missing": "member_missing"}
_DAYS_OF_ANY_WEATHER = (
    14  # twice as many as of power: 3-hourly values are few, and days at the edges are cut
)
_MANY_SECONDS = 120
_UNBELIEVABLE = {"out_of_range", "above_any_sky", "dark_day"}
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def read(
    table: Table, source: SourceFormat, site: Site, name: str, uploaded_at: datetime | None
) -> Reading:
    """Turn the table of a forecast file into canonical rows.

    Parameters
    ----------
    name
        The file's name, without its folder.
    uploaded_at
        When it was uploaded, where that is when it was issued.

    Raises
    ------
    UnreadableFileError
        With the fault's code, what was found where, and what its owner can do.
    """
    placed = issues.place(table, source, site, name, uploaded_at)
    sky = Sky.over_each(placed.time.utc, placed.lengths, site)
    late = leads.check_issued_before(placed.time.utc, placed.issued, sky.is_lit)
    found = {
        each: _values(each, table, source, placed, sky) for each in source.columns
    }  # before late rows go: sums begin in them
    if late.any():
        placed, sky = placed.take(~late), sky.take(~late)
        placed.time.counts["before_issue"] = int(late.sum())
        found = {each: _kept(values, own, ~late) for each, (values, own) in found.items()}
    return _judged(table, source, site, placed, sky, found)


Found = dict[str, tuple[Values, dict[str, Mask]]]


def _judged(  # noqa: PLR0917 - the file, how it reads, and what was found
    table: Table, source: SourceFormat, site: Site, placed: Placed, sky: Sky, found: Found
) -> Reading:
    """Return the canonical rows of what can be true."""
    traits = _believed(table, source, site, placed, sky, found)
    columns = {name: _left(values, reasons) for name, (values, reasons) in found.items()}
    masks: dict[str, Mask] = {}
    for _, reasons in found.values():
        for reason, mask in reasons.items():
            masks[reason] = masks[reason] | mask if reason in masks else mask
    if all(np.isnan(values).all() for values in columns.values()):
        raise UnreadableFileError(
            "empty",
            f"none of the {len(placed.issued)} rows holds a value in {', '.join(columns)}",
            "upload it again once it holds a forecast; see the masked reasons if it should already: "
            + (", ".join(f"{each} {mask.sum()}" for each, mask in masks.items()) or "none"),
        )
    lost = {name: reasons for name, (_, reasons) in found.items()}
    losses.check(
        lost,
        placed.time,
        site,
        said=table.said,
        examples=table.examples,
        lit=lambda: sky.is_lit,
    )
    return canonical.encode_forecast(
        placed,
        {FORECAST_PREFIX + name: values for name, values in columns.items()},
        masks,
        provider=source.made_by,
        traits=traits,
        note="; ".join(filter(None, (table.note, _gathered(placed), _short(placed, source))))
        or None,
    )


def _believed(  # noqa: PLR0917 - the file, how it reads, and what was found
    table: Table, source: SourceFormat, site: Site, placed: Placed, sky: Sky, found: Found
) -> Traits:
    """Add what cannot be true to the reasons, or refuse the file; return by what it is compared."""
    traits = Traits(placed.time.step)
    for name, (values, reasons) in found.items():
        reasons["out_of_range"] = ranges.outside(name, values, site)
        if name not in IRRADIANCES:
            continue
        light = _light(name, values, source, placed, sky, table)
        if source.columns[name].kind == "value":
            predicted.check_grows(light)
            lasting.check(light)
        if name == GHI:
            traits = _traits(values, placed, site)
            predicted.check_clock(light, placed.time, site, _middle(traits))
        if name in predicted.UNDER_SKY:
            reasons["above_any_sky"], reasons["dark_day"] = predicted.check_unit(light)
    return traits


def _left(values: Values, reasons: dict[str, Mask]) -> Values:
    """Return values without those that cannot be true."""
    for reason in _UNBELIEVABLE & reasons.keys():
        if reasons[reason].any():
            values = np.where(reasons[reason], np.nan, values)
    return values


def _values(
    name: str, table: Table, source: SourceFormat, placed: Placed, sky: Sky
) -> tuple[Values, dict[str, Mask]]:
    """Return a quantity on the rows in its canonical unit, and which rows have none by reason."""
    column, time = source.columns[name], placed.time
    unit = quantities.unit_of(name, column)
    values = quantities.converted(time.pick(table.values[name]), column.scale, unit)
    reasons = {
        _RENAMED.get(reason, reason): time.pick(fault)
        for reason, fault in table.faults[name].items()
    }
    if name in time.doubtful:
        reasons["contradicting_rows"] = time.doubtful[name]
        values = np.where(time.doubtful[name], np.nan, values)
    if column.kind == "accumulated":
        means, unknown = accumulated.means(values, placed, sky, name)
        return means, reasons | unknown
    if column.kind == "averaged":
        means, unknown = averaged.means(values, placed, sky, name, column.every)
        return means, reasons | unknown
    return (values / (placed.lengths / 3600.0) if unit.per_interval else values), reasons


def _kept(values: Values, reasons: dict[str, Mask], rows: Mask) -> tuple[Values, dict[str, Mask]]:
    return values[rows], {reason: mask[rows] for reason, mask in reasons.items()}


def _light(  # noqa: PLR0917 - a column, its file, and the sky over it
    name: str, values: Values, source: SourceFormat, placed: Placed, sky: Sky, table: Table
) -> Light:
    column, time = source.columns[name], placed.time
    unit = quantities.unit_of(name, column)
    factor = column.scale * unit.factor
    return Light(
        name=name,
        values=values,
        issued=placed.issued,
        begins=time.utc,
        sky=sky,
        unit=column.unit,
        factor=factor / (time.step / 3600.0) if unit.per_interval else factor,
        step=time.step,
        lengths=placed.lengths,
        said=lambda row: table.said(int(time.rows[row])),
    )


def _freshest(placed: Placed, step: float) -> npt.NDArray[np.intp]:
    """Return, for each target, the row of its last issue, in the order of the targets.

    Only of intervals of one step [s]. Where issues lie on several grids, as 3-hourly ones of every seven
    hours, on the commonest.
    """
    utc = placed.time.utc
    alike = np.flatnonzero(placed.lengths == step)
    phase = ticks_of(utc[alike]) % round(step * 1e6)
    phases, counts = np.unique(phase, return_counts=True)
    chosen = alike[phase == phases[counts.argmax()]]
    _, first = np.unique(utc[chosen][::-1], return_index=True)
    rows: npt.NDArray[np.intp] = chosen[len(chosen) - 1 - first]
    return rows


def _traits(ghi: Values, placed: Placed, site: Site) -> Traits:
    """Return by what forecast files are compared: their freshest irradiance, as power of a level plant."""
    steps, counts = np.unique(placed.lengths, return_counts=True)
    step = float(steps[counts.argmax()])
    rows = _freshest(placed, step)
    values = np.nan_to_num(ghi[rows]) / STANDARD * site.ac_capacity_kw
    axis = TimeAxis(placed.time.utc[rows], rows, step, {})
    # Without prints: a neighbour of the plant may have the same forecast.
    return replace(resemblance.traits(axis, values, site), prints=())


def _middle(traits: Traits) -> float | None:
    """Return how long after noon days are centred: clear ones, or so many that the weather is out of it."""
    weather_decides = resemblance.MANY_DAYS <= traits.days < _DAYS_OF_ANY_WEATHER
    return None if weather_decides else traits.middle


def _gathered(placed: Placed) -> str | None:
    """Say that rows of one issue had times of their own."""
    apart = placed.apart
    if not apart:
        return None
    said = f"{max(apart, 1):.0f} s" if apart < _MANY_SECONDS else f"{apart / 60:.0f} min"
    return f"rows of one issue were written up to {said} apart; it counts from its last row"


def _short(placed: Placed, source: SourceFormat) -> str | None:
    """Say that a file reaches less far than its horizon."""
    if source.horizon is None:
        return None
    reached = (placed.ends - placed.issued).max() / np.timedelta64(1, "h")
    asked = written.span(source.horizon).total_seconds() / 3600.0
    return f"it reaches {reached:g} h, the horizon is {asked:g} h" if reached < asked else None
