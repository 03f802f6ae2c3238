"""Files of weather services whose columns are codes, which no name explains: DWD and KNMI."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from console.drafting.guess import Guess
from console.drafting.quantities import Columns

_PER_CM2 = 10_000.0  # J/cm2 in J/m2
_TENTH = 0.1


@dataclass(frozen=True, slots=True)
class _Service:
    """A service, the columns that only its files have, and its codes: quantity, unit and scale."""

    name: str
    marks: frozenset[str]
    codes: dict[str, tuple[str, str, float]]


_SERVICES = (
    _Service(
        "DWD",
        frozenset({"STATIONS_ID", "MESS_DATUM"}),
        {
            "FG_LBERG": ("ghi", "J/m2", _PER_CM2),
            "GS_10": ("ghi", "J/m2", _PER_CM2),
            "FD_LBERG": ("dhi", "J/m2", _PER_CM2),
            "DS_10": ("dhi", "J/m2", _PER_CM2),
            "TT_TU": ("temp_air", "C", 1.0),
            "TT_10": ("temp_air", "C", 1.0),
            "RF_TU": ("relative_humidity", "%", 1.0),
            "RF_10": ("relative_humidity", "%", 1.0),
            "FF_10": ("wind_speed", "m/s", 1.0),
            "PP_10": ("pressure", "hPa", 1.0),
        },
    ),
    _Service(
        "KNMI",
        frozenset({"YYYYMMDD", "HH"}),
        {
            "Q": ("ghi", "J/m2", _PER_CM2),
            "T": ("temp_air", "C", _TENTH),
            "FH": ("wind_speed", "m/s", _TENTH),
            "U": ("relative_humidity", "%", 1.0),
            "P": ("pressure", "hPa", _TENTH),
        },
    ),
)


def columns(names: Collection[str], numbers: Collection[str]) -> Columns | None:
    """Return the weather in the file of a service that is known; None where it is of none of them.

    Parameters
    ----------
    names, numbers
        All columns of the file, and those of them that hold numbers.
    """
    service = next((each for each in _SERVICES if each.marks <= set(names)), None)
    if service is None:
        return None
    found: Columns = {}
    for code, (canonical, unit, scale) in service.codes.items():
        if code in numbers and canonical not in found:
            why = f"GUESSED: {code} of {service.name}"
            found[canonical] = {"column": Guess(code, why), "unit": Guess(unit, "")}
            if scale != 1:
                found[canonical]["scale"] = Guess(scale, f"as {service.name} writes it")
    return found or None
