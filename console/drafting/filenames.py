"""Globs for the files that will follow: what changes is open, what tells plants apart is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from console.drafting.guess import Guess

_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_YEAR = r"(?:19|20)\d\d"
# Dates in names, the longest first. A number beside letters (station01) is none.
_DATE = re.compile(
    rf"(?<!\d)(?:"
    rf"{_YEAR}[01]\d[0-3]\d(?:[T_-]?\d{{4}}(?:\d\d)?|T?\d\d)?"  # 20240701, 20240701_120000, 2024070112
    rf"|{_YEAR}(?:[-_. ]\d{{1,2}}){{1,2}}(?:[T_ -]\d{{2}}[-_.]?\d{{2}}(?:[-_.]?\d{{2}})?)?"  # 2024-07-01
    rf"|\d{{1,2}}[-_. ]\d{{1,2}}[-_. ]{_YEAR}"  # 01-07-2024
    rf"|{_YEAR}[01]\d"  # 202407
    rf"|(?:{_MONTHS})[-_ .]?{_YEAR}|{_YEAR}[-_ .]?(?:{_MONTHS})"
    rf"|{_YEAR}[-_ ]?[QqWwKk][WwQq]?\d{{1,2}}"  # 2024Q3, 2024-W27
    rf"|{_YEAR}[+]\d\d"
    rf"|{_YEAR}|(?<![A-Za-z])(?:{_MONTHS})(?![A-Za-z])"
    rf")(?!\d)",
    re.IGNORECASE,
)
_SPECIAL = re.compile(r"([*?\[])")


def glob(names: Sequence[str]) -> Guess:
    """Return a pattern that fits all given names, and says what it leaves open."""
    plain = sorted({name.removesuffix(".gz") for name in names})
    shapes = {shape(name) for name in plain}
    if len(shapes) == 1 and (pattern := shapes.pop()) != _escaped(plain[0]):
        return Guess(pattern, f"GUESSED: the date in the name changes{_kept(plain)}")
    if len(plain) == 1:
        return Guess(
            _escaped(plain[0]),
            "GUESSED: no date in the name; write * for what will change",
        )
    pattern = _numbers_open(plain) or _common(plain)
    return Guess(pattern, "GUESSED: what differs between the samples' names is open")


def fits(pattern: str, name: str) -> bool:
    """Whether a pattern takes a file, as the product decides it."""
    return fnmatchcase(name, pattern) or fnmatchcase(name.removesuffix(".gz"), pattern)


def shape(name: str) -> str:
    """Return what tells files of different plants apart: the name with its dates left open."""
    return _without_dates(name.removesuffix(".gz"))


def is_dated(name: str) -> bool:
    """Whether a name holds a date."""
    return bool(_DATE.search(name))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"[\1]", text)


def _without_dates(name: str) -> str:
    """Return a name's pattern with `*` for each date in it."""
    parts, at = [], 0
    for found in _DATE.finditer(name):
        parts += [_escaped(name[at : found.start()]), "*"]
        at = found.end()
    parts.append(_escaped(name[at:]))
    return re.sub(r"\*+", "*", "".join(parts))


def _kept(names: Sequence[str]) -> str:
    """Say which other numbers stay, as they may tell plants apart."""
    numbers = re.findall(r"\d+", _DATE.sub("", names[0]))
    return f"; {', '.join(numbers)} stays, as it may tell plants apart" if numbers else ""


def _numbers_open(names: Sequence[str]) -> str | None:
    """Return a pattern in which dates and those numbers are open that differ between names."""
    parts = [re.split(r"(\d+)", _DATE.sub("\0", name)) for name in names]
    if len({len(each) for each in parts}) > 1:
        return None
    shape = ""
    for some in zip(*parts, strict=True):
        if len(set(some)) == 1:
            shape += _escaped(some[0]).replace("\0", "*")
        elif some[0].isdigit():
            shape += "*"
        else:
            return None
    return re.sub(r"\*+", "*", shape)


def _common(names: Sequence[str]) -> str:
    """Return the common first and last words of names, with all between them open."""
    words = [re.split(r"(\W+|_+)", name) for name in names]
    shortest = min(map(len, words))
    head = next((n for n in range(shortest) if len({each[n] for each in words}) > 1), shortest)
    tail = next(
        (n for n in range(shortest - head) if len({each[-1 - n] for each in words}) > 1),
        shortest - head,
    )
    first = words[0]
    return f"{_escaped(''.join(first[:head]))}*{_escaped(''.join(first[len(first) - tail :]))}"
