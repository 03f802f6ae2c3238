"""Power in percent of the capacity, which only the capacity makes a power."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from console.drafting import unit_words
from console.drafting.guess import Guess

_SHARE = re.compile(r"capacity ?factor|per ?unit|\bp ?u\b|normali[sz]ed|auslastung")
_SPECIFIC = re.compile(r"(k?wh?) ?/ ?kwp?\b", re.IGNORECASE)
_LEAST, _MOST_OF_ONE = 0.3, 1.05  # of it, in a record of some months
_MOST_FRACTION = 1.2  # a spreadsheet holds 95 % as 0.95


def are_named(name: str) -> bool:
    """Whether a column is called a share of the capacity."""
    return _SHARE.search(unit_words.of_letters(name)) is not None


def specific(name: str) -> str | None:
    """Return the unit of a column that is power or energy per kWp, without the kWp; None for others."""
    found = _SPECIFIC.search(name)
    return unit_words.KNOWN.get(found[1].lower()) if found else None


def of_kwp(unit: str, capacity_kw: float | None) -> dict[str, Guess]:
    """Return the unit and the scale of what is per kWp."""
    why = f"{unit} per kWp, which the peak power of the modules makes a power"
    said = (
        "GUESSED: the AC capacity is taken for the peak power of the modules (kWp); write that one"
    )
    return {
        "unit": Guess(unit, f"with scale: {why}"),
        "scale": Guess(capacity_kw or 1.0, said if capacity_kw else f"FILL IN the kWp: {why}"),
    }


def seem(values: npt.NDArray[np.float64], capacity_kw: float) -> bool:
    """Whether values reach 1 and no more, which as kW or MW no plant of such a capacity does."""
    known = values[np.isfinite(values)]
    top = float(np.quantile(known, 0.999)) if len(known) else 0.0
    fits = any(_LEAST <= top * each / capacity_kw <= _MOST_FRACTION for each in (1e-3, 1.0, 1e3))
    return _LEAST <= top <= _MOST_OF_ONE and not fits


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
    what = "a share" if of_one else "percent"
    why = (
        f"GUESSED: {name!r} is {what} of power, with values up to {top:.4g}; {said} taken for "
        f"{capacity_kw:g} kW, which may be another capacity (DC)"
    )
    return {
        "unit": Guess("kW", f"with scale, for {what} of the capacity"),
        "scale": Guess(float(f"{scale:.6g}"), why),
    }
