"""Dates with their month in words, in the languages that the reader knows: 15. Mai 2020, 15/ene/2020."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.data_watcher.adapters.reading import months

_BETWEEN = r"[^\w]{1,2}| de |"
_WORD = r"(?P<word>[^\W\d_]{3,})(?P<point>\.?)"
_DAY_FIRST = re.compile(
    rf"(?P<day>\d{{1,2}})(?P<one>{_BETWEEN}){_WORD}(?P<other>{_BETWEEN})(?P<year>\d{{4}}|\d\d)(?P<rest>\D.*|)"
)
_MONTH_FIRST = re.compile(
    rf"{_WORD}(?P<one>[^\w]{{1,2}})(?P<day>\d{{1,2}})(?P<other>[^\w]{{1,2}})(?P<year>\d{{4}})(?P<rest>\D.*|)"
)
NUMBERED = "%Y/%m/%d"
_LAST_OF_1900 = 69  # a year of two digits, as strptime has it
_SHORT = 3
_LOOKED_AT = 100  # cells that show what a column holds


@dataclass(frozen=True, slots=True)
class Worded:
    """A column of such dates.

    Attributes
    ----------
    numbered
        The stamps with the date as NUMBERED; None where a cell is written otherwise, or its word is no month.
    format
        Of the date, as the site's YAML says it.
    """

    numbered: list[str | None]
    format: str


def find(texts: Sequence[str | None]) -> Worded | None:
    """Return the stamps of a column; None where no cell holds a month in words."""
    if not any(map(_match, texts[:_LOOKED_AT])):
        return None
    matches = [_match(each) for each in texts]
    form = next((_format(each) for each in matches if each), None)
    if form is None:
        return None
    plain = [
        each and re.sub("%[bB]", "", form) == re.sub("%[bB]", "", _format(each)) for each in matches
    ]
    return Worded(
        [
            _numbered(match) if match and good else None
            for match, good in zip(matches, plain, strict=True)
        ],
        form,
    )


def unknown(text: str) -> str | None:
    """Return the word of a date that is no month; None where it is one, or the text no such date."""
    found = _DAY_FIRST.fullmatch(text)
    return found["word"] if found and months.number(found["word"]) is None else None


def _match(text: str | None) -> re.Match[str] | None:
    for pattern in (_DAY_FIRST, _MONTH_FIRST) if text else ():
        found = pattern.fullmatch(text or "")
        if found and months.number(found["word"]) is not None:
            return found
    return None


def _format(match: re.Match[str]) -> str:
    is_short = match["point"] or len(match["word"]) == _SHORT
    month = "%b" if is_short else "%B"
    other = match["other"] or match["point"]
    year = "%Y" if len(match["year"]) > 2 else "%y"  # noqa: PLR2004
    if match.re is _DAY_FIRST:
        return f"%d{match['one']}{month}{other}{year}"
    return f"{month}{match['one']}%d{other}{year}"


def _numbered(match: re.Match[str]) -> str:
    year = int(match["year"])
    if len(match["year"]) == 2:  # noqa: PLR2004
        year += 2000 if year < _LAST_OF_1900 else 1900
    return f"{year:04}/{months.number(match['word']):02}/{int(match['day']):02}{match['rest']}"
