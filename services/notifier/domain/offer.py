"""An offer: what a reader can open or do from a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verb(StrEnum):
    """What a link does when a person follows it; the first four only show something.

    `console` leads to a page of `solar console`, which asks for no proof: it is for who has the rights.
    """

    REPORT = "report"
    RUN = "run"
    FILE = "file"
    CONSOLE = "console"
    APPROVE = "approve"
    REJECT = "reject"
    HOLD = "hold"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Offer:
    """A link or a button, before it is signed for one recipient.

    `about` names what it is about, e.g. `{"model_id": "golden", "version": "7"}`.
    """

    verb: Verb
    label: str
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """An offer as one recipient gets it: with an address that was signed for who reads there."""

    verb: Verb
    label: str
    url: str
