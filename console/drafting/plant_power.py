"""Which column, or which columns together, hold the power of the plant.

Exports put battery, grid, house and single inverters beside it. The names say which is which; the values are
the evidence: a plant gives nothing at night and is never far below zero.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from console.drafting import unit_words
from console.drafting.guess import Guess

Values = npt.NDArray[np.float64]

_PLANT = re.compile(
    r"total|gesamt|summe|\bsum\b|plant|site|anlage|\bpv\b|solar|solaire|photovol|generat|generad|gerad|produc"
    r"|prodott|produz|erzeug|opwek"
    r"|\btot ?w\b"
)
_PHASE = "one phase"
_OTHERS = {
    "battery": r"batt?er|akku|storage|\bsoc\b|\bess\b|charge",
    "grid": r"grid(?! ?ms\b)|netz|mains|import|export|purchase|bezug|einspeis|feed ?in|vertid|excedent|inyec"
    r"|inject|immess|prelev|soutir|terug|\bred\b",
    "house": r"house|\bhome\b|\bload\b|consum|consom|verbrauch|verbruik|\bhaus|demand|autocon|selbst",
    "the DC side": r"\bdc|string|mppt|\bpv\d|\binput",
    "another kind of plant": r"\bwind\b|nuclea|kernkraft|hydro|wasserkraft|biomass|biogas|\bgas\b|coal"
    r"|lignite|braunkohle|steinkohle|geotherm|diesel|genset",
    "reactive or apparent power": r"reactive|reaktiv|reattiv|bierna|apparent|blind|schein|\bvar\b|\bva\b"
    r"|factor|p ?f ?prc",
    "a limit": r"limit|setpoint|soll|max(imum)?\b|rated|nominal|curtail",
    _PHASE: r"\bphs|phase|\bl[123]\b",
}
_AC = re.compile(r"\bp? ?ac ?\d*\b")
_EXTREME = re.compile(r"\bmin(imum)?\b|\bmax(imum)?\b|\bpeak\b|\bdc ?\d*\b")
_INVERTER = re.compile(r"\binv|inverter|wechselrichter|\bwr ?\d|\bwr\b")
_COUNTS = Guess("counter", "GUESSED: it never falls but to begin anew, so it counts energy")
_NIGHT = 0.15  # of the rows at least hold nearly nothing
_NOTHING = 0.01  # of the highest value
_DRAW = 0.1  # of the highest value, which a plant may draw
_ALIKE = 0.9  # correlation
_CLOSE, _MOSTLY = 0.005, 0.95  # of a sum; of its rows
_AGAIN = re.compile(r"(?:[._]| ?\()\d+\)?$")  # of Power.1, as programs tell equal names apart
_SEPARATOR = re.compile(r"[\s_.\-]+")


@dataclass(frozen=True, slots=True)
class Several:
    """Columns that are added up: how the YAML names them, and which they are."""

    patterns: tuple[str, ...]
    members: tuple[str, ...]


def choose(
    candidates: dict[str, Values], units: dict[str, str], irradiance: Sequence[Values]
) -> dict[str, Guess]:
    """Return the column or columns of the plant's power, with the evidence.

    Parameters
    ----------
    candidates
        Columns that may hold power, in the file's order.
    irradiance
        Columns of irradiance, which a plant's power follows.
    """
    others = {name: role for name in candidates if (role := _other(name))}
    counters = {name for name, values in candidates.items() if is_counter(values)}
    own = [name for name in candidates if name not in others]
    power = [name for name in own if name not in counters]
    if power:
        return _signed(_of(power, candidates, units, others, irradiance), candidates)
    if own:
        chosen = _of_counters(own, candidates, irradiance, _besides(others))
        return {**chosen, "kind": _COUNTS}
    best = _best(
        [each for each in candidates if each not in counters] or list(candidates),
        candidates,
        irradiance,
    )
    phases = [name for name, role in others.items() if role == others[best] == _PHASE]
    if (three := _family(phases, units) if len(phases) > 1 else None) and best in three:
        why = f"GUESSED: no column holds all of its power, so its {len(three)} phases are added up"
        return _signed({"columns": Guess(_several(three, candidates), why)}, candidates)
    role = others[best]
    why = (
        f"GUESSED: its name says {role}, but no other column can be the plant's power; please check"
    )
    chosen = {"column": Guess(best, why)}
    return {**chosen, "kind": _COUNTS} if best in counters else _signed(chosen, candidates)


def most_likely(numbers: dict[str, Values]) -> dict[str, Guess]:
    """Return the column that is most like a plant's power, where no name says anything."""
    alike = _families(list(numbers))
    if len(numbers) > 1 and len(alike) == 1 and all(_INVERTER.search(_plain(n)) for n in numbers):
        why = f"GUESSED: the names of {len(numbers)} inverters alone, added up; please check what they hold"
        return _signed({"columns": Guess(_several(list(numbers), numbers), why)}, numbers)
    best = _best(list(numbers), numbers, ())
    rest = ", ".join(name for name in numbers if name != best)
    others = [
        name
        for name in numbers
        if name != best
        and not _EXTREME.search(_plain(name))
        and _follows(numbers[name], numbers[best])
    ]
    why = (
        f"FILL IN: no column's name says what it holds, and {', '.join(others[:4])} like {best} may be the "
        "plant's power, or inverters to add up (columns: […])"
        if others
        else "GUESSED: no column's name says what it holds; please check"
        + (f"; others: {rest}" if rest else "")
    )
    chosen = {"column": Guess(best, why)}
    if is_counter(numbers[best]):
        chosen["kind"] = _COUNTS
    return _signed(chosen, numbers)


