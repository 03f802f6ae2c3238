"""Text that came from outside, made harmless: it cannot hide, reorder or break what stands around it."""

from __future__ import annotations

import unicodedata
from typing import Any, TypeVar

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)

_ISOLATE, _END = "\u2068", "\u2069"  # first strong isolate, and its end
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
# What joins letters and emoji is not seen, and yet belongs to them.
_KEPT = {"\n", "\t", "\u200c", "\u200d"}
# Control characters and marks of format; among these are those that reorder what stands around them.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def outside(text: str) -> str:
    """Return a text from outside without what cannot be seen; one that reads from the right is isolated.

    Letters of every language and emoji stay as they are. Saying it twice changes nothing.
    """
    seen = "".join(
        each for each in text if each in _KEPT or unicodedata.category(each) not in _UNSEEN
    )
    if any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in seen):
        return f"{_ISOLATE}{seen}{_END}"
    return seen


def message(said: Model) -> Model:
    """Return a message of which every text is harmless."""
    return said.model_copy(update={name: _value(value) for name, value in said if name != "id"})


def _value(value: Any) -> Any:
    match value:
        case str():
            # Kinds of words are texts as well, and compare as such.
            return outside(value) if type(value) is str else value
        case tuple() | list():
            return type(value)(map(_value, value))
        case dict():
            return {_value(name): _value(each) for name, each in value.items()}
    return value
