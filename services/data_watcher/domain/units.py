"""Units that files use, and how they become the canonical ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Unit:
    """canonical = value * factor + offset; an energy per interval is divided by the interval [h]."""

    factor: float
    offset: float = 0.0
    per_interval: bool = False


_SPEEDS = {"m/s": Unit(1.0), "km/h": Unit(1 / 3.6), "kn": Unit(0.514444), "mph": Unit(0.44704)}
_UNITS: dict[str, dict[str, Unit]] = {
    "kW": {
        "W": Unit(1e-3),
        "kW": Unit(1.0),
        "MW": Unit(1e3),
        "Wh": Unit(1e-3, per_interval=True),
        "kWh": Unit(1.0, per_interval=True),
        "MWh": Unit(1e3, per_interval=True),
        "GW": Unit(1e6),
        "GWh": Unit(1e6, per_interval=True),
        "Ws": Unit(1 / 3.6e6, per_interval=True),
        "kJ": Unit(1 / 3600, per_interval=True),
        "MJ": Unit(1 / 3.6, per_interval=True),
        "GJ": Unit(1e3 / 3.6, per_interval=True),
    },
    "W/m2": {
        "W/m2": Unit(1.0),
        "kW/m2": Unit(1e3),
        "Wh/m2": Unit(1.0, per_interval=True),
        "kWh/m2": Unit(1e3, per_interval=True),
        "J/m2": Unit(1 / 3600, per_interval=True),
        "kJ/m2": Unit(1 / 3.6, per_interval=True),
        "MJ/m2": Unit(1e3 / 3.6, per_interval=True),
    },
    "C": {"C": Unit(1.0), "K": Unit(1.0, -273.15), "F": Unit(5 / 9, -160 / 9)},
    "m/s": _SPEEDS,
    "%": {"%": Unit(1.0), "fraction": Unit(100.0)},
    "hPa": {"hPa": Unit(1.0), "Pa": Unit(1e-2), "kPa": Unit(10.0), "mbar": Unit(1.0)},
}


_SAME = {"²": "2", "^2": "2", "°": "", "deg": ""}  # other ways to write a unit


def _plain(unit: str) -> str:
    for written, meant in _SAME.items():
        unit = unit.replace(written, meant)
    return unit


def is_known(canonical: str, unit: str) -> bool:
    """Whether a unit, in whichever way it is written, becomes the canonical one."""
    return _plain(unit) in _UNITS.get(canonical, {})


def known(canonical: str) -> tuple[str, ...]:
    """Return the units that a file may use for a quantity with some canonical unit."""
    return tuple(_UNITS.get(canonical, ()))


@cache
def conversion(canonical: str, unit: str) -> Unit:
    """Return how a unit becomes the canonical one; raises KeyError for one that is not known."""
    return _UNITS[canonical][_plain(unit)]
