"""Which column holds which quantity, and in which unit."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from console.drafting import plant_power, shares, unit_words
from console.drafting.guess import Guess
from console.drafting.units_guessed import FITS, power_unit, unit
from shared.solar.site import FORECAST_PREFIX

Values = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]
Columns = dict[str, dict[str, Guess]]

# Canonical name by what people call it; the first that fits counts.
_NAMES: tuple[tuple[str, str], ...] = (
    (
        "temp_module",
        r"(modul|cell|panel|panneau|pannell).*temp|temp.*(modul|cell|panel|panneau|pannell)|t ?mod",
    ),
    (
        "temp_air",
        r"(amb|air|outdoor|aussen|luft|exteri).*temp|temp.*(amb|air|outdoor|aussen|luft|exteri|aria)|t ?amb"
        r"|t ?air|^temp(?!.*(inv|intern|innen|sink|board|igbt))"
        r"|^(?!.*(inv|sink|cabinet|board|logger|batter|dew|soil)).*\b(temp|teplota|temperatur)"
        r"|\b(t ?2m?|2t)\b|^(tmp|ttt)\b",
    ),
    ("relative_humidity", r"humid|\brh( ?2m)?\b|feuchte"),
    ("pressure", r"pressure|baro|luftdruck"),
    ("wind_speed", r"wind(?!.*(dir|richt))|\bws\b"),
    ("dni", r"\b[db]ni\b|direct.*normal|beam"),
    ("dhi", r"\bdhi\b|diffuse|diffus"),
    ("poa_global", r"poa|plane|tilt|inclin|\bgti\b|in.?plane|geneigt|modulebene|hellend|glob ?inc"),
    # Direct irradiance without "normal" may be that of the horizontal plane: a person must say so.
    (
        "ghi",
        r"^(?!.*direct).*(ghi|global|irrad|radiation|pyrano|solar ?rad|strahlung|rayonnement|radiaci"
        r"|instralning|innstraling|irragg|sateily"
        r"|\bssrd\b|\bswd\b|\bdswrf\b|\bswdown\b|\brad ?1 ?h\b)",
    ),
    (
        "power_ac",
        r"^(?!.*\bdc).*(power|\bp ?ac ?\d*\b|\bac ?\d* ?p\b|effekt|\bteho|\bmoc\b|potenza|\bguc|teljesitm"
        r"|ισχυς|leistung|output|\bkwh?\b|\bmwh?\b|\bwh?\b|generation|energy|puissance|potencia|production"
        r"|produktion|erzeug|vyroba|výroba|vykon|výkon|solaire|photovol|tot ?w\b|\bwatts?\b|^p$|\bpowr\b"
        r"|\benwh\b)",
    ),
)
_INVERTER_ALONE = r"^(inv|inverter|wr|wechselrichter|onduleur|inversor) ?\d+$"
_FORECAST = r"\b(nwp|forecast|fcst|predicted|prediction|vorhersage|ecmwf|gfs|icon|nam|hrrr|previous day\d+)\b"
_MODELLED = r"clear ?sky|\bclear\b"  # what the sky would give is no weather
_LEVEL = r"ghi|global|horiz|pyrano|ssrd|swd"  # of the horizontal plane
# An inverter's own file: a temperature in it is that of the inverter unless its name says otherwise.
_OF_INVERTER = (
    r"\b[vui] ?(pv|ac|dc|mpp|grid|r|s|t|l)? ?\d*\b|volt|spannung|current|strom|freq|\bfac"
)
_LEAST_VOLTS = 2
_OUTSIDE = r"amb|air|outdoor|outside|aussen|luft|exteri|wetter|weather|\bt ?2m"
# What a unit says by itself where the name says nothing.
_BY_UNIT = {"W/m2": "ghi", "kW/m2": "ghi", "W": "power_ac", "kW": "power_ac", "MW": "power_ac",
            "Wh": "power_ac", "kWh": "power_ac", "MWh": "power_ac",
            "Ws": "power_ac", "kJ": "power_ac", "MJ": "power_ac"}  # fmt: skip
_IRRADIANCES = ("ghi", "dni", "dhi", "poa_global")
_TIE = 0.01  # of correlation: closer ones are no evidence
_LEAST_ROWS = 48
_CENTRED = 0.3  # length of the mean of a day's energy around the clock; a constant has none


@dataclass(frozen=True, slots=True)
class Quantities:
    """What the columns of a file hold, the columns of numbers that are left, and what to do about some."""

    columns: Columns
    unused: tuple[str, ...]
    notes: tuple[str, ...] = ()


def quantities(
    numbers: dict[str, Values],
    units: dict[str, str],
    capacity_kw: float | None,
    step: int,
    signed: Collection[str] = (),
) -> Quantities:
    """Return which column holds which quantity.

    Parameters
    ----------
    units
        Units by the column's name, from a row of the header or from the cells.
    capacity_kw
        AC capacity of the plant, if it is known. [kW]
    step
        Length of an interval. [min]
    signed
        Columns whose cells hold the sign of percent.
    """
    groups = _groups(numbers, units)
    found: Columns = {}
    irradiance = [name for each in _IRRADIANCES for name in groups.get(each, [])]
    power_names = groups.pop("power_ac", [])
    unnamed = not groups and not power_names
    if not power_names:  # beside weather
        of_letters = unit_words.of_letters
        power_names = [each for each in numbers if re.search(_INVERTER_ALONE, of_letters(each))]
    if unnamed:
        power_names = list(numbers)
    power_names, notes = shares.without(power_names, units, capacity_kw, signed)
    power: Values | None = None
    if power_names:
        sun = [numbers[name] for name in irradiance]
        found["power_ac"] = (
            plant_power.most_likely({n: numbers[n] for n in power_names})
            if unnamed
            else plant_power.choose({n: numbers[n] for n in power_names}, units, sun)
        )
        power = members_added(found["power_ac"], numbers)
    for canonical, names in groups.items():
        found[canonical] = _chosen(canonical, names, numbers, power)
    for canonical, chosen in found.items():
        name = members(chosen)[0]
        values = members_added(chosen, numbers)
        plain = canonical.removeprefix(FORECAST_PREFIX)
        said = units.get(name) or unit_words.of_name(name)
        is_counter = "kind" in chosen
        per_kwp = shares.specific(name) if plain == "power_ac" else None
        if per_kwp:
            chosen.update(shares.of_kwp(per_kwp, capacity_kw))
            continue
        is_share = shares.are(said) or shares.are_named(name)
        if (
            plain == "power_ac"
            and capacity_kw
            and not is_counter
            and (is_share or (said is None and shares.seem(values, capacity_kw)))
        ):
            chosen.update(shares.of_capacity(values, name, capacity_kw, chosen.get("scale")))
            continue
        chosen["unit"] = (
            power_unit(said, name, values, capacity_kw, step, is_counter=is_counter)
            if plain == "power_ac"
            else unit(plain, said, values)
        )
    used = {name for each in found.values() for name in members(each)}
    order = [each for each in ("power_ac",) if each in found] + [
        each for each in found if each != "power_ac"
    ]
    return Quantities(
        {each: _ordered(found[each]) for each in order},
        tuple(name for name in numbers if name not in used),
        notes,
    )


def _ordered(chosen: dict[str, Guess]) -> dict[str, Guess]:
    return {
        name: chosen[name]
        for name in ("column", "columns", "combine", "unit", "kind", "scale")
        if name in chosen
    }


def _groups(numbers: dict[str, Values], units: dict[str, str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    volts = [name for name in numbers if re.search(_OF_INVERTER, unit_words.of_letters(name))]
    of_inverter = len(volts) >= _LEAST_VOLTS
    for name in numbers:
        plain = unit_words.of_letters(name)
        if re.search(_MODELLED, plain):
            continue
        said = units.get(name) or unit_words.of_name(name)
        canonical = _canonical(plain, said)
        if canonical is None:
            continue
        if re.search(_FORECAST, plain):
            if canonical == "power_ac":  # somebody else's forecast of what is to be predicted
                continue
            canonical = FORECAST_PREFIX + canonical
        if canonical == "temp_air" and of_inverter and not re.search(_OUTSIDE, plain):
            continue
        groups.setdefault(canonical, []).append(name)
    return groups


def called(name: str) -> str | None:
    """Return what a column holds by its name; None where that says nothing."""
    return _canonical(unit_words.of_letters(name), unit_words.of_name(name))


def is_called_power(name: str) -> bool:
    """Whether a column holds power by its name."""
    return called(name) == "power_ac"


def _canonical(plain: str, said: str | None) -> str | None:
    """Return what a column holds by its name, unless its unit says that it is something else."""
    word = unit_words.plain(said) if said else None
    known = unit_words.KNOWN.get(word) if word else None
    for canonical, words in _NAMES:
        if re.search(words, plain) and (
            word is None or known in FITS[canonical] or not unit_words.certain(word)
        ):
            return canonical if word not in unit_words.OTHER else None
    if known and unit_words.certain(word or ""):
        return _BY_UNIT.get(known)
    return "power_ac" if known == "W" and not re.search(r"\bdc", plain) else None


def _chosen(
    canonical: str, names: list[str], numbers: dict[str, Values], power: Values | None
) -> dict[str, Guess]:
    if len(names) == 1:
        return {"column": Guess(names[0], _why_alone(canonical, names[0]))}
    if canonical in _IRRADIANCES and power is not None:
        follows = {name: correlation(numbers[name], power) for name in names}
        best = max(follows, key=lambda name: follows[name])
        rest = ", ".join(f"{name} ({follows[name]:.2f})" for name in names if name != best)
        tied = any(follows[best] - follows[name] < _TIE for name in names if name != best)
        tie = "GUESSED, a tie: " if tied else ""
        why = f"{tie}power follows it most closely (correlation {follows[best]:.2f}); others like it: {rest}"
        return {"column": Guess(best, why)}
    why = f"GUESSED, a tie: the first by its name; others like it: {', '.join(names[1:4])}"
    return {"column": Guess(names[0], why)}


def _why_alone(canonical: str, name: str) -> str:
    if canonical != "ghi" or re.search(_LEVEL, unit_words.of_letters(name)):
        return "by its name"
    return (
        "GUESSED: neither its name nor its unit says the plane; where the sensor is tilted like the modules, "
        "call it poa_global"
    )


def correlation(values: Values, power: Values) -> float:
    """Return how closely two columns follow each other; 0 where too few rows say."""
    both = np.isfinite(values) & np.isfinite(power)
    if both.sum() < _LEAST_ROWS or not (values[both].std() and power[both].std()):
        return 0.0
    return float(np.corrcoef(values[both], power[both])[0, 1])


def members(chosen: dict[str, Guess]) -> list[str]:
    """Return the columns that a quantity is taken from."""
    if "column" in chosen:
        return [chosen["column"].value]
    members: Sequence[str] = chosen["columns"].value.members
    return list(members)


def members_added(chosen: dict[str, Guess], numbers: dict[str, Values]) -> Values:
    """Return a quantity as the file says it, several inverters added up; of a counter what it grows by."""
    total: Values = np.sum([numbers[name] for name in members(chosen)], axis=0)
    if "kind" in chosen:
        grown = np.append(np.diff(total), np.nan)
        return np.where(grown >= 0, grown, np.nan)
    scale = float(chosen["scale"].value) if "scale" in chosen else 1.0
    return total * scale


# --- what the plant's own energy says ---------------------------------------------------------------


def noon(found: Columns, numbers: dict[str, Values], times: Times, middle: float) -> float | None:
    """Return the clock hour around which the day's energy is centred. [h]

    The sun on a horizontal plane says it best: a plant may face east.

    Parameters
    ----------
    middle
        How far the middle of an interval is after its stamp. [h]
    """
    for each in ("ghi", "poa_global", "power_ac"):
        if each in found:
            hour = _centre(members_added(found[each], numbers), times)
            if hour is not None:
                # What a counter grew by is counted from its stamp on, whatever a stamp names.
                return (hour + (abs(middle) if "kind" in found[each] else middle)) % 24
    return None


def of_the_sun(found: Columns, numbers: dict[str, Values]) -> Values | None:
    """Return what follows the sun most closely; None where a file holds nothing of it."""
    name = next((each for each in ("ghi", "poa_global", "power_ac") if each in found), None)
    return members_added(found[name], numbers) if name else None


def late(times: Times) -> float:
    """Return how much later than mean noon the sun is highest on some days, in the mean. [h]"""
    days = np.unique(times[~np.isnat(times)].astype("M8[D]"))
    return float(late_on(days).mean()) if len(days) else 0.0


def late_on(days: Times) -> Values:
    """Return how much later than mean noon the sun is highest on each day. [h]

    References
    ----------
    .. [1] J. W. Spencer, "Fourier series representation of the position of the sun", Search 2 (5), 172, 1971.
    """
    angle = 2 * np.pi * (days - days.astype("M8[Y]")).astype(float) / 365
    ahead = 0.0075 + 0.1868 * np.cos(angle) - 3.2077 * np.sin(angle)
    ahead += -1.4615 * np.cos(2 * angle) - 4.089 * np.sin(2 * angle)
    hours: Values = -ahead * 229.18 / 100 / 60
    return hours


def _centre(values: Values, times: Times) -> float | None:
    """Return the mean hour of day, weighted by a quantity. [h]"""
    known = np.isfinite(values) & ~np.isnat(times)
    if not known.any():
        return None
    hours = (times[known] - times[known].astype("M8[D]")) / np.timedelta64(1, "h")
    weights = np.clip(values[known], 0, None)
    if not weights.sum() > 0:
        return None
    turned = (weights * np.exp(2j * np.pi * hours / 24)).sum()
    if abs(turned) < _CENTRED * weights.sum():
        return None
    return float(np.angle(turned) % (2 * np.pi) * 24 / (2 * np.pi))
