"""Which column holds which quantity, and in which unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from console.drafting.guess import Guess, number_of
from services.data_watcher.domain import units
from shared.solar.site import FORECAST_PREFIX

Values = npt.NDArray[np.float64]
Columns = dict[str, dict[str, Guess]]

# Canonical name by what people call it; the first that fits counts.
_NAMES: tuple[tuple[str, str], ...] = (
    ("temp_module", r"(module|cell|panel|modul).*temp|temp.*(module|cell|panel|modul)|t ?mod"),
    (
        "temp_air",
        r"(amb|air|outdoor).*temp|temp.*(amb|air|outdoor)|t ?amb|t ?air|^temp"
        r"|^(?!.*(inv|sink|cabinet|board|logger|batter|dew|soil)).*\btemp",
    ),
    ("relative_humidity", r"humid|\brh\b|feuchte"),
    ("pressure", r"pressure|baro|luftdruck"),
    ("wind_speed", r"wind(?!.*dir)|\bws\b"),
    ("dni", r"\bdni\b|direct.*normal|beam"),
    ("dhi", r"\bdhi\b|diffuse|diffus"),
    ("poa_global", r"poa|plane|tilt|inclined|\bgti\b|in.?plane"),
    # Direct irradiance without "normal" may be that of the horizontal plane: a person must say so.
    ("ghi", r"^(?!.*direct).*(ghi|global|irrad|radiation|pyrano|solar ?rad|strahlung)"),
    (
        "power_ac",
        r"^(?!.*\bdc).*(power|\bp ?ac\b|leistung|output|\bkwh?\b|\bmwh?\b|generation|energy)",
    ),
)
_FORECAST = r"\b(nwp|forecast|fcst|predicted|prediction|vorhersage|ecmwf|gfs|icon|nam|hrrr)\b"
_MODELLED = r"clear ?sky|\bclear\b"  # what the sky would give is no weather
_UNITS = {
    "w/m2": "W/m2", "w/m²": "W/m2", "w/m^2": "W/m2", "kw/m2": "kW/m2", "wh/m2": "Wh/m2", "j/m2": "J/m2",
    "kj/m2": "kJ/m2", "mj/m2": "MJ/m2", "kwh": "kWh", "mwh": "MWh", "wh": "Wh", "kw": "kW", "mw": "MW",
    "w": "W", "°c": "C", "degc": "C", "c": "C", "k": "K", "°f": "F", "f": "F", "m/s": "m/s", "km/h": "km/h",
    "kmh": "km/h", "mph": "mph", "%": "%", "hpa": "hPa", "mbar": "mbar", "kpa": "kPa", "pa": "Pa",
}  # fmt: skip
_IRRADIANCES = ("ghi", "dni", "dhi", "poa_global")
_FITS: dict[str, tuple[str, ...]] = {
    "power_ac": ("W", "kW", "MW", "Wh", "kWh", "MWh"),
    **dict.fromkeys(_IRRADIANCES, ("W/m2", "kW/m2", "Wh/m2", "J/m2", "kJ/m2", "MJ/m2")),
    **dict.fromkeys(("temp_air", "temp_module"), ("C", "K", "F")),
    "wind_speed": ("m/s", "km/h", "mph"),
    "relative_humidity": ("%",),
    "pressure": ("hPa", "mbar", "kPa", "Pa"),
}
_USUAL_PEAK = 0.85  # of AC capacity, in a record of some months
_LEAST_PEAK, _MOST_PEAK = 0.3, 1.2  # beyond, a unit is not taken for granted
_LEAST_ROWS = 48


@dataclass(frozen=True, slots=True)
class Quantities:
    """What the columns of a file hold, and the columns of numbers that are left."""

    columns: Columns
    unused: tuple[str, ...]


def numbers_of(cells: list[Any], decimal: str) -> Values:
    """Return the numbers of a column's cells, NaN where a cell holds none."""
    found = [number_of(cell, decimal) for cell in cells]
    return np.array([np.nan if each is None else each for each in found])


