"""Several sensors, inverters or plants below each other: which column names them, and which rows count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from console.drafting import quantities, unit_words
from console.drafting.cells import is_number, numbers
from console.drafting.guess import Guess, NotUnderstoodError
from console.drafting.layout import Sheet
from console.drafting.moments import Times
from shared.solar.site import POWER

Mask = npt.NDArray[np.bool_]

_DAY = np.timedelta64(1, "D")
_INTERVALS = {24, 25, 48, 50, 96, 100}  # of a day, and of the longest one
_MOST_NAMES = 200
_MOSTLY = 0.5
_QUIET = 0.1  # of the rows at least, in which a plant gives nothing
_BACK = 0.02  # of the stamps repeat or go back: a few are a logger's hiccup
_NAMES = re.compile(
    r"site|campus|plant|station|park|location|inverter|\binv|device|sensor|entity|meter|logger|source|unit|channel"
    r"|wechselrichter|anlage|\bname\b|\bid\b|key|\bwr\b|zone|phase|parameter|variable|metric|\btag|object"
)
_INVERTERS = re.compile(r"inverter|\binv\b|wechselrichter|\bwr\b|source key|device|unit")
_SUN = re.compile(r"solar|\bpv\b|photovol|generat|produc|erzeug|plant|inverter|\bac\b")
_REGISTERS = re.compile(r"\bregister|tarif|zählwerk|zaehlwerk|\bobis\b")
_FED_IN = re.compile(
    r"injec|inject|feed|fed in|einspeis|lieferung|terug|export|produc|generat|inyec"
)
_NOT_SUN = re.compile(
    r"batter|grid|load|house|temp|irrad|volt|current|freq|soc|consum|import|export|import"
)


@dataclass(frozen=True, slots=True)
class Series:
    """Which rows of a long file count.

    Attributes
    ----------
    layout
        `where` or `sum_by`.
    column
        The column that names a row's sensor, inverter or plant.
    masks
        For each file, the rows that were kept for looking at: those of one name.
    added_up
        How many names are added up.
    unit
        Of what is read, where its name says it.
    """

    layout: dict[str, Guess]
    column: str
    masks: list[Mask]
    added_up: int = 1
    unit: str | None = None


def find(sheets: Sequence[Sheet], times: Sequence[Times], taken: set[str]) -> Series | None:
    """Return which rows count, where a column tells several series apart; None where the file has one.

    Parameters
    ----------
    taken
        Columns that hold stamps.
    """
    if not any(_goes_back(each) for each in times):
        return None
    best: tuple[tuple[bool, bool, float, int], str, list[str]] | None = None
    for name in sheets[0].columns:
        if name in taken:
            continue
        values = [_names_of(sheet.columns[name]) for sheet in sheets]
        # A header that comes again names no series.
        said = dict.fromkeys(each for some in values for each in some if each)
        known = [each for each in said if each not in sheets[0].columns]
        if not 1 < len(known) <= _MOST_NAMES:
            continue
        calm = np.mean([_calm(some, each) for some, each in zip(values, times, strict=True)])
        named = bool(_NAMES.search(re.sub(r"[_\W]+", " ", name.lower())))
        if calm < 1 - _BACK or (not named and _is_numeric(sheets[0].columns[name])):
            continue
        counted = all(is_number(each) for each in known)
        if counted and not named and _are_of_days(values, times):
            continue  # the number of an hour beside its stamp
        rank = (named, not counted, float(calm), -len(known))
        if best is None or rank > best[0]:
            best = rank, name, known
    if best is None:
        return None
    _refuse_intervals(sheets, times, best[1], best[2])
    return _chosen(sheets, times, best[1], best[2])


def _refuse_intervals(
    sheets: Sequence[Sheet], times: Sequence[Times], column: str, known: Sequence[str]
) -> None:
    """Refuse dates beside the number of an interval of the day, as of settlement periods.

    Raises
    ------
    NotUnderstoodError
        With what to write instead.
    """
    all_ = np.concatenate(list(times))
    all_ = all_[~np.isnat(all_)]
    if len(known) not in _INTERVALS or (all_ != all_.astype("M8[D]")).any():
        return
    names = [_names_of(sheet.columns[column]) for sheet in sheets]
    if not _are_of_days(names, times, closer=False):
        return
    message = (
        f"{sheets[0].path.name}: the stamps are dates, and {column!r} names the interval of the day "
        f"({', '.join(known[:3])}, …, {known[-1]}); write the time of day at which it begins beside the "
        "date, like 13:30"
    )
    raise NotUnderstoodError(message)


def _goes_back(times: Times) -> bool:
    known = times[~np.isnat(times)]
    if len(known) < 8:  # noqa: PLR2004 - too few to say
        return False
    if known[-1] < known[0] and (np.diff(known) < np.timedelta64(0, "us")).mean() > _MOSTLY:
        known = known[::-1]  # newest first
    furthest = np.maximum.accumulate(known.astype(np.int64))
    return bool((known[1:].astype(np.int64) <= furthest[:-1]).mean() > _BACK)


def _names_of(cells: Sequence[Any]) -> list[str | None]:
    return [
        None if each is None or str(each).strip() == "" else str(each).strip() for each in cells
    ]


def _is_numeric(cells: Sequence[Any]) -> bool:
    return all(
        isinstance(each, float) or re.fullmatch(r"-?\d+[.,]\d+", str(each)) for each in cells[:50]
    )


def _calm(names: Sequence[str | None], times: Times) -> float:
    """Return the share of rows whose stamp comes after the one before of the same name; or all before it."""
    last: dict[str | None, np.datetime64] = {}
    later = earlier = total = 0
    for name, time in zip(names, times, strict=True):
        if np.isnat(time):
            continue
        before = last.get(name)
        total += 1
        later += before is None or bool(time > before)
        earlier += before is None or bool(time < before)
        last[name] = time
    return max(later, earlier) / total if total else 0.0


def _are_of_days(
    names: Sequence[Sequence[str | None]], times: Sequence[Times], *, closer: bool = True
) -> bool:
    """Whether the rows of one name lie a day and more apart, where all rows lie closer unless told."""
    some, all_ = [], []
    for own, each in zip(names, times, strict=True):
        known = [
            (name, time)
            for name, time in zip(own, each, strict=True)
            if name and not np.isnat(time)
        ]
        by_name = sorted(known)
        some += [b[1] - a[1] for a, b in pairwise(by_name) if a[0] == b[0]]
        all_ += list(np.diff(np.unique([time for _, time in known])))
    if not some or min(some) < _DAY:
        return False
    return not closer or (bool(all_) and bool(np.median(np.array(all_, "m8[us]")) < _DAY))


def _chosen(
    sheets: Sequence[Sheet], times: Sequence[Times], column: str, known: list[str]
) -> Series:
    plain = re.sub(r"[_\W]+", " ", column.lower())
    shown = ", ".join(known[:6]) + (", …" if len(known) > 6 else "")  # noqa: PLR2004 - shown
    alike = len({re.sub(r"\d+", "*", each) for each in known}) == 1
    if _REGISTERS.search(plain):
        return _registers(sheets, times, column, known, shown)
    called = all(_INVERTERS.search(re.sub(r"[\d_\W]+", " ", each.lower())) for each in known)
    if (called or _INVERTERS.search(plain)) and (
        alike or not any(_NOT_SUN.search(each.lower()) for each in known)
    ):
        why = f"GUESSED: {len(known)} inverters below each other ({shown}); their power is added up"
        layout = {"sum_by": Guess(column, why)}
        first = known[0]
    else:
        ranks = {each: _sunny(sheets, column, each) for each in known}
        first = max(known, key=lambda each: ranks[each])
        like_it = [each for each in known if _is_as_sunny(ranks[each], ranks[first])]
        said = "GUESSED" if len(like_it) == 1 else f"FILL IN, like {{{column}: {first}}}"
        why = (
            f"{said}: the file holds {len(known)} series below each other ({shown}); one of them is read. "
            "If these are the plant's inverters, say sum_by: instead; if they are plants, each has a YAML of "
            "its own"
        )
        layout = {"where": Guess({column: _as_said(sheets, column, first)}, why)}
    masks = _masks(sheets, column, first)
    unit = unit_words.of_name(first) if "where" in layout else None
    return Series(layout, column, masks, len(known) if "sum_by" in layout else 1, unit)


def _is_as_sunny(one: tuple[int, float], other: tuple[int, float]) -> bool:
    """Whether nothing tells which of two series is a plant's power: of two plants, say."""
    return one[0] == other[0] and min(one[1], other[1]) > _QUIET


