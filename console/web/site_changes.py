"""What a person may change about a site's training data: which range, how long it is, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from console import times
from console.client import excluding, sites
from console.errors import ConsoleError
from console.target import System
from console.web.rendering import lasted_long

Given = Mapping[str, str]
LONGEST = timedelta(days=3653)  # ten years: more is a slip of the hand


def _moment(text: str) -> datetime:
    try:
        return times.in_utc(times.written(text))
    except ValueError as error:
        raise ConsoleError(f"{text!r} is no time; write 2026-11-24T07:19Z") from error


def _range(given: Given) -> tuple[datetime, datetime]:
    begin, until = _moment(given["start"]), _moment(given["end"])
    if until <= begin:
        raise ConsoleError("the end must come after the start")
    return begin, until


def titled(given: Given) -> str:
    """Return what a change is about; a range that cannot be read as it was written."""
    try:
        begin, until = _range(given)
    except ConsoleError:
        return f"{given['site']}, {given['start']} to {given['end']}"
    return f"{given['site']}, {begin:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"


def _require_sensible(system: System, given: Given) -> tuple[datetime, datetime]:
    begin, until = _range(given)
    if until - begin > LONGEST:
        raise ConsoleError(
            f"{lasted_long(until - begin)} are more than ten years; correct the years, or exclude it in parts"
        )
    sites.named(system, given["site"])
    return begin, until


def exclude_says(system: System, given: Given) -> list[str]:
    """Say what an exclusion does, and how long it is."""
    begin, until = _require_sensible(system, given)
    return [
        f"The rows of site {given['site']} from {begin:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC "
        f"({lasted_long(until - begin)}) enter no further dataset.",
        "Models that were trained on them are looked at again: a champion that learnt from them is taken "
        "back, and a retrain starts.",
    ]


def exclude(system: System, given: Given, reason: str, by: str) -> object:
    """State an exclusion."""
    added = excluding.a_range(*_require_sensible(system, given), reason, by)
    return excluding.exclude(system, given["site"], added)


def include_says(_: System, given: Given) -> list[str]:
    """Say what including does."""
    begin, until = _range(given)
    return [
        f"The rows of site {given['site']} from {begin:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC "
        f"({lasted_long(until - begin)}) may be trained on again."
    ]


def include(system: System, given: Given, _reason: str, _by: str) -> object:
    """Let a range be trained on again."""
    return excluding.include(system, given["site"], *_range(given))
