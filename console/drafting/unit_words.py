"""Words that are units: those that the product reads, and those that say that a column is something else."""

from __future__ import annotations

import re
import unicodedata

# As files write them, in small letters; the value is the unit's name in a site's YAML.
KNOWN = {
    "w/m2": "W/m2", "w/m²": "W/m2", "w/m^2": "W/m2", "wm-2": "W/m2", "w/m**2": "W/m2",
    "w m-2": "W/m2", "w/㎡": "W/m2", "kw/m2": "kW/m2", "kw/m²": "kW/m2",
    "wh/m2": "Wh/m2", "wh/m²": "Wh/m2", "kwh/m2": "kWh/m2", "kwh/m²": "kWh/m2", "j/m2": "J/m2",
    "kj/m2": "kJ/m2", "mj/m2": "MJ/m2", "mj/m²": "MJ/m2", "j/m²": "J/m2", "kwh": "kWh", "mwh": "MWh",
    "wh": "Wh", "kw": "kW", "mw": "MW", "w": "W", "watt": "W", "watts": "W", "°c": "C", "degc": "C",
    "deg c": "C", "c": "C", "k": "K", "°f": "F", "degf": "F", "f": "F", "m/s": "m/s", "km/h": "km/h",
    "kmh": "km/h", "kn": "kn", "mph": "mph", "%": "%", "hpa": "hPa", "mbar": "mbar", "kpa": "kPa", "pa": "Pa",
    "ws": "Ws", "kj": "kJ", "mj": "MJ", "gj": "GJ", "gw": "GW", "gwh": "GWh", "percent": "%", "pct": "%",
    "prozent": "%",
}  # fmt: skip
OTHER = {
    "hz", "v", "kv", "mv", "a", "ma", "ah", "va", "kva", "mva", "var", "kvar", "mvar", "varh", "kvarh", "vah",
    "kvah", "ohm", "kohm", "mohm", "°", "deg", "degree", "degrees", "mm", "cm", "m", "km", "s", "min", "h",
    "kg", "eur", "€", "usd", "$", "ct", "lux", "mwp", "kwp", "wp",
}  # fmt: skip
_AMBIGUOUS = {
    "c",
    "k",
    "f",
    "w",
    "a",
    "v",
    "h",
    "m",
    "s",
    "deg",
    "min",
    "pa",
    "kn",
    "%",
    "percent",
    "pct",
    "prozent",
}


def plain(word: str) -> str:
    """Return a word without the brackets around it, in small letters."""
    return word.strip().strip("[](){}").strip().lower()


def of_letters(name: str) -> str:
    """Return a name in small letters without accents, and with single spaces for all other signs."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(each for each in parts if not unicodedata.combining(each))
    return re.sub(r"[_\W]+", " ", letters).strip()


def is_unit(cell: str) -> bool:
    """Whether a cell of a header holds nothing but a unit."""
    return plain(cell) in KNOWN or plain(cell) in OTHER


def of_name(name: str) -> str | None:
    """Return the unit that a column's name says, as its file writes it; None where it says none."""
    for word in re.findall(r"[\[(]([^\])]+)[\])]", name):
        if is_unit(word):
            return str(word)
    if is_unit(name) and certain(name):
        return name
    first, *words = re.split(r"[\s_]+", name)
    found = next((word for word in reversed(words) if is_unit(word)), None)
    return found or (first if words and is_unit(first) and certain(first) else None)


def certain(word: str) -> bool:
    """Whether a unit says by itself what a column holds: kW does, C may be anything."""
    return plain(word) not in _AMBIGUOUS