def _registers(
    sheets: Sequence[Sheet], times: Sequence[Times], column: str, known: list[str], shown: str
) -> Series:
    """Return the registers of a meter that count what was fed in: by day and by night, in turns."""
    fed_in = [each for each in known if _FED_IN.search(each.lower())] or known
    why = (
        f"GUESSED: the file holds {len(known)} registers of a meter ({shown}); {len(fed_in)} of them count "
        "what was fed in"
    )
    said = [_as_said(sheets, column, each) for each in fed_in]
    layout = {"sum_by": Guess(column, "registers take turns, and are added up")}
    if len(fed_in) == 1 or not _meet(sheets, times, column, fed_in):
        layout = {}
    if len(fed_in) < len(known):
        layout["where"] = Guess({column: said if len(said) > 1 else said[0]}, why)
    if "sum_by" in layout:
        fed_in = [max(fed_in, key=lambda each: _highest(sheets, column, each))]
    return Series(layout, column, _masks(sheets, column, *fed_in))


def _meet(
    sheets: Sequence[Sheet], times: Sequence[Times], column: str, names: Sequence[str]
) -> bool:
    """Whether a stamp has rows of two names: where each has its own hours, there is nothing to add up."""
    for sheet, own in zip(sheets, times, strict=True):
        kept = np.isin([each or "" for each in _names_of(sheet.columns[column])], names)
        known = own[kept & ~np.isnat(own)]
        if len(np.unique(known)) < (1 - _BACK) * len(known):
            return True
    return False


