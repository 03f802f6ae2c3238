"""Whether each of several inverters generates with the others: else their sum is not the plant's power."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

BRIGHT = 0.3  # of the highest power of the others: the sun shines on all of them
DARK = 5e-3  # of it; the sun shines on none
NOTHING = 1e-3  # of an inverter's own highest power; dawn and shade leave more
MUCH = 0.05  # of it
HEAVY = 0.05  # of the sum of all; one inverter of fifty changes little
NEVER = 0.01  # of the largest one's highest power: a spare, or never connected
LEAST_ROWS = 4
TURNING = 0.02  # of the highest sum: registers of a meter are told apart above it
RARELY = 0.02  # of these rows; a register ends within one
STEADY, MOSTLY = (
    2.0,
    0.3,
)  # times as much at most, where one takes over from another; all but that share
COUNTED = 5  # readings of a counter that are looked at together
_SHOWN = 3


def check(
    parts: Sequence[Values], called: Sequence[str], *, are_counters: bool
) -> tuple[dict[str, Mask], str | None]:
    """Return the rows in which a sum is not the plant's power, by reason, and what a person should know.

    Parameters
    ----------
    parts
        Power or energy of each, or what its counter says; NaN where unknown.
    called
        What a person knows each by.
    """
    if _take_turns([_grown(part) for part in parts] if are_counters else parts):
        return {}, None  # registers of a meter, by day and by night
    given = [_growth(part) for part in parts] if are_counters else parts
    return unlike(given), _dead(given, called)


def _take_turns(parts: Sequence[Values]) -> bool:
    """Whether one part begins where another ends, so that all together go on: no inverters do that."""
    known = np.nan_to_num(parts)
    total = known.sum(axis=0)
    lit = total > TURNING * total.max(initial=0.0)
    if not lit.any() or ((known > 0).sum(axis=0)[lit] > 1).mean() > RARELY:
        return False
    which = known.argmax(axis=0)
    at = np.flatnonzero(lit[1:] & lit[:-1] & (which[1:] != which[:-1]))
    change = np.abs(np.log(total[at + 1] / total[at]))
    return bool(len(at)) and bool((change < np.log(STEADY)).mean() > 1 - MOSTLY)


def unlike(parts: Sequence[Values]) -> dict[str, Mask]:
    """Return the rows in which an inverter is off while the others generate, or hangs through their night.

    One that is off in the whole file says nothing of how the plant usually is: see `_dead`.
    """
    highest = _highest(parts)
    known = [np.nan_to_num(part) for part in parts]
    total = np.sum(known, axis=0)
    off, stuck = np.zeros(len(total), bool), np.zeros(len(total), bool)
    for part, own in zip(known, highest, strict=True):
        if own < HEAVY * sum(highest):
            continue
        others = total - part
        most = float(others.max(initial=0.0))
        if most < HEAVY * sum(highest):
            continue
        still, dark = np.abs(part) <= NOTHING * own, others <= DARK * most
        bright = still & (others > BRIGHT * most)
        if bright.any():
            off |= _runs_through(still, bright, 1) & ~dark
        hangs = (part > MUCH * own) & dark
        if np.count_nonzero(hangs) >= LEAST_ROWS:
            stuck |= _runs_through(part, hangs, LEAST_ROWS)
    off &= np.isfinite(np.sum(parts, axis=0))
    return {name: rows for name, rows in (("inverter_off", off), ("stuck", stuck)) if rows.any()}


def _grown(readings: Values) -> Values:
    grown = np.diff(readings, prepend=readings[:1])
    return np.where(grown > 0, grown, np.where(np.isnan(grown), np.nan, 0.0))


def _growth(readings: Values) -> Values:
    """Return what a counter grew by in its last hours' readings, of which a coarse one does not show each."""
    grown = _grown(readings)
    summed = np.convolve(np.nan_to_num(grown), np.ones(COUNTED), "same")
    return np.where(np.isnan(grown), np.nan, summed)


def _dead(parts: Sequence[Values], called: Sequence[str]) -> str | None:
    """Say which inverters give nothing in the whole file while others do; None where all generate."""
    highest = _highest(parts)
    silent = [number for number, own in enumerate(highest) if own <= NEVER * max(highest)]
    if not silent or max(highest) <= 0:
        return None
    shown = ", ".join(called[number] for number in silent[:_SHOWN])
    more = f" and {len(silent) - _SHOWN} more" if silent[_SHOWN:] else ""
    return (
        f"no power in the whole file: {shown}{more}; if it was off or is not connected, the sum is right; if "
        "its values got lost, the sum is too low"
    )


def _runs_through(values: Values | Mask, rows: Mask, least: int) -> Mask:
    """Return the runs of one value that hold so many of the rows."""
    run = np.cumsum(np.append(True, values[1:] != values[:-1])) - 1
    found: Mask = (np.bincount(run, rows) >= least)[run]
    return found


def _highest(parts: Sequence[Values]) -> list[float]:
    return [float(np.fmax.reduce(part, initial=0.0)) for part in parts]
