"""Power in percent of the capacity, which only the capacity makes a power."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from console.drafting import unit_words
from console.drafting.guess import Guess

_MOST_FRACTION = 1.2  # a spreadsheet holds 95 % as 0.95


def are(said: str | None) -> bool:
    """Whether a unit, as a file writes it, is percent."""
    return said is not None and unit_words.KNOWN.get(unit_words.plain(said)) == "%"


def without(
    names: Sequence[str],
    units: Mapping[str, str],
    capacity_kw: float | None,
    signed: Collection[str],
) -> tuple[list[str], tuple[str, ...]]:
    """Return the columns that may be power: percent only where nothing else is, and where it can be read.

    The second item says what to do about percent that cannot.

    Parameters
    ----------
    signed
        Columns whose cells hold the sign.
    """
    percent = [name for name in names if are(units.get(name) or unit_words.of_name(name))]
    rest = [name for name in names if name not in percent]
    if rest or not percent:
        return rest, ()
    readable = [name for name in percent if name not in signed]
    if not readable:
        return [], (
            f"{percent[0]!r} holds percent, with the sign in its cells; if it is power, export it in kW, or "
            "the numbers without the sign below a header like Power (%)",
        )
    if capacity_kw is None:
        return [], (
            f"{readable[0]!r} holds percent; if it is power, give the capacity that 100 % is with "
            "--ac-capacity-kw",
        )
    return readable, ()


def of_capacity(
    values: npt.NDArray[np.float64], name: str, capacity_kw: float, sign: Guess | None
) -> dict[str, Guess]:
    """Return the unit and the scale of percent of the capacity. [kW]"""
    known = values[np.isfinite(values)]
    top = float(np.abs(known).max()) if len(known) else 0.0
    of_one = top <= _MOST_FRACTION
    scale = capacity_kw / (1 if of_one else 100) * (float(sign.value) if sign else 1.0)
    said = "1 is" if of_one else "100 is"
    why = (
        f"GUESSED: {name!r} is percent of power, with values up to {top:.4g}; {said} taken for "
        f"{capacity_kw:g} kW, which may be another capacity (DC)"
    )
    return {
        "unit": Guess("kW", "with scale, for percent of the capacity"),
        "scale": Guess(float(f"{scale:.6g}"), why),
    }