def _highest(sheets: Sequence[Sheet], column: str, name: str) -> float:
    """Return the highest value beside a name."""
    mask = [each == name for each in _names_of(sheets[0].columns[column])]
    found = (
        numbers([cell for cell, kept in zip(cells, mask, strict=True) if kept], other)
        for other, cells in sheets[0].columns.items()
        if other != column
    )
    return max((float(np.nanmax(each.values)) for each in found if each), default=0.0)


def _masks(sheets: Sequence[Sheet], column: str, *names: str) -> list[Mask]:
    return [
        np.array([each in names for each in _names_of(sheet.columns[column])], bool)
        for sheet in sheets
    ]


def _as_said(sheets: Sequence[Sheet], column: str, name: str) -> str | float:
    """Return a name as the file stores it: a number stays one."""
    for sheet in sheets:
        for cell in sheet.columns[column]:
            if str(cell).strip() == name:
                return cell if isinstance(cell, int | float) else name
    return name


def _sunny(sheets: Sequence[Sheet], column: str, name: str) -> tuple[int, float]:
    """Return how much a series is like a plant's power: by its name, and by how often it gives nothing."""
    plain = re.sub(r"[_\W]+", " ", name.lower())
    words = bool(_SUN.search(plain)) - bool(_NOT_SUN.search(plain))
    called = quantities.called(name)
    words += (called == POWER) - (called not in {None, POWER})
    mask = [each == name for each in _names_of(sheets[0].columns[column])]
    quiet = 0.0
    for other, cells in sheets[0].columns.items():
        if other == column:
            continue
        own = [cell for cell, kept in zip(cells, mask, strict=True) if kept]
        found = numbers(own, other)
        if found is not None:
            values = found.values[np.isfinite(found.values)]
            if values.min() >= 0 and values.max() > 0:
                quiet = max(quiet, float((values <= 0.01 * values.max()).mean()))
    return words, round(quiet, 2)
