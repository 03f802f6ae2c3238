"""The unit of a column: as its header says, by the plant's capacity, or by the size of its values."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from console.drafting import unit_words
from console.drafting.guess import Guess
from services.data_watcher.domain import units

Values = npt.NDArray[np.float64]

_IRRADIANCES = ("ghi", "dni", "dhi", "poa_global")
FITS: dict[str, tuple[str, ...]] = {
    "power_ac": ("W", "kW", "MW", "GW", "Wh", "kWh", "MWh", "GWh", "Ws", "kJ", "MJ", "GJ"),
    **dict.fromkeys(_IRRADIANCES, ("W/m2", "kW/m2", "Wh/m2", "kWh/m2", "J/m2", "kJ/m2", "MJ/m2")),
    **dict.fromkeys(("temp_air", "temp_module"), ("C", "K", "F")),
    "wind_speed": ("m/s", "km/h", "kn", "mph"),
    "relative_humidity": ("%",),
    "pressure": ("hPa", "mbar", "kPa", "Pa"),
}
_ENERGY = re.compile(r"energ[yi]|énerg|yield|ertrag")
_USUAL_PEAK = 0.85  # of AC capacity, in a record of some months
_LEAST_PEAK, _MOST_PEAK = 0.3, 1.2  # beyond, a unit is not taken for granted
_LARGEST_IN_KW = 1e5  # 100 MW are rarer than 100 kW
_STRONGEST_SUN = 20.0  # no plant sees 20 kW/m2
_MOST_WATTS, _MOST_KILOJOULES = (
    5e3,
    4e5,
)  # spikes of sensors lie below; a sum of ten clear days has as many kJ/m2
_HOTTEST = 200.0  # in C
_HIGHEST_IN_HPA = 2e4


def unit(canonical: str, said: str | None, values: Values) -> Guess:
    """Return the unit of a quantity of the weather.

    Parameters
    ----------
    said
        The unit in the header, as the file writes it.
    """
    if (found := _said(canonical, said)) is not None:
        return found
    top = _top(values, 0.99)
    by_size = _BY_SIZE.get(canonical)
    guessed = by_size(top) if by_size else FITS[canonical][0]
    return Guess(guessed, _by_size(top))


def power_unit(
    said: str | None,
    name: str,
    values: Values,
    capacity_kw: float | None,
    step: int,
    *,
    is_counter: bool,
) -> Guess:
    """Return the unit of power.

    Parameters
    ----------
    name
        Of the column; it may say that the numbers are energies.
    capacity_kw
        AC capacity of the plant, if it is known. [kW]
    step
        Length of an interval. [min]
    is_counter
        Whether the column counts energy.
    """
    if (found := _said("power_ac", said)) is not None:
        return _counted(found) if is_counter else _checked(found, values, capacity_kw, step)
    if is_counter:
        return Guess("kWh", "GUESSED: no header says the unit of the counter; please check")
    is_energy = _ENERGY.search(name.lower()) is not None
    if capacity_kw:
        return _by_capacity(values, capacity_kw, step, is_energy=is_energy)
    top = _top(values, 0.99)
    small, large = ("Wh", "kWh") if is_energy else ("W", "kW")
    why = f"{_by_size(top)}; --ac-capacity-kw tells it"
    if is_energy:
        why += "; by its name each is the energy of an interval"
    return Guess(small if top > _LARGEST_IN_KW else large, why)


def peak(values: Values, unit: str, step: int) -> float:
    """Return the peak of power. [kW]"""
    meant = units.conversion("kW", unit)
    return _top(values, 0.999) * meant.factor * (60 / step if meant.per_interval else 1)


def _said(canonical: str, said: str | None) -> Guess | None:
    known = unit_words.KNOWN.get(unit_words.plain(said)) if said else None
    if known not in FITS[canonical]:
        return None
    return Guess(known, f"the header says {said!r}")


def _counted(found: Guess) -> Guess:
    """Return a counter's unit, which is one of energy whatever a sloppy header says."""
    if units.conversion("kW", str(found.value)).per_interval:
        return found
    return Guess(
        f"{found.value}h", f"GUESSED: {found.why}, but a counter counts energy; please check"
    )


def _checked(found: Guess, values: Values, capacity_kw: float | None, step: int) -> Guess:
    """Return the header's unit, with a doubt where the plant's capacity contradicts it."""
    if not capacity_kw:
        return found
    share = peak(values, str(found.value), step) / capacity_kw
    if share <= 1.5 and (share >= 0.01 or not share > 0):  # noqa: PLR2004 - as the reader's own limits
        return found
    return Guess(
        found.value,
        f"GUESSED: {found.why}, but the peak is {share:.2%} of the capacity; please check",
    )


def _by_capacity(values: Values, capacity_kw: float, step: int, *, is_energy: bool) -> Guess:
    """Return the unit with which the plant's peak comes closest to what is usual."""
    fitting = ("Wh", "kWh", "MWh") if is_energy else ("W", "kW", "MW")
    shares = {each: peak(values, each, step) / capacity_kw for each in fitting}
    best = min(shares, key=lambda each: _off(shares[each]))
    said = f"with it the peak is {shares[best]:.0%} of the capacity"
    if _LEAST_PEAK <= shares[best] <= _MOST_PEAK:
        as_energy = shares[best] * 60 / step
        if is_energy or not as_energy <= _MOST_PEAK or _off(as_energy) >= _off(shares[best]):
            return Guess(best, said)
        doubt = (
            f"as {best}h of an interval of {step} minutes it would be {as_energy:.0%}; please check"
        )
        return Guess(best, f"GUESSED: {said}, {doubt}")
    hint = (
        f"no unit of energy fits, as its name asks for; a power, like {best.removesuffix('h')}, may"
        if is_energy
        else f"no unit of power fits; an energy per interval, like {best}h, may"
    )
    return Guess(best, f"GUESSED: {said}; {hint}; please check")


def _off(share: float) -> float:
    """Return how far a peak is from what is usual, as a factor. [log]"""
    return float(abs(np.log(max(share, 1e-9) / _USUAL_PEAK)))


def _by_size(top: float) -> str:
    return f"GUESSED by its size: values up to {top:.4g}"


def _top(values: Values, share: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.quantile(known, share)) if len(known) else 0.0


def _irradiance(top: float) -> str:
    if top > _MOST_KILOJOULES:
        return "J/m2"
    if top > _MOST_WATTS:
        return "kJ/m2"
    return "W/m2" if top > _STRONGEST_SUN else "kW/m2"


def _temperature(top: float) -> str:
    return "K" if top > _HOTTEST else "C"


_BY_SIZE: dict[str, Callable[[float], str]] = {
    **dict.fromkeys(_IRRADIANCES, _irradiance),
    "temp_air": _temperature,
    "temp_module": _temperature,
    "pressure": lambda top: "Pa" if top > _HIGHEST_IN_HPA else "hPa",
}