def _follows(values: Values, other: Values) -> bool:
    """Whether a column goes with another one as a plant's power does, and is nothing when it is."""
    return _looks_like_a_plant(values) and _correlation(values, other) > _ALIKE


def is_counter(values: Values) -> bool:
    """Whether a column counts energy: it never falls, but to begin anew."""
    known = values[np.isfinite(values)]
    if len(known) < 24 or known.max() <= known.min():  # noqa: PLR2004 - a day of hours
        return False
    falls = np.flatnonzero(np.diff(known) < 0)
    if not len(falls):
        return True
    to_nothing = known[falls + 1] <= 0.1 * known[falls]
    return bool(to_nothing.all()) and len(falls) * 12 <= len(known)


def _other(name: str) -> str | None:
    plain = _plain(name)
    return next((role for role, words in _OTHERS.items() if re.search(words, plain)), None)


def _plain(name: str) -> str:
    return unit_words.of_letters(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))


def _of(
    names: list[str],
    candidates: dict[str, Values],
    units: dict[str, str],
    others: dict[str, str],
    irradiance: Sequence[Values],
) -> dict[str, Guess]:
    besides = _besides(others)
    if len(names) == 1:
        marked = "" if _looks_like_a_plant(candidates[names[0]]) or not others else "GUESSED "
        return {"column": Guess(names[0], f"{marked}by its name{besides}")}
    if (total := _total(names, candidates)) is not None:
        name, parts = total
        return {"column": Guess(name, f"in every row it is the sum of {', '.join(parts)}{besides}")}
    plain = [name for name in names if not _INVERTER.search(_plain(name))]
    family = _family(names, units)
    if family is not None and not any(
        name not in family and _PLANT.search(_plain(name)) for name in plain
    ):
        left = [name for name in names if name not in family]
        more = f"; left out: {', '.join(left)}" if left else ""
        return {
            "columns": Guess(_several(family, candidates), _why_family(family) + more + besides)
        }
    best = _best(plain or names, candidates, irradiance)
    rest = [name for name in names if name != best]
    tie = _PLANT.search(_plain(best)) is None or any(_PLANT.search(_plain(each)) for each in rest)
    marked = "GUESSED, a tie: " if tie else ""
    inverters = " (the plant's own before those of inverters)" if plain and plain != names else ""
    why = f"{marked}by its name and values{inverters}; others like it: {', '.join(rest[:4])}"
    return {"column": Guess(best, why + besides)}


def _of_counters(
    names: list[str], candidates: dict[str, Values], irradiance: Sequence[Values], besides: str
) -> dict[str, Guess]:
    """Return the counter of the plant, or those of its inverters: what they grow by tells which is a sum."""
    grown = {name: np.append(np.diff(candidates[name]), np.nan) for name in names}
    if (total := _total(names, grown)) is not None:
        name, parts = total
        return {"column": Guess(name, f"it grows by the sum of {', '.join(parts)}{besides}")}
    numbered = [each for each in _families(names).values() if len(each) > 1]
    rest = [name for name in names if not numbered or name not in numbered[0]]
    if len(numbered) == 1 and not any(_PLANT.search(_plain(name)) for name in rest):
        why = f"GUESSED: {len(numbered[0])} counters, one per inverter"
        return {"columns": Guess(_several(numbered[0], candidates), why + besides)}
    best = _best(names, candidates, irradiance)
    others = [name for name in names if name != best]
    tie = f"GUESSED, a tie: others like it: {', '.join(others[:4])}; " if others else ""
    return {"column": Guess(best, f"{tie}the only kind of power is a counter{besides}")}


def _besides(others: dict[str, str]) -> str:
    """Say which columns of power are not the plant's, and by what."""
    if not others:
        return ""
    shown = ", ".join(f"{name} ({role})" for name, role in list(others.items())[:4])
    return f"; not {shown}" + (", …" if len(others) > 4 else "")  # noqa: PLR2004 - shown


