"""Stamps that are written as a whole: Sat Jun  1 00:15:00 2024 as C does, 2024年6月1日 0時15分."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

_OF_C = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}")
_LOOKED_AT = 100  # cells that show how a column is written
_CHARACTERS = re.compile(
    r"\d{4}(?P<y>[年년] ?)\d{1,2}(?P<m>[月월] ?)\d{1,2}(?P<d>[日일] ?)\d{1,2}(?P<h>[時时시:] ?)\d{1,2}"
    r"(?P<min>[分분]? ?)(?:\d{1,2}(?P<s>[秒초]))?"
)


@dataclass(frozen=True, slots=True)
class Whole:
    """A column of such stamps: their format, and the times by the file's own clock."""

    format: str
    times: list[datetime | None]


def find(texts: Sequence[str | None]) -> Whole | None:
    """Return the stamps of a column; None where no cell is written so."""
    form = next(filter(None, map(_format, filter(None, texts[:_LOOKED_AT]))), None)
    return Whole(form, [_moment(each, form) for each in texts]) if form else None


def _format(text: str) -> str | None:
    if _OF_C.fullmatch(text):
        return "%a %b %d %H:%M:%S %Y"
    found = _CHARACTERS.fullmatch(text)
    if found is None:
        return None
    date = f"%Y{found['y']}%m{found['m']}%d{found['d']}"
    seconds = f"%S{found['s']}" if found["s"] else ""
    return f"{date}%H{found['h']}%M{found['min']}{seconds}"


def _moment(text: str | None, form: str) -> datetime | None:
    try:
        return datetime.strptime(text or "", form)  # noqa: DTZ007 - the file's own clock
    except ValueError:
        return None
