"""Whether power, or irradiance, changes its scale from one row to the next while the sky stays clear.

The sun moves smoothly. Where values do so before a row and behind it, and are another multiple from it on, no
cloud came: clouds are never as even for an hour. Where that multiple is the length of an interval, energies
follow power. Where it is two, and more is given than the capacity allows, something is counted twice; else
half of the plant may be off, which is no fault of the file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain import units
from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import STANDARD, Power, Values
from services.data_watcher.domain.believable.unit_fault import energy_in
from services.data_watcher.domain.time_axis import minute_of, ticks_of
from shared.errors import UnreadableFileError

LONGEST = 1800.0  # s; of hours too few lie under a high sun
CLEAR_FOR, FEWEST = 3600.0, 4  # s, and rows, on either side
SUDDEN = 1.7  # times the row before
MUCH = 0.25  # of the highest power, and of standard irradiance, on the higher side
ROUGHLY, EVEN = 0.15, 0.03  # what the rows are off a smooth curve [logarithm]
TWICE = 2.0
# Of AC capacity times the root of the sun's sine: public plants reached 0.7 to 1.3.
TOO_HIGH, ENOUGH = 1.35, 0.6
LOW_SUN = 0.4  # sine of its elevation; below, a plane that faces it gets much more than others
NEAR, ROUGH = 1.08, 1.12  # times such a factor; for naming a unit
HIGHER = 1.5  # times what the change leaves of the sun, or the middle of both: then it was undone
UNDONE_FOR = 1800.0  # s
# Sine of the sun's elevation; under a low sun a sensor has shade of its own.
UP, UP_FOR_LIGHT = 0.15, 0.4
VARIED = 0.6  # of the rows have values of their own: a plant that is held at a limit repeats it
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Jump:
    """A change of scale: its row on the axis, and how many times as much there is from it on."""

    row: int
    times: float


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a plant's AC capacity is of it, and how high the sun has to be [sine of its elevation]."""

    full: float
    least_up: float


_OF_POWER, _OF_LIGHT = _Kind(1.0, UP), _Kind(STANDARD, UP_FOR_LIGHT)


def check(power: Power) -> None:
    """Refuse a file whose power is, from some row on, a part or a multiple of what it was under a clear sky.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the row.
    """
    found = _jump(power.share, power, power.highest, _OF_POWER)
    if found is not None:
        raise _at_row("power", found, power)


def check_light(name: str, light: Values, power: Power) -> None:
    """Refuse a file whose irradiance is so. [W/m²]

    Parameters
    ----------
    name
        Canonical name of the irradiance.

    Raises
    ------
    UnreadableFileError
        `wrong_unit`, with the row.
    """
    found = _jump(light, power, STANDARD, _OF_LIGHT)
    if found is not None:
        raise _at_row(name, found, power)


def _jump(values: Values, power: Power, much: float, kind: _Kind) -> Jump | None:
    """Return where values change their scale, and keep it to the end of the file or had it from its start.

    Parameters
    ----------
    much
        What values reach under a high sun.
    """
    if power.time.step > LONGEST:
        return None
    apart = values[1:] - values[:-1]
    np.abs(apart, out=apart)
    at = (apart > MUCH * (1 - 1 / SUDDEN) * much).nonzero()[0]
    if not len(at):
        return None  # as in nearly every file of a clear day
    before, after = values[at], values[at + 1]
    low = np.maximum(np.minimum(before, after), MUCH / SUDDEN * much)
    at = at[np.maximum(before, after) > SUDDEN * low] + 1
    side = max(round(CLEAR_FOR / power.time.step), FEWEST)
    at = at[
        (values.take(at - side, mode="wrap") > 0) & (values.take(at + side - 1, mode="wrap") > 0)
    ]
    if not len(at):
        return None  # as at dawn and at dusk
    at = at[(at >= side) & (at <= len(values) - side)]
    return _of_even(at, values, power, side, kind) if len(at) else None


