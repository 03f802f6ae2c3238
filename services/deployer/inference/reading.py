"""From a request's bytes to rows, with a clear word about whatever is wrong in it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from shared.solar import limits
from shared.solar.position import Floats, Times
from shared.solar.recipe import INPUTS
from shared.solar.rows import SITE, TIME, Rows
from shared.solar.site import POWER

MOST_ROWS = 50_000
GAIN = "gain"
GAINS = (0.5, 2.0)  # within which one is believed
_KNOWN = frozenset((*INPUTS, POWER, TIME, SITE, GAIN))
_NUMBERS = frozenset((int, float, type(None)))


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows to predict, and what their predictions are to be multiplied by; None for nothing. [unitless]"""

    rows: Rows
    gain: Floats | None = None


def possible(rows: Rows) -> tuple[Rows, dict[str, int]]:
    """Return rows without the values that no instrument measures, and how many each column had of them.

    Nothing was learnt from such values either, and a pressure in Pa or a temperature in K is no weather.
    """
    faults = {
        name: limits.outside(values, limits.of(name)) for name, values in rows.weather.items()
    }
    counts = {name: int(fault.sum()) for name, fault in faults.items() if fault.any()}
    if not counts:
        return rows, counts
    kept = {name: np.where(faults[name], np.nan, values) for name, values in rows.weather.items()}
    return replace(rows, weather=kept), counts


class BadRequestError(ValueError):
    """A request cannot be answered; the message says what to change.

    Parameters
    ----------
    message
        What is wrong, with its place.
    status
        HTTP status code.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def read_json(body: bytes, sites: Sequence[str]) -> Asked:
    """Read `{"site_id": …, "rows": [{"timestamp": …, "ghi": …}, …]}`.

    Parameters
    ----------
    sites
        The sites that the model knows; with a single one a request need not name it.

    Raises
    ------
    BadRequestError
        Something in the request is not as it must be.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"the body is no JSON: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("rows"), list):
        raise BadRequestError(
            'the body must be {"site_id": "…", "rows": [{"timestamp": "…", …}, …]}'
        )
    unknown = sorted(set(content) - {SITE, "rows"})
    if unknown:
        raise BadRequestError(f"unknown field {unknown[0]!r}; the body has site_id and rows")
    return _rows(content["rows"], content.get(SITE), sites)


def read_csv(body: bytes, sites: Sequence[str]) -> Asked:
    """Read CSV with a header: `timestamp`, weather columns and, for several sites, `site_id`.

    Parameters and errors as in `read_json`.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequestError("the CSV is not UTF-8") from error
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        found = [
            {
                name: _cell(value, name, number)
                for name, value in row.items()
                if name is not None  # cells beyond the header have no name
            }
            for number, row in enumerate(reader)
        ]
    except csv.Error as error:
        raise BadRequestError(f"the CSV cannot be read: {error}") from error
    return _rows(found, None, sites)


def _cell(text: str | None, name: str, number: int) -> Any:
    if name in {TIME, SITE}:
        return text
    if text is None or not text.strip():
        return None
    try:
        return float(text)
    except ValueError as error:
        raise BadRequestError(f"row {number}: {name} is {text!r}, expected a number") from error


def _rows(found: list[Any], site: Any, sites: Sequence[str]) -> Asked:
    if not found:
        raise BadRequestError("there are no rows")
    if len(found) > MOST_ROWS:
        raise BadRequestError(
            f"{len(found)} rows are more than {MOST_ROWS}; send them in parts", 413
        )
    columns = _columns(found)
    names, place = _sites(found, site, sites) if SITE in columns else ([_site(site, 0, sites)], 0)
    which = np.zeros(len(found), dtype=np.int64)
    which[:] = place
    rows = Rows(
        sites=tuple(names),
        site=which,
        times=_times(found),
        weather={name: _numbers(found, name) for name in INPUTS if name in columns},
        power_ac=np.full(len(found), np.nan),
    )
    return Asked(rows, _gain(found) if GAIN in columns else None)


def _gain(found: list[Any]) -> Floats:
    """Return the gain of each row, 1 where none is said."""
    said = _numbers(found, GAIN)
    gain: Floats = np.where(np.isnan(said), 1.0, said)
    low, high = GAINS
    wrong = (gain < low) | (gain > high)
    if wrong.any():
        number = int(np.argmax(wrong))
        raise BadRequestError(
            f"row {number}: gain is {gain[number]:g}, expected a number from {low:g} to {high:g}"
        )
    return gain


def _columns(found: list[Any]) -> set[str]:
    if set(map(type, found)) != {dict}:
        number = next(number for number, row in enumerate(found) if type(row) is not dict)
        raise BadRequestError(f"row {number} is no object")
    columns: set[str] = set().union(*found)
    unknown = columns - _KNOWN
    if unknown:
        known = ", ".join(name for name in INPUTS if not name.startswith("forecast_"))
        raise BadRequestError(
            f"unknown column {min(unknown)!r}; known are timestamp, gain, {known}; weather also with "
            "forecast_ before"
        )
    return columns


def _sites(
    found: list[dict[str, Any]], site: Any, sites: Sequence[str]
) -> tuple[list[str], list[int]]:
    """Return the sites that rows name, and which of them each row means."""
    order: dict[str, int] = {}
    place = [
        order.setdefault(_site(row.get(SITE, site), number, sites), len(order))
        for number, row in enumerate(found)
    ]
    return list(order), place


def _site(name: Any, number: int, sites: Sequence[str]) -> str:
    if name is None:
        if len(sites) == 1:
            return sites[0]
        raise BadRequestError(f"site_id is missing; the model knows {', '.join(sites)}")
    if name not in sites:
        raise BadRequestError(
            f"row {number}: the model does not know site {name!r}; it knows {', '.join(sites)}", 404
        )
    return str(name)


def _times(found: list[dict[str, Any]]) -> Times:
    try:
        moments = list(map(datetime.fromisoformat, [row[TIME] for row in found]))
    except (KeyError, TypeError, ValueError):
        moments = [_time(row, number) for number, row in enumerate(found)]  # says which is wrong
    if None in [moment.tzinfo for moment in moments]:
        number = next(number for number, moment in enumerate(moments) if moment.tzinfo is None)
        raise BadRequestError(
            f"row {number}: timestamp {found[number][TIME]!r} has no zone; end it with Z for UTC"
        )
    seconds = np.floor(np.array(list(map(datetime.timestamp, moments))))
    times: Times = seconds.astype("datetime64[s]")
    return times


def _time(row: Mapping[str, Any], number: int) -> datetime:
    text = row.get(TIME)
    if not isinstance(text, str):
        raise BadRequestError(f"row {number}: timestamp is missing")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequestError(
            f"row {number}: timestamp {text!r} is not ISO 8601, like 2024-06-01T10:15:00Z"
        ) from error


def _numbers(found: list[dict[str, Any]], name: str) -> Floats:
    values = [row.get(name) for row in found]
    if not _NUMBERS.issuperset(map(type, values)):
        number = next(place for place, value in enumerate(values) if type(value) not in _NUMBERS)
        raise BadRequestError(
            f"row {number}: {name} is {values[number]!r}, expected a number or null"
        )
    try:
        numbers = np.array(values, dtype=float)  # None becomes NaN
    except OverflowError as error:  # an integer beyond all floats
        raise BadRequestError(f"{name} has a number that is too large") from error
    infinite = np.isinf(numbers)
    if infinite.any():
        raise BadRequestError(f"{name} is infinite in row {int(np.argmax(infinite))}")
    return numbers