def _best(names: Sequence[str], candidates: dict[str, Values], irradiance: Sequence[Values]) -> str:
    """Return the column that is most like a plant: by its name, its nights, and the sun that it follows."""

    def rank(name: str) -> tuple[bool, bool, bool, bool, float]:
        values = candidates[name]
        follows = max((abs(_correlation(values, sun)) for sun in irradiance), default=0.0)
        plain = _plain(name)
        said = bool(_PLANT.search(plain)), bool(_AC.search(plain))
        is_usual = _EXTREME.search(plain) is None
        return _looks_like_a_plant(values), is_usual, *said, round(follows, 1)

    return max(names, key=rank)


def _looks_like_a_plant(values: Values) -> bool:
    known = values[np.isfinite(values)]
    if not len(known):
        return False
    turned = (
        -known if -known.min() > known.max() else known
    )  # a meter that counts what is fed in as negative
    highest = turned.max()
    quiet = (np.abs(turned) <= _NOTHING * highest).mean() + np.isnan(values).mean()
    return bool(highest > 0 and turned.min() >= -_DRAW * highest and quiet >= _NIGHT)


def _correlation(one: Values, other: Values) -> float:
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < 24 or not (one[both].std() and other[both].std()):  # noqa: PLR2004 - a day of hours
        return 0.0
    return float(np.corrcoef(one[both], other[both])[0, 1])


def _total(names: Sequence[str], candidates: dict[str, Values]) -> tuple[str, list[str]] | None:
    """Return the column that is the sum of all others or of a family, and its parts."""
    for name in names:
        rest = [each for each in names if each != name]
        families = [rest] if len(rest) > 1 else []
        families += [each for each in _families(rest).values() if 1 < len(each) < len(rest)]
        for parts in families:
            summed = np.sum([candidates[each] for each in parts], axis=0)
            known = np.isfinite(summed) & np.isfinite(candidates[name]) & (np.abs(summed) > 0)
            if not known.any():
                continue
            close = (
                np.abs(candidates[name][known] - summed[known])
                <= _CLOSE * np.abs(summed[known]) + 1e-2
            )
            if close.mean() >= _MOSTLY:
                return name, parts
    return None


def _families(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the columns whose names differ by numbers only, or by a number behind all but the first."""
    found: dict[str, list[str]] = {}
    for name in names:
        again = _AGAIN.sub("", name)
        is_again = again != name and again in names
        found.setdefault(again if is_again else re.sub(r"\d+", "*", name), []).append(name)
    return found


def _family(names: Sequence[str], units: dict[str, str]) -> list[str] | None:
    """Return columns that are parts of one plant: numbered, or with the same first word and the same unit."""
    numbered = [each for each in _families(names).values() if len(each) > 1]
    if len(numbered) == 1:
        return numbered[0]
    if numbered:
        return None
    words = [_SEPARATOR.split(name.strip()) for name in names]
    said = {units.get(name) or unit_words.of_name(name) for name in names}
    first = {each[0] for each in words}
    is_quantity = re.search(
        r"power|leistung|energy|puissance|potencia|^p$|output", next(iter(first)).lower()
    )
    if (
        len(first) == 1
        and len(said) == 1
        and not is_quantity
        and all(len(each) > 1 for each in words)
    ):
        return list(names)
    return None


def _why_family(family: Sequence[str]) -> str:
    shapes = {re.sub(r"\d+", "*", name) for name in family}
    if len(shapes) == 1:
        return f"{len(family)} columns, one per inverter"
    return f"GUESSED: {len(family)} columns that begin alike and have one unit; added up"


def _several(family: Sequence[str], candidates: dict[str, Values]) -> Several:
    """Return how the YAML names some columns: by a glob, unless that would take others as well."""
    pattern = re.sub(r"\d+", "*", family[0])
    taken = [name for name in candidates if name == pattern or fnmatchcase(name, pattern)]
    return Several((pattern,) if taken == list(family) else tuple(family), tuple(family))


def _signed(chosen: dict[str, Guess], candidates: dict[str, Values]) -> dict[str, Guess]:
    """Turn the sign of a meter that counts generation as negative."""
    guess = next(iter(chosen.values()))
    names = guess.value.members if isinstance(guess.value, Several) else [guess.value]
    values = np.sum([candidates[name] for name in names], axis=0)
    known = values[np.isfinite(values)]
    if not len(known) or known.min() >= 0:
        return chosen
    much = np.abs(known) > 0.2 * np.abs(known).max()
    if (known[much] < 0).mean() > 0.9:  # noqa: PLR2004 - nearly all of them
        return {**chosen, "scale": Guess(-1, "GUESSED: power is negative when it is large")}
    return chosen