def quantities(numbers: dict[str, Values], capacity_kw: float | None, step: int) -> Quantities:
    """Return which column holds which quantity.

    Parameters
    ----------
    capacity_kw
        AC capacity of the plant, if it is known. [kW]
    step
        Length of an interval. [min]
    """
    groups = _groups(numbers)
    found: Columns = {}
    if not groups and numbers:
        name = next(iter(numbers))
        column = Guess(name, "GUESSED: no column's name says what it holds; please check")
        groups = {"power_ac": [name]}
        found["power_ac"] = {"column": column}
    power = numbers[groups["power_ac"][0]] if "power_ac" in groups else None
    for canonical, names in groups.items():
        chosen = found.get(canonical) or _chosen(canonical, names, numbers, power)
        values = _values(chosen, numbers)
        unit = _unit(canonical.removeprefix(FORECAST_PREFIX), names[0], values, capacity_kw, step)
        found[canonical] = {**chosen, "unit": unit}
    used = {name for each in found.values() for name in _members(each, numbers)}
    return Quantities(found, tuple(name for name in numbers if name not in used))


def _groups(numbers: dict[str, Values]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in numbers:
        plain = re.sub(r"[_\W]+", " ", name.lower())
        if re.search(_MODELLED, plain):
            continue
        canonical = next((each for each, words in _NAMES if re.search(words, plain)), None)
        if canonical is None:
            continue
        if re.search(_FORECAST, plain):
            if canonical == "power_ac":  # somebody else's forecast of what is to be predicted
                continue
            canonical = FORECAST_PREFIX + canonical
        groups.setdefault(canonical, []).append(name)
    return groups


def _chosen(
    canonical: str, names: list[str], numbers: dict[str, Values], power: Values | None
) -> dict[str, Guess]:
    pattern = _pattern(names) if canonical == "power_ac" else None
    if pattern:
        return {"columns": Guess([pattern], f"{len(names)} columns, one per inverter")}
    if len(names) == 1:
        return {"column": Guess(names[0], "by its name")}
    others = "; others like it: {}"
    if canonical in _IRRADIANCES and power is not None:
        follows = {name: _correlation(numbers[name], power) for name in names}
        best = max(follows, key=lambda name: follows[name])
        rest = ", ".join(f"{name} ({follows[name]:.2f})" for name in names if name != best)
        why = f"power follows it most closely (correlation {follows[best]:.2f})"
        return {"column": Guess(best, why + others.format(rest))}
    why = "by its name" + others.format(", ".join(names[1:4]))
    return {"column": Guess(names[0], why)}


def _correlation(values: Values, power: Values) -> float:
    both = np.isfinite(values) & np.isfinite(power)
    if both.sum() < _LEAST_ROWS or not (values[both].std() and power[both].std()):
        return 0.0
    return float(np.corrcoef(values[both], power[both])[0, 1])


def _pattern(names: list[str]) -> str | None:
    """Return the glob of columns that differ by a number only."""
    shapes = {re.sub(r"\d+", "*", name) for name in names}
    return shapes.pop() if len(names) > 1 and len(shapes) == 1 else None


def _members(chosen: dict[str, Guess], numbers: dict[str, Values]) -> list[str]:
    if "column" in chosen:
        return [chosen["column"].value]
    shape = re.compile(re.escape(chosen["columns"].value[0]).replace(r"\*", r"\d+"))
    return [name for name in numbers if shape.fullmatch(name)]


def _values(chosen: dict[str, Guess], numbers: dict[str, Values]) -> Values:
    """Return a quantity as the file says it, several inverters added up."""
    total: Values = np.sum([numbers[name] for name in _members(chosen, numbers)], axis=0)
    return total


# --- units ------------------------------------------------------------------------------------------


def _unit(canonical: str, name: str, values: Values, capacity_kw: float | None, step: int) -> Guess:
    words = re.findall(r"[\[(]([^\])]+)[\])]", name) + re.split(r"[\s_]+", name)[:0:-1]
    for word in words:
        unit = _UNITS.get(word.strip().lower())
        if unit in _FITS[canonical]:
            return Guess(unit, f"the header says {word!r}")
    if canonical == "power_ac" and capacity_kw:
        return _unit_by_capacity(values, capacity_kw, step)
    top = float(np.nanquantile(values, 0.99))
    unit = _BY_SIZE[canonical](top) if canonical in _BY_SIZE else _FITS[canonical][0]
    more = "; with --ac-capacity-kw it is known" if canonical == "power_ac" else ""
    return Guess(
        unit, f"GUESSED from its size: the highest values are about {top:.4g}; please check{more}"
    )


def _unit_by_capacity(values: Values, capacity_kw: float, step: int) -> Guess:
    """Return the unit of power with which the plant's peak comes closest to what is usual."""
    shares = {unit: _peak(values, unit, step) / capacity_kw for unit in ("W", "kW", "MW")}
    unit = min(shares, key=lambda each: abs(np.log(max(shares[each], 1e-9) / _USUAL_PEAK)))
    said = f"with it the peak is {shares[unit]:.0%} of the capacity"
    if _LEAST_PEAK <= shares[unit] <= _MOST_PEAK:
        return Guess(unit, said)
    hint = f"no unit of power fits; an energy per interval, like {unit}h, may"
    return Guess(unit, f"GUESSED: {said}; {hint}; please check")


def _peak(values: Values, unit: str, step: int) -> float:
    """Return the peak of power. [kW]"""
    meant = units.conversion("kW", unit)
    peak = float(np.nanquantile(values, 0.999))
    return peak * meant.factor * (60 / step if meant.per_interval else 1)


def _irradiance(top: float) -> str:
    return "W/m2" if top > 20 else "kW/m2"  # noqa: PLR2004 - no plant sees 20 kW/m2


_BY_SIZE: dict[str, Callable[[float], str]] = {
    "power_ac": lambda top: "W" if top > 1e5 else "kW",  # noqa: PLR2004 - 100 MW are rarer than 100 kW
    **dict.fromkeys(_IRRADIANCES, _irradiance),
    "temp_air": lambda top: "K" if top > 200 else "C",  # noqa: PLR2004
    "temp_module": lambda top: "K" if top > 200 else "C",  # noqa: PLR2004
    "pressure": lambda top: "Pa" if top > 2e4 else "hPa",  # noqa: PLR2004
}


# --- what the plant's own energy says ---------------------------------------------------------------


def energy(
    found: Columns,
    numbers: dict[str, Values],
    moments: Sequence[datetime | None],
    step: int,
) -> tuple[float | None, float | None]:
    """Return the peak of power [kW] and the clock hour around which the sun is centred."""
    peak = None
    if "power_ac" in found:
        unit = str(found["power_ac"]["unit"].value)
        peak = _peak(_values(found["power_ac"], numbers), unit, step)
    centres = (
        _centre(_values(found[each], numbers), moments)
        for each in ("power_ac", "poa_global", "ghi")
        if each in found
    )
    return peak, next((each for each in centres if each is not None), None)


def _centre(values: Values, moments: Sequence[datetime | None]) -> float | None:
    """Return the mean hour of day, weighted by a quantity. [h]"""
    hours = np.array([each.hour + each.minute / 60 if each else np.nan for each in moments])
    known = np.isfinite(values) & np.isfinite(hours)
    weights = np.where(known, np.clip(values, 0, None), 0)
    if not weights.sum() > 0:
        return None
    angle = np.angle((weights * np.exp(2j * np.pi * np.nan_to_num(hours) / 24)).sum())
    return float(angle % (2 * np.pi) * 24 / (2 * np.pi))