def _of_even(at: Rows, values: Values, power: Power, side: int, kind: _Kind) -> Jump | None:
    step, moments = power.time.step, ticks_of(power.time.utc)
    around = at[:, np.newaxis] + np.arange(-side, side)
    window = values[around]
    span = moments[around[:, -1]] - moments[around[:, 0]]
    kept = (span == (2 * side - 1) * round(step * 1e6)) & (window > 0).all(axis=1)
    around, window = around[kept], window[kept]
    if not len(window):
        return None
    logs = np.log(window)
    fit, rest = _curve(side)
    kept = np.sqrt(((logs @ rest) ** 2).mean(axis=1)) < ROUGHLY
    around, logs = around[kept], logs[kept]
    if not len(logs):
        return None
    up = np.asarray(sun.over(power.time.utc[around.ravel()], step, power.site).up)
    lit = (up.reshape(around.shape) > kind.least_up).all(axis=1)
    around, logs, up = around[lit], logs[lit], up.reshape(around.shape)[lit]
    logs -= np.log(up)
    off = np.sqrt(((logs @ rest) ** 2).sum(axis=1) / (2 * side - len(fit)))
    change = logs @ fit[-1]
    for each in np.flatnonzero(off < EVEN):
        found = Jump(int(around[each][side]), float(np.exp(change[each])))
        own = values[around[each]]
        height = height_of(own / kind.full, up[each])
        tells = is_of_units(float(change[each]), step, height) and _varies(own, side)
        if tells and _lasts(found, values, power, side):
            return found
    return None


def _curve(side: int) -> tuple[Values, Values]:
    """Return what fits a bent line with a jump in its middle to rows, and what is left of them.

    The last row of the first gives the jump.
    """
    along = (np.arange(-side, side) + 0.5) / side
    basis = np.column_stack([np.ones(2 * side), along, along**2, along > 0])
    fit = np.linalg.pinv(basis)
    return fit, np.eye(2 * side) - basis @ fit


def height_of(values: Values, up: Values) -> float:
    """Return the best of some rows as it would be under the highest sun, between a flat and a steep plane."""
    return float((values / np.sqrt(np.maximum(up, LOW_SUN))).max())


def is_of_units(change: float, step: float, height: float, near: float = NEAR) -> bool:
    """Whether a change is the length of an interval, or two where twice the plant would be needed.

    Parameters
    ----------
    change
        Its logarithm.
    height
        What the higher side reaches, of the AC capacity and the root of the sun.
    """
    size, near = abs(change), float(np.log(near))
    if abs(size - np.log(3600.0 / step)) < near:
        return True
    is_two = abs(size - np.log(TWICE)) < near
    return bool(is_two and height > TOO_HIGH and height / TWICE > ENOUGH)


def _varies(window: Values, side: int) -> bool:
    """Whether values move with the sun on both sides."""
    return all(len(np.unique(each)) > VARIED * side for each in (window[:side], window[side:]))


def _lasts(found: Jump, values: Values, power: Power, side: int) -> bool:
    """Whether no row on the lower side is as high again as those of the other one."""
    at, falls = found.row, found.times < 1
    high = slice(at - side, at) if falls else slice(at, at + side)
    low = slice(at, None) if falls else slice(None, at)
    up = np.asarray(sun.over(power.time.utc, power.time.step, power.site).up)
    part = min(found.times, 1 / found.times)
    level = np.median(values[high] / up[high]) * max(HIGHER * part, np.sqrt(part))
    above = (up[low] > UP) & (values[low] > level * up[low])
    return bool(np.count_nonzero(above) * power.time.step < UNDONE_FOR)


def _at_row(name: str, found: Jump, power: Power) -> UnreadableFileError:
    return fault(
        name,
        found.times,
        power,
        f"from {minute_of(power.time.utc[found.row])} UTC on ({place(found.row, power)})",
        "than in the row before, under a sky that is clear on both sides",
    )


def fault(name: str, times: float, power: Power, since: str, than: str) -> UnreadableFileError:
    """Return the fault of a file in which something changes its scale.

    Parameters
    ----------
    name
        What changes.
    times
        How many times as much there is from there on.
    since, than
        Where it changes, and compared with what, in words.
    """
    return UnreadableFileError(
        "wrong_unit",
        f"{since} {name} is {max(times, 1 / times):.3g} times "
        f"{'less' if times < 1 else 'more'} {than}, and stays so: {_meant(name, times, power)}",
        "split the file there and give both parts sources of their own in the site's YAML, each with its "
        "unit (power, energy of each interval) or scale; where only a part of the plant gave power on one "
        "side, leave that side out",
    )


def place(row: int, power: Power) -> str:
    """Say which row of the file one of the axis is."""
    return f"row {power.place(int(power.time.rows[row]))}"


def _meant(name: str, times: float, power: Power) -> str:
    """Say what the lower side may be, or the higher one."""
    step, falls = power.time.step, times < 1
    low, high = ("from there on", "before") if falls else ("before", "from there on")
    if abs(abs(np.log(times)) - np.log(3600 / step)) > np.log(ROUGH):
        return f"{high} it is more than the AC capacity allows, as where something is counted twice"
    if name != "power" or units.conversion("kW", power.unit).per_interval:
        return f"an interval has {step / 3600:.2g} hours, so {low} its unit seems to be another one"
    return f"values look like {energy_in(power.unit, step)} {low}, the YAML says {power.unit}"
