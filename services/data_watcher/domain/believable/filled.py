"""What loggers and portals write where nothing was measured, beside what the YAML names under `missing`.

A register that was not read says 65535, a sensor that hangs says the same for hours, a portal draws a line
over a gap. Such values lie within what a plant can give; only their neighbours show what they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain import masks
from services.data_watcher.domain.time_axis import TimeAxis
from shared.solar import runs
from shared.solar.site import POWER

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# Largest numbers of registers, with and without decimals, and what programs write by custom.
_REGISTERS = (65535, 65534, 32768, 32767, -32767, -32768)
_CUSTOM = (999, 9999, 99999, -1, -9, -99, -999, -9999, -99999)
CODES = np.array([each / digit for each in _REGISTERS for digit in (1, 10, 100, 1000)] + [*_CUSTOM])
_CODES = frozenset(CODES.tolist())
_MANY = 2_000  # rows
LEAST_CODES = 3  # rows; fewer are chance
ALONE = 0.5  # of the rows with a code
APART = 0.05  # of the file's highest value, from both neighbours
LARGE = 0.2  # of it
NEAR = 0.02  # of a code: so many rows around it would hold it by chance
LONGEST = 4 * 3600  # s; weather comes in steps of up to three hours
LONGEST_WARM = 24 * 3600  # s; healthy sensors of tenths were seen at 18 hours
SUDDEN = 3.0  # C, from which no temperature falls to exactly 0 within a row
FAR = 6.0  # C, on both sides of a 0 that no weather makes
BRIGHT = 0.05  # of the file's highest value
LEAST_ROWS = 5
QUARTER = 900.0  # s; rows that are closer lie on a straight line by themselves
STRAIGHT = 1e-3  # of the highest value; in four hours the sun leaves a straight line by more
STEADY = STRAIGHT / 2  # of it, between the steps of two rows
LEAST_CHANGE = 0.03  # of it; what changes less may be a plant at its limit, by day
RISEN = (
    0.1  # of it; a line from dawn on may be a simple model of a day, which measures nothing wrong
)
THROUGH_NIGHT = np.timedelta64(18, "h")
SECOND = np.timedelta64(1, "s")
IRRADIANCE = ("ghi", "poa_global")
CODED = (POWER, *IRRADIANCE)
TEMPERATURES = ("temp_air", "temp_module")


def found(columns: Mapping[str, Values], time: TimeAxis) -> dict[str, dict[str, Mask]]:
    """Return which rows of each quantity were filled in, by reason.

    Parameters
    ----------
    columns
        Values on the time axis by canonical name; only of power, irradiance and temperature it can be told.
        [canonical unit]
    """
    drawn = {each: _straight(columns[each], time) for each in CODED if each in columns}
    hung = {each: _stuck(columns[each], time, LONGEST) for each in IRRADIANCE if each in columns}
    for each in TEMPERATURES:
        if each in columns:
            hung[each] = _stuck(columns[each], time, LONGEST_WARM, SUDDEN)
    dropped = {each: _dropouts(columns[each], time) for each in CODED if each in columns}
    for each in TEMPERATURES:
        if each in columns:
            dropped[each] = _cold_moments(columns[each], time)
    if POWER in columns:
        hung[POWER] = _still_with([hung.get(each) for each in IRRADIANCE], columns[POWER])
    kinds = {"dropout": dropped, "stuck": hung, "straight_line": drawn}
    lost: dict[str, dict[str, Mask]] = {name: {} for name in columns}
    for reason, each_column in kinds.items():
        for name, rows in each_column.items():
            if rows is not None:
                lost[name][reason] = rows
    return lost


def _still_with(stuck: Sequence[Mask | None], power: Values) -> Mask | None:
    """Return the rows in which power stands still together with irradiance: the whole record hangs."""
    some = [rows for rows in stuck if rows is not None]
    if not some:
        return None
    same = np.append(False, power[1:] == power[:-1])
    same[:-1] |= same[1:]
    found: Mask = np.logical_or.reduce(some) & same & (power > 0)
    return found


def codes(values: Values) -> Mask | None:
    """Return the rows with a code for 'no measurement' that hardly ever fits its neighbours.

    Parameters
    ----------
    values
        In the order of the file. [unit of the file]
    """
    if len(values) < _MANY and _CODES.isdisjoint(values.tolist()):
        return None  # as in nearly every small file, and quicker there
    low, high = np.fmin.reduce(values, initial=0.0), np.fmax.reduce(values, initial=0.0)
    found = np.zeros(len(values), bool)
    known = np.isfinite(values)
    for code in CODES[np.logical_and(low <= CODES, high >= CODES)]:
        at = np.flatnonzero(values == code)
        if len(at) < LEAST_CODES:
            continue  # as in nearly every file
        others = np.flatnonzero(known & (values != code))
        if not len(others):
            continue
        by_chance = np.count_nonzero(np.abs(values[others] - code) < NEAR * abs(code))
        far = APART * float(np.abs(values[others]).max())
        place = np.searchsorted(others, at)
        before = values[others[np.maximum(place - 1, 0)]]
        after = values[others[np.minimum(place, len(others) - 1)]]
        apart = (np.abs(before - code) > far) & (np.abs(after - code) > far)
        fits_none = len(at) > by_chance and far > 0 and apart.mean() > 0.5  # noqa: PLR2004 - most of them
        large = LARGE * float(values[others].max())
        if fits_none or (code < 0 and _come_alone(at, before, after, large)):
            found[at] = True
    return found if found.any() else None


def _come_alone(at: runs.Positions, before: Values, after: Values, large: float) -> bool:
    """Whether a negative code comes for single rows, of which some lie between large values.

    What a large plant draws at night may be -1 too, but for hours.
    """
    alone = (np.diff(at, prepend=-2) > 1) & (np.diff(at, append=at[-1] + 2) > 1)
    between = alone & (np.minimum(before, after) > large)
    return bool(np.count_nonzero(between) >= LEAST_CODES and alone.mean() > ALONE)


def _dropouts(values: Values, time: TimeAxis) -> Mask | None:
    """Return single rows of exactly nothing between large ones: an inverter needs minutes to start again."""
    nothing = values[1:-1] == 0
    large = values > LARGE * np.fmax.reduce(values, initial=0.0)
    alone = np.flatnonzero(nothing & large[:-2] & large[2:]) + 1
    if not len(alone):
        return None  # as in nearly every file
    around = (time.utc[alone + 1] - time.utc[alone - 1]) / np.timedelta64(1, "s")
    return masks.at(alone[around <= 2 * time.step], len(values))


def _cold_moments(values: Values, time: TimeAxis) -> Mask | None:
    """Return runs of exactly 0 between temperatures that are far from it, on the same side. [C]"""
    if not (values == 0).any():
        return None  # as in nearly every file
    known = np.flatnonzero(np.isfinite(values))
    at = known[values[known] == 0]
    others = known[values[known] != 0]
    place = np.searchsorted(others, at)
    inner = (place > 0) & (place < len(others))
    at, place = at[inner], place[inner]
    before, after = others[place - 1], others[place]
    far = np.minimum(values[before] * np.sign(values[after]), np.abs(values[after])) > FAR
    short = time.utc[after] - time.utc[before] < LONGEST * SECOND
    found = at[far & short]
    return masks.at(found, len(values)) if len(found) else None


def _stuck(values: Values, time: TimeAxis, longest: int, fall: float = np.inf) -> Mask | None:
    """Return runs of one value that no sky and no day leaves so long as it is.

    Parameters
    ----------
    fall
        Nights have no light, and providers clip temperatures at 0: such a run counts where it begins with a
        fall from here or higher.
    """
    apart = max(longest // round(time.step), 1)
    same = values[apart:] == values[:-apart]
    if np.isinf(fall):
        same &= values[apart:] != 0
    if not same.any():
        return None  # as in nearly every file
    starts, ends = runs.where(values[1:] == values[:-1])
    long = np.flatnonzero(time.utc[ends] - time.utc[starts] > longest * SECOND)
    if not len(long):
        return None  # as in nearly every file
    much = BRIGHT * float(np.fmax.reduce(np.abs(values), initial=0.0))
    found = [
        (starts[each], ends[each] + 1)
        for each in long
        if abs(values[starts[each]]) > much or values[max(starts[each] - 1, 0)] > fall
    ]
    return _within(found, len(values)) if found else None


def _straight(values: Values, time: TimeAxis) -> Mask | None:
    """Return what lies on a straight line for hours, between its ends: somebody drew it over a gap."""
    highest = float(np.fmax.reduce(values, initial=0.0))
    every = max(round(QUARTER / time.step), 1)
    some = values[::every]
    turn = np.abs(some[2:] - 2 * some[1:-1] + some[:-2])
    steady = (turn <= STEADY * highest) & (some[1:-1] > BRIGHT * highest)
    rows = max(LEAST_ROWS - 2, LONGEST // round(every * time.step) - 1)
    if np.count_nonzero(steady) < rows:
        return None  # as in nearly every file of a day
    starts, ends = runs.where(steady)
    long_ones = ends - starts >= rows
    if not long_ones.any():
        return None  # as in nearly every file
    found = []
    for start, end in zip(starts[long_ones].tolist(), ends[long_ones].tolist(), strict=True):
        line = some[start : end + 2]
        first, last = start * every, (end + 1) * every
        drawn = np.linspace(line[0], line[-1], len(line))
        long, change = time.utc[last] - time.utc[first], abs(line[-1] - line[0])
        if np.abs(line - drawn).max() <= STRAIGHT * highest and (
            (
                long > LONGEST * SECOND
                and change > LEAST_CHANGE * highest
                and min(line[0], line[-1]) > RISEN * highest
            )
            or (long > THROUGH_NIGHT and change > 0)
        ):
            found.append((first + 1, last))
    return _within(found, len(values)) if found else None


def _within(parts: Sequence[tuple[int, int]], length: int) -> Mask:
    mask = np.zeros(length, bool)
    for start, end in parts:
        mask[start:end] = True
    return mask
