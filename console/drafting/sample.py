"""Looks at sample files of a plant and proposes how they read, with the evidence for each guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from console.drafting import (
    beside,
    cells,
    columns,
    conflicts,
    filenames,
    forecasts,
    issue_steps,
    numbered,
    quantities,
    series,
    shares,
    side_by_side,
    stamps,
    summer,
    unit_words,
    weather_services,
)
from console.drafting.cells import Numbers
from console.drafting.guess import Changes, Guess, NotUnderstoodError, SourceDraft
from console.drafting.layout import Sheet, read
from console.drafting.plant_power import Several
from console.drafting.stamps import Stamps
from console.drafting.units_guessed import peak
from services.data_watcher.adapters.reading import header
from shared.errors import UnreadableFileError


@dataclass(frozen=True, slots=True)
class Drafts:
    """What was made of the samples, and why nothing was made of the others."""

    sources: list[SourceDraft]
    not_understood: list[str]


def draft(paths: Sequence[Path], capacity_kw: float | None = None) -> Drafts:
    """Look at all samples together: those that have the same columns are one source.

    Parameters
    ----------
    capacity_kw
        AC capacity of the plant, which tells the unit of its power where no header does.
    """
    sheets, failed = [], []
    for path in paths:
        try:
            sheets.append(side_by_side.unrolled(read(path)))
        except NotUnderstoodError as error:
            failed.append(str(error))
        except UnreadableFileError as error:
            failed.append(f"{path.name}: {error.reason}; {error.remedy}")
        except OSError as error:
            failed.append(
                f"{path.name}: it cannot be opened ({error.strerror}); look at its permissions"
            )
    found = []
    for group in _groups(sheets):
        try:
            found += _sources(group, capacity_kw)
        except NotUnderstoodError as error:
            failed.append(str(error))
    alone = conflicts.in_order([each for each in found if not each.is_beside])
    return Drafts([*(each for each in found if each.is_beside), *alone], failed)


def _stamps(sheets: Sequence[Sheet]) -> Stamps:
    return numbered.placed(sheets, stamps.find(sheets))


def _groups(sheets: Sequence[Sheet]) -> list[list[Sheet]]:
    """Return the files by what they are and which columns they have."""
    found: dict[tuple[object, ...], list[Sheet]] = {}
    for sheet in sheets:
        layout = tuple((name, each.value) for name, each in sheet.layout.items())
        key = (sheet.format, layout, tuple(sheet.columns), tuple(sheet.units.items()))
        found.setdefault(key, []).append(sheet)
    return list(found.values())


def _sources(sheets: list[Sheet], capacity_kw: float | None) -> list[SourceDraft]:
    """Return one source for files that read alike; where no form of stamps fits all, one for each form."""
    try:
        found = _stamps(sheets)
    except NotUnderstoodError:
        if len(sheets) == 1:
            raise
    else:
        if len(set(found.zoned)) == 1:
            return _by_plant(sheets, found, capacity_kw)
    alone: dict[tuple[str, ...], list[Sheet]] = {}
    lost = []
    for sheet in sheets:
        try:
            own = _stamps([sheet])
        except NotUnderstoodError as error:
            lost.append(str(error))
            continue
        written = (*(str(each.value) for each in own.guesses.values()), str(own.zoned[0]))
        alone.setdefault(written, []).append(sheet)
    sources = [one for some in alone.values() for one in _source(some, _stamps(some), capacity_kw)]
    if lost and not sources:
        raise NotUnderstoodError("; ".join(lost))
    said = "GUESSED: the samples write their stamps in different ways, so they are sources of their own"
    notes = [said, *(f"not understood: {each}" for each in lost)]
    return [replace(each, notes=(*each.notes, *notes)) for each in sources]


def _by_plant(sheets: list[Sheet], found: Stamps, capacity_kw: float | None) -> list[SourceDraft]:
    """Return one source, or one for each plant that the names tell apart."""
    names = [sheet.path.name for sheet in sheets]
    shapes = list(dict.fromkeys(map(filenames.shape, names)))
    # Issues of a forecast say of the same time what they said when they were issued.
    is_forecast = forecasts.recognise(sheets, found) is not None
    conflict = [] if is_forecast else conflicts.of_plants(sheets, found)
    if len(shapes) == 1 or not (conflict or all(map(filenames.is_dated, names))):
        return [
            replace(each, warnings=tuple(conflict)) for each in _source(sheets, found, capacity_kw)
        ]
    note = (
        "GUESSED: the names tell plants or devices apart, so each is a source of its own. One site is one "
        "plant: draft other plants alone"
    )
    each = [[s for s in sheets if filenames.shape(s.path.name) == shape] for shape in shapes]
    drafts = [one for some in each for one in _source(some, _stamps(some), capacity_kw)]
    return [replace(one, notes=(*one.notes, note), warnings=tuple(conflict)) for one in drafts]


def _source(sheets: list[Sheet], found: Stamps, capacity_kw: float | None) -> list[SourceDraft]:
    """Return the source of files that read alike, or two where they hold forecasts beside measurements."""
    predicted = forecasts.recognise(sheets, found)
    taken = found.taken | (predicted.taken if predicted else set())
    several = series.find(sheets, found.times, taken)
    rows, inverters = sheets, 1
    if several is not None:
        rows = [_only(sheet, mask) for sheet, mask in zip(sheets, several.masks, strict=True)]
        found = _stamps(rows)
        inverters, taken = several.added_up, taken | {several.column}
        predicted = forecasts.recognise(rows, found)
    numbered.refuse_dates(sheets, found)
    numbers, writing, notes = columns.columns(rows, taken)
    numbers |= _alike(rows)
    times = np.concatenate(found.times)
    values = {  # a row without a time is a sum, or a comment
        name: np.where(np.isnat(times), np.nan, np.concatenate([each.values for each in some]))
        for name, some in numbers.items()
    }
    if predicted is None:  # a counter is one in the order of time only
        order = np.argsort(times, kind="stable")
        times, values = times[order], {name: each[order] for name, each in values.items()}
    in_cells = _in_cells(rows, numbers, values, several.unit if several else None)
    own_capacity = capacity_kw / inverters if capacity_kw else None
    signed = {name for name, unit in in_cells.items() if shares.are(unit)}
    coded = weather_services.columns(sheets[0].columns, values)
    if coded is not None:
        found = forecasts.in_utc(found)
    what = (
        quantities.quantities(values, sheets[0].units | in_cells, own_capacity, found.step, signed)
        if coded is None
        else quantities.Quantities(coded, ())
    )
    if not what.columns and what.notes:
        raise NotUnderstoodError(f"{sheets[0].path.name}: {'; '.join(what.notes)}")
    if not what.columns:
        names = ", ".join(sheet.path.name for sheet in sheets)
        twice = list(dict.fromkeys(name for sheet in sheets for name in sheet.twice))
        said = (
            f"{', '.join(map(repr, twice[:5]))} name several columns each, and columns are read by their "
            "names; export one device alone, or give each column a name of its own"
            if twice
            else "name it in the YAML, or give it a header like power (kW)"
        )
        raise NotUnderstoodError(
            f"{names}: no column of numbers is power or weather by its name or unit; {said}"
        )
    foretold = forecasts.of_power(list(sheets[0].columns), what.columns)
    if foretold is not None:
        raise NotUnderstoodError(
            f"{sheets[0].path.name}: {foretold!r} has a range beside it ({foretold}10, {foretold}90), so "
            "that it is somebody's forecast of power, which is neither measured nor weather; ask the "
            "provider for irradiance and temperature, from which a model of forecasts predicts the power"
        )
    what = replace(what, columns=_of_alike(what.columns, sheets[0].twice))
    found = stamps.counted_at_end(found, what.columns)
    is_forecast = predicted is not None and forecasts.holds(predicted, what.columns)
    if predicted is not None and is_forecast:
        found = issue_steps.of_issues(forecasts.in_utc(found), predicted.issues)
        issue = forecasts.numbered(predicted.issues)
        what = replace(what, columns=forecasts.columns(what.columns, values, times, issue))
        found = forecasts.ended(found, what.columns)
        notes = [*predicted.notes, *notes]
    whole = SourceDraft(
        paths=tuple(sheet.path for sheet in sheets),
        rows=tuple(sheet.looked_at for sheet in sheets),
        glob=filenames.glob([sheet.path.name for sheet in sheets]),
        format=sheets[0].format,
        layout=sheets[0].layout | (several.layout if several else {}) | writing,
        timestamp=found.guesses,
        columns=what.columns,
        peak=_peak(what.columns, values, found.step, inverters),
        noon=quantities.noon(what.columns, values, times, _middle(found)),
        late=quantities.late(times),
        offset=found.offset,
        summer=()
        if is_forecast or found.offset
        else found.changes or _changes(times, what.columns, values),
        unused=what.unused,
        notes=(*_partly(sheets), *_unit_rows(sheets), *notes, *what.notes, *found.notes),
        forecast=predicted.guesses if predicted and is_forecast else {},
    )
    in_turn, whole_columns = side_by_side.said(sheets[0], found, what.columns)
    whole = replace(whole, timestamp=in_turn.guesses, columns=whole_columns)
    return [whole] if is_forecast else beside.divided(whole, predicted, values, times)


def _in_cells(
    sheets: Sequence[Sheet],
    numbers: dict[str, list[Numbers]],
    values: dict[str, quantities.Values],
    of_series: str | None,
) -> dict[str, str]:
    """Return the units that cells say, a column of units, the name of a series, or what is beside records."""
    found = _of_unit_column(sheets, values)
    unit = of_series or sheets[0].unit
    if unit is not None:
        found = dict.fromkeys(_without_units(values), unit) | found
    return found | {name: some[0].unit for name, some in numbers.items() if some[0].unit}


def _of_unit_column(
    sheets: Sequence[Sheet], values: dict[str, quantities.Values]
) -> dict[str, str]:
    """Return the unit that a column of units says of those whose names say none, and whose values differ."""
    for name in sheets[0].columns:
        said = {str(each).strip() for sheet in sheets for each in sheet.columns[name] if each}
        if (
            name.casefold() in header.UNITS
            and len(said) == 1
            and unit_words.is_unit(unit := said.pop())
        ):
            return dict.fromkeys(_without_units(values), unit)
    return {}


def _without_units(values: dict[str, quantities.Values]) -> list[str]:
    """Return the columns whose names say no unit, and whose values differ."""
    return [
        name
        for name, own in values.items()
        if unit_words.of_name(name) is None and len(np.unique(own[np.isfinite(own)])) > 1
    ]


def _alike(sheets: Sequence[Sheet]) -> dict[str, list[Numbers]]:
    """Return the sums of power that is called alike, as of several inverters beside each other."""
    found = {}
    for name in filter(quantities.is_called_power, sheets[0].twice):
        each_file = [
            [cells.numbers(own, name) for own in sheet.twice.get(name, [])] for sheet in sheets
        ]
        known = [[each for each in some if each is not None] for some in each_file]
        if all(some and len(some) == len(own) for some, own in zip(known, each_file, strict=True)):
            found[name] = [
                replace(some[0], values=np.sum([each.values for each in some], axis=0))
                for some in known
            ]
    return found


def _of_alike(found: quantities.Columns, twice: dict[str, list[list[Any]]]) -> quantities.Columns:
    """Return quantities with `columns` for power of several columns of one name."""
    power = found.get("power_ac", {})
    name = str(power["column"].value) if "column" in power else ""
    if name not in twice:
        return found
    why = f"GUESSED: {len(twice[name])} columns are called so, and are added up"
    together = {"columns": Guess(Several((name,), (name,)), why)}
    rest = {key: each for key, each in power.items() if key != "column"}
    return found | {"power_ac": together | rest}


def _changes(
    times: npt.NDArray[np.datetime64],
    found: quantities.Columns,
    values: dict[str, quantities.Values],
) -> tuple[Changes, ...]:
    """Return the zones whose changes of summer time the stamps show, or the sun where they do not."""
    seen = summer.seen(times)
    light = quantities.of_the_sun(found, values)
    return seen if seen or light is None else summer.by_the_sun(times, light)


def _peak(
    found: quantities.Columns, values: dict[str, quantities.Values], step: int, inverters: int
) -> float | None:
    """Return the peak of the plant's power; None where there is none. [kW]"""
    power = found.get("power_ac")
    if power is None:
        return None
    return inverters * peak(quantities.members_added(power, values), str(power["unit"].value), step)


def _middle(found: Stamps) -> float:
    """Return how far a stamp is before the middle of its interval. [h]"""
    half = found.step / 120
    label = found.guesses.get("label")
    return half if label is None or label.value == "left" else -half


def _partly(sheets: Sequence[Sheet]) -> list[str]:
    return [
        f"of {sheet.path.name} {sheet.looked_at} of {sheet.rows} rows were looked at: the others are beyond "
        "the first 200,000, or have more or fewer fields than the header"
        for sheet in sheets
        if sheet.looked_at < sheet.rows
    ]


def _unit_rows(sheets: Sequence[Sheet]) -> list[str]:
    said = "the row of units below the header is left out, and counted as one bad_timestamp of each file"
    return [said] if any(sheet.has_unit_row for sheet in sheets) else []


def _only(sheet: Sheet, mask: npt.NDArray[np.bool_]) -> Sheet:
    rows = np.flatnonzero(mask)
    columns = {name: [own[row] for row in rows] for name, own in sheet.columns.items()}
    twice = {
        name: [[own[row] for row in rows] for own in some] for name, some in sheet.twice.items()
    }
    return replace(sheet, columns=columns, twice=twice)
