"""How a wrong unit of power is explained, and which unit would fit."""

from __future__ import annotations

from services.data_watcher.domain import units
from shared.errors import UnreadableFileError

PLAUSIBLE_PEAK, MOST_PEAK = 0.3, 1.5  # of AC capacity, for guessing which unit was meant
# Of power; joules are near enough to others to fit by chance.
_LIKELY = ("W", "kW", "MW", "Wh", "kWh", "MWh")


def wrong_unit(found: str, guess: str) -> UnreadableFileError:
    """Return the fault of a file whose power is in another unit than the YAML says."""
    return UnreadableFileError(
        "wrong_unit",
        f"{found}: {guess}",
        "correct the unit of power_ac or ac_capacity_kw in the site's YAML (the file is then read again "
        "without a new upload), or upload the file in the stated unit",
    )


def guess(peak: float, unit: str, step: float) -> str:
    """Return which unit would make the peak, given as a share of capacity, plausible.

    Parameters
    ----------
    step
        Length of an interval. [s]
    """
    stated = _factor(unit, step)
    for other in _LIKELY:
        if other != unit and PLAUSIBLE_PEAK <= peak * _factor(other, step) / stated <= MOST_PEAK:
            return f"values look like {said(other, step)}, the YAML says {unit}"
    return f"no other unit than {unit} makes the values fit; is ac_capacity_kw right?"


def said(unit: str, step: float) -> str:
    """Name a unit; an energy with the length of its interval. [s]"""
    per_interval = units.conversion("kW", unit).per_interval
    return f"{unit} per {step / 60:g} min" if per_interval else unit


def energy_in(unit: str, step: float) -> str:
    """Name the energy of each interval that is taken for power in a unit. [s]"""
    return said("kWh" if unit == "kW" else f"{unit}h", step)


def _factor(unit: str, step: float) -> float:
    """Return what a value of 1 is. [kW]"""
    conversion = units.conversion("kW", unit)
    return conversion.factor * (3600.0 / step if conversion.per_interval else 1.0)
