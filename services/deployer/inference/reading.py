"""From a request's bytes to rows, with a clear word about whatever is wrong in it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.solar import limits
from shared.solar.position import Floats, Times
from shared.solar.recipe import INPUTS
from shared.solar.rows import ISSUED, PROVIDER, SITE, TIME, Rows
from shared.solar.site import POWER

MOST_ROWS = 50_000
GAIN = "gain"
GAINS = (0.5, 2.0)  # within which one is believed
QUANTILES = "quantiles"
_KNOWN = frozenset((*INPUTS, POWER, TIME, SITE, GAIN, ISSUED, PROVIDER))
_TEXTS = frozenset((TIME, SITE, ISSUED, PROVIDER))
_FIELDS = (
    SITE,
    ISSUED,
    PROVIDER,
    QUANTILES,
    "rows",
)  # of a JSON body; the first three hold for all rows
_NUMBERS = frozenset((int, float, type(None)))


@dataclass(frozen=True, slots=True)
class Knows:
    """What a model was trained with.

    Attributes
    ----------
    providers
        Those whose forecasts it predicts from; none for a model of measured weather.
    """

    sites: tuple[str, ...]
    providers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks.

    Attributes
    ----------
    gain
        What the prediction of each row is to be multiplied by; None for nothing. [unitless]
    levels
        Quantiles that are asked for besides P10 and P90. [unitless]
    """

    rows: Rows
    gain: Floats | None = None
    levels: tuple[float, ...] = ()


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


def read_json(body: bytes, knows: Knows) -> Asked:
    """Read `{"site_id": …, "rows": [{"timestamp": …, "ghi": …}, …]}`.

    Of forecasts each row says `issued_at` and `provider`, or the body does for all of them. The body may ask
    for `quantiles`.

    Parameters
    ----------
    knows
        What the model was trained with; of a single site or provider a request need not say the name.

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
    unknown = sorted(set(content) - set(_FIELDS))
    if unknown:
        raise BadRequestError(f"unknown field {unknown[0]!r}; the body has {', '.join(_FIELDS)}")
    asked = _rows(content["rows"], content, knows)
    return replace(asked, levels=_levels(content.get(QUANTILES, [])))


def _levels(said: Any) -> tuple[float, ...]:
    if isinstance(said, list) and {type(each) for each in said} <= {int, float}:
        return tuple(float(each) for each in said)
    raise BadRequestError(f"{QUANTILES} is {said!r}, expected numbers, like [0.05, 0.95]")


def read_csv(body: bytes, knows: Knows) -> Asked:
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
    return _rows(found, {}, knows)


def _cell(text: str | None, name: str, number: int) -> Any:
    if name in _TEXTS:
        return text
    if text is None or not text.strip():
        return None
    try:
        return float(text)
    except ValueError as error:
        raise BadRequestError(f"row {number}: {name} is {text!r}, expected a number") from error


def _rows(found: list[Any], of_all: Mapping[str, Any], knows: Knows) -> Asked:
    """Read rows; what they do not say themselves may be said once, of all of them."""
    if not found:
        raise BadRequestError("there are no rows")
    if len(found) > MOST_ROWS:
        raise BadRequestError(
            f"{len(found)} rows are more than {MOST_ROWS}; send them in parts", 413
        )
    columns = _columns(found)
    names, which = _named(found, columns, SITE, of_all, partial(_site, sites=knows.sites))
    rows = Rows(
        sites=names,
        site=which,
        times=_times(found, TIME),
        weather={name: _numbers(found, name) for name in INPUTS if name in columns},
        power_ac=np.full(len(found), np.nan),
    )
    said = columns | of_all.keys()
    if not knows.providers:
        _refuse_issues(said)
    else:
        rows = _with_issues(rows, found, columns, of_all=of_all, knows=knows)
    return Asked(rows, _gain(found) if GAIN in columns else None)


def _refuse_issues(said: AbstractSet[str]) -> None:
    for name in (ISSUED, PROVIDER):
        if name in said:
            raise BadRequestError(
                f"the model was trained for measured weather and takes no {name}; a model with `inputs: "
                "forecast` predicts from forecasts"
            )


def _with_issues(
    rows: Rows,
    found: list[dict[str, Any]],
    columns: AbstractSet[str],
    *,
    of_all: Mapping[str, Any],
    knows: Knows,
) -> Rows:
    """Return rows with when and by whom each was issued."""
    if ISSUED in of_all:
        found = [{ISSUED: of_all[ISSUED], **row} for row in found]
    providers, which = _named(
        found, columns, PROVIDER, of_all, partial(_provider, providers=knows.providers)
    )
    issued_at = _times(found, ISSUED)
    late = issued_at > rows.times
    if late.any():
        number = int(np.argmax(late))
        raise BadRequestError(
            f"row {number}: issued_at {np.datetime_as_string(issued_at[number])}Z is after its timestamp; "
            "nothing is forecast that has begun"
        )
    return replace(rows, issued_at=issued_at, providers=providers, provider=which)


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
            f"unknown column {min(unknown)!r}; known are timestamp, gain, issued_at, provider, {known}; "
            "weather also with forecast_ before"
        )
    return columns


def _named(
    found: list[dict[str, Any]],
    columns: AbstractSet[str],
    column: str,
    of_all: Mapping[str, Any],
    read: Callable[[Any, int], str],
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the names that a column has, and which of them each row means."""
    which = np.zeros(len(found), dtype=np.int64)
    usual = of_all.get(column)
    if column not in columns:
        return (read(usual, 0),), which
    order: dict[str, int] = {}
    which[:] = [
        order.setdefault(read(row.get(column, usual), number), len(order))
        for number, row in enumerate(found)
    ]
    return tuple(order), which


def _provider(name: Any, number: int, providers: Sequence[str]) -> str:
    if name is None:
        if len(providers) == 1:
            return providers[0]
        raise BadRequestError(f"provider is missing; the model knows {', '.join(providers)}")
    if name not in providers:
        raise BadRequestError(
            f"row {number}: the model was not trained with forecasts of {name!r}; it knows "
            f"{', '.join(providers)}"
        )
    return str(name)


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


def _times(found: list[dict[str, Any]], name: str) -> Times:
    try:
        moments = list(map(datetime.fromisoformat, [row[name] for row in found]))
    except (KeyError, TypeError, ValueError):
        moments = [_time(row, name, number) for number, row in enumerate(found)]  # says which
    if None in [moment.tzinfo for moment in moments]:
        number = next(number for number, moment in enumerate(moments) if moment.tzinfo is None)
        raise BadRequestError(
            f"row {number}: {name} {found[number][name]!r} has no zone; end it with Z for UTC"
        )
    seconds = np.floor(np.array(list(map(datetime.timestamp, moments))))
    times: Times = seconds.astype("datetime64[s]")
    return times


def _time(row: Mapping[str, Any], name: str, number: int) -> datetime:
    text = row.get(name)
    if not isinstance(text, str):
        why = "; a forecast is predicted by how far ahead it was made" if name == ISSUED else ""
        raise BadRequestError(f"row {number}: {name} is missing{why}")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequestError(
            f"row {number}: {name} {text!r} is not ISO 8601, like 2024-06-01T10:15:00Z"
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
