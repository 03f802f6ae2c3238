"""Looks at sample files of a plant and proposes its YAML, with the evidence for each guess."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from services.data_watcher.reading import faults, files, sheets, text

MOST_ROWS = 40_000  # of a file that are looked at; a year of quarters of an hour
_DELIMITERS = ",;\t|"
_FORMATS = (
    None,
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y%m%d %H%M",
    "%Y%m%d%H%M",
)
# Canonical name by what people call it; the first that fits counts.
_NAMES: tuple[tuple[str, str], ...] = (
    ("temp_module", r"(module|cell|panel|modul).*temp|temp.*(module|cell|panel|modul)|t ?mod"),
    ("temp_air", r"temp|t ?amb|t ?air"),
    ("relative_humidity", r"humid|\brh\b|feuchte"),
    ("pressure", r"pressure|baro|luftdruck"),
    ("wind_speed", r"wind(?!.*dir)|\bws\b"),
    ("dni", r"\bdni\b|direct.*normal|beam"),
    ("dhi", r"\bdhi\b|diffuse"),
    ("poa_global", r"poa|plane|tilt|inclined|\bgti\b|in.?plane"),
    ("ghi", r"ghi|global|irrad|radiation|pyrano|solar ?rad|strahlung"),
    ("power_ac", r"power|\bp ?ac\b|leistung|output|\bkwh?\b|\bmwh?\b|generation|energy"),
)
_UNITS = {
    "w/m2": "W/m2", "w/m²": "W/m2", "w/m^2": "W/m2", "kw/m2": "kW/m2", "wh/m2": "Wh/m2", "j/m2": "J/m2",
    "kj/m2": "kJ/m2", "mj/m2": "MJ/m2", "kwh": "kWh", "mwh": "MWh", "wh": "Wh", "kw": "kW", "mw": "MW",
    "w": "W", "°c": "C", "degc": "C", "c": "C", "k": "K", "°f": "F", "f": "F", "m/s": "m/s", "km/h": "km/h",
    "kmh": "km/h", "mph": "mph", "%": "%", "hpa": "hPa", "mbar": "mbar", "kpa": "kPa", "pa": "Pa",
}  # fmt: skip
_FITS: dict[str, tuple[str, ...]] = {
    "power_ac": ("W", "kW", "MW", "Wh", "kWh", "MWh"),
    **dict.fromkeys(
        ("ghi", "dni", "dhi", "poa_global"),
        ("W/m2", "kW/m2", "Wh/m2", "J/m2", "kJ/m2", "MJ/m2"),
    ),
    **dict.fromkeys(("temp_air", "temp_module"), ("C", "K", "F")),
    "wind_speed": ("m/s", "km/h", "mph"),
    "relative_humidity": ("%",),
    "pressure": ("hPa", "mbar", "kPa", "Pa"),
}
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Guess:
    """A value, and what speaks for it."""

    value: Any
    why: str


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """How one file seems to read."""

    file: str
    format: str
    layout: dict[str, Guess]
    timestamp: dict[str, Guess]
    columns: dict[str, dict[str, Guess]] = field(default_factory=dict)
    peak: float | None = None
    noon: float | None = None
    offset: str | None = None


class NotUnderstoodError(Exception):
    """A file in which no time stamps were found."""


def draft(path: Path) -> SourceDraft:
    """Look at one file.

    Raises
    ------
    NotUnderstoodError
        No column of it holds time stamps.
    UnreadableFileError
        It is damaged.
    """
    kind, layout, rows = _rows(path)
    start = next((at for at, row in enumerate(rows) if _is_data(row)), None)
    if not start:
        message = f"{path.name}: no line below a header holds a time stamp and a number"
        raise NotUnderstoodError(message)
    header = [str(cell).strip() for cell in rows[start - 1]]
    body = [row for row in rows[start : start + MOST_ROWS] if len(row) == len(header)]
    columns = {name: [row[at] for row in body] for at, name in enumerate(header) if name}
    timestamp, moments = _stamps(columns, path.name)
    taken = {str(guess.value) for key, guess in timestamp.items() if key.endswith("column")}
    decimal = "," if layout.get("decimal") else "."
    numbers = {
        name: _numbers(cells, decimal) for name, cells in columns.items() if name not in taken
    }
    numbers = {name: values for name, values in numbers.items() if np.isfinite(values).any()}
    found = dict(_quantities(numbers))
    peak, noon = _energy(found, numbers, moments)
    first = next(each for each in moments if each)
    offset = f"{first:%z}"[:3] + ":" + f"{first:%z}"[3:5] if first.tzinfo else None
    return SourceDraft(path.name, kind, layout, timestamp, found, peak, noon, offset)


# --- what kind of file ------------------------------------------------------------------------------


def _rows(path: Path) -> tuple[str, dict[str, Guess], list[list[Any]]]:
    data = bytes(files.unpacked(path.read_bytes()))
    if data.startswith(b"PAR1"):
        import pyarrow as pa  # noqa: PLC0415 - heavy, and only for Parquet
        import pyarrow.parquet as pq  # noqa: PLC0415

        with faults.damage_is_said():
            table = pq.read_table(pa.BufferReader(data)).slice(0, MOST_ROWS)
        columns = [column.to_pylist() for column in table.columns]
        return "parquet", {}, [table.column_names, *map(list, zip(*columns, strict=True))]
    if data.startswith(b"PK"):
        return "xlsx", {}, sheets.cells(data, None)
    lines = [
        line for line in bytes(text.utf8(data)).decode("utf-8-sig").splitlines() if line.strip()
    ]
    lines = lines[: MOST_ROWS + faults.MOST_HEADER_LINES]
    delimiter, fields = _delimiter(lines[-60:])
    layout = {"delimiter": Guess(delimiter, f"{fields} fields in each of the last lines")}
    rows: list[list[Any]] = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    commas = sum(bool(re.fullmatch(r"-?\d+,\d+", cell)) for row in rows[-60:] for cell in row)
    if commas:
        layout["decimal"] = Guess(",", f"{commas} cells of the last lines are like 1,5")
    return "csv", layout, rows


def _delimiter(lines: Sequence[str]) -> tuple[str, int]:
    def rank(delimiter: str) -> tuple[float, int]:
        fields, times = Counter(line.count(delimiter) + 1 for line in lines).most_common(1)[0]
        return (times / len(lines) if fields > 1 else 0.0, -_DELIMITERS.index(delimiter))

    # A decimal comma also cuts lines into equal fields; a semicolon or tab beside it is the delimiter.
    strong = [each for each in ";\t|" if rank(each)[0] > 0.9]  # noqa: PLR2004 - nearly every line
    best = strong[0] if strong else max(_DELIMITERS, key=rank)
    return best, Counter(line.count(best) + 1 for line in lines).most_common(1)[0][0]


def _is_data(row: Sequence[Any]) -> bool:
    has_time = any(_moment(cell, form) for cell in row for form in (*_FORMATS, *_DATES))
    return has_time and any(
        _number(cell, ".") is not None or _number(cell, ",") is not None for cell in row
    )


# --- time stamps ------------------------------------------------------------------------------------

_DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d")


def _moment(cell: Any, form: str | None) -> datetime | None:
    if isinstance(cell, date):  # midnight in a spreadsheet is a date
        moment = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
        return moment if form is None else None
    if not isinstance(cell, str) or len(cell.strip()) < 8:  # noqa: PLR2004 - the shortest date
        return None
    try:
        if form is None:
            return datetime.fromisoformat(cell.strip())
        return datetime.strptime(cell.strip(), form)  # noqa: DTZ007 - the zone is guessed apart
    except ValueError:
        return None


def _stamps(
    columns: dict[str, list[Any]], file: str
) -> tuple[dict[str, Guess], list[datetime | None]]:
    candidates: dict[str, tuple[str, str | None, list[Any]]] = {
        name: (name, None, cells) for name, cells in columns.items()
    }
    for (day, days), (hour, hours) in _pairs(columns):
        joined = [f"{_plain(a)} {_plain(b)}" for a, b in zip(days, hours, strict=True)]
        candidates[f"{day}+{hour}"] = (day, hour, joined)
    best: tuple[tuple[float, float], dict[str, Guess], list[datetime | None]] | None = None
    for name, hour_column, cells in candidates.values():
        for form in _FORMATS:
            if not any(_moment(cell, form) for cell in cells[:50]):
                continue
            moments = [_moment(cell, form) for cell in cells]
            share = sum(each is not None for each in moments) / max(len(moments), 1)
            rank = (round(share, 2), _regularity(moments))
            if share > 0.8 and (best is None or rank > best[0]):  # noqa: PLR2004 - most of them
                best = rank, _stamp_guesses(name, hour_column, form, moments), moments
    if best is None:
        message = f"{file}: no column holds time stamps in a form that is known here"
        raise NotUnderstoodError(message)
    return best[1], best[2]


def _pairs(columns: dict[str, list[Any]]) -> Iterator[tuple[tuple[str, list[Any]], ...]]:
    """Yield date columns with time-of-day columns."""
    for day, days in columns.items():
        is_day = isinstance(days[0], date) or any(_moment(str(days[0]), form) for form in _DATES)
        for hour, hours in columns.items():
            is_hour = isinstance(hours[0], time) or re.match(r"\d{1,2}:\d\d", str(hours[0]))
            if day != hour and is_day and is_hour:
                yield (day, days), (hour, hours)


def _plain(cell: Any) -> str:
    return cell.date().isoformat() if isinstance(cell, datetime) else str(cell).strip()


def _regularity(moments: list[datetime | None]) -> float:
    """Return how often stamps follow each other at the most frequent distance: swapped days do not."""
    steps = Counter(_distances(moments))
    return max(steps.values()) / len(moments) if steps else 0.0


def _distances(moments: list[datetime | None]) -> Iterator[float]:
    known = [each.replace(tzinfo=None) for each in moments if each]
    return ((b - a).total_seconds() for a, b in pairwise(known) if b > a)


def _stamp_guesses(
    name: str, hour: str | None, form: str | None, moments: list[datetime | None]
) -> dict[str, Guess]:
    good = [each for each in moments if each]
    found = {"column": Guess(name, f"{len(good)} of {len(moments)} cells are times")}
    if hour:
        found["time_column"] = Guess(hour, "the time of day stands apart from the date")
    if form:
        found["format"] = Guess(form, "with it the stamps follow each other most regularly")
    step = Counter(_distances(moments)).most_common(1)
    if step and step[0][0] >= 60:  # noqa: PLR2004 - a minute
        share = step[0][1] / max(len(good) - 1, 1)
        found["step_minutes"] = Guess(int(step[0][0] // 60), f"{share:.0%} of distances")
    return found


# --- quantities -------------------------------------------------------------------------------------


def _number(cell: Any, decimal: str) -> float | None:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    try:
        return float(str(cell).strip().replace(decimal, "."))
    except ValueError:
        return None


def _numbers(cells: list[Any], decimal: str) -> Values:
    found = [_number(cell, decimal) for cell in cells]
    return np.array([np.nan if each is None else each for each in found])


def _quantities(numbers: dict[str, Values]) -> Iterator[tuple[str, dict[str, Guess]]]:
    groups: dict[str, list[str]] = {}
    for name in numbers:
        plain = re.sub(r"[_\W]+", " ", name.lower())
        canonical = next((each for each, words in _NAMES if re.search(words, plain)), None)
        if canonical:
            groups.setdefault(canonical, []).append(name)
    if not groups and numbers:
        name = next(iter(numbers))
        column = Guess(name, "GUESSED: no column's name says what it holds; please check")
        yield "power_ac", {"column": column, "unit": _unit("power_ac", name, numbers[name])}
    for canonical, names in groups.items():
        pattern = _pattern(names) if canonical == "power_ac" else None
        if pattern:
            columns = {"columns": Guess([pattern], f"{len(names)} columns, one per inverter")}
        else:
            others = f"; others like it: {', '.join(names[1:4])}" if names[1:] else ""
            columns = {"column": Guess(names[0], f"by its name{others}")}
        values = numbers[names[0]]
        yield canonical, {**columns, "unit": _unit(canonical, names[0], values)}


def _pattern(names: list[str]) -> str | None:
    """Return the glob of columns that differ by a number only."""
    shapes = {re.sub(r"\d+", "*", name) for name in names}
    return shapes.pop() if len(names) > 1 and len(shapes) == 1 else None


def _unit(canonical: str, name: str, values: Values) -> Guess:
    words = re.findall(r"[\[(]([^\])]+)[\])]", name) + re.split(r"[\s_]+", name)[-1:]
    for word in words:
        unit = _UNITS.get(word.strip().lower())
        if unit in _FITS[canonical]:
            return Guess(unit, f"the header says {word!r}")
    top = float(np.nanquantile(values, 0.99))
    unit = _BY_SIZE[canonical](top) if canonical in _BY_SIZE else _FITS[canonical][0]
    return Guess(
        unit, f"GUESSED from its size: the highest values are about {top:.4g}; please check"
    )


def _irradiance(top: float) -> str:
    return "W/m2" if top > 20 else "kW/m2"  # noqa: PLR2004 - no plant sees 20 kW/m2


_BY_SIZE: dict[str, Callable[[float], str]] = {
    "power_ac": lambda top: "W" if top > 1e5 else "kW",  # noqa: PLR2004 - 100 MW are rarer than 100 kW
    **dict.fromkeys(("ghi", "dni", "dhi", "poa_global"), _irradiance),
    "temp_air": lambda top: "K" if top > 200 else "C",  # noqa: PLR2004
    "temp_module": lambda top: "K" if top > 200 else "C",  # noqa: PLR2004
    "pressure": lambda top: "Pa" if top > 2e4 else "hPa",  # noqa: PLR2004
}


def _energy(
    found: dict[str, dict[str, Guess]], numbers: dict[str, Values], moments: list[datetime | None]
) -> tuple[float | None, float | None]:
    """Return the peak of power [unit of the file] and the clock hour around which the sun is centred."""
    peak = noon = None
    for canonical in ("power_ac", "poa_global", "ghi"):
        if canonical not in found:
            continue
        which = found[canonical]
        if "columns" in which:
            shape = re.compile(re.escape(which["columns"].value[0]).replace(r"\*", r"\d+"))
            values = sum(numbers[name] for name in numbers if shape.fullmatch(name))
        else:
            values = numbers[which["column"].value]
        values = np.asarray(values, dtype=float)
        if canonical == "power_ac":
            peak = float(np.nanquantile(values, 0.999))
        if noon is None:
            hours = np.array([m.hour + m.minute / 60 if m else np.nan for m in moments])
            weights = np.where(
                np.isfinite(values) & np.isfinite(hours), np.clip(values, 0, None), 0
            )
            if weights.sum() > 0:
                angle = np.angle((weights * np.exp(2j * np.pi * np.nan_to_num(hours) / 24)).sum())
                noon = float(angle % (2 * np.pi) * 24 / (2 * np.pi))
    return peak, noon
