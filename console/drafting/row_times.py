"""Columns that say when a row was made or kept, and not what interval it is about: by their names."""

from __future__ import annotations

import re

_ISSUE = re.compile(
    r"\b(issue[ds]?|issue ?(time|date|at)|issued ?at|run|model ?run|run ?time|init(ial)?(ised|ized)?"
    r"|init ?time|reference ?(time|date)|ref ?time|base ?time|cycle|analysis ?(time|date)|dataDate)\b",
    re.IGNORECASE,
)
_MADE = re.compile(
    r"\b(created|generated|published|computed|predicted|produced)( ?(at|on|time|date))?\b",
    re.IGNORECASE,
)
_KEPT = re.compile(
    r"\b(inserted|updated|modified|received|ingested|retrieved|fetched|downloaded|uploaded|stored)"
    r"( ?(at|on|time|date))?\b",
    re.IGNORECASE,
)


def is_issue(name: str) -> bool:
    """Whether a column is called like the issue of a forecast."""
    return _ISSUE.search(_words(name)) is not None


def is_made(name: str) -> bool:
    """Whether a column is called like the making of a row: of a forecast, that is its issue."""
    return _MADE.search(_words(name)) is not None


def is_beside(name: str) -> bool:
    """Whether another column says better what interval a row is about."""
    return is_issue(name) or is_made(name) or _KEPT.search(_words(name)) is not None


def _words(name: str) -> str:
    return re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))
