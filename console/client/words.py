"""Figures and other people's words as people read them, on a screen and on a page."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 1000  # characters of a line that are shown
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}  # what a terminal or a browser obeys instead of showing it


def percent(value: float | None, *, digits: int = 1, signed: bool = False) -> str:
    """Return a share as people read it; nothing for None."""
    if value is None:
        return ""
    return f"{value:+.{digits}%}" if signed else f"{value:.{digits}%}"


def short(value: float | None) -> str:
    """Return a score with three digits; nothing for None."""
    return "" if value is None else f"{value:.3f}"


def plain(text: str) -> str:
    """Return a line without what a terminal or a browser would obey: escapes, controls, turned writing."""
    shown = _ESCAPES.sub("", text).rstrip("\r").rpartition("\r")[2].replace("\t", "    ")
    clean = "".join(sign for sign in shown if unicodedata.category(sign) not in _UNSEEN)
    return clean if len(clean) <= _LONGEST else f"{clean[:_LONGEST]}…"


def counted(number: int, thing: str) -> str:
    """Say how many there are of something."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def sentences(*texts: str | None) -> str:
    """Return texts as sentences, one after the other."""
    return " ".join(
        sentence(text.strip(), begins=bool(i)) for i, text in enumerate(filter(None, texts))
    )


def sentence(text: str, *, begins: bool = True) -> str:
    """Return a text with its full stop, and where a sentence begins with a capital letter."""
    first = text.partition(" ")[0]
    if begins and first.isalpha() and first != "solar":  # a command is written as it is typed
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def ordinal(number: int) -> str:
    """Return the place in a row: 1st, 2nd, 62nd, 113th."""
    teens = 10 < number % 100 < 14  # noqa: PLR2004 - eleventh, twelfth, thirteenth
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
